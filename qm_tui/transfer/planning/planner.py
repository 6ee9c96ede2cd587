"""What an import would do: every record added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both preview and import: what it says is what is
committed. Most records of most files are new users or changes of nothing: those are found out of
many at once (`qm_tui.transfer.planning.batch`), and only the others are judged one by one.
"""

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from itertools import islice, repeat
from typing import Final, NamedTuple, cast

from qm_tui.gc_control import let_go
from qm_tui.progress import Tick, no_tick
from qm_tui.store.changes.mass_change import confirmation_count
from qm_tui.store.state import State
from qm_tui.store.user_names import (
    MatchedRecord,
    NameClaims,
    name_conflicts,
    name_taken,
    name_twice,
)
from qm_tui.transfer.options.import_options import Choices, Mode
from qm_tui.transfer.planning.batch import Batch
from qm_tui.transfer.planning.matching import Matching, only
from qm_tui.transfer.planning.new_users import Newcomers
from qm_tui.transfer.planning.plan import LISTED, PROBLEMS_KEPT, RESULTS, Outcomes, Plan
from qm_tui.transfer.planning.totals import ONLY_ADDED, Reasons, Totals, in_steps
from qm_tui.transfer.planning.updating import updated
from qm_tui.transfer.planning.warnings import Cautions, Extensions, extension_twice
from qm_tui.transfer.reading.reader import CleanRecords, Record, Values
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, Problem, Severity, shown_value

_new = tuple.__new__

_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_LAST_NAME: Final = FIELD["last_name"]
_EXTENSION_AT: Final = FIELD["extension"].index
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = _USER_NAME.index
_ADDED, _CHANGED, _UNCHANGED, _REJECTED = range(len(RESULTS))


_AT_ONCE: Final = 256
"""Records that are judged one by one between two pauses: some milliseconds of work."""


class Keeps(StrEnum):
    """How much of a plan is kept."""

    COUNTS = "counts"
    """Counts and the first problems: a dry run."""
    CHANGES = "changes"
    """The users as they would be, too: an import."""
    RECORDS = "records"
    """What becomes of each record, too: a preview."""


class _Said(NamedTuple):
    """What there is to say of a record."""

    judged: MatchedRecord
    values: Values
    faults: list[Fault]


