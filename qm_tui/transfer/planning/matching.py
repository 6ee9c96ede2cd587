"""Which user of the store a record is about.

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
    """Finds the users whom records are about.

    Args:
        state: what the store holds.
        choices: what the admin chose.

    Attributes:
        adds_unknown: whether a record whose User ID is not known adds a user.
        named: the User IDs of the users whom records named so far.
    """

    def __init__(self, state: State, choices: Choices) -> None:
        self._state, self._choices = state, choices
        self.adds_unknown = choices.unknown_id is UnknownID.ADD or not state.users
        self.named: set[str] = set()
        self._first_lines: dict[str, int] = {}

    def remember(self, batch: Batch) -> bool:
        """Note which line is the first with each User ID; whether none stands there twice."""
        if self._choices.match_user_name and batch.is_mixed:
            return False  # a record without User ID may be about the same user
        lines = batch.first_lines
        if len(lines) < batch.with_user_id or not self._first_lines.keys().isdisjoint(lines):
            return False
        self._first_lines.update(lines)
        return True

    def stored(self, record: Record, faults: list[Fault]) -> User | None:
        """The user that a record is about, if the store has one.

        What keeps the record from being about it is added to `faults`.
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
        """The stored user with this ID, if the record may update it."""
        self._require_first(record, user_id, faults)
        stored = self._state.users.get(user_id)
        if stored is None:
            if not self.adds_unknown and self._choices.mode is not Mode.UPDATE:
                faults.append(
                    Fault(
                        _USER_ID,
                        UNKNOWN_ID,
                        "Empty User ID to add a new user, or choose to add such users, keeping "
                        "the ID.",
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
                    f"User ID {shortened(user_id)} is {name} here, and both User Name and Last "
                    "Name differ",
                    "Empty User ID to add a new user, or correct User ID, User Name or Last Name.",
                    reason=ANOTHER_PERSON,
                )
            )
        return stored

    def _require_first(self, record: Record, user_id: str, faults: list[Fault]) -> None:
        """Of several records about one user only the first is judged."""
        first = self._first_lines.setdefault(user_id, record.line)
        if first != record.line:
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID {shortened(user_id)} stands in line {first} already",
                    f"Keep one record for each user: only that in line {first} is judged.",
                    reason=ID_TWICE,
                )
            )

    def _require_update(self, faults: list[Fault]) -> None:
        if self._choices.mode is Mode.UPDATE:
            faults.append(only(ONLY_UPDATED, "add"))

    def _equals(self, values: Values, owner: User) -> bool:
        """Whether a record without User ID equals the user who has its User Name."""
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


def only(reason: str, verb: str) -> Fault:
    """The fault of a record that the mode leaves out."""
    return Fault(
        _USER_ID,
        reason,
        f"Leave the record out, or choose to {verb} users as well.",
    )
