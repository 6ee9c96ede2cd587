"""The marked users: their User IDs, or queries with exceptions."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State, no_rest
from qm_tui.users.query.query import NO_SELECTION, Query, Selection, Step

_BY_ID: Final = 1000
"""Users that are marked by their User IDs; more of a query are marked by the query."""


class Marks:
    """The marked users.

    Attributes:
        selection: the marked users.
        number: how many they are, as far as they have been counted.
        hidden: how many of them the table does not show.
        state: the state of the store for which the exceptions of the selection are right.
    """

    def __init__(self) -> None:
        self.selection = NO_SELECTION
        self.state: State | None = None
        self.number = self.hidden = 0
        self._by_query: set[str] = set()
        """Of the users that were loaded, those that the steps of the selection select."""
        self._loaded: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self.selection)

    def __contains__(self, user_id: object) -> bool:
        """Whether a user is marked, who must have been loaded."""
        selection = self.selection
        is_selected = selection.has_all or (bool(selection.steps) and user_id in self._by_query)
        return is_selected != (user_id in selection.exceptions)

    @property
    def text(self) -> str:
        """The number of marked users, and of those not shown; empty if there are none."""
        if not self:
            return ""
        hidden = f" ({self.hidden:,} not shown)" if self.hidden else ""
        return f"{self.number:,} marked{hidden}"

    def set(self, selection: Selection, by_query: Collection[str] = ()) -> None:
        """Mark other users.

        Args:
            selection: the users.
            by_query: of the users that were loaded, those that its steps select.
        """
        self.selection = selection
        if selection.steps:
            self._by_query = set(by_query)
        else:
            self.number = len(selection.exceptions)
        if not selection:
            self.hidden = 0

    def take(self, marks: "NewMarks") -> list[str]:
        """Mark other users; return those loaded in the meantime, about which it must `learn`."""
        self.set(marks.selection, marks.by_query)
        self.number, self.state = marks.number, marks.state
        return [user_id for user_id in self._loaded if user_id not in marks.loaded]

    def follow(self, changes: "MarkChanges") -> None:
        """Mark the same users in a later state, if no query was marked in the meantime."""
        if changes.steps == self.selection.steps:
            by_query = (self._by_query | changes.gained) - changes.lost
            self.set(changes.applied_to(self.selection), by_query)
            self.state = changes.state

    def toggle(self, user_ids: Iterable[str]) -> None:
        """Mark users who are loaded; if all of them are marked, unmark them."""
        selected = set(user_ids)
        unmarked = {user_id for user_id in selected if user_id not in self}
        self.flip(unmarked or selected)

    def add(self, user_ids: Iterable[str]) -> None:
        """Mark users who are loaded, in addition to those that are marked."""
        self.flip({user_id for user_id in user_ids if user_id not in self})

    def flip(self, user_ids: Collection[str]) -> None:
        """Mark users who are not marked, and unmark those who are."""
        marked = sum(user_id in self for user_id in user_ids) if self.selection.steps else 0
        exceptions = self.selection.exceptions.symmetric_difference(user_ids)
        self.number += len(user_ids) - 2 * marked
        self.set(Selection(self.selection.steps, exceptions), self._by_query)

    # For worker threads

    def learn(self, state: State, user_ids: Sequence[str], rest: YieldControl = no_rest) -> None:
        """Find out which of some users are marked who are being loaded."""
        self._loaded.update(user_ids)
        steps: tuple[Step, ...] | None = None
        while steps != self.selection.steps:  # they may be changed meanwhile
            steps, found = self.selection.steps, set[str]()
            selection = Selection(steps)
            for batch in in_chunks(user_ids if steps and not selection.has_all else (), rest):
                found |= state.selected(selection, batch, rest)
            self._by_query.difference_update(user_ids)
            self._by_query.update(found)

    def toggled(
        self, store: UserStore, state: State, query: Query, rest: YieldControl
    ) -> "NewMarks":
        """Return the marks after all users of a query are marked, or unmarked if all of them are.

        Args:
            store: the store.
            state: its state that is shown.
            query: the query.
            rest: called about every millisecond.
        """
        before = self.changes(store, state, rest).applied_to(self.selection)
        shown = state.count(query, rest).number
        if shown <= _BY_ID or not query.depends_on_user:
            marked, unmarked = set[str](), set[str]()
            for user_ids in state.ids(query, rest):
                selected = state.selected(before, user_ids, rest)
                marked |= selected
                unmarked.update(user_id for user_id in user_ids if user_id not in selected)
            selection = Selection(before.steps, before.exceptions ^ (unmarked or marked))
        else:
            adds = state.count(query.among(before), rest).number < shown
            of_query, found = Selection((Step(query, adds=True),)), set[str]()
            for batch in in_chunks(before.exceptions, rest):
                found |= state.selected(of_query, batch, rest)
            selection = before.with_query(query, before.exceptions - found, adds=adds)
        loaded, by_query = frozenset(self._loaded), set[str]()
        for batch in in_chunks(loaded if selection.steps else (), rest):
            by_query |= state.selected(Selection(selection.steps), batch, rest)
        number = state.count(Query(within=selection), rest).number
        return NewMarks(state, selection, loaded, by_query, number)

    def changes(self, store: UserStore, state: State, rest: YieldControl) -> "MarkChanges":
        """Return what must change so that the same users are marked in a later state.

        A change of a user may change which queries find it; then it is an exception.

        Args:
            store: the store, which knows what was changed.
            state: the later state.
            rest: called about every millisecond.
        """
        steps, before = self.selection.steps, self.state
        gained, lost = set[str](), set[str]()
        if steps and before is not None and before.version != state.version:
            selection, changed = Selection(steps), store.changes_since(before, rest)
            may_differ = changed.added if selection.has_all else changed.added | changed.changed
            for batch in in_chunks(may_differ, rest):
                then = before.selected(selection, batch, rest)
                now = state.selected(selection, batch, rest)
                gained |= now - then
                lost |= then - now
        return MarkChanges(state, steps, frozenset(gained), frozenset(lost))


class MarkChanges(NamedTuple):
    """What must change so that the same users are marked.

    Attributes:
        state: the state of the store in which they are.
        steps: the queries by which they are marked.
        gained: the User IDs of users that the queries find now.
        lost: those of users that they found before.
        deleted: those of marked users that were deleted.
    """

    state: State
    steps: tuple[Step, ...] = ()
    gained: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    deleted: frozenset[str] = frozenset()

    def applied_to(self, selection: Selection) -> Selection:
        """Return a selection with these changes."""
        exceptions = selection.exceptions ^ self.gained ^ self.lost
        return Selection(selection.steps, exceptions - self.deleted)


class NewMarks(NamedTuple):
    """Marks after a query was added or removed.

    Attributes:
        state: the state of the store.
        selection: the marked users.
        loaded: the users that were loaded.
        by_query: those of them that its steps select.
        number: how many users are marked.
    """

    state: State
    selection: Selection
    loaded: frozenset[str]
    by_query: set[str]
    number: int
