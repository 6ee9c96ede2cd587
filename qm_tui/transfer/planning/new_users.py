"""New users from records: validation, User IDs, and one shared string for each value.

Source: the users file, section 3, "User ID empty".
"""

from collections.abc import Sequence
from typing import Any, Final, cast

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.spreadsheet import is_error_value
from qm_tui.users.fields import FIELD, FIELDS, SHARED_FIELD_INDEXES, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.validation import validate_user

_new = tuple.__new__

_STOCK: Final = 100
"""User IDs generated at once: a system call for each takes longer than using it."""

_USER_ID_AT: Final = FIELD["user_id"].index


class NewUserFactory:
    """Creates new users.

    Args:
        state: the state of the store.
        options: the import options.
        gives_ids: whether users without a User ID get one.
    """

    def __init__(self, state: State, options: ImportOptions, *, gives_ids: bool) -> None:
        self._state, self._options, self._gives_ids = state, options, gives_ids
        self._shared: dict[str, str] = {}
        self._stock: list[str] = []

    def create_users(self, columns: Sequence[Sequence[str]]) -> list[User]:
        """Return many new users without errors.

        Args:
            columns: for each field, the values of all users.
        """
        new_columns: list[Any] = list(columns)
        if self._gives_ids:
            new_columns[_USER_ID_AT] = self._with_ids(columns[_USER_ID_AT])
        share = self._shared.setdefault
        for place in SHARED_FIELD_INDEXES:
            new_columns[place] = map(share, columns[place], columns[place])
        return [_new(User, values) for values in zip(*new_columns, strict=True)]

    def create_user(self, values: Values, issues: list[Issue]) -> User:
        """Return the new user of a record. Its errors are appended to `issues`."""
        absent: list[Field] = []
        # a copy: the record may be validated again with a later state
        if None in values:
            absent = [field for field in FIELDS if values[field.index] is None and field.required]
            copied = [value or "" for value in values]
        else:
            copied = cast("list[str]", [*values])
        errors = validate_user(copied, allow_unlicensed=self._options.allow_unlicensed)
        error_values = [
            field for field in FIELDS if copied[field.index] and is_error_value(copied[field.index])
        ]
        if errors or error_values or issues:
            reported = [*absent, *error_values]
            issues += [error for error in errors if error.field not in reported]
            issues += _absent_field_issues(absent)
            issues += [_error_value_issue(field, copied[field.index]) for field in error_values]
        else:
            if not copied[_USER_ID_AT] and self._gives_ids:
                copied[_USER_ID_AT] = self._next_id()
            share = self._shared.setdefault
            for place in SHARED_FIELD_INDEXES:
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


def _error_value_issue(field: Field, value: str) -> Issue:
    shown = "" if field.is_secret else f" '{truncate(value)}'"
    return Issue(
        field,
        f"{field.name}{shown} is an error value of a spreadsheet",
        f"Enter {field.name} as it was before the file was opened in the spreadsheet.",
        reason=f"{field.name} is an error value of a spreadsheet",
    )


def _absent_field_issues(absent: list[Field]) -> list[Issue]:
    return [
        Issue(
            field,
            f"{field.name} is required for new users",
            f"Enter {field.name}, or add the column to the file.",
        )
        for field in absent
    ]
