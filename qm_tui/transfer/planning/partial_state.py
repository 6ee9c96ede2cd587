"""As much of a store, and of the plan of a file, as one more record needs to be judged.

A plan looks through the whole store: which departments there are, who has which extension. For one
record that is typed, letter by letter, that would take too long each time.
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
"""The values of shared fields among which a similar one is looked for."""

_USER_ID_AT: Final = FIELD["user_id"].index
_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index


class Excerpts:
    """Makes excerpts of a store. It looks through the store once, when it is made.

    Args:
        state: what the store holds.
        plan: the plan of the other records.
        tick: told how far it is; it may raise `Cancelled`.
    """

    def __init__(self, state: State, plan: Plan, tick: Tick) -> None:
        self._state, self._changes = state, plan.changes
        self._having: dict[int, dict[str, str]] = {place: {} for place in SHARED_PLACES}
        """By field and value, a user who has it."""
        self._extensions: tuple[dict[str, User], dict[str, User]] = ({}, {})
        """By extension, a user who will have it, and another."""
        given_up: set[str] = set()
        changes = plan.changes
        for at, (user_id, user) in enumerate(state.users.items()):
            if not at % STEP:
                tick(Phase.CHECKING, at, len(state.users))
            for place, having in self._having.items():
                having.setdefault(user[place], user_id)
            after = changes.get(user_id, user)
            self._take_extension(after)
            if after is not user and name_key(after.user_name) != name_key(user.user_name):
                given_up.add(name_key(user.user_name))
        for at, user_id in enumerate(plan.added):
            if not at % STEP:
                tick(Phase.CHECKING, at, len(plan.added))
            if user_id in changes:
                self._take_extension(changes[user_id])
        self._names = _Without(state.names, given_up)
        self._samples = {
            user_id: self._sample(user_id)
            for having in self._having.values()
            for user_id in islice(having.values(), _SUGGESTED // len(SHARED_PLACES))
        }

    def _sample(self, user_id: str) -> User:
        """A user as it is, but for the extension, which is that after the import."""
        user = self._state.users[user_id]
        after = self._changes.get(user_id, user)
        return user if after is user else user._replace(extension=after.extension)

    def _take_extension(self, user: User) -> None:
        first, second = self._extensions
        if first.setdefault(user.extension, user) is not user:
            second.setdefault(user.extension, user)

    def around(self, values: Values) -> State:
        """What a record with these values has to be held against.

        Every user and name is found in it, but for names that the file gives to others; going
        through it yields few users: those that have one of the values, and samples of the others.
        """
        state, few = self._state, {**self._samples}
        for place, having in self._having.items():
            user_id = having.get(values[place] or "")
            if user_id is not None:
                few[user_id] = self._sample(user_id)
        for holders in self._extensions:
            holder = holders.get(values[_EXTENSION_AT] or "")
            if holder is not None:
                few[holder.user_id] = holder
        own_id = values[_USER_ID_AT] or self._names.get(name_key(values[_USER_NAME_AT] or ""))
        own = state.users.get(own_id or "")
        if own is not None:
            few[own.user_id] = own
        # for whoever compares versions, a plan for these few holds for the store that they are of
        return State(state.number, _Few(state.users, few), self._names, state.version)


class _Few(Mapping[str, V], Generic[V]):
    """A mapping in which all is found, and of which few are gone through."""

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
        """The few."""
        return self._few.values()

    def items(self) -> ItemsView[str, V]:
        """The few, with their keys."""
        return self._few.items()


class _Without(Mapping[str, str]):
    """A mapping without some of its keys; they are not copied."""

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
