"""The new users that records make: their rules, their User IDs, and one string for each value.

Source: the users file, section 3, "User ID empty".
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.reading.reader import Values
from qm_tui.users.fields import FIELD, FIELDS, SHARED_PLACES, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Fault
from qm_tui.users.validation import faults_of

_new = tuple.__new__

_STOCK: Final = 100
"""User IDs that are made at once: to ask the system for each takes longer than to use it."""

_USER_ID_AT: Final = FIELD["user_id"].index


class Newcomers:
    """Makes new users.

    Args:
        state: what the store holds.
        choices: what the admin chose.
        gives_ids: whether users without a User ID get one.
    """

    def __init__(self, state: State, choices: Choices, *, gives_ids: bool) -> None:
        self._state, self._choices, self._gives_ids = state, choices, gives_ids
        self._shared: dict[str, str] = {}
        self._stock: list[str] = []

    def users(self, columns: Sequence[Sequence[str]]) -> list[User]:
        """Many new users, each without a fault.

        Args:
            columns: for each of the 26 fields the values of all of them.
        """
        made: list[Any] = list(columns)
        made[_USER_ID_AT] = self._with_ids(columns[_USER_ID_AT])
        share = self._shared.setdefault
        for place in SHARED_PLACES:
            made[place] = map(share, columns[place], columns[place])
        return [_new(User, values) for values in zip(*made, strict=True)]

    def user(self, values: Values, faults: list[Fault]) -> User:
        """The new user that a record makes. What is wrong with it is added to `faults`."""
        absent: list[Field] = []
        # a list of our own: the record may be judged again, by a later state
        if None in values:
            absent = [one for one in FIELDS if values[one.index] is None and one.mandatory]
            own = [value or "" for value in values]
        else:
            own = cast("list[str]", [*values])
        found = faults_of(own, allow_unlicensed=self._choices.allow_unlicensed)
        if found or faults:
            faults += [one for one in found if one.field not in absent] + _absent_faults(absent)
        else:
            if not own[_USER_ID_AT] and self._gives_ids:
                own[_USER_ID_AT] = self._next_id()
            share = self._shared.setdefault
            for place in SHARED_PLACES:
                value = own[place]
                own[place] = share(value, value)
        return _new(User, own)

    def _next_id(self) -> str:
        if not self._stock:
            self._stock = self._more_ids(_STOCK)
        return self._stock.pop()

    def _more_ids(self, count: int) -> list[str]:
        user_ids = new_user_ids(count)
        users = self._state.users
        if users and any(user_id in users for user_id in user_ids):
            return self._more_ids(count)
        return user_ids

    def _with_ids(self, user_ids: Sequence[str]) -> Sequence[str]:
        if not any(user_ids):
            return self._more_ids(len(user_ids))
        fresh = iter(self._more_ids(user_ids.count("")))
        return [user_id or next(fresh) for user_id in user_ids]


def _absent_faults(absent: list[Field]) -> list[Fault]:
    return [
        Fault(
            field,
            f"{field.name} is missing from the record: a new user needs one",
            f"Fill in {field.name}; if the file has no such column, add it.",
        )
        for field in absent
    ]
