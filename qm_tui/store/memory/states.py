"""The states of one store in memory."""

from collections.abc import Callable, Sequence

from qm_tui.store.interface import UsersLoadedCallback
from qm_tui.store.memory.activity_index import ActivityIndex, ActivityLog
from qm_tui.store.memory.growing import GrowingState
from qm_tui.store.memory.maps import EMPTY, UserMaps
from qm_tui.store.memory.search import Finder
from qm_tui.store.memory.state import MemoryState
from qm_tui.store.state import State
from qm_tui.users.fields import User


class States:
    """Makes the states of one store, which share what a search and the activity log need.

    Args:
        log: the transactions of the store.
    """

    def __init__(self, log: ActivityLog) -> None:
        self._finder, self._activity = Finder(), ActivityIndex(log)
        self._last = MemoryState(EMPTY, self._finder, self._activity)

    def of(self, maps: UserMaps) -> MemoryState:
        """Return the state with some users; the same one if they are those of the last call."""
        state = self._last
        if state.maps is not maps:
            state = self._last = MemoryState(maps, self._finder, self._activity)
        return state

    def growing(self, on_loaded: UsersLoadedCallback) -> Callable[[Sequence[User]], None]:
        """Return a function that takes users as they are read, in store order.

        Args:
            on_loaded: called with a state of all of them each time.
        """
        growing = GrowingState(self._finder, self._activity)

        def add(users: Sequence[User]) -> None:
            growing.add(users)
            on_loaded(growing)

        return add


def maps_of(state: State) -> UserMaps:
    """Return the users of an earlier state of a store in memory.

    Raises:
        TypeError: it is a state of another kind of store.
    """
    if isinstance(state, GrowingState):
        state = state.present
    if not isinstance(state, MemoryState):
        raise TypeError("a state of a store in memory is needed")
    return state.maps
