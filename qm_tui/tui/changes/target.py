"""The users that an action applies to: the marked users, or the current one."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qm_tui.store.changes.bulk import by_ids
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.text.user_details import user_title
from qm_tui.users.fields import User
from qm_tui.users.query.query import NO_SELECTION, Query, Selection, these


@dataclass(frozen=True, slots=True)
class Target:
    """The users that an action applies to.

    Attributes:
        current: the current user, or the one whose details are shown; None if there is none.
        marked: the marked users; none if marks are ignored.
        state: the state of the store in which queries find them, if they are marked by queries.
        number: how many users are marked.
        hidden: how many of them are not shown.
        as_template: whether a new user starts with values of the current one.
    """

    current: User | None
    marked: Selection = NO_SELECTION
    state: State | None = None
    number: int = 0
    hidden: int = 0
    as_template: bool = False

    @property
    def query(self) -> Query:
        """The marked users; without marks, the current user."""
        return Query(within=self.marked or these(self._current_id))

    @property
    def _current_id(self) -> Sequence[str]:
        return () if self.current is None else (self.current.user_id,)

    @property
    def select(self) -> Callable[[State], Iterable[Sequence[str]]]:
        """Yields their User IDs for any state; also those of users who were deleted."""
        marked_in, query = self.state, self.query
        if marked_in is not None:
            return lambda _state: marked_in.ids(query)
        return by_ids(self.marked.exceptions or self._current_id)

    @property
    def users(self) -> int:
        """How many users it has."""
        return self.number if self.marked else int(self.current is not None)

    @property
    def label(self) -> str:
        """The users as text: "12 marked users (3 not shown)", or a name."""
        if self.marked:
            hidden = f" ({self.hidden:,} not shown)" if self.hidden else ""
            return f"{pluralize(self.number, 'marked user')}{hidden}"
        return "no user" if self.current is None else user_title(self.current)
