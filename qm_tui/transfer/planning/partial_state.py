"""The part of a store, and of a file's plan, that the check of one more record needs.

Planning scans the whole store: all departments, and the users of each extension. For one record
that is checked after each key, that would take too long.
"""

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from itertools import islice
from typing import Final, Generic, TypeVar

from qm_tui.progress import STEP, Phase, Tick
from qm_tui.store.state import State
from qm_tui.transfer.planning.plan import Plan
from qm_tui.transfer.reading.reader import Values
from qm_tui.users.fields import FIELD, SHARED_PLACES, User
from qm_tui.users.identity import name_key

V = TypeVar("V")

_SUGGESTED: Final = 400
"""The number of values of shared fields to search for a similar one."""

_USER_ID_AT: Final = FIELD["user_id"].index
_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index


class Excerpts:
    """Creates partial states of a store. It scans the store once, when it is created.

    Args:
        state: the state of the store.
        plan: the plan of the other records.
        tick: progress callback; may raise `Cancelled`.
    """

    def __init__(self, state: State, plan: Plan, tick: Tick) -> None:
        self._state, self._changes = state, plan.changes
        self._having: dict[int, dict[str, str]] = {place: {} for place in SHARED_PLACES}
        """By field and value, a user who has it."""
        self._extensions: tuple[dict[str, User], dict[str, User]] = ({}, {})
        """By extension, a user who will have it, and a second one."""
        given_up: set[str] = set()
        changes = plan.changes
        for index, (user_id, user) in enumerate(state.users.items()):
            if not index % STEP:
                tick(Phase.CHECKING, index, len(state.users))
            for place, having in self._having.items():
                having.setdefault(user[place], user_id)
            after = changes.get(user_id, user)
            self._take_extension(after)
            if after is not user and name_key(after.user_name) != name_key(user.user_name):
                given_up.add(name_key(user.user_name))
        for index, user_id in enumerate(plan.added):
            if not index % STEP:
                tick(Phase.CHECKING, index, len(plan.added))
            if user_id in changes:
                self._take_extension(changes[user_id])
        self._names = _Without(state.names, given_up)
        self._samples = {
            user_id: self._sample(user_id)
            for having in self._having.values()
            for user_id in islice(having.values(), _SUGGESTED // len(SHARED_PLACES))
        }

    def _sample(self, user_id: str) -> User:
        """Return a user before the import, but with the extension after it."""
        user = self._state.users[user_id]
        after = self._changes.get(user_id, user)
        return user if after is user else user._replace(extension=after.extension)

    def _take_extension(self, user: User) -> None:
        users, more_users = self._extensions
        if users.setdefault(user.extension, user) is not user:
            more_users.setdefault(user.extension, user)

    def around(self, values: Values) -> State:
        """Return the state for checking a record with these values.

        Lookups find every user and name, except for names that the file gives to other users.
        Iteration yields few users: those with one of the values, and samples of the others.
        """
        state, subset = self._state, {**self._samples}
        for place, having in self._having.items():
            user_id = having.get(values[place] or "")
            if user_id is not None:
                subset[user_id] = self._sample(user_id)
        for holders in self._extensions:
            holder = holders.get(values[_EXTENSION_AT] or "")
            if holder is not None:
                subset[holder.user_id] = holder
        own_user_id = values[_USER_ID_AT] or self._names.get(name_key(values[_USER_NAME_AT] or ""))
        own_user = state.users.get(own_user_id or "")
        if own_user is not None:
            subset[own_user.user_id] = own_user
        # a plan for this subset is valid for the version of the whole store
        return State(state.number, _Few(state.users, subset), self._names, state.version)


class _Few(Mapping[str, V], Generic[V]):
    """A mapping that finds all entries, and iterates over few of them."""

    def __init__(self, entries: Mapping[str, V], few: Mapping[str, V]) -> None:
        self._entries, self._few = entries, few

    def __getitem__(self, key: str) -> V:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._few)

    def __len__(self) -> int:
        return len(self._few)

    def values(self) -> ValuesView[V]:
        """Return the few values."""
        return self._few.values()

    def items(self) -> ItemsView[str, V]:
        """Return the few entries."""
        return self._few.items()


class _Without(Mapping[str, str]):
    """A view of a mapping without some of its keys."""

    def __init__(self, entries: Mapping[str, str], without: set[str]) -> None:
        self._entries, self._without = entries, without

    def __getitem__(self, key: str) -> str:
        if key in self._without:
            raise KeyError(key)
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._entries if key not in self._without)

    def __len__(self) -> int:
        return len(self._entries) - len(self._without)
