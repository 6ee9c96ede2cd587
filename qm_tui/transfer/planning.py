"""What an import would do: every record added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both preview and import: what it says is what is
committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, cast

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.interface import State
from qm_tui.transfer.naming import Judged, name_conflicts, name_taken
from qm_tui.transfer.reading import Record
from qm_tui.transfer.spreadsheet import was_eaten
from qm_tui.users.fields import FIELD, FIELDS, SHARED_PLACES, Field, Kind, User
from qm_tui.users.identity import name_key, new_user_ids
from qm_tui.users.problems import Fault, Problem, Severity, shown_value
from qm_tui.users.rules import all_are_sound, faults_of, faults_of_update

_new = tuple.__new__


class UnknownID(StrEnum):
    """What becomes of a record whose User ID the store does not know."""

    REJECT = "reject"
    ADD = "add"
    """It is added, keeping the ID."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the admin chose for an import.

    Attributes:
        unknown_id: what becomes of a record whose User ID the store does not know. An empty
            store takes it either way, so that users can move to another computer.
    """

    unknown_id: UnknownID = UnknownID.REJECT


class Result(StrEnum):
    """What becomes of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass
class Plan:
    """What an import would do to one state of a store.

    Attributes:
        generation: the state's generation; the plan holds for no other.
        changes: the users as they would be, by User ID, in the order of the file.
        added: the User IDs of those that the store does not hold yet.
        unchanged: how many records would change nothing.
        rejected: how many records would be kept out.
        problems: why records are rejected, and what the admin should know, in file order.
    """

    generation: int
    changes: dict[str, User] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    unchanged: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many users would be changed."""
        return len(self.changes) - len(self.added)

    @property
    def imported(self) -> int:
        """How many records count as imported: all that are not rejected."""
        return len(self.changes) + self.unchanged

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.imported + self.rejected

    def counts(self) -> dict[Result, int]:
        """How many records have each result."""
        return {
            Result.ADDED: len(self.added),
            Result.CHANGED: self.changed,
            Result.UNCHANGED: self.unchanged,
            Result.REJECTED: self.rejected,
        }


_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_LAST_NAME: Final = FIELD["last_name"]
_PASSWORD: Final = FIELD["password"]
_SALT: Final = FIELD["salt"]
_EATABLE: Final = frozenset(
    one.index for one in FIELDS if one.kind in (Kind.TEXT, Kind.LIST, Kind.IP)
)
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = _USER_NAME.index


class Planner:
    """Makes the plan of an import, record by record.

    Args:
        state: what the store holds.
        choices: what the admin chose.
    """

    def __init__(self, state: State, choices: Choices) -> None:
        self._state = state
        self._keeps_unknown_ids = choices.unknown_id is UnknownID.ADD or not state.users
        self._plan = Plan(state.generation)
        self._first_lines: dict[str, int] = {}
        self._accepted: list[Judged] = []
        self._rejected: list[tuple[Judged, list[Fault]]] = []
        self._warned: list[tuple[Judged, list[Fault]]] = []
        self._shared: dict[str, str] = {}

    def add_all(self, records: Sequence[Record]) -> None:
        """Judge more records by themselves and by the store."""
        if not self._add_new_users(records):
            for record in records:
                self._add(record)

    def _add_new_users(self, records: Sequence[Record]) -> bool:
        """Take the records as new users if there is not the least to be said of any of them.

        What most records of a clean file are is found out of all at once, column by column: it
        takes less than half the time of asking the same of each.
        """
        # a list is made faster than it is asked for one by one
        if any([record.faults or None in record.values for record in records]):  # noqa: C419
            return False
        columns = list(zip(*[record.values for record in records], strict=True))
        if any(columns[_USER_ID_AT]):
            return False
        names = self._state.names
        if names and any(name_key(name) in names for name in columns[_USER_NAME_AT]):
            return False
        if not all_are_sound(columns):
            return False
        share = self._shared.setdefault
        for place in SHARED_PLACES:
            columns[place] = tuple(map(share, columns[place], columns[place]))
        columns[_USER_ID_AT] = tuple(self._more_ids(len(records)))
        self._accepted += [
            _new(Judged, (record, _new(User, values), None))
            for record, values in zip(records, zip(*columns, strict=True), strict=True)
        ]
        return True

    def _add(self, record: Record) -> None:
        values = record.values
        faults = list(record.faults)
        if faults and faults[0].field is None:
            # it could not be read, so there is nothing in it to judge
            self._rejected.append((Judged(record, User(), None), faults))
            return
        user_id = values[_USER_ID_AT]
        stored = self._by_id(record, user_id, faults) if user_id else self._owner_if_equal(values)
        if stored is None:
            user = self._new_user(values, faults)
            if not faults:
                self._accepted.append(_new(Judged, (record, user, None)))
                return
            warnings: list[Fault] = []
        else:
            user, warnings = _updated(values, stored, faults)
        judged = Judged(record, user, stored)
        if faults:
            self._rejected.append((judged, _in_field_order(faults, record.faults)))
            return
        if warnings:
            self._warned.append((judged, warnings))
        if user is stored:
            self._plan.unchanged += 1
        else:
            self._accepted.append(judged)

    def finish(self, tick: Tick = no_tick) -> Plan:
        """Judge User Names on the store as it would be, and hand out the plan."""
        plan = self._plan
        conflicts = name_conflicts(self._accepted, self._state, tick)
        for at, fault in conflicts.items():
            self._rejected.append((self._accepted[at], [fault]))
        accepted = self._accepted
        if conflicts:
            accepted = [one for at, one in enumerate(accepted) if at not in conflicts]
        plan.changes = {user.user_id: user for _, user, _ in accepted}
        plan.added = {user.user_id for _, user, stored in accepted if stored is None}
        if self._rejected:
            self._report_names_of_rejected()
        plan.rejected = len(self._rejected)
        self._rejected.sort(key=lambda one: one[0].record.number)
        for judged, faults in self._rejected:
            plan.problems += _problems(judged, faults)
        kept_out = {judged.record.number for judged, _ in self._rejected}
        for judged, warnings in self._warned:
            if judged.record.number not in kept_out:
                plan.problems += _problems(judged, warnings)
        plan.problems.sort(key=lambda problem: problem.record)
        return plan

    def _by_id(self, record: Record, user_id: str, faults: list[Fault]) -> User | None:
        """The stored user with this ID, if the record may update it."""
        first = self._first_lines.setdefault(user_id, record.line)
        if first != record.line:
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID stands in line {first} already",
                    "Keep one record for each user.",
                )
            )
        stored = self._state.users.get(user_id)
        if stored is None:
            if not self._keeps_unknown_ids:
                faults.append(
                    Fault(
                        _USER_ID,
                        "User ID is not known here",
                        "Empty User ID to add a new user, or import with --unknown-id add to add "
                        "it and keep the ID.",
                    )
                )
            return None
        values = record.values
        if _differs(values, _USER_NAME.index, stored) and _differs(
            values, _LAST_NAME.index, stored
        ):
            name = " ".join((stored.first_name, stored.last_name)).strip()
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID is {name} here, and both User Name and Last Name differ",
                    "Empty User ID to add a new user, or correct User ID, User Name or Last Name.",
                )
            )
        return stored

    def _owner_if_equal(self, values: list[str | None]) -> User | None:
        """The user who owns the record's User Name, if it equals the record in every value."""
        user_name = values[_USER_NAME_AT]
        owner_id = self._state.names.get(name_key(user_name)) if user_name else None
        if owner_id is None:
            return None
        owner = self._state.users[owner_id]
        for place, value in enumerate(values):
            if value is None or place == _USER_ID.index or value == owner[place]:
                continue
            if place not in _EATABLE or not was_eaten(owner[place], value):
                return None
        return owner

    def _new_user(self, values: list[str | None], faults: list[Fault]) -> User:
        absent: list[Field] = []
        # a list of our own: the record may be judged again, by a later state
        if None in values:
            absent = [one for one in FIELDS if values[one.index] is None and one.mandatory]
            own = [value or "" for value in values]
        else:
            own = cast("list[str]", values[:])
        found = faults_of(own)
        if found or faults:
            faults += [one for one in found if one.field not in absent] + _absent_faults(absent)
        else:
            if not own[_USER_ID_AT]:
                own[_USER_ID_AT] = self._more_ids(1)[0]
            share = self._shared.setdefault
            for place in SHARED_PLACES:
                value = own[place]
                own[place] = share(value, value)
        return _new(User, own)

    def _more_ids(self, count: int) -> list[str]:
        user_ids = new_user_ids(count)
        if self._state.users.keys().isdisjoint(user_ids):
            return user_ids
        return self._more_ids(count)

    def _report_names_of_rejected(self) -> None:
        """Tell a rejected record at once if its User Name is taken too."""
        taken = {name_key(user.user_name): user.user_id for user in self._plan.changes.values()}
        for judged, faults in self._rejected:
            key = name_key(judged.user.user_name)
            if not key or any(one.field is _USER_NAME for one in faults):
                continue
            owner_id = taken.get(key) or self._state.names.get(key)
            owner = self._plan.changes.get(owner_id or "") or self._state.users.get(owner_id or "")
            if owner and owner.user_id != judged.user.user_id and name_key(owner.user_name) == key:
                faults.append(name_taken(judged.user.user_name, owner))


