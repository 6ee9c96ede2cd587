"""The view that is shown: what changes it, and the work of finding its users."""

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
"""Seconds for which a view is the same before it is kept."""

_KEYS: Final = 2
"""By how many columns a list can be sorted at once."""


class ShownView:
    """Changes which users are shown, in which order and with which columns.

    The users are found in the background; the page is told by `Listed` or `NotListed`.

    Args:
        page: the page that is told.
        session: what the pages share, the view that is shown among it.
        cursor_id: gives the User ID of the user under the cursor, who stays there.
    """

    def __init__(
        self, page: Screen[Any], session: Session, cursor_id: Callable[[], str | None]
    ) -> None:
        self._page, self._session, self._cursor_id = page, session, cursor_id
        self._timer: Timer | None = None

    @property
    def title(self) -> str:
        """What the view is called, and whether it is no longer as it was chosen."""
        shown, chosen = self._session.shown, self._session.chosen
        is_other = shown.filter != chosen.filter and chosen.filter
        return f"{shown.name}, changed" if is_other else shown.name

    def choose(self, view: SavedView) -> None:
        """Show a view; where it says nothing of columns, they stay."""
        session = self._session
        session.chosen = view
        session.shown = replace(view, layout=view.layout or session.shown.layout)
        self.settle()
        self.ask()

    def filter(self, text: str) -> None:
        """Show the users for whom a filter holds; it may be half typed.

        Raises:
            FilterFault: it makes no sense.
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
        """Sort by a column; where it is sorted by that, the other way round.

        Args:
            column: the column's key.
            add: whether the first key stays, and this is the second.
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
        """Show other columns."""
        self._session.shown = replace(self._session.shown, layout=layout)
        self.settle()

    # Finding

    def ask(self) -> None:
        """Find the users of the view."""
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
        """Nothing is being typed: keep the view for the next start, if it stays for a second."""
        self._session.settled = self._session.shown
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._page.set_timer(_SETTLED, self._remember)

    def _remember(self) -> None:
        self._page.run_worker(
            partial(remember_views, last=to_remember(self._session.settled)),
            thread=True,
            group="remember",
            description="remember the view",
        )

    def is_answer(self, event: Listed) -> bool:
        """Whether users that were found are those of the view, in the store as it is.

        Where the store holds something else by now, they are found once more.
        """
        session = self._session
        if event.view.wanted != session.wanted or session.view is None:
            return False
        if event.view.state.version != session.view.state.version:
            self.ask()
            return False
        return True

    def prepare(self) -> None:
        """Make ready in the background what the first filter needs."""
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
    """What of a view is kept for the next start: marks are gone by then, and what asks for them."""
    if asks_for_marks(shown.filter):
        return replace(shown, name=ALL_USERS.name, filter="")
    return shown


def fault_of(text: str) -> str:
    """What is wrong with a filter that is typed to its end, as a sentence; else nothing."""
    try:
        parsed(text)
    except FilterFault as fault:
        return fault.sentence
    return ""
