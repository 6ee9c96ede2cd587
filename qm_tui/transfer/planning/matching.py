"""Matching of records with the users of the store.

Source: the users file, section 3: User ID empty, known and unknown, modes, and duplicates.
"""

from typing import Final

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import (
    ImportMode,
    ImportOptions,
    SpreadsheetValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.batch import RecordBatch
from qm_tui.transfer.planning.totals import (
    DUPLICATE_ID,
    ID_OF_ANOTHER_USER,
    MODE_UPDATES_ONLY,
    UNKNOWN_ID,
)
from qm_tui.transfer.planning.updating import differs, leaves_secrets_unchanged
from qm_tui.transfer.reading.reader import Record, Values
from qm_tui.transfer.spreadsheet import is_altered
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import normalize_user_name, users_without_own_name
from qm_tui.users.issues import Issue, truncate

_USER_ID: Final = FIELD["user_id"]
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = FIELD["user_name"].index
_LAST_NAME_AT: Final = FIELD["last_name"].index


class RecordMatcher:
    """Finds the stored users for records.

    Args:
        state: the state of the store.
        options: the import options.

    Attributes:
        adds_unknown: whether a record with an unknown User ID adds a user.
        ids_in_file: the User IDs of the users matched so far.
    """

    def __init__(self, state: State, options: ImportOptions) -> None:
        self._state, self._options = state, options
        self.adds_unknown = options.unknown_id is UnknownIdAction.ADD or not state.users
        self.ids_in_file: set[str] = set()
        self._without_own_name = {
            state.users[user_id].user_name: user_id
            for user_ids in users_without_own_name(state.users, state.names).values()
            for user_id in user_ids
        }
        self._first_lines: dict[str, int] = {}

    def register_batch(self, batch: RecordBatch) -> bool:
        """Note the first line of each User ID; return False if one may be a duplicate."""
        if self._options.match_user_name and batch.is_mixed:
            return False  # a record without User ID may match the same user
        lines = batch.first_lines
        if len(lines) < batch.with_user_id or not self._first_lines.keys().isdisjoint(lines):
            return False
        self._first_lines.update(lines)
        return True

    def match(self, record: Record, issues: list[Issue]) -> User | None:
        """Return the stored user that a record matches, if any.

        What prevents the match is appended to `issues`.
        """
        user_id = record.values[_USER_ID_AT]
        if user_id:
            return self._by_id(record, user_id, issues)
        user_name = record.values[_USER_NAME_AT]
        owner_id = None
        if user_name:
            owner_id = self._without_own_name.get(user_name) or self._state.names.get(
                normalize_user_name(user_name)
            )
        if owner_id is None:
            self._require_update(issues)
            return None
        self.ids_in_file.add(owner_id)
        owner = self._state.users[owner_id]
        if self._equals(record.values, owner):
            return owner
        if self._options.match_user_name:
            self._require_first(record, owner_id, issues)
            return owner
        self._require_update(issues)
        return None

    def _by_id(self, record: Record, user_id: str, issues: list[Issue]) -> User | None:
        """Return the stored user with this ID, if the record may update it."""
        self._require_first(record, user_id, issues)
        stored = self._state.users.get(user_id)
        if stored is None:
            if not self.adds_unknown and self._options.mode is not ImportMode.UPDATE:
                issues.append(Issue(_USER_ID, UNKNOWN_ID, self._fix_of_unknown(record.values)))
            self._require_update(issues)
            return None
        self.ids_in_file.add(user_id)
        values = record.values
        if (
            not self._options.allow_renamed
            and differs(values, _USER_NAME_AT, stored)
            and differs(values, _LAST_NAME_AT, stored)
        ):
            name = " ".join((stored.first_name, stored.last_name)).strip()
            issues.append(
                Issue(
                    _USER_ID,
                    f"User ID {truncate(user_id)} belongs to {name}, but User Name and Last "
                    "Name differ",
                    "Leave User ID empty to add a user, or correct User ID, User Name or Last "
                    "Name.",
                    reason=ID_OF_ANOTHER_USER,
                )
            )
        return stored

    def _fix_of_unknown(self, values: Values) -> str:
        """Return what to do about an unknown User ID, which a spreadsheet may have altered."""
        user_id, user_name = values[_USER_ID_AT] or "", values[_USER_NAME_AT] or ""
        owner_id = self._state.names.get(normalize_user_name(user_name), "")
        if owner_id and is_altered(owner_id, user_id, _USER_ID):
            return (
                f"A spreadsheet may have altered the User ID of {truncate(user_name)}. "
                f"Enter {truncate(owner_id)}."
            )
        return (
            "Leave User ID empty to add a user, or set “Unknown User IDs” to “add and keep the ID”."
        )

    def _require_first(self, record: Record, user_id: str, issues: list[Issue]) -> None:
        """Reject a record if it is not the first with this User ID."""
        first = self._first_lines.setdefault(user_id, record.line)
        if first != record.line:
            issues.append(
                Issue(
                    _USER_ID,
                    f"User ID {truncate(user_id)} is already used in line {first}",
                    f"Use each User ID once. Only line {first} is used.",
                    reason=DUPLICATE_ID,
                )
            )

    def _require_update(self, issues: list[Issue]) -> None:
        if self._options.mode is ImportMode.UPDATE:
            issues.append(mode_issue(MODE_UPDATES_ONLY))

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


def mode_issue(reason: str) -> Issue:
    """Return the error of a record that the import mode excludes."""
    return Issue(
        _USER_ID,
        reason,
        "Remove the record, or set “Import mode” to “add and update”.",
    )