def _absent_faults(absent: list[Field]) -> list[Fault]:
    return [
        Fault(
            field,
            f"{field.name} is missing from the record: a new user needs one",
            f"Add the column {field.name} to the file, and fill it in.",
        )
        for field in absent
    ]


def _in_field_order(faults: list[Fault], unreadable: tuple[Fault, ...]) -> list[Fault]:
    """The faults in field order; of an unreadable value nothing but that it is."""
    fields = [fault.field for fault in unreadable]
    kept = [fault for fault in faults if fault in unreadable or fault.field not in fields]
    return sorted(kept, key=lambda fault: fault.field.number if fault.field else 0)


def _differs(values: list[str | None], place: int, stored: User) -> bool:
    value = values[place]
    return (
        bool(value)
        and name_key(value or "") != name_key(stored[place])
        and not was_eaten(stored[place], value or "")
    )


def _updated(
    values: list[str | None], stored: User, faults: list[Fault]
) -> tuple[User, list[Fault]]:
    """The stored user after the record, and what the admin should know about it.

    Faults that the update makes are added to `faults`.
    """
    after = list(stored)
    warnings: list[Fault] = []
    for place, value in enumerate(values):
        if value is None or value == stored[place] or place == _USER_ID.index:
            continue
        if place in _EATABLE and was_eaten(stored[place], value):
            one = FIELDS[place]
            warnings.append(
                Fault(
                    one,
                    f"{one.name} looks like '{stored[place]}' after a spreadsheet: kept as stored",
                    "Nothing to do, if the stored value is right.",
                    Severity.WARNING,
                )
            )
            continue
        after[place] = value
    if after[_PASSWORD.index] != stored.password or after[_SALT.index] != stored.salt:
        warnings += _settle_secrets(values, stored, after)
    user = tuple.__new__(User, after)
    if user == stored:
        return stored, warnings
    faults += faults_of_update(user, stored)
    return user, warnings


