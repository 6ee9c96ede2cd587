"""Matching of records with the users of the store.

Source: the users file, section 3: User ID empty, known and unknown, modes, and duplicates.
"""

from typing import Final

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import Choices, Mode, UnknownID
from qm_tui.transfer.planning.batch import Batch
from qm_tui.transfer.planning.totals import ANOTHER_PERSON, ID_TWICE, ONLY_UPDATED, UNKNOWN_ID
from qm_tui.transfer.planning.updating import EATABLE, differs, keeps_secrets
from qm_tui.transfer.reading.reader import Record, Values
from qm_tui.transfer.reading.spreadsheet import was_eaten
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, shortened

_USER_ID: Final = FIELD["user_id"]
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = FIELD["user_name"].index
_LAST_NAME_AT: Final = FIELD["last_name"].index


class Matching:
    """Finds the stored users for records.

    Args:
        state: the state of the store.
        choices: the import options.

    Attributes:
        adds_unknown: whether a record with an unknown User ID adds a user.
        named: the User IDs of the users matched so far.
    """

    def __init__(self, state: State, choices: Choices) -> None:
        self._state, self._choices = state, choices
        self.adds_unknown = choices.unknown_id is UnknownID.ADD or not state.users
        self.named: set[str] = set()
        self._first_lines: dict[str, int] = {}

    def remember(self, batch: Batch) -> bool:
        """Note the first line of each User ID; return False if one may be a duplicate."""
        if self._choices.match_user_name and batch.is_mixed:
            return False  # a record without User ID may match the same user
        lines = batch.first_lines
        if len(lines) < batch.with_user_id or not self._first_lines.keys().isdisjoint(lines):
            return False
        self._first_lines.update(lines)
        return True

    def stored(self, record: Record, faults: list[Fault]) -> User | None:
        """Return the stored user that a record matches, if any.

        What prevents the match is appended to `faults`.
        """
        user_id = record.values[_USER_ID_AT]
        if user_id:
            return self._by_id(record, user_id, faults)
        user_name = record.values[_USER_NAME_AT]
        owner_id = self._state.names.get(name_key(user_name)) if user_name else None
        if owner_id is None:
            self._require_update(faults)
            return None
        self.named.add(owner_id)
        owner = self._state.users[owner_id]
        if self._equals(record.values, owner):
            return owner
        if self._choices.match_user_name:
            self._require_first(record, owner_id, faults)
            return owner
        self._require_update(faults)
        return None

    def _by_id(self, record: Record, user_id: str, faults: list[Fault]) -> User | None:
        """Return the stored user with this ID, if the record may update it."""
        self._require_first(record, user_id, faults)
        stored = self._state.users.get(user_id)
        if stored is None:
            if not self.adds_unknown and self._choices.mode is not Mode.UPDATE:
                faults.append(
                    Fault(
                        _USER_ID,
                        UNKNOWN_ID,
                        "Leave User ID empty to add a user, or set “Unknown User IDs” to “add and "
                        "keep the ID”.",
                    )
                )
            self._require_update(faults)
            return None
        self.named.add(user_id)
        values = record.values
        if (
            not self._choices.allow_renamed
            and differs(values, _USER_NAME_AT, stored)
            and differs(values, _LAST_NAME_AT, stored)
        ):
            name = " ".join((stored.first_name, stored.last_name)).strip()
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID {shortened(user_id)} belongs to {name}, but User Name and Last "
                    "Name differ",
                    "Leave User ID empty to add a user, or correct User ID, User Name or Last "
                    "Name.",
                    reason=ANOTHER_PERSON,
                )
            )
        return stored

    def _require_first(self, record: Record, user_id: str, faults: list[Fault]) -> None:
        """Reject a record if it is not the first with this User ID."""
        first = self._first_lines.setdefault(user_id, record.line)
        if first != record.line:
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID {shortened(user_id)} is already used in line {first}",
                    f"Use each User ID once. Only line {first} is used.",
                    reason=ID_TWICE,
                )
            )

    def _require_update(self, faults: list[Fault]) -> None:
        if self._choices.mode is Mode.UPDATE:
            faults.append(only(ONLY_UPDATED))

    def _equals(self, values: Values, owner: User) -> bool:
        """Return whether a record without User ID is identical to the user with its User Name."""
        keeps = keeps_secrets(values)
        for place, value in enumerate(values):
            if value is None or place == _USER_ID_AT or value == owner[place]:
                continue
            if keeps and FIELDS[place].is_secret:
                continue
            if self._choices.take_numbers or place not in EATABLE:
                return False
            if not was_eaten(owner[place], value):
                return False
        return True


def only(reason: str) -> Fault:
    """Return the error of a record that the import mode excludes."""
    return Fault(
        _USER_ID,
        reason,
        "Remove the record, or set “Import mode” to “add and update”.",
    )
