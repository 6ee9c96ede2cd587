"""The state that the pages share: the store, the running job, the last message, the view."""

from asyncio import Lock
from collections.abc import Collection, Container, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Protocol

from qm_tui.config.saved_views import SavedViews
from qm_tui.log import debug
from qm_tui.progress import Cancelled
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.tui.widgets.markable_list import RangeEnd
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work.job import Job, JobProgressed, UserListView, ViewQuery
from qm_tui.tui.work.mark_range import RANGE_CHANGED, users_of_range
from qm_tui.tui.work.marks import MarkChanges, Marks
from qm_tui.tui.work.threads import ask_until_answered, run_in_thread
from qm_tui.tui.work.user_query import UserQueries, make_view
from qm_tui.users.query.columns import DEFAULT_LAYOUT
from qm_tui.users.query.query import Query
from qm_tui.users.query.views import ALL_USERS, BUILT_IN


class SessionListener(Protocol):
    """A page that shows the shared state."""

    def show_job(self) -> None:
        """A job started or ended, or the warning of the store has changed."""

    def show_status(self) -> None:
        """The message of the Actions bar has changed."""

    def show_progress(self, event: JobProgressed) -> None:
        """The running job reports progress."""

    def show_view(self, view: UserListView) -> None:
        """The users table has changed."""

    def show_marks(self) -> None:
        """The marks have changed."""


_NO_VIEWS: Final = SavedViews()

UNDO_HINT: Final = "Press <changes.undo> to undo."

STATUS_LENGTH: Final = 78
"""Characters that fit in the Actions bar of every page."""

_BUSY: Final = "Another operation is running. Press Esc to cancel it."

_NEW_JOB: Final = 1.0
"""Seconds for which keys wait for a job."""

WRITABLE_AGAIN: Final = "The store can be changed again."

_FINISHED: Final = "The operation finished before you answered."


