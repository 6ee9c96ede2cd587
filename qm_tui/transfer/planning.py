"""What an import would do: every record added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both preview and import: what it says is what is
committed.
"""

from collections.abc import Iterable
from itertools import repeat
from typing import Final, NamedTuple, cast

from qm_tui.progress import Tick, no_tick
from qm_tui.store.interface import State
from qm_tui.store.naming import Claims, Judged, name_conflicts, name_taken
from qm_tui.transfer.plan import Choices, Plan, UnknownID
from qm_tui.transfer.reading import CleanRecords, Record, Values
from qm_tui.transfer.spreadsheet import was_eaten
from qm_tui.transfer.updating import EATABLE, differs, updated
from qm_tui.users.fields import FIELD, FIELDS, SHARED_PLACES, Field, User
from qm_tui.users.identity import name_key, new_user_ids
from qm_tui.users.problems import Fault, Problem, shortened, shown_value
from qm_tui.users.rules import all_are_sound, faults_of

_new = tuple.__new__


_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_LAST_NAME: Final = FIELD["last_name"]
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = _USER_NAME.index


class _Said(NamedTuple):
    """What there is to say of a record."""

    judged: Judged
    values: Values
    faults: list[Fault]


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
        self._claims = Claims()
        self._rejected: list[_Said] = []
        self._warned: list[_Said] = []
        self._shared: dict[str, str] = {}

    def add(self, found: Record | CleanRecords) -> None:
        """Judge a record, or many, by themselves and by the store."""
        if isinstance(found, Record):
            self._add(found)
        elif not self._add_new_users(found):
            for record in found.one_by_one():
                self._add(record)

    def _add_new_users(self, found: CleanRecords) -> bool:
        """Take the records as new users if there is not the least to be said of any of them.

        What most records of a clean file are is found out of all at once, column by column: it
        takes less than half the time of asking the same of each.
        """
        columns = list(zip(*found.values, strict=True))
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
        count = len(found.values)
        columns[_USER_ID_AT] = tuple(self._more_ids(count))
        numbers = range(found.number, found.number + count)
        lines = range(found.line, found.line + count)
        users = [_new(User, values) for values in zip(*columns, strict=True)]
        self._claims.add_many(numbers, lines, users, repeat(None, count))
        return True

    def _add(self, record: Record) -> None:
        values = record.values
        faults = list(record.faults)
        if faults and faults[0].field is None:
            # it could not be read, so there is nothing in it to judge
            nobody = Judged(record.number, record.line, User(), None)
            self._rejected.append(_Said(nobody, values, faults))
            return
        user_id = values[_USER_ID_AT]
        stored = self._by_id(record, user_id, faults) if user_id else self._owner_if_equal(values)
        if stored is None:
            user = self._new_user(values, faults)
            if not faults:
                self._claims.add(Judged(record.number, record.line, user, None))
                return
            warnings: list[Fault] = []
        else:
            user, warnings = updated(values, stored, faults)
        judged = Judged(record.number, record.line, user, stored)
        if faults:
            self._rejected.append(_Said(judged, values, _in_field_order(faults, record.faults)))
            return
        if warnings:
            self._warned.append(_Said(judged, values, warnings))
        if user is stored:
            self._plan.unchanged += 1
        else:
            self._claims.add(judged)

    def finish(self, tick: Tick = no_tick) -> Plan:
        """Judge User Names on the store as it would be, and hand out the plan."""
        plan, claims = self._plan, self._claims
        conflicts = name_conflicts(claims, self._state, tick)
        for at, fault in conflicts.items():
            judged = claims.at(at)
            self._rejected.append(_Said(judged, [*judged.user], [fault]))
        plan.changes = {user.user_id: user for user in claims.users}
        plan.added = set(plan.changes)
        if any(claims.stored):
            plan.added -= {stored.user_id for stored in claims.stored if stored is not None}
        for at in conflicts:
            user_id = claims.users[at].user_id
            del plan.changes[user_id]
            plan.added.discard(user_id)
        if self._rejected:
            self._report_names_of_rejected()
        plan.rejected = len(self._rejected)
        kept_out = {said.judged.number for said in self._rejected}
        warned = [said for said in self._warned if said.judged.number not in kept_out]
        for said in sorted(self._rejected + warned, key=lambda said: said.judged.number):
            plan.problems += _problems(said)
        return plan

    def _by_id(self, record: Record, user_id: str, faults: list[Fault]) -> User | None:
        """The stored user with this ID, if the record may update it."""
        first = self._first_lines.setdefault(user_id, record.line)
        if first != record.line:
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID {shortened(user_id)} stands in line {first} already",
                    f"Keep one record for each user: only that in line {first} is judged.",
                )
            )
        stored = self._state.users.get(user_id)
        if stored is None:
            if not self._keeps_unknown_ids:
                faults.append(
                    Fault(
                        _USER_ID,
                        "User ID is not known here",
                        "Empty User ID to add a new user, or import on the command line with "
                        "--unknown-id add to add it and keep the ID.",
                    )
                )
            return None
        values = record.values
        if differs(values, _USER_NAME.index, stored) and differs(values, _LAST_NAME.index, stored):
            name = " ".join((stored.first_name, stored.last_name)).strip()
            faults.append(
                Fault(
                    _USER_ID,
                    f"User ID {shortened(user_id)} is {name} here, and both User Name and Last "
                    "Name differ",
                    "Empty User ID to add a new user, or correct User ID, User Name or Last Name.",
                )
            )
        return stored

    def _owner_if_equal(self, values: Values) -> User | None:
        """The user who owns the record's User Name, if it equals the record in every value."""
        user_name = values[_USER_NAME_AT]
        owner_id = self._state.names.get(name_key(user_name)) if user_name else None
        if owner_id is None:
            return None
        owner = self._state.users[owner_id]
        for place, value in enumerate(values):
            if value is None or place == _USER_ID.index or value == owner[place]:
                continue
            if place not in EATABLE or not was_eaten(owner[place], value):
                return None
        return owner

    def _new_user(self, values: Values, faults: list[Fault]) -> User:
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
        for judged, _, faults in self._rejected:
            key = name_key(judged.user.user_name)
            if not key or any(one.field is _USER_NAME for one in faults):
                continue
            owner_id = taken.get(key) or self._state.names.get(key)
            owner = self._plan.changes.get(owner_id or "") or self._state.users.get(owner_id or "")
            if owner and owner.user_id != judged.user.user_id and name_key(owner.user_name) == key:
                faults.append(
                    name_taken(judged.user.user_name, owner, is_new=judged.stored is None)
                )


