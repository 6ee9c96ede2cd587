"""The marked users: their User IDs, or queries with exceptions."""

from collections.abc import Collection, Iterable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl, in_chunks, no_rest
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
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
        self._lock = Lock()

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

    def replace(self, selection: Selection, by_query: Collection[str] = ()) -> None:
        """Mark other users.

        Args:
            selection: the users.
            by_query: of the users that were loaded, those that its steps select.
        """
        with self._lock:
            self.selection = selection
            self._by_query = set(by_query) if selection.steps else set()
        if not selection.steps:
            self.number = len(selection.exceptions)
        if not selection:
            self.hidden = 0

    def take(self, marks: "NewMarks") -> list[str]:
        """Mark other users; return those loaded in the meantime, about which it must `learn`."""
        self.replace(marks.selection, marks.by_query)
        self.number, self.state = marks.number, marks.state
        with self._lock:
            return [user_id for user_id in self._loaded if user_id not in marks.loaded]

    def follow(self, changes: "MarkChanges") -> None:
        """Mark the same users in a later state, if no query was marked in the meantime."""
        if changes.steps == self.selection.steps:
            by_query = (self._by_query | changes.gained) - changes.lost
            self.replace(changes.applied_to(self.selection), by_query)
            self.state = changes.state

    def counted(self, marked: int, hidden: int) -> None:
        """Take over how many users are marked, and how many of them are not shown."""
        if not marked:
            self.replace(NO_SELECTION)
        self.number, self.hidden = marked, hidden

    def toggle(self, user_ids: Iterable[str]) -> None:
        """Mark users who are loaded; if all of them are marked, unmark them."""
        selected = set(user_ids)
        self.flip(selected - self._marked_of(selected) or selected)

    def add(self, user_ids: Iterable[str]) -> None:
        """Mark users who are loaded, in addition to those that are marked."""
        selected = set(user_ids)
        self.flip(selected - self._marked_of(selected))

    def flip(self, user_ids: Collection[str]) -> None:
        """Mark users who are not marked, and unmark those who are."""
        flipped = set(user_ids)
        self.number += len(flipped) - 2 * len(self._marked_of(flipped))
        selection = self.selection
        exceptions = selection.exceptions.symmetric_difference(flipped)
        self.replace(Selection(selection.steps, exceptions), self._by_query)

    def _marked_of(self, user_ids: set[str]) -> set[str]:
        """Return which of some loaded users are marked."""
        selection = self.selection
        by_steps = user_ids if selection.has_all else user_ids & self._by_query
        return by_steps ^ (user_ids & selection.exceptions)

    # For worker threads

    def learn(self, state: State, user_ids: Sequence[str], rest: YieldControl = no_rest) -> None:
        """Find out which of some users are marked who are being loaded.

        Args:
            state: the state of the store in which they are loaded. They are marked as in the state
                for which the marks are right.
            user_ids: the User IDs.
            rest: called about every millisecond.
        """
        with self._lock:
            self._loaded.update(user_ids)
        is_right = False
        while not is_right:
            steps, asked, found = self.selection.steps, self.state or state, set[str]()
            selection = Selection(steps)
            if steps and not selection.has_all:
                found = selected_among(asked, selection, user_ids, rest)
            with self._lock:  # else others have been marked in the meantime
                is_right = (steps, asked) == (self.selection.steps, self.state or state)
                if is_right:
                    self._by_query = self._by_query.difference(user_ids) | found

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
        selection = self.selection
        if self.state is not None and self.state.version > state.version:
            right = self.state  # the list that is shown is older than the marks
        else:
            right, selection = state, self.changes(store, state, rest).applied_to(selection)
        count = state.count(query, rest, enough=_BY_ID + 1)
        if count.number <= _BY_ID or not query.depends_on_user:
            marked, unmarked = set[str](), set[str]()
            for user_ids in state.ids(query, rest):
                found = _marked_by(selection, right, user_ids, rest)
                marked |= found
                others = [user_id for user_id in user_ids if user_id not in found]
                if right is not state:  # some of an older list may have been deleted
                    others = [user.user_id for user in filter(None, right.users(others))]
                unmarked |= set(others)
            selection = Selection(selection.steps, selection.exceptions ^ (unmarked or marked))
        else:
            among = right.count(query.among(selection), rest).number
            adds = among < right.count(query, rest).number
            of_query = Selection((Step(query, adds=True),))
            found = selected_among(right, of_query, selection.exceptions, rest)
            selection = selection.with_query(query, selection.exceptions - found, adds=adds)
        number = right.count(Query(within=selection), rest).number
        if not number:
            selection = NO_SELECTION
        with self._lock:
            loaded = frozenset(self._loaded)
        by_query = set[str]()
        if selection.steps:
            by_query = selected_among(right, Selection(selection.steps), loaded, rest)
        return NewMarks(right, selection, loaded, by_query, number)

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
            for user_ids in in_chunks(may_differ, rest):
                now = state.selected(selection, user_ids, rest)
                earlier = store.earlier(before, user_ids, rest)
                then = earlier.selected(selection, user_ids, rest)
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


def selected_among(
    state: State, selection: Selection, user_ids: Iterable[str], rest: YieldControl
) -> set[str]:
    """Return which of some users, however many, a selection has. For worker threads."""
    found = set[str]()
    for batch in in_chunks(user_ids, rest):
        found |= state.selected(selection, batch, rest)
    return found


def _marked_by(
    selection: Selection, state: State, user_ids: Sequence[str], rest: YieldControl
) -> set[str]:
    """Return which of some users a selection has; its exceptions are not sent to the store."""
    named = set(user_ids)
    steps = Selection(selection.steps)
    found = state.selected(steps, user_ids, rest) if steps else set[str]()
    return found ^ (named & selection.exceptions)