class Session:
    """The state that the pages share.

    Args:
        store: the store; it need not be loaded yet.
        login: the login name of the admin.
        views: the admin's saved views, and the one to start with.

    Attributes:
        job: the running job, if any.
        cancel_dialog: the open dialog that asks whether to cancel the job.
        status_text: the message of the Actions bar.
        view: the users table; None until the store is loaded.
        read_only_reason: a sentence: why the store is read-only; empty if it is not.
        warning: a few words about a problem of the store; empty if there is none.
        is_previewing: whether an import is open; no other can start then.
        unsaved: what quitting would discard, as a clause; empty if it is nothing.
        marks: the marked users.
        navigation: whether to show the navigation pane; None if the width decides.
        is_navigation_collapsed: whether the list of pages in the navigation pane is collapsed.
        queries: the queries of the table.
        current_view: the current view: its name, filter, sort order and columns.
        persisted_view: the current view without a filter that is still being typed, for the next
            start.
        selected_view: the selected view, without modifications.
    """

    def __init__(self, store: UserStore, login: str, views: SavedViews = _NO_VIEWS) -> None:
        self.store = store
        self.login = login
        self.job: Job | None = None
        self.cancel_dialog: ConfirmQuestion | None = None
        self.status_text = self._status_before_job = ""
        self.view: UserListView | None = None
        self.read_only_reason = ""
        self.warning = ""
        self.is_previewing = False
        self.unsaved = ""
        self.marks = Marks()
        self._marking, self._marks_lock = 0, Lock()
        self.navigation: bool | None = None
        self.is_navigation_collapsed = False
        self.queries = UserQueries(store, self.marks)
        last = views.last or ALL_USERS
        self.current_view = replace(last, layout=last.layout or DEFAULT_LAYOUT)
        self.persisted_view = self.current_view
        named = (view for view in (*BUILT_IN, *views.saved) if view.name == last.name)
        self.selected_view = next(named, ALL_USERS)
        self._listeners: list[SessionListener] = []

    def subscribe(self, listener: SessionListener) -> None:
        """Inform a page from now on, and first of the current state."""
        if listener in self._listeners:
            return
        self._listeners.append(listener)
        listener.show_job()
        listener.show_status()
        if self.view is not None:
            listener.show_view(self.view)

    def unsubscribe(self, listener: SessionListener) -> None:
        """Stop informing a page."""
        self._listeners.remove(listener)

    @property
    def query(self) -> ViewQuery:
        """The query of the users table."""
        return ViewQuery(self.current_view.filter, self.current_view.sort)

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self.job is not None

    @property
    def obstacle(self) -> str:
        """Why the store cannot be changed now, for the admin; empty if it can."""
        return _BUSY if self.is_busy else self.read_only_reason

    @property
    def job_is_new(self) -> bool:
        """Whether a job has started so recently that it may end before the admin notices it."""
        return self.job is not None and self.job.seconds < _NEW_JOB

    @property
    def may_change(self) -> bool:
        """Whether an operation that changes the store can start now."""
        is_free = not self.is_busy and not self.is_previewing
        return self.view is not None and is_free and not self.read_only_reason

    def explain_obstacle(self) -> bool:
        """Show why the store cannot be changed now, if it cannot; return whether that is so."""
        if self.obstacle:
            self.set_status(self.obstacle)
        return bool(self.obstacle)

    def begin_job(self, job: Job) -> Job:
        """Start a job; no other can start before it ends."""
        self.job, self._status_before_job = job, self.status_text
        debug("job started")
        for listener in self._listeners:
            listener.show_job()
        return job

    def report_progress(self, event: JobProgressed) -> None:
        """Show the progress of the running job, unless it was canceled."""
        if self.job is not None and not self.job.is_cancelled:
            for listener in self._listeners:
                listener.show_progress(event)

    def end_job(self, text: str) -> None:
        """End the job, show its message, and close the question whether to cancel it.

        Without a message, show that from before the job.
        """
        self.job = None
        debug("job ended")
        if self.view is not None:
            self.read_only_reason = self.store.read_only_reason  # a sync may have failed
        for listener in self._listeners:
            listener.show_job()
        self.set_status(text or self._status_before_job)
        question = self.cancel_dialog
        if question is not None and question.is_active:
            app = question.app
            question.dismiss(False)
            app.push_screen(MessageDialog(f"{_FINISHED} {text}".rstrip()))

    def set_status(self, text: str) -> None:
        """Show a message in the Actions bar, until the next one."""
        self.status_text = text
        for listener in self._listeners:
            listener.show_status()

    def check_store(self, *, error_shown: bool) -> None:
        """Show on all pages whether the store has a warning, and whether it is read-only.

        Args:
            error_shown: whether the Actions bar already shows why the store cannot be read.
        """
        warning, reason = self.store.warning, self.store.read_only_reason
        if reason != self.read_only_reason and not (reason and error_shown):
            self.set_status(reason or WRITABLE_AGAIN)
        if (warning, reason) != (self.warning, self.read_only_reason):
            self.warning, self.read_only_reason = warning, reason
            for listener in self._listeners:
                listener.show_job()

    def show_view(self, view: UserListView) -> None:
        """Show a new users table on all pages."""
        if self.view is None:
            self.read_only_reason = self.store.read_only_reason
        if view.is_lifted:
            self.selected_view = ALL_USERS
            self.current_view = replace(self.current_view, name=ALL_USERS.name, filter="")
        self.view = view
        self.marks.follow(view.mark_changes or MarkChanges(view.state))
        for listener in self._listeners:
            listener.show_view(view)

    def view_after(
        self, changed: Collection[str] = (), added: Container[str] = (), *, lifts: bool = False
    ) -> UserListView:
        """Return the users table after a job. For worker threads.

        If a server cannot be reached anymore, it is the table from before.

        Args:
            changed: the User IDs of the users that it changed or added.
            added: the User IDs of those that it added.
            lifts: whether to clear a filter that would hide one of them.
        """
        state = self.store.state
        try:
            return make_view(self.queries, state, self.query, changed, added, lifts=lifts)
        except StoreError:
            if self.view is None:
                raise
            # the job is done nevertheless; the next live update shows it
            return replace(
                self.view,
                cursor_id=None,
                externally_changed=frozenset(),
                is_lifted=False,
                mark_changes=None,
            )

    def set_previewing(self, is_previewing: bool) -> None:
        """Start or end the preview of an import."""
        self.is_previewing = is_previewing
        for listener in self._listeners:
            listener.show_job()

    async def toggle_marks(self, state: State, user_ids: Sequence[str]) -> None:
        """Mark users; if all of them are marked, unmark them.

        Args:
            state: the state of the store.
            user_ids: the User IDs, also of users who are not loaded.
        """
        await self._learn(state, user_ids)
        self.marks.toggle(user_ids)
        self.marks_changed()

    def begin_marking(self) -> None:
        """Let keys wait from now on until the next `toggle_query` or `mark_range` has ended."""
        self._marking += 1

    async def toggle_query(self, state: State, query: Query) -> None:
        """Mark all users of a query; if all of them are marked, unmark them.

        `begin_marking` comes before.

        Args:
            state: the state of the store.
            query: the query.
        """
        try:
            async with self._marks_lock:  # a second one toggles what the first has marked
                toggled = partial(self.marks.toggled, self.store, state, query)
                await self._learn(state, self.marks.take(await run_in_thread(toggled)))
        finally:
            self._marking -= 1
        self.marks_changed()

    async def mark_range(self, state: State, query: Query, start: RangeEnd, end: RangeEnd) -> None:
        """Mark the users from one row of a query to another; say so if they are no longer there.

        `begin_marking` comes before.

        Args:
            state: the state of the store.
            query: the query.
            start: one end of the range.
            end: the other end.
        """
        try:
            async with self._marks_lock:
                user_ids = await run_in_thread(partial(users_of_range, state, query, start, end))
                if user_ids and self.marks.selection.steps:
                    await run_in_thread(partial(self.marks.learn, state, user_ids))
                self.marks.add(user_ids or ())
        finally:
            self._marking -= 1
        if user_ids is None:
            self.set_status(RANGE_CHANGED)
        self.marks_changed()

    @property
    def is_marking(self) -> bool:
        """Whether the users of a query are being marked; keys wait for that."""
        return self._marking > 0

    async def add_marks(self, state: State, user_ids: Sequence[str]) -> None:
        """Mark users, in addition to those that are marked.

        Args:
            state: the state of the store.
            user_ids: the User IDs, also of users who are not loaded.
        """
        await self._learn(state, user_ids)
        self.marks.add(user_ids)
        self.marks_changed()

    async def _learn(self, state: State, user_ids: Sequence[str]) -> None:
        if self.marks.selection.steps and user_ids:
            learn = partial(self.marks.learn, state, user_ids)
            if state.is_at_hand:
                learn()
            else:
                await ask_until_answered(learn)

    def marks_changed(self) -> None:
        """Show the marks on all pages."""
        for listener in self._listeners:
            listener.show_marks()

    def marks_counted(self, page: SessionListener) -> None:
        """Show the number of marked users on all pages but the one that has counted them."""
        for listener in self._listeners:
            if listener is not page:
                listener.show_marks()

    def cancel_job(self, reason: type[Cancelled] = Cancelled) -> None:
        """Cancel the running job, if any: its next tick raises the reason."""
        if self.job is not None:
            self.job.cancel(reason)
