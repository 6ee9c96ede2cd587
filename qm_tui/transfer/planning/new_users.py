"""New users from records: validation, User IDs, and one shared string for each value.

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
"""User IDs generated at once: a system call for each takes longer than using it."""

_USER_ID_AT: Final = FIELD["user_id"].index


class Newcomers:
    """Creates new users.

    Args:
        state: the state of the store.
        choices: the import options.
        gives_ids: whether users without a User ID get one.
    """

    def __init__(self, state: State, choices: Choices, *, gives_ids: bool) -> None:
        self._state, self._choices, self._gives_ids = state, choices, gives_ids
        self._shared: dict[str, str] = {}
        self._stock: list[str] = []

    def users(self, columns: Sequence[Sequence[str]]) -> list[User]:
        """Return many new users without errors.

        Args:
            columns: for each field, the values of all users.
        """
        new_columns: list[Any] = list(columns)
        new_columns[_USER_ID_AT] = self._with_ids(columns[_USER_ID_AT])
        share = self._shared.setdefault
        for place in SHARED_PLACES:
            new_columns[place] = map(share, columns[place], columns[place])
        return [_new(User, values) for values in zip(*new_columns, strict=True)]

    def user(self, values: Values, faults: list[Fault]) -> User:
        """Return the new user of a record. Its errors are appended to `faults`."""
        absent: list[Field] = []
        # a copy: the record may be validated again with a later state
        if None in values:
            absent = [field for field in FIELDS if values[field.index] is None and field.mandatory]
            copied = [value or "" for value in values]
        else:
            copied = cast("list[str]", [*values])
        errors = faults_of(copied, allow_unlicensed=self._choices.allow_unlicensed)
        if errors or faults:
            faults += [error for error in errors if error.field not in absent]
            faults += _absent_faults(absent)
        else:
            if not copied[_USER_ID_AT] and self._gives_ids:
                copied[_USER_ID_AT] = self._next_id()
            share = self._shared.setdefault
            for place in SHARED_PLACES:
                value = copied[place]
                copied[place] = share(value, value)
        return _new(User, copied)

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
            f"{field.name} is required for new users",
            f"Enter {field.name}, or add the column to the file.",
        )
        for field in absent
    ]
