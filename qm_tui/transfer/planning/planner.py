"""Planning of an import: every record is added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both the preview and the import: it is committed
unchanged. Most records of most files are new users or change nothing: those are processed many at
a time (`qm_tui.transfer.planning.batch`), and only the others one by one.
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
"""Records processed one by one between two pauses: some milliseconds of work."""


class Keeps(StrEnum):
    """How much of a plan is kept."""

    COUNTS = "counts"
    """Counts and the first problems, for a dry run."""
    CHANGES = "changes"
    """Also the users after the import, for an import."""
    RECORDS = "records"
    """Also the outcome of each record, for a preview."""


class _Said(NamedTuple):
    """A record and its problems."""

    judged: MatchedRecord
    values: Values
    faults: list[Fault]


class Planner:
    """Creates the plan of an import, record by record.

    Args:
        state: the state of the store.
        choices: the import options.
        keeps: how much of the plan to keep.
        tick: progress callback for the steps before and after the records.
        pause: called regularly while records are processed one by one.
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
        """By number, records with problems: the first of them, or all that are listed."""
        self._contested: dict[int, _Said] = {}
        """By number, accepted records that may lose their User Name or share an Extension."""
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

    def add(self, records: Record | CleanRecords) -> None:
        """Validate a record, or many, by themselves and against the store."""
        if isinstance(records, Record):
            self._begin(range(records.line, records.line + 1))
            self._add(records)
            return
        self._begin(range(records.line, records.line + len(records.values)))
        batch = Batch(records, self._state, self._choices, adds_unknown=self._matching.adds_unknown)
        if self._matching.remember(batch):
            self._pass_over(batch)
            self._add_new(batch)
        for record in batch.others():
            self._add(record)

    def _begin(self, lines: range) -> None:
        """Extend the outcomes for the next records, up to the limit of listed ones."""
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
        for index, stored in unchanged:
            self._matching.named.add(stored.user_id)
            self._note(batch.number + index, _UNCHANGED, stored, stored)

    def _add_new(self, batch: Batch) -> None:
        """Accept all new users without any problem."""
        new_users = batch.take_new(
            self._cautions.rows, self._extensions.counts, self._claims.claimed
        )
        if new_users is None:
            return
        places, columns, keys = new_users
        count = len(places)
        self._totals.add_new(columns)
        self._counts[_ADDED] += count
        numbers = [batch.number + index for index in places]
        lines = [batch.line + index for index in places]
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
            # it cannot be parsed, so there are no values to validate
            unmatched = MatchedRecord(record.number, record.line, User(), None)
            self._reject(_Said(unmatched, values, faults))
            return
        stored = self._matching.stored(record, faults)
        warnings: list[Fault] = []
        if stored is None:
            user = self._newcomers.user(values, faults)
        else:
            user, warnings = updated(values, stored, faults, self._choices)
            if user is not stored and self._choices.mode is Mode.ADD:
                faults.append(only(ONLY_ADDED))
        matched_record = MatchedRecord(record.number, record.line, user, stored)
        if faults:
            faults = _in_field_order(faults, record.faults)
            self._reject(_Said(matched_record, values, faults))
            return
        if user is not stored:
            warnings += self._cautions.of(user, stored)
        matched = _Said(matched_record, values, sorted(warnings, key=_field_number))
        if warnings:
            self._warn(matched)
        if user is stored:
            self._counts[_UNCHANGED] += 1
            self._note(record.number, _UNCHANGED, user, stored)
        else:
            self._claim(matched)

    def _claim(self, record: _Said) -> None:
        """Accept a record that adds or changes a user, unless another one gets its User Name."""
        number, line, user, stored = record.judged
        key = name_key(user.user_name)
        owner = self._state.names.get(key)
        is_contested = key in self._claims.claimed or owner not in (None, user.user_id)
        if self._extensions.move(user, stored, line):
            self._twice.append(number)
            is_contested = True
        if is_contested:
            self._contested[number] = record
        self._claims.add(record.judged)
        if not self._keeps_users and not is_contested:
            self._claims.users[-1] = None
        self._totals.add(user, stored)
        result = _ADDED if stored is None else _CHANGED
        self._counts[result] += 1
        self._note(number, result, user, stored)

    def _note(self, number: int, result: int, user: User | None, stored: User | None) -> None:
        """Set the outcome of a record."""
        outcomes = self._outcomes
        if outcomes is not None and number <= len(outcomes):
            outcomes.results[number - 1] = result
            outcomes.users[number - 1] = user
            outcomes.stored[number - 1] = stored

    def _reject(self, record: _Said) -> None:
        """Reject a record."""
        number, _, _, stored = record.judged
        self._counts[_REJECTED] += 1
        self._reasons.add(number, record.faults, updates=stored is not None)
        self._say(record)
        self._note(number, _REJECTED, None, stored)

    def _warn(self, record: _Said) -> None:
        """Count and keep the warnings of an accepted record."""
        self._warned += 1
        self._reasons.add(
            record.judged.number, record.faults, updates=record.judged.stored is not None
        )
        self._say(record)

    def _say(self, record: _Said) -> None:
        # the last checks may concern records before those that are already kept
        if self._is_ending or len(self._said) < self._said_limit:
            self._said[record.judged.number] = record

    # The end

    def finish(self) -> Plan:
        """Check User Names as they will be after the import, and return the plan."""
        state, tick = self._state, self._tick
        claims = self._claims
        claims.in_file_order()
        self._is_ending = True
        conflicts = name_conflicts(claims, state, tick)
        for index, fault in conflicts.items():
            self._reject_claim(claims.numbers[index], fault)
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
            taken={effect: users for effect, users in self._totals.taken.items() if users},
            outcomes=self._outcomes,
        )
        problems = (
            problem for _, record in sorted(self._said.items()) for problem in _problems(record)
        )
        plan.problems = list(islice(problems, PROBLEMS_KEPT))
        if self._outcomes is not None:
            self._fill(self._outcomes)
            plan.not_in_file = self._not_in_file()
        return plan

    def _reject_claim(self, number: int, fault: Fault) -> None:
        """Reject an accepted record because another one gets its User Name."""
        matched, values, warnings = self._contested.pop(number)
        user, stored = matched.user, matched.stored
        self._counts[_ADDED if stored is None else _CHANGED] -= 1
        self._totals.add(user, stored, -1)
        self._extensions.take_back(user, stored, matched.line)
        if warnings:
            self._warned -= 1
            self._reasons.take_back(warnings, updates=stored is not None)
        self._reject(_Said(matched, values, [fault]))

    def _warn_of_extensions(self) -> None:
        """Warn of users who share an Extension after the import."""
        counts = self._extensions.counts
        shared = {
            number: record
            for number in self._twice
            if (record := self._contested.get(number)) and counts[record.judged.user.extension] > 1
        }
        if not shared:
            return
        wanted = {record.judged.user.extension for record in shared.values()}
        holders = self._extensions.first_holders(wanted, self._state, self._tick)
        for _, (matched, values, faults) in sorted(shared.items()):
            extension = matched.user.extension
            others = (holder for holder in holders[extension] if holder != matched.line)
            if faults:
                self._warned -= 1
                self._reasons.take_back(faults, updates=matched.stored is not None)
            warning = extension_twice(extension, next(others, None))
            more = sorted([*faults, warning], key=_field_number)
            self._warn(_Said(matched, values, more))

    def _changes(self, rejected: Iterable[int]) -> tuple[dict[str, User], set[str]]:
        """Return the users after the import, in file order, and which of them are new."""
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
        for index in rejected:
            user_id = claims.user_ids[index]
            if changes.get(user_id) is users[index]:
                del changes[user_id]
            added.discard(user_id)
        return changes, added

    def _report_names_of_rejected(self, conflicts: Collection[int]) -> None:
        """Report on the first rejected records also whether their User Name is taken."""
        by_key: dict[str, list[_Said]] = {}
        rejected_records = (
            record
            for _, record in sorted(self._said.items())
            if record.faults[0].severity is Severity.ERROR
        )
        for record in islice(rejected_records, PROBLEMS_KEPT):
            key = name_key(record.judged.user.user_name)
            if key and not any(fault.field is _USER_NAME for fault in record.faults):
                by_key.setdefault(key, []).append(record)
        if not by_key:
            return
        claims, state = self._claims, self._state
        owners = {state.names[key]: key for key in by_key if key in state.names}
        for index, (user_id, key) in enumerate(zip(claims.user_ids, claims.keys, strict=True)):
            if index in conflicts:
                continue
            if user_id in owners and owners[user_id] != key:
                by_key.pop(owners[user_id], None)  # that user gets another name
            for record in by_key.get(key, ()) if user_id not in owners else ():
                if user_id and record.judged.user.user_id == user_id:
                    continue  # it is about the same user, which is reported already
                self._add_fault(
                    record, name_twice(record.judged.user.user_name, claims.lines[index])
                )
        for owner_id, key in owners.items():
            owner = state.users[owner_id]
            for record in by_key.get(key, ()):
                user = record.judged.user
                is_new = record.judged.stored is None and not user.user_id
                if user.user_id != owner_id:
                    self._add_fault(record, name_taken(user.user_name, owner, is_new=is_new))

    def _add_fault(self, record: _Said, fault: Fault) -> None:
        number, updates = record.judged.number, record.judged.stored is not None
        record.faults.append(fault)
        record.faults.sort(key=_field_number)
        self._reasons.add(number, [fault], updates=updates)

    def _fill(self, outcomes: Outcomes) -> None:
        """Add the problems to the outcomes, also of records that are not listed."""
        for number, (_, values, faults) in self._said.items():
            outcomes.faults[number] = faults
            if faults[0].severity is Severity.ERROR:
                is_read = faults[0].field is not None
                outcomes.values[number] = values if is_read else None

    def let_go(self) -> None:
        """Free, step by step, the memory that only planning needed."""
        claims = self._claims
        let_go(claims.users, claims.stored, claims.user_ids, claims.keys, claims.claimed)
        let_go(self._said, self._contested, self._extensions.counts)

    def _not_in_file(self) -> list[str]:
        """Return the users that are not in the file, in store order."""
        user_ids: list[str] = []
        users = self._state.users
        for batch in in_steps(users.values(), len(users), self._tick):
            user_ids += [user.user_id for user in batch if user.user_id not in self._matching.named]
        return user_ids


