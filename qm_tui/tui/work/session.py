"""The state that the pages share: the store, the running job, the last message, the view."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

from qm_tui.log import note
from qm_tui.progress import Cancelled
from qm_tui.saved_views import RememberedViews
from qm_tui.store.interface import UserStore
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.job import Job, Progressed, View, Wanted
from qm_tui.tui.work.user_query import Listing
from qm_tui.users.query.columns import USUAL
from qm_tui.users.query.views import ALL_USERS, BUILT_IN


class Listener(Protocol):
    """A page that shows the shared state."""

    def show_work(self) -> None:
        """A job started or ended, or the warning of the store has changed."""

    def show_said(self) -> None:
        """The message of the Actions bar has changed."""

    def show_progress(self, event: Progressed) -> None:
        """The running job reports progress."""

    def show_view(self, view: View) -> None:
        """The users table has changed."""

    def show_marks(self) -> None:
        """The marks have changed."""


_NONE: Final = RememberedViews()

UNDO_HINT: Final = "Press u to undo."

STATUS_LENGTH: Final = 46
"""Characters that fit in the Actions bar of every page."""

_FINISHED: Final = "The operation finished before you answered."


class Session:
    """The state that the pages share.

    Args:
        store: the store; it need not be loaded yet.
        login: the login name of the admin.
        views: the admin's saved views, and the one to start with.

    Attributes:
        job: the running job, if any.
        asking: the open dialog that asks whether to cancel the job.
        said: the message of the Actions bar.
        view: the users table; None until the store is loaded.
        looking_only: a sentence: why the store is read-only; empty if it is not.
        warning: a few words about a problem of the store; empty if there is none.
        is_previewing: whether an import is open; no other can start then.
        unsaved: what quitting would discard, as a clause; empty if it is nothing.
        marks: the User IDs of the marked users.
        hidden_marks: the number of marked users that the table does not show.
        navigation: whether to show the navigation pane; None if the width decides.
        listing: finds the users of the table.
        shown: the current view: its name, filter, sort order and columns.
        settled: the current view without a filter that is still being typed, for the next start.
        chosen: the view as it was selected, before modifications.
    """

    def __init__(self, store: UserStore, login: str, views: RememberedViews = _NONE) -> None:
        self.store = store
        self.login = login
        self.job: Job | None = None
        self.asking: Question | None = None
        self.said = ""
        self.view: View | None = None
        self.looking_only = ""
        self.warning = ""
        self.is_previewing = False
        self.unsaved = ""
        self.marks: set[str] = set()
        self.hidden_marks = 0
        self.navigation: bool | None = None
        self.listing = Listing(store, self.marks)
        last = views.last or ALL_USERS
        self.shown = replace(last, layout=last.layout or USUAL)
        self.settled = self.shown
        named = (one for one in (*BUILT_IN, *views.saved) if one.name == last.name)
        self.chosen = next(named, ALL_USERS)
        self._listeners: list[Listener] = []

    def join(self, listener: Listener) -> None:
        """Inform a page from now on, and first of the current state."""
        if listener in self._listeners:
            return
        self._listeners.append(listener)
        listener.show_work()
        listener.show_said()
        if self.view is not None:
            listener.show_view(self.view)

    def leave(self, listener: Listener) -> None:
        """Stop informing a page."""
        self._listeners.remove(listener)

    @property
    def wanted(self) -> Wanted:
        """The query of the users table."""
        return Wanted(self.shown.filter, self.shown.sort)

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self.job is not None

    @property
    def may_change(self) -> bool:
        """Whether an operation that changes the store can start now."""
        is_free = not self.is_busy and not self.is_previewing
        return self.view is not None and is_free and not self.looking_only

    def begin(self, job: Job) -> Job:
        """Start a job; no other can start before it ends."""
        self.job = job
        note("job started")
        for listener in self._listeners:
            listener.show_work()
        return job

    def progressed(self, event: Progressed) -> None:
        """Show the progress of the running job, unless it was canceled."""
        if self.job is not None and not self.job.is_cancelled:
            for listener in self._listeners:
                listener.show_progress(event)

    def end(self, text: str) -> None:
        """End the job, show its message, and close the question whether to cancel it."""
        self.job = None
        note("job ended")
        if self.view is not None:
            self.looking_only = self.store.read_only_reason  # a sync may have failed
        for listener in self._listeners:
            listener.show_work()
        self.say(text)
        question = self.asking
        if question is not None and question.is_active:
            app = question.app
            question.dismiss(False)
            app.push_screen(Message(f"{_FINISHED} {text}".rstrip()))

    def say(self, text: str) -> None:
        """Show a message in the Actions bar, until the next one."""
        self.said = text
        for listener in self._listeners:
            listener.show_said()

    def warn(self, warning: str) -> None:
        """Show a warning about the store on all pages; an empty one hides it."""
        if warning != self.warning:
            self.warning = warning
            for listener in self._listeners:
                listener.show_work()

    def show(self, view: View) -> None:
        """Show a new users table on all pages."""
        if self.view is None:
            self.looking_only = self.store.read_only_reason
        if view.is_lifted:
            self.chosen = ALL_USERS
            self.shown = replace(self.shown, name=ALL_USERS.name, filter="")
        self.view = view
        for listener in self._listeners:
            listener.show_view(view)

    def preview(self, is_previewing: bool) -> None:
        """Start or end the preview of an import."""
        self.is_previewing = is_previewing
        for listener in self._listeners:
            listener.show_work()

    def mark(self, user_ids: Iterable[str]) -> None:
        """Mark users; if all of them are marked, unmark them."""
        selected = set(user_ids)
        if selected <= self.marks:
            self.marks -= selected
        else:
            self.marks |= selected
        self._marks_changed()

    def add_marks(self, user_ids: Iterable[str]) -> None:
        """Mark users, in addition to those that are marked."""
        self.marks.update(user_ids)
        self._marks_changed()

    @property
    def marks_words(self) -> str:
        """The number of marked users, and of those not shown; empty if there are none."""
        if not self.marks:
            return ""
        hidden = f" ({self.hidden_marks:,} not shown)" if self.hidden_marks else ""
        return f"{len(self.marks):,} marked{hidden}"

    def forget_marks(self, user_ids: Iterable[str]) -> None:
        """Unmark users."""
        self.marks.difference_update(user_ids)
        self._marks_changed()

    def _marks_changed(self) -> None:
        if not self.marks:
            self.hidden_marks = 0
        for listener in self._listeners:
            listener.show_marks()

    def stop(self, why: type[Cancelled] = Cancelled) -> None:
        """Cancel the running job, if any: its next tick raises the reason."""
        if self.job is not None:
            self.job.cancel(why)
