"""The current view: what changes it, and the search for its users."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen
from textual.timer import Timer

from qm_tui.config.saved_views import save_views
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import QueryFinished, depends_on_marks, run_query
from qm_tui.users.query.columns import Layout
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.views import ALL_USERS, SavedView, SortKey

_SAVE_DELAY: Final = 1.0
"""Seconds without a change after which the view is saved."""

_KEYS: Final = 2
"""The maximum number of sort columns."""


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
        if error or text == session.current_view.filter:
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
        work = partial(
            run_query,
            session.queries,
            session.view,
            session.query,
            session.queries.begin(),
            self._cursor_id(),
            self._page.post_message,
        )
        self._page.run_worker(work, thread=True, group="listing", description="find users")

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
        work = partial(session.queries.prepare, session.view.state)
        self._page.run_worker(work, thread=True, group="prepare", description="prepare")


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
