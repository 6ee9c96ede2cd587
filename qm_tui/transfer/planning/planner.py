"""Planning of an import: every record is added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both the preview and the import: it is committed
unchanged. Most records of most files are new users or change nothing: those are processed many at
a time (`qm_tui.transfer.planning.batch`), and only the others one by one.
"""

from collections.abc import Callable, Collection, Iterable
from enum import StrEnum
from functools import cached_property
from itertools import islice, repeat
from typing import Final, NamedTuple, cast

from qm_tui.gc_control import clear_in_chunks
from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.changes.mass_change import confirmation_count
from qm_tui.store.look_alikes import LOOK_ALIKE, has_look_alikes, look_alike_in_file_issue
from qm_tui.store.state import State
from qm_tui.store.user_names import (
    MatchedRecord,
    NameClaims,
    duplicate_name_issue,
    find_name_conflicts,
    name_in_use_issue,
)
from qm_tui.text import trim
from qm_tui.transfer.options.import_options import (
    ImportMode,
    ImportOptions,
    NewValues,
    ShortRecords,
)
from qm_tui.transfer.planning.batch import RecordBatch
from qm_tui.transfer.planning.booleans import read_booleans
from qm_tui.transfer.planning.matching import RecordMatcher, mode_issue
from qm_tui.transfer.planning.new_users import NewUserFactory
from qm_tui.transfer.planning.plan import (
    MAX_ISSUES,
    MAX_LISTED,
    RESULTS,
    WITH_ERRORS,
    ImportPlan,
    RecordOutcomes,
    UserUpdate,
    is_short,
)
from qm_tui.transfer.planning.totals import MODE_ADDS_ONLY, IssueCounts, LicenseTotals, in_chunks
from qm_tui.transfer.planning.updating import update_user
from qm_tui.transfer.planning.warnings import (
    ExtensionUsage,
    ImportWarnings,
    duplicate_extension_issue,
    values_in_use,
)
from qm_tui.transfer.reading.reader import CleanRecordBatch, Record, Values
from qm_tui.transfer.reading.record_rows import SHORT_RECORD
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import look_alike_key, normalize_user_name
from qm_tui.users.issues import (
    REDACTED,
    Issue,
    RecordIssue,
    Severity,
    field_number,
    redact_value,
)
from qm_tui.users.new_values import ValuesInUse

_new = tuple.__new__

_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_LAST_NAME: Final = FIELD["last_name"]
_EXTENSION_AT: Final = FIELD["extension"].index
_USER_ID_AT: Final = _USER_ID.index
_USER_NAME_AT: Final = _USER_NAME.index
_ADDED, _CHANGED, _UNCHANGED, _REJECTED = range(len(RESULTS))


_CHUNK: Final = 256
"""Records processed one by one between two pauses: some milliseconds of work."""


_NO_VALUES: Final[Values] = [None] * len(FIELDS)


class PlanDetail(StrEnum):
    """How much of a plan is kept."""

    COUNTS = "counts"
    """Counts, the first problems and the updates of users, for a dry run."""
    OUTCOMES = "outcomes"
    """Also the outcome of each record. New users have no generated User IDs."""
    CHANGES = "changes"
    """The same as `COUNTS`, and the users after the import, for an import."""
    RECORDS = "records"
    """The outcome of each record and the users after the import, for a preview."""


class _RecordIssues(NamedTuple):
    """A record and its problems."""

    record: MatchedRecord
    values: Values | None
    """None if the record cannot be parsed."""
    issues: list[Issue]
    """Errors first; a record with an error is rejected."""


