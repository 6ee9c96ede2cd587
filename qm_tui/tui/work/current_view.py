"""The current view: what changes it, and the search for its users."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen
from textual.timer import Timer

from qm_tui.config.saved_views import save_views
from qm_tui.crash import log_and_describe
from qm_tui.store.errors import StoreDisconnected, StoreError
from qm_tui.tui.work.job import UserListView, ViewQuery
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import ASK_AGAIN, ask_until_answered, run_in_thread, start_worker
from qm_tui.tui.work.user_query import QueryFailed, QueryFinished, depends_on_marks, run_query
from qm_tui.users.query.columns import Layout
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.views import ALL_USERS, SavedView, SortKey

_SAVE_DELAY: Final = 1.0
"""Seconds without a change after which the view is saved."""

_KEYS: Final = 2
"""The maximum number of sort columns."""

_NOTICE_EVERY: Final = 1.0
"""Seconds after which a slow search is noticed, and between two notices."""

_SORTING: Final = "Sorting"
_SEARCHING: Final = "Searching"
_CANCEL_HINT: Final = "Press Esc to cancel."
_SEARCH_CANCELED: Final = "Search canceled. Edit the filter to search again."

_LISTING: Final = "listing"
"""The workers that search."""

_WAITS: Final = "Not connected. The list changes later."


class CurrentView:
    """Changes the filter, the sort order and the columns of the current view.

    The users are searched in the background; the page receives `QueryFinished` or `QueryFailed`.

    Args:
        page: the page that receives the messages.
        session: the state that the pages share, with the current view.
        cursor_id: returns the User ID of the current user, which the cursor stays on.
    """

    def __init__(
        self, page: Screen[Any], session: Session, cursor_id: Callable[[], str | None]
    ) -> None:
        self._page, self._session, self._cursor_id = page, session, cursor_id
        self._timer: Timer | None = None
        self._notice, self._is_canceled = "", False

    @property
    def title(self) -> str:
        """The name of the view, and whether its filter was modified."""
        shown, selection = self._session.current_view, self._session.selected_view
        is_modified = shown.filter != selection.filter and selection.filter
        return f"{shown.name} (modified)" if is_modified else shown.name

    @property
    def depends_on_marks(self) -> bool:
        """Whether the users that are shown depend on the marks."""
        return depends_on_marks(self._session.current_view.filter)

    def select(self, view: SavedView) -> None:
        """Show a view. If it has no column layout, the columns stay."""
        session = self._session
        session.selected_view = view
        session.current_view = replace(view, layout=view.layout or session.current_view.layout)
        self.schedule_save()
        self.run_query()

    def filter(self, text: str) -> str:
        """Show the users that match a filter, which may be incomplete.

        Returns:
            The error in the filter; empty if it is valid.
        """
        text = text.strip()
        error = filter_error(text, is_typing=True)
        session = self._session
        if error or (text == session.current_view.filter and not self._is_canceled):
            return error
        if not text and session.selected_view.filter:
            session.selected_view = ALL_USERS
        session.current_view = replace(
            session.current_view, filter=text, name=session.selected_view.name
        )
        self.run_query()
        return ""

    def sort_by(self, column: str, *, add: bool) -> None:
        """Sort by a column; if the users are sorted by it already, reverse the order.

        Args:
            column: the column's key.
            add: whether to keep the first sort column and add this one.
        """
        keys = self._session.current_view.sort
        if any(key.column == column for key in keys) and (add or keys[0].column == column):
            keys = tuple(
                key._replace(descending=not key.descending) if key.column == column else key
                for key in keys
            )
        elif add:
            keys = (*keys[: _KEYS - 1], SortKey(column))
        else:
            keys = (SortKey(column),)
        self._session.current_view = replace(self._session.current_view, sort=keys)
        self.schedule_save()
        self.run_query()

    def set_layout(self, layout: Layout) -> None:
        """Apply a column layout."""
        self._session.current_view = replace(self._session.current_view, layout=layout)
        self.schedule_save()

    # Searching

    def run_query(self) -> None:
        """Search the users of the view in the background."""
        session = self._session
        if session.view is None:
            return
        self._is_canceled = False
        session.queries.begin()
        finding = partial(self._find, session.view, session.query, self._cursor_id())
        start_worker(self._page, finding, _LISTING, exclusive=True)

    async def _find(self, view: UserListView, query: ViewQuery, cursor_id: str | None) -> None:
        session, post = self._session, self._page.post_message
        question = partial(run_query, session.queries, view, query, cursor_id)
        try:
            with self._noticed(view, query):
                found = await run_in_thread(question)
        except StoreDisconnected:
            post(QueryFailed(query, _WAITS, is_valid=True))
            self._page.set_timer(ASK_AGAIN, self.run_query)
        except FilterSyntaxError as issue:
            post(QueryFailed(query, issue.message))
        except StoreError as error:
            post(QueryFailed(query, str(error)))
        except Exception as error:
            post(QueryFailed(query, log_and_describe(error)))
        else:
            post(QueryFinished(found))
            self.prepare()

    @contextmanager
    def _noticed(self, view: UserListView, query: ViewQuery) -> Iterator[None]:
        """Say every second that a server has not found the first users yet."""
        if view.state.is_at_hand:
            yield
            return
        session, started, before = self._session, time.monotonic(), ""
        verb = _SORTING if query.filter == view.query.filter else _SEARCHING

        def tell() -> None:
            nonlocal before
            before = before if self._notice else session.status_text
            self._notice = f"{verb}… {int(time.monotonic() - started)} s. {_CANCEL_HINT}"
            session.set_status(self._notice)

        timer = self._page.set_interval(_NOTICE_EVERY, tell)
        try:
            yield
        finally:
            timer.stop()
            if self._notice and session.status_text == self._notice:
                session.set_status(before)
            self._notice = ""

    def cancel_slow_query(self) -> bool:
        """Cancel the search for users, if it is so slow that the admin knows how.

        The list does not change; the filter that was typed stays.

        Returns:
            Whether it was canceled.
        """
        session = self._session
        if not self._notice or session.view is None:
            return False
        self._page.workers.cancel_group(self._page, _LISTING)
        if session.query.filter == session.view.query.filter:
            session.current_view = replace(session.current_view, sort=session.view.query.sort)
            self.schedule_save()
        else:
            self._is_canceled = True
            self._page.post_message(QueryFailed(session.query, _SEARCH_CANCELED))
        return True

    def schedule_save(self) -> None:
        """Save the view for the next start after `_SAVE_DELAY` seconds without a change."""
        self._session.persisted_view = self._session.current_view
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._page.set_timer(_SAVE_DELAY, self._save)

    def _save(self) -> None:
        self._page.run_worker(
            partial(save_views, last=view_to_save(self._session.persisted_view)),
            thread=True,
            group="remember",
            description="save the view",
        )

    def is_current(self, event: QueryFinished) -> bool:
        """Whether a result belongs to the current view and state; if the state is old, retry."""
        session = self._session
        if event.view.query != session.query or session.view is None:
            return False
        if event.view.state.version != session.view.state.version:
            self.run_query()
            return False
        return True

    def prepare(self) -> None:
        """Prepare in the background what the first filter needs."""
        session = self._session
        if session.view is None:
            return
        state = session.view.state

        async def prepare() -> None:
            await ask_until_answered(lambda _rest: session.queries.prepare(state))

        start_worker(self._page, prepare, "prepare", exclusive=True)


def view_to_save(shown: SavedView) -> SavedView:
    """Return the view to save for the next start, without a filter for marks, which are lost."""
    if depends_on_marks(shown.filter):
        return replace(shown, name=ALL_USERS.name, filter="")
    return shown


def filter_error(text: str, *, is_typing: bool = False) -> str:
    """Return the error in a filter, which may be incomplete while typing; empty if it is valid."""
    try:
        parse_filter(text, is_typing=is_typing)
    except FilterSyntaxError as issue:
        return issue.message
    return ""