def _field_number(fault: Fault) -> int:
    return fault.field.number if fault.field else 0


def _in_field_order(faults: list[Fault], unreadable: tuple[Fault, ...]) -> list[Fault]:
    """Return the faults in field order; for an unreadable value, only that it is unreadable."""
    fields = [fault.field for fault in unreadable]
    relevant = [fault for fault in faults if fault in unreadable or fault.field not in fields]
    return sorted(relevant, key=_field_number)


def _problems(record: _Said) -> list[Problem]:
    (number, line, _, stored), values, faults = record
    user = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME_AT] or ""
    if not user and stored:
        user = f"{stored.first_name} {stored.last_name}"
    return [
        Problem(
            fault.severity,
            line,
            number,
            fault.field,
            user,
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
    """Return the plan of an import.

    Args:
        records: the records of a users file, as they are read; they are not kept.
        state: the state of the store.
        choices: the import options.
        tick: progress callback for the steps before and after the records; the reader reports its
            own progress.
        keeps: how much of the plan to keep.
        pause: called regularly while records are processed one by one.
    """
    planner = Planner(state, choices or Choices(), keeps, tick, pause)
    try:
        for record in records:
            planner.add(record)
        return planner.finish()
    finally:
        if keeps is Keeps.RECORDS:
            planner.let_go()  # in steps, as the terminal UI needs time in between
