"""New users from records: validation, User IDs, and one shared string for each value.

Source: the users file, section 3, "User ID empty".
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, cast

from qm_tui.store.look_alikes import may_look_alike
from qm_tui.transfer.options.import_options import ImportOptions, MissingPassword
from qm_tui.transfer.planning.stored_users import StoredUsers
from qm_tui.transfer.reading.records import Values
from qm_tui.transfer.spreadsheet import is_error_value
from qm_tui.users.fields import FIELD, FIELDS, SHARED_FIELD_INDEXES, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Issue, value_issue
from qm_tui.users.passwords import NO_PASSWORD_PREFIX, unusable_password
from qm_tui.users.screening import Screening
from qm_tui.users.validation import validate_user

_new = tuple.__new__

_STOCK: Final = 1000
"""User IDs generated at once: a question to the store for each takes longer than using it."""

_USER_NAME_AT: Final = FIELD["user_name"].index
_USER_ID_AT: Final = FIELD["user_id"].index
_PASSWORD_AT: Final = FIELD["password"].index


class NewUserFactory:
    """Creates new users.

    Args:
        stored: the users of the store.
        options: the import options.
        has_warning: returns whether a new user has a warning.
        gives_ids: whether users without a User ID get one.
    """

    def __init__(
        self,
        stored: StoredUsers,
        options: ImportOptions,
        has_warning: Callable[[User], bool],
        *,
        gives_ids: bool,
    ) -> None:
        self._stored, self._options, self._gives_ids = stored, options, gives_ids
        self._has_warning, self._screening = has_warning, Screening(self._has_problem)
        self._fills_password = options.missing_password is MissingPassword.NONE_YET
        self._shared: dict[str, str] = {}
        self._stock: list[str] = []

    def validated(self, values: Values, issues: list[Issue]) -> User:
        """Return the new user of a record. Its errors are appended to `issues`."""
        filled = [value or "" for value in values]
        if self._fills_password:
            filled[_PASSWORD_AT] = filled[_PASSWORD_AT] or NO_PASSWORD_PREFIX
        absent = [
            field
            for field in FIELDS
            if values[field.index] is None and field.required and not filled[field.index]
        ]
        error_values = [
            field for field in FIELDS if filled[field.index] and is_error_value(filled[field.index])
        ]
        errors = validate_user(filled, allow_unlicensed=self._options.allow_unlicensed)
        reported = [*absent, *error_values]
        issues += [error for error in errors if error.field not in reported]
        issues += map(_absent_field_issue, absent)
        issues += [_error_value_issue(field, filled[field.index]) for field in error_values]
        return _new(User, filled) if issues else self.create([values])[0]

    def create(self, rows: Sequence[Sequence[str | None]]) -> list[User]:
        """Return the new users with these values, which have no errors."""
        columns: list[Iterable[str]] = [
            [value or "" for value in column] if column[0] is None else cast("list[str]", column)
            for column in zip(*rows, strict=True)
        ]
        if self._fills_password:
            columns[_PASSWORD_AT] = [
                value or unusable_password() for value in columns[_PASSWORD_AT]
            ]
        if self._gives_ids:
            columns[_USER_ID_AT] = [user_id or self._next_id() for user_id in columns[_USER_ID_AT]]
        share = self._shared.setdefault
        for place in SHARED_FIELD_INDEXES:
            columns[place] = [share(value, value) for value in columns[place]]
        return [_new(User, values) for values in zip(*columns, strict=True)]

    def rows_with_problems(
        self, rows: Sequence[Sequence[str | None]], names: Sequence[str]
    ) -> set[int]:
        """Return the indexes of records with an error or a warning if they add a user.

        Args:
            rows: the values of the records.
            names: their comparable User Names.
        """
        columns: list[Sequence[str | None]] = list(zip(*rows, strict=True))
        if self._fills_password:
            columns[_PASSWORD_AT] = [value or NO_PASSWORD_PREFIX for value in columns[_PASSWORD_AT]]
        for field in FIELDS:
            if columns[field.index][0] is None:  # the file has no such column
                if field.required:
                    return set(range(len(rows)))
                columns[field.index] = [""] * len(rows)
        texts = cast("list[Sequence[str]]", columns)
        suspects = self._screening.rows_to_check(texts)
        return may_look_alike(texts[_USER_NAME_AT], names, self._stored) | {
            row for row in suspects if self._has_problem(User(*(column[row] for column in texts)))
        }

    def _has_problem(self, user: User) -> bool:
        """Return whether a new user has an error or a warning, the User Name apart."""
        issues: list[Issue] = []
        self.validated([*user], issues)
        return bool(issues) or self._has_warning(user)

    def _next_id(self) -> str:
        while not self._stock:
            new = new_user_ids(_STOCK)
            users = self._stored.state.users(new)
            self._stock = [one for one, user in zip(new, users, strict=True) if user is None]
        return self._stock.pop()


def _error_value_issue(field: Field, value: str) -> Issue:
    fix = f"Enter {field.name} as it was before the file was opened in the spreadsheet."
    return value_issue(field, value, "is an error value of a spreadsheet", fix)


def _absent_field_issue(field: Field) -> Issue:
    return Issue(
        field,
        f"{field.name} is required for new users",
        f"Enter {field.name}, or add the column to the file.",
        is_missing=True,
    )