class Planner:
    """Creates the plan of an import, record by record.

    Args:
        state: the state of the store.
        options: the import options.
        detail: how much of the plan to keep.
        progress: progress callback for the steps before and after the records.
        yield_control: called regularly while records are processed one by one.
        in_use: the values in use in the store; if not given, they are collected.
    """

    def __init__(
        self,
        state: State,
        options: ImportOptions,
        detail: PlanDetail = PlanDetail.CHANGES,
        progress: ProgressCallback = ignore_progress,
        yield_control: Callable[[], object] = int,
        in_use: ValuesInUse | None = None,
    ) -> None:
        self._yield_control = yield_control
        self._validated = 0
        self._state = state
        self._options = options
        self._with_changes = detail in (PlanDetail.CHANGES, PlanDetail.RECORDS)
        self._matcher = RecordMatcher(state, options)
        self._new_users = NewUserFactory(state, options, gives_ids=self._with_changes)
        self._progress = progress
        self._claims = NameClaims()
        self._record_issues: dict[int, _RecordIssues] = {}
        """By number, records with problems: the first of them, or all that are listed."""
        self._contested: dict[int, _RecordIssues] = {}
        """By number, accepted records of which others decide: they may lose their User Name, share
        an Extension or have a User Name that looks like another one."""
        self._in_use = in_use
        self._duplicate_lines: list[int] = []
        self._look_alikes: list[int] = []
        self._counts = [0] * len(RESULTS)
        self._warned = 0
        self._issue_counts = IssueCounts()
        self._totals = LicenseTotals()
        with_outcomes = detail in (PlanDetail.OUTCOMES, PlanDetail.RECORDS)
        self._outcomes = RecordOutcomes() if with_outcomes else None
        self._issue_limit = MAX_LISTED if self._outcomes is not None else MAX_ISSUES
        self._is_ending = False

    # Both read the whole store, and an import that changes nothing needs neither

    @cached_property
    def _warnings(self) -> ImportWarnings:
        in_use = self._in_use or values_in_use(self._state, self._progress)
        return ImportWarnings(self._state, in_use)

    @cached_property
    def _extensions(self) -> ExtensionUsage:
        return ExtensionUsage(self._state, self._progress)

    # Records

    def add(self, records: Record | CleanRecordBatch) -> None:
        """Validate a record, or many, by themselves and against the store."""
        if self._options.read_booleans:
            records = read_booleans(records)
        if isinstance(records, Record):
            self._begin(range(records.line, records.line + 1))
            self._add(records)
            return
        self._begin(range(records.line, records.line + len(records.values)))
        batch = RecordBatch(
            records, self._state, self._options, adds_unknown=self._matcher.adds_unknown
        )
        if self._matcher.register_batch(batch):
            self._count_unchanged(batch)
            if batch.has_remaining:
                self._add_new(batch)
        for record in batch.remaining():
            self._add(record)

    def _begin(self, lines: range) -> None:
        """Extend the outcomes for the next records, up to the limit of listed ones."""
        outcomes = self._outcomes
        if outcomes is None:
            return
        lines = lines[: max(0, MAX_LISTED - len(outcomes))]
        outcomes.lines.extend(lines)
        outcomes.results += bytes((_REJECTED,)) * len(lines)
        outcomes.users += repeat(None, len(lines))
        outcomes.stored += repeat(None, len(lines))

    def _count_unchanged(self, batch: RecordBatch) -> None:
        """Count the records that change nothing."""
        unchanged = batch.pop_unchanged()
        self._counts[_UNCHANGED] += len(unchanged)
        if self._outcomes is None:
            return
        for index, stored in unchanged:
            self._matcher.ids_in_file.add(stored.user_id)
            self._record_outcome(batch.number + index, _UNCHANGED, stored, stored)

    def _add_new(self, batch: RecordBatch) -> None:
        """Accept all new users without any problem."""
        new_users = batch.pop_insertable(
            self._warnings.rows_with_warnings, self._extensions.counts, self._claims.claimed
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
        if not self._with_changes and self._outcomes is None:
            self._claims.add_new(numbers, lines, columns[_USER_ID_AT], keys, None)
            return
        users = self._new_users.create_users(columns)
        user_ids = [user.user_id for user in users]
        self._claims.add_new(numbers, lines, user_ids, keys, users)
        if self._outcomes is not None:
            for number, user in zip(numbers, users, strict=True):
                self._record_outcome(number, _ADDED, user, None)

    def _add(self, record: Record) -> None:
        self._validated += 1
        if not self._validated % _CHUNK:
            self._yield_control()
        if not record.is_parsed:
            unmatched = MatchedRecord(record.number, record.line, User(), None)
            self._reject(_RecordIssues(unmatched, None, list(record.issues)))
            return
        issues: list[Issue] = []
        stored = self._matcher.match(record, issues)
        values = record.values if stored is None else _with_stored_ends(record.values, stored)
        warnings: list[Issue] = []
        if record.issues:
            found = self._issues_of_reader(record, stored)
            warnings = [issue for issue in found if issue.severity is Severity.WARNING]
            issues += [issue for issue in found if issue.severity is Severity.ERROR]
        if stored is None:
            user = self._new_users.create_user(values, issues)
        else:
            user, more_warnings = update_user(values, stored, issues, self._options)
            warnings += more_warnings
            if user is not stored and self._options.mode is ImportMode.ADD:
                issues.append(mode_issue(MODE_ADDS_ONLY))
        if user is not stored and self._options.new_values is NewValues.REJECT:
            issues += self._warnings.new_value_errors(user, stored)
        matched_record = MatchedRecord(record.number, record.line, user, stored)
        if issues:
            # a rejected user has no generated User ID
            rejected = user if stored else user._replace(user_id=values[_USER_ID_AT] or "")
            matched_record = matched_record._replace(user=rejected)
            issues = _without_consequences(issues, record.issues)
            general = [
                warning._replace(severity=Severity.ERROR, reason=WITH_ERRORS.format(warning.kind))
                for warning in warnings
                if warning.field is None
            ]
            listed = sorted([*issues, *general], key=_rank)
            self._reject(_RecordIssues(matched_record, record.values, listed))
            return
        if user is not stored:
            warnings += self._warnings.for_user(user, stored)
        matched = _RecordIssues(matched_record, record.values, sorted(warnings, key=_rank))
        if warnings:
            self._add_warnings(matched)
        if user is stored:
            self._counts[_UNCHANGED] += 1
            self._record_outcome(record.number, _UNCHANGED, user, stored)
        else:
            self._claim(matched)

    def _issues_of_reader(self, record: Record, stored: User | None) -> list[Issue]:
        """Return the problems that the reader found, except of values that do not change.

        New rules must not reject what is stored already (users file, section 4).
        """
        rejects_short = self._options.short_records is ShortRecords.REJECT
        return [
            issue._replace(severity=Severity.ERROR)
            if rejects_short and issue.kind == SHORT_RECORD
            else issue
            for issue in record.issues
            if issue.field is None
            or stored is None
            or record.values[issue.field.index] != stored[issue.field.index]
        ]

    def _claim(self, record: _RecordIssues) -> None:
        """Accept a record that adds or changes a user, unless another one gets its User Name."""
        number, line, user, stored = record.record
        key = normalize_user_name(user.user_name)
        owner = self._state.names.get(key)
        is_contested = key in self._claims.claimed or owner not in (None, user.user_id)
        if self._extensions.move(user, stored, line):
            self._duplicate_lines.append(number)
            is_contested = True
        if has_look_alikes(user.user_name) and (
            stored is None or key != normalize_user_name(stored.user_name)
        ):
            self._look_alikes.append(number)
            is_contested = True
        if is_contested:
            self._contested[number] = record
        self._claims.add(record.record)
        if stored is None and not self._with_changes and not is_contested:
            self._claims.users[-1] = None
        self._totals.add(user, stored)
        result = _ADDED if stored is None else _CHANGED
        self._counts[result] += 1
        self._record_outcome(number, result, user, stored)

    def _record_outcome(
        self, number: int, result: int, user: User | None, stored: User | None
    ) -> None:
        """Set the outcome of a record."""
        outcomes = self._outcomes
        if outcomes is not None and number <= len(outcomes):
            outcomes.results[number - 1] = result
            outcomes.users[number - 1] = user
            outcomes.stored[number - 1] = stored

    def _reject(self, record: _RecordIssues) -> None:
        """Reject a record."""
        number, _, _, stored = record.record
        self._counts[_REJECTED] += 1
        self._issue_counts.add(number, record.issues, updates=stored is not None)
        self._add_issues(record)
        self._record_outcome(number, _REJECTED, None, stored)

    def _add_warnings(self, record: _RecordIssues) -> None:
        """Count and keep the warnings of an accepted record."""
        self._warned += 1
        self._issue_counts.add(
            record.record.number, record.issues, updates=record.record.stored is not None
        )
        self._add_issues(record)

    def _add_issues(self, record: _RecordIssues) -> None:
        # the last checks may concern records before those that are already kept
        if self._is_ending or len(self._record_issues) < self._issue_limit:
            self._record_issues[record.record.number] = record

    # The end

    def finish(self) -> ImportPlan:
        """Check User Names as they will be after the import, and return the plan."""
        state, progress = self._state, self._progress
        claims = self._claims
        claims.sort_in_file_order()
        self._is_ending = True
        conflicts = find_name_conflicts(claims, state, progress)
        for index, issue in conflicts.items():
            self._reject_claim(claims.numbers[index], issue)
        self._add_extension_warnings()
        self._add_look_alike_warnings(conflicts.keys())
        changes, added = self._changes(conflicts.keys())
        self._report_names_of_rejected(conflicts.keys())
        plan = ImportPlan(
            state.version,
            self._options,
            changes,
            added,
            dict(zip(RESULTS, self._counts, strict=True)),
            warning_count=self._warned,
            groups=self._issue_counts.groups(),
            issue_count=self._issue_counts.issue_count,
            kept_values=self._issue_counts.kept_values,
            totals=self._totals.changes(state, progress),
            users_before=len(state.users),
            required_confirmation=confirmation_count(self._totals.affected, len(state.users)),
            removals={effect: users for effect, users in self._totals.removals.items() if users},
            updates=self._updates(conflicts.keys()),
            outcomes=self._outcomes,
        )
        problems = (
            problem
            for _, record in sorted(self._record_issues.items())
            for problem in _to_record_issues(record)
        )
        plan.issues = list(islice(problems, MAX_ISSUES))
        if self._outcomes is not None:
            self._fill(self._outcomes)
            plan.not_in_file = self._not_in_file()
        return plan

    def _reject_claim(self, number: int, issue: Issue) -> None:
        """Reject an accepted record because another one gets its User Name."""
        matched, values, warnings = self._contested.pop(number)
        general = [warning for warning in warnings if warning.field is None]
        user, stored = matched.user, matched.stored
        self._counts[_ADDED if stored is None else _CHANGED] -= 1
        self._totals.add(user, stored, -1)
        self._extensions.revert(user, stored, matched.line)
        if warnings:
            self._warned -= 1
            self._issue_counts.remove(warnings, updates=stored is not None)
        self._reject(_RecordIssues(matched, values, [issue, *general]))

    def _add_extension_warnings(self) -> None:
        """Warn of users who share an Extension after the import."""
        if not self._duplicate_lines:
            return
        counts = self._extensions.counts
        shared = {
            number: record
            for number in self._duplicate_lines
            if (record := self._contested.get(number)) and counts[record.record.user.extension] > 1
        }
        if not shared:
            return
        wanted = {record.record.user.extension for record in shared.values()}
        holders = self._extensions.first_holders(wanted, self._state, self._progress)
        for number, (matched, _, _) in sorted(shared.items()):
            extension = matched.user.extension
            others = (holder for holder in holders[extension] if holder != matched.line)
            self._add_warning(number, duplicate_extension_issue(extension, next(others, None)))

    def _add_look_alike_warnings(self, rejected: Collection[int]) -> None:
        """Warn of names that look like a name in another record.

        Of two, the name with the letters of another script has the warning, or else the later one.
        """
        if not self._look_alikes:
            return
        claims, first_lines = self._claims, dict[str, int]()
        indexes = {key: index for index, key in enumerate(claims.keys) if index not in rejected}
        for number in sorted(self._look_alikes):
            record = self._contested.get(number)
            if record is None or any(issue.reason == LOOK_ALIKE for issue in record.issues):
                continue
            name, line = record.record.user.user_name, record.record.line
            alike = look_alike_key(name)
            other = first_lines.setdefault(alike, line)
            if alike in indexes:
                other = claims.lines[indexes[alike]]
            if other != line:
                self._add_warning(number, look_alike_in_file_issue(name, other))

    def _add_warning(self, number: int, warning: Issue) -> None:
        """Add a warning to an accepted record that was noted as contested."""
        matched, values, issues = self._contested[number]
        if issues:
            self._warned -= 1
            self._issue_counts.remove(issues, updates=matched.stored is not None)
        more = sorted([*issues, warning], key=_rank)
        self._contested[number] = _RecordIssues(matched, values, more)
        self._add_warnings(self._contested[number])

    def _changes(self, rejected: Iterable[int]) -> tuple[dict[str, User], set[str]]:
        """Return the users after the import, in file order, and which of them are new."""
        if not self._with_changes:
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

    def _updates(self, rejected: Collection[int]) -> list[UserUpdate]:
        """Return the records that change users, unless the outcomes contain them."""
        claims = self._claims
        if self._outcomes is not None or not self._counts[_CHANGED]:
            return []
        return [
            UserUpdate(line, stored, user)
            for index, (line, stored, user) in enumerate(
                zip(claims.lines, claims.stored, claims.users, strict=True)
            )
            if stored is not None and user is not None and index not in rejected
        ]

    def _report_names_of_rejected(self, conflicts: Collection[int]) -> None:
        """Report on the first rejected records also whether their User Name is taken."""
        by_key: dict[str, list[_RecordIssues]] = {}
        rejected_records = (
            record
            for _, record in sorted(self._record_issues.items())
            if record.issues[0].severity is Severity.ERROR
        )
        for record in islice(rejected_records, MAX_ISSUES):
            _, _, user, stored = record.record
            key = normalize_user_name(user.user_name)
            if stored is not None and key == normalize_user_name(stored.user_name):
                continue  # it does not change
            if key and not any(issue.field is _USER_NAME for issue in record.issues):
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
                if user_id and record.record.user.user_id == user_id:
                    continue  # it is about the same user, which is reported already
                self._add_issue(
                    record, duplicate_name_issue(record.record.user.user_name, claims.lines[index])
                )
        for owner_id, key in owners.items():
            owner = state.users[owner_id]
            for record in by_key.get(key, ()):
                user = record.record.user
                is_new = record.record.stored is None and not user.user_id
                if user.user_id != owner_id:
                    self._add_issue(record, name_in_use_issue(user.user_name, owner, is_new=is_new))

    def _add_issue(self, record: _RecordIssues, issue: Issue) -> None:
        number, updates = record.record.number, record.record.stored is not None
        record.issues.append(issue)
        record.issues.sort(key=_rank)
        self._issue_counts.add(number, [issue], updates=updates)

    def _fill(self, outcomes: RecordOutcomes) -> None:
        """Add the problems to the outcomes, also of records that are not listed."""
        for number, (_, values, issues) in self._record_issues.items():
            outcomes.issues[number] = _without_shifted_values(issues)
            if issues[0].severity is Severity.ERROR:
                outcomes.values[number] = values

    def release_memory(self) -> None:
        """Free, step by step, the memory that only planning needed."""
        claims = self._claims
        clear_in_chunks(claims.users, claims.stored, claims.user_ids, claims.keys, claims.claimed)
        clear_in_chunks(self._record_issues, self._contested)
        if "_extensions" in self.__dict__:
            clear_in_chunks(self._extensions.counts)

    def _not_in_file(self) -> list[str]:
        """Return the users that are not in the file, in store order."""
        user_ids: list[str] = []
        users = self._state.users
        for batch in in_chunks(users.values(), len(users), self._progress):
            user_ids += [
                user.user_id for user in batch if user.user_id not in self._matcher.ids_in_file
            ]
        return user_ids


def _rank(issue: Issue) -> tuple[bool, int]:
    """Return the sort key of a problem: errors first, in field order."""
    return issue.severity is Severity.WARNING, field_number(issue)


def _without_consequences(issues: list[Issue], unreadable: tuple[Issue, ...]) -> list[Issue]:
    """Return the errors; for a value with an invalid character, only that it is invalid."""
    fields = [
        issue.field for issue in unreadable if issue.field and issue.severity is Severity.ERROR
    ]
    return [issue for issue in issues if issue in unreadable or issue.field not in fields]


def _without_shifted_values(issues: list[Issue]) -> list[Issue]:
    """Return the problems of a record; of a short one, without the values that they concern.

    Its values may be shifted, so that a password is the value of another field.
    """
    if not is_short(issues):
        return issues
    return [
        issue if issue.field is None else issue._replace(message=issue.kind) for issue in issues
    ]


def _with_stored_ends(values: Values, stored: User) -> Values:
    """Return the values, with the stored one where they differ only in trimmed characters.

    A store may hold values that were not trimmed. An import must not change them.
    """
    return [
        before
        if value not in (None, before) and value == trim(before) and not field.is_secret
        else value
        for field, value, before in zip(FIELDS, values, stored, strict=True)
    ]


def _to_record_issues(record: _RecordIssues) -> list[RecordIssue]:
    (number, line, _, stored), known_values, issues = record
    issues = _without_shifted_values(issues)
    hides_values = is_short(issues)
    values = _NO_VALUES if known_values is None or hides_values else known_values
    user = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME_AT] or ""
    if not user and stored:
        user = f"{stored.first_name} {stored.last_name}"
    return [
        RecordIssue(
            issue.severity,
            line,
            number,
            issue.field,
            user,
            REDACTED
            if hides_values and issue.field
            else redact_value(issue.field, values[issue.field.index] if issue.field else None),
            issue.message,
            issue.fix,
        )
        for issue in issues
    ]


def plan_import(
    records: Iterable[Record | CleanRecordBatch],
    state: State,
    options: ImportOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    detail: PlanDetail = PlanDetail.CHANGES,
    yield_control: Callable[[], object] = int,
    in_use: ValuesInUse | None = None,
) -> ImportPlan:
    """Return the plan of an import.

    Args:
        records: the records of a users file, as they are read; they are not kept.
        state: the state of the store.
        options: the import options.
        progress: progress callback for the steps before and after the records; the reader reports
            its own progress.
        detail: how much of the plan to keep.
        yield_control: called regularly while records are processed one by one.
        in_use: the values in use in the store; if not given, they are collected.
    """
    planner = Planner(state, options or ImportOptions(), detail, progress, yield_control, in_use)
    try:
        for record in records:
            planner.add(record)
        return planner.finish()
    finally:
        if detail is PlanDetail.RECORDS:
            planner.release_memory()  # in steps, as the terminal UI needs time in between