def _absent_faults(absent: list[Field]) -> list[Fault]:
    return [
        Fault(
            field,
            f"{field.name} is missing from the record: a new user needs one",
            f"Fill in {field.name}; if the file has no such column, add it.",
        )
        for field in absent
    ]


def _in_field_order(faults: list[Fault], unreadable: tuple[Fault, ...]) -> list[Fault]:
    """The faults in field order; of an unreadable value nothing but that it is."""
    fields = [fault.field for fault in unreadable]
    kept = [fault for fault in faults if fault in unreadable or fault.field not in fields]
    return sorted(kept, key=lambda fault: fault.field.number if fault.field else 0)


def _problems(said: _Said) -> list[Problem]:
    (number, line, _, stored), values, faults = said
    who = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME.index] or ""
    if not who and stored:
        who = f"{stored.first_name} {stored.last_name}"
    return [
        Problem(
            fault.severity,
            line,
            number,
            fault.field,
            who,
            shown_value(fault.field, values[fault.field.index] if fault.field else None),
            fault.message,
            fault.remedy,
        )
        for fault in faults
    ]


def plan_of(
    records: Iterable[Record | CleanRecords],
    state: State,
    choices: Choices | None = None,
    tick: Tick = no_tick,
) -> Plan:
    """The plan of an import.

    Args:
        records: the records of a users file, as it is read; they are not held.
        state: what the store holds.
        choices: what the admin chose.
        tick: told how far the last step is, judging User Names. How far reading is, the reader
            tells.
    """
    planner = Planner(state, choices or Choices())
    for found in records:
        planner.add(found)
    return planner.finish(tick)
