"""The part of a store, and of a file's plan, that the check of one more record needs.

Planning scans the whole store for the users of each extension. For one record that is checked after
each key, that would take too long.
"""

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Final, Generic, TypeVar

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback
from qm_tui.store.state import State
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.reading.reader import Values
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import normalize_user_name

V = TypeVar("V")

_USER_ID_AT: Final = FIELD["user_id"].index
_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index


class PartialStates:
    """Creates partial states of a store. It scans the store once, when it is created.

    Args:
        state: the state of the store.
        plan: the plan of the other records.
        progress: progress callback; may raise `Cancelled`.
    """

    def __init__(self, state: State, plan: ImportPlan, progress: ProgressCallback) -> None:
        self._state, self._changes = state, plan.changes
        self._extensions: tuple[dict[str, User], dict[str, User]] = ({}, {})
        """By extension, a user who will have it, and a second one."""
        given_up: set[str] = set()
        changes = plan.changes
        for index, (user_id, user) in enumerate(state.users.items()):
            if not index % CHUNK_SIZE:
                progress(Phase.CHECKING, index, len(state.users))
            after = changes.get(user_id, user)
            self._add_extension(after)
            if after is not user and normalize_user_name(after.user_name) != normalize_user_name(
                user.user_name
            ):
                given_up.add(normalize_user_name(user.user_name))
        for index, user_id in enumerate(plan.added):
            if not index % CHUNK_SIZE:
                progress(Phase.CHECKING, index, len(plan.added))
            if user_id in changes:
                self._add_extension(changes[user_id])
        self._names = _Without(state.names, given_up)

    def _add_extension(self, user: User) -> None:
        users, more_users = self._extensions
        if users.setdefault(user.extension, user) is not user:
            more_users.setdefault(user.extension, user)

    def for_values(self, values: Values) -> State:
        """Return the state for checking a record with these values.

        Lookups find every user and name, except for names that the file gives to other users.
        Iteration yields few users: the user of the record, and users with its extension.
        """
        state, subset = self._state, dict[str, User]()
        for holders in self._extensions:
            holder = holders.get(values[_EXTENSION_AT] or "")
            if holder is not None:
                subset[holder.user_id] = holder
        own_user_id = values[_USER_ID_AT] or self._names.get(
            normalize_user_name(values[_USER_NAME_AT] or "")
        )
        own_user = state.users.get(own_user_id or "")
        if own_user is not None:
            subset[own_user.user_id] = own_user
        # a plan for this subset is valid for the version of the whole store
        return State(
            state.number, _IterationSubset(state.users, subset), self._names, state.version
        )


class _IterationSubset(Mapping[str, V], Generic[V]):
    """A mapping that finds all entries, and iterates over few of them.

    It is true if it finds any: planning treats an empty store differently.
    """

    def __init__(self, entries: Mapping[str, V], subset: Mapping[str, V]) -> None:
        self._entries, self._subset = entries, subset

    def __getitem__(self, key: str) -> V:
        return self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._subset)

    def __len__(self) -> int:
        return len(self._subset)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def values(self) -> ValuesView[V]:
        """Return the few values."""
        return self._subset.values()

    def items(self) -> ItemsView[str, V]:
        """Return the few entries."""
        return self._subset.items()


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
