"""The current view: what changes it, and the search for its users."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen
from textual.timer import Timer

from qm_tui.saved_views import remember_views
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import Listed, Overtaken, asks_for_marks, find
from qm_tui.users.fields import User
from qm_tui.users.query.columns import Layout
from qm_tui.users.query.filter_parser import FilterFault, parsed
from qm_tui.users.query.views import ALL_USERS, SavedView, SortKey

_SETTLED: Final = 1.0
"""Seconds without a change after which the view is saved."""

_KEYS: Final = 2
"""The maximum number of sort columns."""


class ShownView:
    """Changes the filter, the sort order and the columns of the current view.

    The users are searched in the background; the page receives `Listed` or `NotListed`.

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
        shown, chosen = self._session.shown, self._session.chosen
        is_modified = shown.filter != chosen.filter and chosen.filter
        return f"{shown.name} (modified)" if is_modified else shown.name

    def choose(self, view: SavedView) -> None:
        """Show a view. If it has no column layout, the columns stay."""
        session = self._session
        session.chosen = view
        session.shown = replace(view, layout=view.layout or session.shown.layout)
        self.settle()
        self.ask()

    def filter(self, text: str) -> None:
        """Show the users that match a filter, which may be incomplete.

        Raises:
            FilterFault: the filter is invalid.
        """
        text = text.strip()
        parsed(text, is_typing=True)
        session = self._session
        if text == session.shown.filter:
            return
        if not text and session.chosen.filter:
            session.chosen = ALL_USERS
        session.shown = replace(session.shown, filter=text, name=session.chosen.name)
        self.ask()

    def sort_by(self, column: str, *, add: bool) -> None:
        """Sort by a column; if the users are sorted by it already, reverse the order.

        Args:
            column: the column's key.
            add: whether to keep the first sort column and add this one.
        """
        keys = self._session.shown.sort
        if any(key.column == column for key in keys) and (add or keys[0].column == column):
            keys = tuple(
                key._replace(descending=not key.descending) if key.column == column else key
                for key in keys
            )
        elif add:
            keys = (*keys[: _KEYS - 1], SortKey(column))
        else:
            keys = (SortKey(column),)
        self._session.shown = replace(self._session.shown, sort=keys)
        self.settle()
        self.ask()

    def lay_out(self, layout: Layout) -> None:
        """Apply a column layout."""
        self._session.shown = replace(self._session.shown, layout=layout)
        self.settle()

    # Searching

    def ask(self) -> None:
        """Search the users of the view in the background."""
        session = self._session
        if session.view is None:
            return
        work = partial(
            find,
            session.listing,
            session.view,
            session.wanted,
            session.listing.ask(),
            self._cursor_id(),
            self._page.post_message,
        )
        self._page.run_worker(work, thread=True, group="listing", description="find users")

    def settle(self) -> None:
        """Save the view for the next start after `_SETTLED` seconds without a change."""
        self._session.settled = self._session.shown
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._page.set_timer(_SETTLED, self._remember)

    def _remember(self) -> None:
        self._page.run_worker(
            partial(remember_views, last=to_remember(self._session.settled)),
            thread=True,
            group="remember",
            description="save the view",
        )

    def is_answer(self, event: Listed) -> bool:
        """Whether a result belongs to the current view and state; if the state is old, retry."""
        session = self._session
        if event.view.wanted != session.wanted or session.view is None:
            return False
        if event.view.state.version != session.view.state.version:
            self.ask()
            return False
        return True

    def prepare(self) -> None:
        """Prepare in the background what the first filter needs."""
        session = self._session
        if session.view is None:
            return
        work = partial(_prepared, session, session.view.state.users)
        self._page.run_worker(work, thread=True, group="prepare", description="prepare")


def _prepared(session: Session, users: Mapping[str, User]) -> None:
    try:
        session.listing.prepare(users)
    except Overtaken:
        return


def to_remember(shown: SavedView) -> SavedView:
    """Return the view to save for the next start, without a filter for marks, which are lost."""
    if asks_for_marks(shown.filter):
        return replace(shown, name=ALL_USERS.name, filter="")
    return shown


def fault_of(text: str) -> str:
    """Return the error in a complete filter; empty if it is valid."""
    try:
        parsed(text)
    except FilterFault as fault:
        return fault.sentence
    return ""
