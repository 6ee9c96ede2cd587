"""A state of a store while it is being read."""

from collections.abc import Iterator, Mapping, Sequence

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.memory.activity_index import ActivityIndex
from qm_tui.store.memory.maps import EMPTY, UserMaps, owners_of_names, versions
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.memory.search import Finder
from qm_tui.store.memory.state import MemoryState, window_of
from qm_tui.store.state import Place, State, UserCount, Window
from qm_tui.users.fields import User
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection


class GrowingState(State):
    """The users of a store that is being read, as far as they have been read.

    It only grows, and a thread may ask it while another one adds users. Windows of all users are
    at hand. For any other question about more than some users, it makes a state of its present
    users.

    Args:
        finder: searches in them.
        activity: what the store did before.
    """

    is_at_hand = True

    def __init__(self, finder: Finder, activity: ActivityIndex) -> None:
        self._finder, self._activity = finder, activity
        self._known: dict[str, User] = {}
        self._listed: list[str] = []
        """Those of them that may be shown: each is known before it is listed."""
        self._additions = 0
        self._present = 0, MemoryState(EMPTY, finder, activity)
        self._version = next(versions)

    def add(self, users: Sequence[User]) -> None:
        """Add users, which may be known already."""
        known = self._known
        new = [user.user_id for user in users if user.user_id not in known]
        known.update((user.user_id, user) for user in users)
        self._listed += new
        self._additions += 1

    @property
    def present(self) -> MemoryState:
        """A state of its present users."""
        additions, state = self._present
        if additions != self._additions:
            additions, users = self._additions, self._known.copy()
            owners = owners_of_names(users.values())
            maps = UserMaps(0, OverlayMapping(users), OverlayMapping(owners))
            state = MemoryState(maps, self._finder, self._activity)
            self._present = additions, state
        return state

    @property
    def number(self) -> int:
        """0: the last transaction has not been read yet."""
        return 0

    @property
    def version(self) -> int:
        """Differs between any two states of a program."""
        return self._version

    @property
    def total(self) -> int:
        """The number of users that have been read."""
        return len(self._listed)

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs."""
        return list(map(self._known.get, user_ids))

    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        """Return consecutive users of a query."""
        if query.is_all:
            return window_of(self._known, self._listed, place, rows, rest)
        return self.present.window(query, place, rows, rest)

    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        """Return how many users a query finds; always exactly."""
        if query.is_all:
            return UserCount(self.total)
        return self.present.count(query, rest)

    def owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the User ID of the user who has each comparable User Name."""
        return self.present.owners(names)

    def users_without_own_name(self) -> Mapping[str, Sequence[str]]:
        """Return the users whose User Name belongs to an earlier user."""
        return self.present.users_without_own_name()

    def look_alikes(self, keys: Sequence[str]) -> list[str | None]:
        """Return the first user with a User Name of another script that looks like each key."""
        return self.present.look_alikes(keys)

    def selected(
        self, selection: Selection, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> set[str]:
        """Return which of some users a selection has."""
        return self.present.selected(selection, user_ids, rest)

    def groups(
        self, keys: Sequence[str], query: Query = ALL, rest: YieldControl = no_rest
    ) -> Mapping[tuple[str, ...], int]:
        """Return how many users of a query have each combination of values."""
        return self.present.groups(keys, query, rest)

    def numbers(
        self, key: str, values: Sequence[str], rest: YieldControl = no_rest
    ) -> Mapping[str, int]:
        """Return how many users have each value of a field."""
        return self.present.numbers(key, values, rest)

    def holders(
        self, key: str, values: Sequence[str], at_most: int, rest: YieldControl = no_rest
    ) -> Mapping[str, Sequence[str]]:
        """Return the User IDs of the first users with each value of a field."""
        return self.present.holders(key, values, at_most, rest)

    def ids(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[str]]:
        """Yield the User IDs of a query in its order."""
        return self.present.ids(query, rest)

    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        """Yield the users of a query in its order."""
        return self.present.stream(query, rest)

    def lookup(
        self, texts: Sequence[str], rest: YieldControl = no_rest, *, only_names: bool = False
    ) -> list[LookupResult]:
        """Return the users of each text."""
        return self.present.lookup(texts, rest, only_names=only_names)

    def nearest_name(self, name: str) -> str | None:
        """Return the User ID of the user with the most similar User Name."""
        return self.present.nearest_name(name)

    def names_beginning(self, beginning: str) -> Iterator[Sequence[str]]:
        """Yield the User IDs of the owners of User Names that begin with a text."""
        return self.present.names_beginning(beginning)
