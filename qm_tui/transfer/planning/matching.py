"""Matching of records with the users of the store.

Source: the users file, section 3: User ID empty, known and unknown, modes, and duplicates.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import ne
from typing import Final

from qm_tui.transfer.options.import_options import (
    ImportMode,
    ImportOptions,
    SpreadsheetValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.stored_users import StoredUsers
from qm_tui.transfer.planning.totals import (
    ALTERED_MATCH,
    DUPLICATE_ID,
    ID_OF_ANOTHER_USER,
    MODE_ADDS_ONLY,
    MODE_UPDATES_ONLY,
    UNKNOWN_ID,
)
from qm_tui.transfer.planning.updating import differs, leaves_secrets_unchanged
from qm_tui.transfer.reading.records import Record, Values
from qm_tui.transfer.spreadsheet import is_altered
from qm_tui.users.fields import FIELD, FIELDS, Field, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.query.query import Query, all_except

_USER_ID: Final = FIELD["user_id"]
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = FIELD["user_name"].index
_FIRST_NAME_AT: Final = FIELD["first_name"].index
_LAST_NAME_AT: Final = FIELD["last_name"].index


_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:[.,]0+)?")
_LONGEST_NUMBER: Final = 13
"""Leading zeros are searched for in numbers with fewer digits."""

_ADD_WITHOUT_ID: Final = "Leave User ID empty to add a user, or correct"


class RecordMatcher:
    """Finds the stored users for records.

    Args:
        stored: the users of the store.
        options: the import options.
        match: the field that identifies users if a record has no User ID; None for User Name.

    Attributes:
        adds_unknown: whether a record with an unknown User ID adds a user.
        ids_in_file: the User IDs of the users matched so far.
    """

    def __init__(
        self, stored: StoredUsers, options: ImportOptions, match: Field | None = None
    ) -> None:
        self._stored, self._options, self._match = stored, options, match
        self._holders = stored.holders_of(match) if match else None
        self._is_empty = not stored.state.total
        self.adds_unknown = options.unknown_id is UnknownIdAction.ADD or self._is_empty
        self.ids_in_file: set[str] = set()
        user_ids = list(chain.from_iterable(stored.state.users_without_own_name().values()))
        self._without_own_name = {
            user.user_name: user.user_id for user in stored.users(user_ids) if user is not None
        }
        self._first_lines: dict[str, int] = {}
        self._first_lines_of_values: dict[str, int] = {}

    @property
    def not_in_file(self) -> Query:
        """Finds the users that were not matched."""
        return Query(within=all_except(self.ids_in_file))

    def find(self, rows: Sequence[Sequence[str | None]], names: Sequence[str]) -> list[User | None]:
        """Return for each record the user with its User ID or, without one, with its User Name.

        A User Name finds a user even if the record does not update it. If a field identifies users,
        it comes before User Name.

        Args:
            rows: the values of the records if they add users.
            names: their comparable User Names.
        """
        if self._is_empty:
            return [None] * len(rows)
        own_ids = self._without_own_name
        user_ids = [
            row[_USER_ID_AT]
            or matched_id
            or own_ids.get(row[_USER_NAME_AT] or "", owner_id if row[_USER_NAME_AT] else None)
            or ""
            for row, matched_id, owner_id in zip(
                rows, self._matched_ids(rows), self._stored.owners(names), strict=True
            )
        ]
        found = self._stored.users(user_ids)
        self.ids_in_file.update(user.user_id for user in found if user is not None)
        return found

    def _matched_ids(self, rows: Sequence[Sequence[str | None]]) -> Sequence[str]:
        """Return the user that the matching field of each record identifies, or an empty string."""
        if self._match is None or self._holders is None:
            return [""] * len(rows)
        index = self._match.index
        values = [row[index] or "" for row in rows]
        holders = self._holders(values)
        if not self._stored.state.is_at_hand:  # asked for at once what may be needed
            pairs = zip(values, holders, strict=True)
            new = [value for value, found in pairs if not found]
            self._holders([one for value in new for one in _before_spreadsheet(value)])
        return [found[0] if found and len(found) == 1 else "" for found in holders]

    def is_unchanged(self, values: Sequence[str | None], stored: User, line: int) -> bool:
        """Return whether a record without problems has the values of the user that it finds."""
        user_id = values[_USER_ID_AT]
        absent = values.count(None) + (user_id is not None and user_id != stored.user_id)
        if sum(map(ne, values, stored)) != absent:  # the fastest way to compare all present values
            return False
        if self._match is not None and not user_id:
            user_id = stored.user_id
            if not self._has_holders(values[self._match.index], line, 1):
                return False
        return not user_id or self._first_line(user_id, line) == line

    def may_add(self, values: Sequence[str | None], line: int) -> bool:
        """Return whether a record that finds no user adds one if it has no errors."""
        if self._options.mode is ImportMode.UPDATE:
            return False
        user_id = values[_USER_ID_AT]
        if user_id:
            return self.adds_unknown and self._first_line(user_id, line) == line
        return self._match is None or self._has_holders(values[self._match.index], line, 0)

    def _has_holders(self, value: str | None, line: int, number: int) -> bool:
        """Return whether so many users have a value of the matching field, and no record before."""
        if not value or self._first_lines_of_values.setdefault(value, line) != line:
            return False
        holders = self._holders_of(value)
        return len(holders) == number and bool(number or not self._altered_holder(value))

    def _altered_holder(self, value: str) -> str:
        """Return the user whose value a spreadsheet may have turned into this one, if any."""
        uses_file = self._options.spreadsheet_values is SpreadsheetValues.FILE
        if self._holders is None or uses_file:
            return ""
        found = self._holders(_before_spreadsheet(value))
        return next((user_ids[0] for user_ids in found if user_ids), "")

    def _holders_of(self, value: str) -> Sequence[str]:
        return (self._holders((value,))[0] if self._holders is not None else None) or ()

    def match(self, record: Record, found: User | None, issues: list[Issue]) -> User | None:
        """Return the stored user that a record updates, if any.

        Args:
            record: the record.
            found: the user that it finds.
            issues: what prevents the match is appended to it.
        """
        user_id = record.values[_USER_ID_AT]
        if user_id:
            self._require_first(record, user_id, issues)
            if found is not None:
                self._require_same_person(record.values, found, _USER_ID, issues)
                return found
            if not self.adds_unknown and self._options.mode is not ImportMode.UPDATE:
                issues.append(Issue(_USER_ID, UNKNOWN_ID, self._fix_of_unknown(record.values)))
        elif self._match is not None:
            matched = self._match_by_field(record, self._match, issues)
            if matched is not None:
                return matched
        if not user_id and found is not None:
            if self._equals(record.values, found):
                return found
            if self._options.match_user_name:
                self._require_first(record, found.user_id, issues)
                return found
        if self._options.mode is ImportMode.UPDATE:
            issues.append(_mode_issue(MODE_UPDATES_ONLY))
        return None

    def _match_by_field(self, record: Record, match: Field, issues: list[Issue]) -> User | None:
        """Return the user with the record's value of the matching field, if any.

        The record is rejected if the value is empty, or not unique in the store and the file.
        """
        value = record.new_values[match.index] or ""
        holders = self._holders_of(value)
        stored = self._stored.user(holders[0]) if holders else None
        altered = "" if holders else self._altered_holder(value)
        first = self._first_lines_of_values.setdefault(value, record.line)
        if not value:
            issues.append(
                Issue(
                    match,
                    f"{match.name} is required, because the mapping matches users by it",
                    f"Enter {match.name}.",
                )
            )
        elif altered:
            stored = self._stored.user(altered)
            issues += _altered_match(match, value, stored)
        elif len(holders) > 1:
            issues.append(
                Issue(
                    match,
                    f"Several users in this store have {match.name} {truncate(value)}",
                    f"Give each of them another {match.name}, or enter User ID.",
                    reason=f"Several users have this {match.name}",
                )
            )
        elif first != record.line:
            issues.append(
                Issue(
                    match,
                    f"{match.name} {truncate(value)} is already used in line {first}",
                    f"Use each {match.name} once. Only line {first} is used.",
                    reason=f"Duplicate {match.name} in the file",
                )
            )
        elif stored is not None:
            self._require_first(record, stored.user_id, issues)
            self._require_same_person(record.values, stored, match, issues)
        if stored is not None:
            self.ids_in_file.add(stored.user_id)
        return stored

    def _require_same_person(
        self, values: Values, stored: User, field: Field, issues: list[Issue]
    ) -> None:
        """Reject a record with another User Name and another Last Name than its user.

        If a record has no User Name and was matched by another field, First Name counts instead.

        Args:
            values: the values of the record.
            stored: the user.
            field: the field that identifies the user.
            issues: the error is appended to it.
        """
        by_first_name = field is not _USER_ID and not values[_USER_NAME_AT]
        first = FIELDS[_FIRST_NAME_AT if by_first_name else _USER_NAME_AT]
        if (
            not self._options.allow_renamed
            and differs(values, first.index, stored)
            and differs(values, _LAST_NAME_AT, stored)
        ):
            name = " ".join((stored.first_name, stored.last_name)).strip()
            issues.append(
                Issue(
                    field,
                    f"{field.name} {truncate(stored[field.index])} belongs to {name}, but "
                    f"{first.name} and Last Name differ",
                    f"{_ADD_WITHOUT_ID if field is _USER_ID else 'Correct'} {field.name}, "
                    f"{first.name} or Last Name.",
                    reason=ID_OF_ANOTHER_USER,
                )
            )

    def _fix_of_unknown(self, values: Values) -> str:
        """Return what to do about an unknown User ID, which a spreadsheet may have altered."""
        user_id, user_name = values[_USER_ID_AT] or "", values[_USER_NAME_AT] or ""
        owner_id = self._stored.owner(normalize_user_name(user_name))
        if owner_id and is_altered(owner_id, user_id, _USER_ID):
            return (
                f"A spreadsheet may have altered the User ID of {truncate(user_name)}. "
                f"Enter {truncate(owner_id)}."
            )
        return (
            "Leave User ID empty to add a user, or set “Unknown User IDs” to “add and keep the ID”."
        )

    def _first_line(self, user_id: str, line: int) -> int:
        return self._first_lines.setdefault(user_id, line)

    def _require_first(self, record: Record, user_id: str, issues: list[Issue]) -> None:
        """Reject a record if it is not the first with this User ID."""
        first = self._first_line(user_id, record.line)
        if first != record.line:
            issues.append(
                Issue(
                    _USER_ID,
                    f"User ID {truncate(user_id)} is already used in line {first}",
                    f"Use each User ID once. Only line {first} is used.",
                    reason=DUPLICATE_ID,
                )
            )

    def _equals(self, values: Values, owner: User) -> bool:
        """Return whether a record without User ID is identical to the user with its User Name."""
        keeps = leaves_secrets_unchanged(values)
        for place, value in enumerate(values):
            if value is None or place == _USER_ID_AT or value == owner[place]:
                continue
            if keeps and FIELDS[place].is_secret:
                continue
            if self._options.spreadsheet_values is SpreadsheetValues.FILE:
                return False
            if not is_altered(owner[place], value, FIELDS[place]):
                return False
        return True


def _before_spreadsheet(value: str) -> list[str]:
    """Return the values that a spreadsheet may have turned into this number."""
    if not _NUMBER.fullmatch(value):
        return []
    number = value.partition(".")[0].partition(",")[0]
    padded = [number.zfill(length) for length in range(len(number), _LONGEST_NUMBER)]
    return [one for one in (*dict.fromkeys(padded), f"+{number}") if one != value]


def _altered_match(match: Field, value: str, stored: User | None) -> Iterator[Issue]:
    """Yield the error of a value of the matching field that a spreadsheet may have altered."""
    if stored is not None:
        before = truncate(stored[match.index])
        yield Issue(
            match,
            f"{match.name} {truncate(value)} looks like {before} of {stored.first_name} "
            f"{stored.last_name} altered by a spreadsheet",
            f"Enter {before} if it is the same person, or use the file's value.",
            reason=ALTERED_MATCH,
        )


def adds_only_issue() -> Issue:
    """Return the error of a record that would change a user if the mode only adds users."""
    return _mode_issue(MODE_ADDS_ONLY)


def _mode_issue(reason: str) -> Issue:
    return Issue(
        _USER_ID,
        reason,
        "Remove the record, or set “Import mode” to “add and update”.",
    )