class Planner:
    """Makes the plan of an import, record by record.

    Args:
        state: what the store holds.
        choices: what the admin chose.
        keeps: how much of the plan is kept.
        tick: told how far the steps before and after the records are.
        pause: called now and then while records are judged one by one.
    """

    def __init__(
        self,
        state: State,
        choices: Choices,
        keeps: Keeps = Keeps.CHANGES,
        tick: Tick = no_tick,
        pause: Callable[[], object] = int,
    ) -> None:
        self._pause = pause
        self._judged = 0
        self._state = state
        self._choices = choices
        self._keeps_users = keeps is not Keeps.COUNTS
        self._matching = Matching(state, choices)
        self._newcomers = Newcomers(state, choices, gives_ids=self._keeps_users)
        self._tick = tick
        self._claims = NameClaims()
        self._said: dict[int, _Said] = {}
        """By number: records with something to say, the first of them or all that are listed."""
        self._contested: dict[int, _Said] = {}
        """By number: accepted records that may lose their User Name, or share an Extension."""
        self._cautions = Cautions(state, tick)
        self._extensions = Extensions(state, tick)
        self._twice: list[int] = []
        self._counts = [0] * len(RESULTS)
        self._warned = 0
        self._reasons = Reasons()
        self._totals = Totals()
        self._outcomes = Outcomes() if keeps is Keeps.RECORDS else None
        self._said_limit = LISTED if self._outcomes is not None else PROBLEMS_KEPT
        self._is_ending = False

    # Records

    def add(self, found: Record | CleanRecords) -> None:
        """Judge a record, or many, by themselves and by the store."""
        if isinstance(found, Record):
            self._begin(range(found.line, found.line + 1))
            self._add(found)
            return
        self._begin(range(found.line, found.line + len(found.values)))
        batch = Batch(found, self._state, self._choices, adds_unknown=self._matching.adds_unknown)
        if self._matching.remember(batch):
            self._pass_over(batch)
            self._add_new(batch)
        for record in batch.others():
            self._add(record)

    def _begin(self, lines: range) -> None:
        """Make room for what becomes of the next records, as far as they are listed."""
        outcomes = self._outcomes
        if outcomes is None:
            return
        lines = lines[: max(0, LISTED - len(outcomes))]
        outcomes.lines.extend(lines)
        outcomes.results += bytes((_REJECTED,)) * len(lines)
        outcomes.users += repeat(None, len(lines))
        outcomes.stored += repeat(None, len(lines))

    def _pass_over(self, batch: Batch) -> None:
        """Count the records that change nothing."""
        unchanged = batch.take_unchanged()
        self._counts[_UNCHANGED] += len(unchanged)
        if self._outcomes is None:
            return
        for at, stored in unchanged:
            self._matching.named.add(stored.user_id)
            self._note(batch.number + at, _UNCHANGED, stored, stored)

    def _add_new(self, batch: Batch) -> None:
        """Take as new users all of whom there is not the least to be said."""
        found = batch.take_new(self._cautions.rows, self._extensions.counts, self._claims.claimed)
        if found is None:
            return
        places, columns, keys = found
        count = len(places)
        self._totals.add_new(columns)
        self._counts[_ADDED] += count
        numbers = [batch.number + at for at in places]
        lines = [batch.line + at for at in places]
        self._extensions.add_new(columns[_EXTENSION_AT], lines)
        if not self._keeps_users:
            self._claims.add_new(numbers, lines, columns[_USER_ID_AT], keys, None)
            return
        users = self._newcomers.users(columns)
        user_ids = [user.user_id for user in users]
        self._claims.add_new(numbers, lines, user_ids, keys, users)
        if self._outcomes is not None:
            for number, user in zip(numbers, users, strict=True):
                self._note(number, _ADDED, user, None)

    def _add(self, record: Record) -> None:
        self._judged += 1
        if not self._judged % _AT_ONCE:
            self._pause()
        values = record.values
        faults = list(record.faults)
        if faults and faults[0].field is None:
            # it could not be read, so there is nothing in it to judge
            nobody = MatchedRecord(record.number, record.line, User(), None)
            self._reject(_Said(nobody, values, faults))
            return
        stored = self._matching.stored(record, faults)
        warnings: list[Fault] = []
        if stored is None:
            user = self._newcomers.user(values, faults)
        else:
            user, warnings = updated(values, stored, faults, self._choices)
            if user is not stored and self._choices.mode is Mode.ADD:
                faults.append(only(ONLY_ADDED, "update"))
        judged = MatchedRecord(record.number, record.line, user, stored)
        if faults:
            faults = _in_field_order(faults, record.faults)
            self._reject(_Said(judged, values, faults))
            return
        if user is not stored:
            warnings += self._cautions.of(user, stored)
        said = _Said(judged, values, sorted(warnings, key=_field_number))
        if warnings:
            self._warn(said)
        if user is stored:
            self._counts[_UNCHANGED] += 1
            self._note(record.number, _UNCHANGED, user, stored)
        else:
            self._claim(said)

    def _claim(self, said: _Said) -> None:
        """Accept a record that adds or changes a user, unless another gets its User Name."""
        number, line, user, stored = said.judged
        key = name_key(user.user_name)
        owner = self._state.names.get(key)
        is_contested = key in self._claims.claimed or owner not in (None, user.user_id)
        if self._extensions.move(user, stored, line):
            self._twice.append(number)
            is_contested = True
        if is_contested:
            self._contested[number] = said
        self._claims.add(said.judged)
        if not self._keeps_users and not is_contested:
            self._claims.users[-1] = None
        self._totals.add(user, stored)
        result = _ADDED if stored is None else _CHANGED
        self._counts[result] += 1
        self._note(number, result, user, stored)

    def _note(self, number: int, result: int, user: User | None, stored: User | None) -> None:
        """Note what becomes of a record."""
        outcomes = self._outcomes
        if outcomes is not None and number <= len(outcomes):
            outcomes.results[number - 1] = result
            outcomes.users[number - 1] = user
            outcomes.stored[number - 1] = stored

    def _reject(self, said: _Said) -> None:
        """Keep a record out."""
        number, _, _, stored = said.judged
        self._counts[_REJECTED] += 1
        self._reasons.add(number, said.faults, updates=stored is not None)
        self._say(said)
        self._note(number, _REJECTED, None, stored)

    def _warn(self, said: _Said) -> None:
        """Say something of a record that is accepted."""
        self._warned += 1
        self._reasons.add(said.judged.number, said.faults, updates=said.judged.stored is not None)
        self._say(said)

    def _say(self, said: _Said) -> None:
        # what is found out at the end may be about records before those that were said
        if self._is_ending or len(self._said) < self._said_limit:
            self._said[said.judged.number] = said

    # The end

    def finish(self) -> Plan:
        """Judge User Names on the store as it would be, and hand out the plan."""
        state, tick = self._state, self._tick
        claims = self._claims
        claims.in_file_order()
        self._is_ending = True
        conflicts = name_conflicts(claims, state, tick)
        for at, fault in conflicts.items():
            self._reject_claim(claims.numbers[at], fault)
        self._warn_of_extensions()
        changes, added = self._changes(conflicts.keys())
        self._report_names_of_rejected(conflicts.keys())
        plan = Plan(
            state.version,
            self._choices,
            changes,
            added,
            dict(zip(RESULTS, self._counts, strict=True)),
            warned=self._warned,
            groups=self._reasons.groups(),
            problem_count=self._reasons.problems,
            totals=self._totals.changes(state, tick),
            users_before=len(state.users),
            must_confirm=confirmation_count(self._totals.hit, len(state.users)),
            taken={what: users for what, users in self._totals.taken.items() if users},
            outcomes=self._outcomes,
        )
        found = (problem for _, one in sorted(self._said.items()) for problem in _problems(one))
        plan.problems = list(islice(found, PROBLEMS_KEPT))
        if self._outcomes is not None:
            self._fill(self._outcomes)
            plan.not_in_file = self._not_in_file()
        return plan

    def _reject_claim(self, number: int, fault: Fault) -> None:
        """Keep out a record that was accepted: another gets its User Name."""
        judged, values, warnings = self._contested.pop(number)
        user, stored = judged.user, judged.stored
        self._counts[_ADDED if stored is None else _CHANGED] -= 1
        self._totals.add(user, stored, -1)
        self._extensions.take_back(user, stored, judged.line)
        if warnings:
            self._warned -= 1
            self._reasons.take_back(warnings, updates=stored is not None)
        self._reject(_Said(judged, values, [fault]))

    def _warn_of_extensions(self) -> None:
        """Say which users share an Extension with another, after the import."""
        counts = self._extensions.counts
        shared = {
            number: said
            for number in self._twice
            if (said := self._contested.get(number)) and counts[said.judged.user.extension] > 1
        }
        if not shared:
            return
        wanted = {said.judged.user.extension for said in shared.values()}
        holders = self._extensions.first_holders(wanted, self._state, self._tick)
        for _, (judged, values, faults) in sorted(shared.items()):
            extension = judged.user.extension
            own = f"line {judged.line}"
            who = next((one for one in holders[extension] if one != own), "another user")
            if faults:
                self._warned -= 1
                self._reasons.take_back(faults, updates=judged.stored is not None)
            more = sorted([*faults, extension_twice(extension, who)], key=_field_number)
            self._warn(_Said(judged, values, more))

    def _changes(self, rejected: Iterable[int]) -> tuple[dict[str, User], set[str]]:
        """The users as they would be, in file order, and which of them are new."""
        if not self._keeps_users:
            return {}, set()
        claims = self._claims
        users = cast("list[User]", claims.users)
        changes = dict(zip(claims.user_ids, users, strict=True))
        added = {
            user_id
            for user_id, stored in zip(claims.user_ids, claims.stored, strict=True)
            if stored is None
        }
        for at in rejected:
            user_id = claims.user_ids[at]
            if changes.get(user_id) is users[at]:
                del changes[user_id]
            added.discard(user_id)
        return changes, added

    def _report_names_of_rejected(self, conflicts: Collection[int]) -> None:
        """Tell the first rejected records at once if their User Name is taken too."""
        by_key: dict[str, list[_Said]] = {}
        said_of_rejected = (
            said
            for _, said in sorted(self._said.items())
            if said.faults[0].severity is Severity.ERROR
        )
        for said in islice(said_of_rejected, PROBLEMS_KEPT):
            key = name_key(said.judged.user.user_name)
            if key and not any(fault.field is _USER_NAME for fault in said.faults):
                by_key.setdefault(key, []).append(said)
        if not by_key:
            return
        claims, state = self._claims, self._state
        owners = {state.names[key]: key for key in by_key if key in state.names}
        for at, (user_id, key) in enumerate(zip(claims.user_ids, claims.keys, strict=True)):
            if at in conflicts:
                continue
            if user_id in owners and owners[user_id] != key:
                by_key.pop(owners[user_id], None)  # that user gives the name up
            for said in by_key.get(key, ()) if user_id not in owners else ():
                if user_id and said.judged.user.user_id == user_id:
                    continue  # it is about the same user, which is said already
                self._add_fault(said, name_twice(said.judged.user.user_name, claims.lines[at]))
        for owner_id, key in owners.items():
            owner = state.users[owner_id]
            for said in by_key.get(key, ()):
                user = said.judged.user
                is_new = said.judged.stored is None and not user.user_id
                if user.user_id != owner_id:
                    self._add_fault(said, name_taken(user.user_name, owner, is_new=is_new))

    def _add_fault(self, said: _Said, fault: Fault) -> None:
        number, updates = said.judged.number, said.judged.stored is not None
        said.faults.append(fault)
        said.faults.sort(key=_field_number)
        self._reasons.add(number, [fault], updates=updates)

    def _fill(self, outcomes: Outcomes) -> None:
        """Keep what there is to say of records, those behind the last that is listed too."""
        for number, (_, values, faults) in self._said.items():
            outcomes.faults[number] = faults
            if faults[0].severity is Severity.ERROR:
                is_read = faults[0].field is not None
                outcomes.values[number] = values if is_read else None

    def let_go(self) -> None:
        """Forget, step by step, what only planning needed."""
        claims = self._claims
        let_go(claims.users, claims.stored, claims.user_ids, claims.keys, claims.claimed)
        let_go(self._said, self._contested, self._extensions.counts)

    def _not_in_file(self) -> list[str]:
        """The users that the file does not name, in store order."""
        user_ids: list[str] = []
        users = self._state.users
        for batch in in_steps(users.values(), len(users), self._tick):
            user_ids += [user.user_id for user in batch if user.user_id not in self._matching.named]
        return user_ids


def _field_number(fault: Fault) -> int:
    return fault.field.number if fault.field else 0


def _in_field_order(faults: list[Fault], unreadable: tuple[Fault, ...]) -> list[Fault]:
    """The faults in field order; of an unreadable value nothing but that it is."""
    fields = [fault.field for fault in unreadable]
    kept = [fault for fault in faults if fault in unreadable or fault.field not in fields]
    return sorted(kept, key=_field_number)


def _problems(said: _Said) -> list[Problem]:
    (number, line, _, stored), values, faults = said
    who = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME_AT] or ""
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
    keeps: Keeps = Keeps.CHANGES,
    pause: Callable[[], object] = int,
) -> Plan:
    """The plan of an import.

    Args:
        records: the records of a users file, as it is read; they are not held.
        state: what the store holds.
        choices: what the admin chose.
        tick: told how far the steps before and after the records are. How far reading is, the
            reader tells.
        keeps: how much of the plan is kept.
        pause: called now and then while records are judged one by one.
    """
    planner = Planner(state, choices or Choices(), keeps, tick, pause)
    try:
        for found in records:
            planner.add(found)
        return planner.finish()
    finally:
        if keeps is Keeps.RECORDS:
            planner.let_go()  # an interface is waiting for its turn
