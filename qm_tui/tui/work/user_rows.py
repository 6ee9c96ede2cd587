"""The rows of a list of users, of which only those near the visible ones are loaded.

A store in memory answers immediately, so its rows are never empty. A server takes a moment: until
then a row has no user and is drawn empty.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from textual.dom import DOMNode

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.state import FIRST, LAST, Place, Side, State, UserCount, Window
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.threads import ask_until_answered, start_worker
from qm_tui.users.fields import User
from qm_tui.users.query.query import Query

LOADED: Final = 200
"""Users in one question: several pages."""

_MARGIN: Final = 60
"""Rows on both sides of the visible ones that are loaded, too, before they are needed."""

_KEPT: Final = 1000
"""Users that are kept; those that are farthest from the visible ones are dropped."""


class UserRows:
    """The users of a query, by row.

    There may be more or fewer users than were counted. Rows past the last user stay empty until
    that is noticed; then the count is corrected.

    Args:
        state: the state of the store.
        query: the query.
        count: how many users it finds.
        window: the first users that are loaded.
        marks: learns which of the loaded users are marked.

    Attributes:
        count: how many users there are, as far as is known.
        is_exact: whether there are no more.
    """

    def __init__(
        self, state: State, query: Query, count: UserCount, window: Window, marks: Marks
    ) -> None:
        self.state, self.query = state, query
        self.count, self.is_exact = count
        self._marks = marks
        self._users: list[User] = list(window.users)
        self._first = window.row or 0
        self._wanted = range(0)
        self._is_loading = False

    def __len__(self) -> int:
        """Return the number of rows, loaded or not."""
        return self.count

    def user(self, row: int) -> User | None:
        """Return the user of a row; None if it is not loaded."""
        index = row - self._first
        if 0 <= index < len(self._users):
            return self._users[index]
        if self.state.is_at_hand and 0 <= row < self.count:
            return next(
                iter(self.state.window(self.query, Place(Side.AROUND, row=row), 1).users), None
            )
        return None

    def row_of(self, user_id: str) -> int | None:
        """Return the row of a user; None if it is not loaded."""
        rows = enumerate(self._users, self._first)
        return next((row for row, user in rows if user.user_id == user_id), None)

    def copy(self) -> "UserRows":
        """Return the same rows for another widget, which wants others of them."""
        window = Window(self._users, self._first)
        return UserRows(self.state, self.query, self.counted, window, self._marks)

    @property
    def counted(self) -> UserCount:
        """How many users there are, as far as is known."""
        return UserCount(self.count, self.is_exact)

    def take_count(self, count: UserCount) -> None:
        """Take over how many users there are. Call `want` again then."""
        self.count, self.is_exact = count

    def grow(self) -> None:
        """Take over that the store has more users, at the end."""
        self.count = self.state.total

    def want(self, rows: range, owner: DOMNode, filled: Callable[[], object]) -> None:
        """Load rows, and some around them: immediately, or in the background.

        Args:
            rows: the rows; those that were wanted before are no longer needed.
            owner: the widget or screen that shows them.
            filled: called each time some were loaded in the background, or the count was corrected.
        """
        at_hand = self.state.is_at_hand
        margin = 0 if at_hand else _MARGIN
        self._wanted = range(max(0, rows.start - margin), min(self.count, rows.stop + margin))
        place = self._missing()
        if place is None:
            return
        if at_hand:
            self._add(place, self._ask(place))
        elif not self._is_loading:
            start_worker(owner, partial(self._load, filled), "rows")

    def around(self, user: User | None, row: int, rest: YieldControl = no_rest) -> Window:
        """Return the users around a user; if the query does not find it, those around the row.

        Args:
            user: the user.
            row: the row.
            rest: called about every millisecond.
        """
        user_ids = () if user is None else (user.user_id,)
        window = self._ask(Place(Side.AROUND, user_ids, row), rest)
        if window.row is not None:
            return window
        # a store that does not know the row has not moved the user far
        found = (at for at, one in enumerate(window.users) if one.user_id == window.user_id)
        return window._replace(row=max(0, row - next(found, len(window.users) // 2)))

    def begin_with(self, window: Window) -> None:
        """Load the users of a window, and forget all others."""
        self._users, self._first = list(window.users), window.row or 0

    def sample(self, number: int) -> Sequence[User]:
        """Return some users from all over the list; of a server, those that are loaded."""
        if not self.state.is_at_hand:
            return self._users
        count = self.state.count(self.query).number  # there may be more by now
        rows = range(0, count, max(1, count // number))
        places = (Place(Side.AROUND, row=row) for row in rows)
        windows = (self.state.window(self.query, place, 1) for place in places)
        return [user for window in windows for user in window.users]

    async def _load(self, filled: Callable[[], object]) -> None:
        if self._is_loading:
            return
        self._is_loading = True
        try:
            while (place := self._missing()) is not None:
                held = self._users
                window = await ask_until_answered(partial(self._ask, place))
                if self._users is not held:
                    continue  # others were loaded in the meantime
                if window.users:
                    self._add(place, window)
                else:
                    self._correct_count(place)
                filled()
        finally:
            self._is_loading = False

    def _correct_count(self, place: Place) -> None:
        """Take over that there are no users at a place."""
        end = self._first + len(self._users)
        if place.side is Side.AFTER:
            self.count, self.is_exact = end, True
        elif place.side is Side.BEFORE:
            self.count, self._first = self.count - self._first, 0
        else:
            self.count, self.is_exact, self._users, self._first = 0, True, [], 0
        wanted = self._wanted
        self._wanted = range(min(wanted.start, self.count), min(wanted.stop, self.count))

    def _ask(self, place: Place, rest: YieldControl = no_rest) -> Window:
        rows = max(LOADED, len(self._wanted))
        window = self.state.window(self.query, place, rows, rest)
        self._marks.learn(self.state, [user.user_id for user in window.users], rest)
        return window

    def _missing(self) -> Place | None:
        """Return where users must be loaded next; None if all wanted ones are."""
        wanted, first, end = self._wanted, self._first, self._first + len(self._users)
        if not wanted or (first <= wanted.start and wanted.stop <= end):
            return None
        if self.state.is_at_hand:
            return Place(Side.AROUND, row=(wanted.start + wanted.stop) // 2)
        if not self._users:
            return FIRST
        after = Place(Side.AFTER, (self._users[-1].user_id,), end - 1)
        before = Place(Side.BEFORE, (self._users[0].user_id,), first)
        place, rows_between = after, wanted.start - end
        if wanted.start < first:
            place, rows_between = before, first - wanted.stop
        # from there, or from an end of the list if that is nearer
        if wanted.start + LOADED < rows_between:
            return FIRST
        if self.count - wanted.stop + LOADED < rows_between:
            return LAST if self.is_exact else None  # the end is not known yet
        return place

    def _add(self, place: Place, window: Window) -> None:
        new = list(window.users)
        if place.side is Side.AFTER:
            dropped = max(0, len(self._users) + len(new) - _KEPT)
            self._users, self._first = [*self._users, *new][dropped:], self._first + dropped
        elif place.side is Side.BEFORE:
            self._users = [*new, *self._users][:_KEPT]
            self._first = max(0, self._first - len(new))
        else:
            row = self.count - len(new) if place.side is Side.LAST else 0
            self._users, self._first = new, row if window.row is None else window.row