def _settle_secrets(values: list[str | None], stored: User, after: list[str]) -> list[Fault]:
    """Keep Password and Salt Value a pair (users file, section 3, "Secrets")."""
    password, salt = values[_PASSWORD.index], values[_SALT.index]
    if not password and (password is not None or not salt):
        after[_PASSWORD.index], after[_SALT.index] = stored.password, stored.salt
        return []
    if salt or not stored.salt:
        return []
    if password != stored.password:
        after[_SALT.index] = ""
        message = "Password is new and has no Salt Value: the old salt is cleared"
    elif salt is not None:
        message = "Salt Value is cleared, while Password stays: the user may be locked out"
    else:
        return []
    remedy = "Give the salt with the password, if the password has one."
    return [Fault(_SALT, message, remedy, Severity.WARNING)]


def _problems(judged: Judged, faults: list[Fault]) -> list[Problem]:
    record, _, stored = judged
    values = record.values
    who = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME.index] or ""
    if not who and stored:
        who = f"{stored.first_name} {stored.last_name}"
    return [
        Problem(
            fault.severity,
            record.line,
            record.number,
            fault.field,
            who,
            shown_value(fault.field, values[fault.field.index] if fault.field else None),
            fault.message,
            fault.remedy,
        )
        for fault in faults
    ]


def plan_of(
    records: Sequence[Record],
    state: State,
    choices: Choices | None = None,
    tick: Tick = no_tick,
) -> Plan:
    """The plan of an import.

    Args:
        records: the records of a users file.
        state: what the store holds.
        choices: what the admin chose.
        tick: told of every thousand records.
    """
    planner = Planner(state, choices or Choices())
    for at in range(0, len(records), STEP):
        planner.add_all(records[at : at + STEP])
        tick(Phase.CHECKING, min(at + STEP, len(records)), len(records))
    return planner.finish(tick)
