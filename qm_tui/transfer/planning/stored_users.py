"""What the plan of an import asks about stored users: for many records at once.

A store may be on another machine. Then a question takes as long as the check of a thousand records.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Generic, TypeVar

from qm_tui.progress import YieldControl, in_chunks, no_rest
from qm_tui.store.look_alikes import has_look_alikes
from qm_tui.store.state import State
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.identity import look_alike_key, normalize_user_name

_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index
_USER_ID_AT: Final = FIELD["user_id"].index

V = TypeVar("V")


class StoredUsers:
    """The stored users that concern a batch of records, by their keys.

    What was asked for one batch is remembered until the next one. So a check asks about one user as
    if all were in memory. If the state is at hand, it answers itself.

    Args:
        state: the state of the store.
        rest: called about every millisecond of a question about all users.

    Attributes:
        state: the same.
        users: returns the users with User IDs, as `State.users`; for any number of them.
        owners: returns the User IDs of the users with User Names, as `State.owners`; likewise.
        look_alikes: as `State.look_alikes`; likewise.
        numbers: returns how many users have each extension, as `State.numbers`; likewise.
    """

    def __init__(self, state: State, rest: YieldControl = no_rest) -> None:
        self.state: Final = state
        users, owners = _Remembered(state.users), _Remembered(state.owners)
        look_alikes = _Remembered(state.look_alikes)
        self._ask_for_numbers = partial(state.numbers, "extension", rest=rest)
        self._numbers = _Remembered(self._list_numbers)
        self._rest = rest
        self._remembered: list[_Remembered[Any]] = [users, owners, look_alikes, self._numbers]
        here = state.is_at_hand
        self.users: Callable[[Sequence[str]], list[User | None]] = state.users if here else users
        self.owners: Callable[[Sequence[str]], list[str | None]] = state.owners if here else owners
        self.look_alikes: Callable[[Sequence[str]], list[str | None]] = (
            state.look_alikes if here else look_alikes
        )
        self.numbers: Callable[[Sequence[str]], Mapping[str, int]] = (
            self._ask_for_numbers if here else self._known_numbers
        )

    def user(self, user_id: str) -> User | None:
        """Return the user with a User ID, or None."""
        return self.users((user_id,))[0]

    def owner(self, name: str) -> str | None:
        """Return the User ID of the user who has a comparable User Name, or None."""
        return self.owners((name,))[0]

    def holders_of(self, field: Field) -> Callable[[Sequence[str]], list[Sequence[str] | None]]:
        """Return a function for the User IDs of the first two users with each value of a field.

        It returns None for a value that no user has, and for the empty one.
        """
        if not self.state.is_at_hand:
            asked = _Remembered(partial(self._ask_for_holders, field))
            self._remembered.append(asked)
            return asked
        known = self._all_holders(field)  # faster than a search for each batch
        return lambda values: list(map(known.get, values))

    def _all_holders(self, field: Field) -> dict[str, Sequence[str]]:
        found: dict[str, Sequence[str]] = {}
        for users in self.state.stream(rest=self._rest):
            for user in users:
                first = found.setdefault(user[field.index], (user.user_id,))
                if first[0] != user.user_id and len(first) == 1:
                    found[user[field.index]] = (*first, user.user_id)
        found.pop("", None)
        return found

    def _ask_for_holders(self, field: Field, values: Sequence[str]) -> list[Sequence[str] | None]:
        wanted = [value for value in values if value]
        found = self.state.holders(field.key, wanted, 2, self._rest) if wanted else {}
        return [found.get(value) or None for value in values]

    def forget(self) -> None:
        """Forget what the last batch asked."""
        for answers in self._remembered:
            answers.known.clear()

    def prepare(self, rows: Sequence[Sequence[str | None]], found: Sequence[User | None]) -> None:
        """Ask at once what the checks of records will ask about their new names and extensions.

        Args:
            rows: the values of the records.
            found: for each the user that it finds.
        """
        names: list[str] = []
        extensions: list[str] = []
        for row, user in zip(rows, found, strict=True):
            name, extension = row[_USER_NAME_AT], row[_EXTENSION_AT]
            # a record without a User ID may add a user, although it finds one by its name
            stored = user if row[_USER_ID_AT] else None
            if name and (stored is None or name != stored.user_name):
                names.append(name)
            if extension and (stored is None or extension != stored.extension):
                extensions += (extension,) if user is None else (extension, user.extension)
        self._numbers(extensions)
        alike = list(map(look_alike_key, names))
        others = self.look_alikes([*alike, *map(normalize_user_name, names)])
        mixed = [key for key, name in zip(alike, names, strict=True) if has_look_alikes(name)]
        self.users([user_id for user_id in (*others, *self.owners(mixed)) if user_id])

    def _known_numbers(self, extensions: Sequence[str]) -> Mapping[str, int]:
        numbers = zip(extensions, self._numbers(extensions), strict=True)
        return {extension: number for extension, number in numbers if number}

    def _list_numbers(self, extensions: Sequence[str]) -> list[int | None]:
        return list(map(self._ask_for_numbers(extensions).get, extensions))


class _Remembered(Generic[V]):
    """Answers to a question about keys, which remembers them.

    Args:
        ask: returns the answers for some hundred keys.
    """

    def __init__(self, ask: Callable[[Sequence[str]], list[V | None]]) -> None:
        self._ask = ask
        self.known: dict[str, V | None] = {}

    def __call__(self, keys: Sequence[str]) -> list[V | None]:
        known = self.known
        new = [key for key in dict.fromkeys(keys) if key not in known]
        for batch in in_chunks(new):
            known.update(zip(batch, self._ask(batch), strict=True))
        return [known[key] for key in keys]
