"""Planning of an import: every record is added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both the preview and the import: it is committed
unchanged. A record that equals its user is unchanged without a check. New users are screened many
at a time (`qm_tui.users.screening`), and only those that may have a problem are checked one by one.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from itertools import chain, islice
from typing import Final, NamedTuple, cast

from qm_tui.gc_control import clear_in_chunks
from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.changes.mass_change import confirmation_count
from qm_tui.store.look_alikes import (
    LOOK_ALIKE,
    has_look_alikes,
    look_alike_in_file_issue,
    may_look_alike,
)
from qm_tui.store.state import State
from qm_tui.store.user_names import (
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
from qm_tui.transfer.planning.corrections import read_booleans
from qm_tui.transfer.planning.matching import RecordMatcher, mode_issue
from qm_tui.transfer.planning.new_users import NewUserFactory
from qm_tui.transfer.planning.plan import (
    MAX_ISSUES,
    MAX_LISTED,
    WITH_ERRORS,
    ImportPlan,
    RecordOutcomes,
    Result,
    UserUpdate,
    is_short,
)
from qm_tui.transfer.planning.totals import MODE_ADDS_ONLY, IssueCounts, LicenseTotals, chunk_users
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
from qm_tui.users.screening import Screening

_USER_NAME: Final = FIELD["user_name"]
_USER_ID_AT: Final = FIELD["user_id"].index

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


class _Planned(NamedTuple):
    """A record, the user that it would add or change, and its problems."""

    number: int
    line: int
    user: User
    stored: User | None
    """The user before; None if the record would add one."""
    values: Values | None
    """None if the record cannot be parsed."""
    issues: list[Issue]
    """Errors first; a record with an error is rejected."""


class RecordContext(NamedTuple):
    """The store and the other records of a file, as far as they concern a single record.

    A scan of the whole store for each record that is typed would take too long. The plan has the
    problems of the record, but no counts of licenses.

    Attributes:
        in_use: the values in use in the store.
        extension_holders: other users with its extension after the import.
        names_given_up: User Names, normalized, that no user of the store has after the import.
    """

    in_use: ValuesInUse
    extension_holders: Collection[User]
    names_given_up: Collection[str]


class Planner:
    """Creates the plan of an import, record by record.

    Args:
        state: the state of the store.
        options: the import options.
        detail: how much of the plan to keep.
        progress: progress callback for the steps before and after the records.
        yield_control: called regularly while records are processed one by one.
        context: what concerns the only record; if not given, the whole store is scanned.
    """

    def __init__(
        self,
        state: State,
        options: ImportOptions,
        detail: PlanDetail = PlanDetail.CHANGES,
        progress: ProgressCallback = ignore_progress,
        yield_control: Callable[[], object] = int,
        context: RecordContext | None = None,
    ) -> None:
        self._state, self._options, self._context = state, options, context
        self._progress, self._yield_control = progress, yield_control
        self._with_changes = detail in (PlanDetail.CHANGES, PlanDetail.RECORDS)
        with_outcomes = detail in (PlanDetail.OUTCOMES, PlanDetail.RECORDS)
        self._outcomes = RecordOutcomes() if with_outcomes else None
        self._issue_limit = MAX_LISTED if with_outcomes else MAX_ISSUES
        self._matcher = RecordMatcher(state, options)
        self._new_users = NewUserFactory(state, options, gives_ids=self._with_changes)
        self._screening = Screening(self._has_problem)
        self._claims = NameClaims()
        self._with_issues: dict[int, _Planned] = {}
        """By number, records with problems: the first of them, or all that are listed."""
        self._contested: dict[int, _Planned] = {}
        """By number, accepted records of which others decide: they may lose their User Name, share
        an Extension or have a User Name that looks like another one."""
        self._duplicate_lines: list[int] = []
        self._look_alikes: list[int] = []
        self._counts = dict.fromkeys(Result, 0)
        self._warned = self._checked = 0
        self._issue_counts = IssueCounts()
        self._totals = LicenseTotals()
        self._names_given_up = context.names_given_up if context else ()
        self._is_ending = False

    # Both read the whole store, and an import that changes nothing needs neither

    @cached_property
    def _warnings(self) -> ImportWarnings:
        context, state = self._context, self._state
        in_use = context.in_use if context else values_in_use(state, self._progress)
        return ImportWarnings(state, in_use)

    @cached_property
    def _extensions(self) -> ExtensionUsage:
        context = self._context
        users = context.extension_holders if context else self._state.users.values()
        return ExtensionUsage(users, self._progress)

    # Records

    def add(self, records: Record | CleanRecordBatch) -> None:
        """Check a record, or many, by themselves and against the store."""
        if self._options.read_booleans:
            records = read_booleans(records)
        if isinstance(records, Record):
            self._list(range(records.line, records.line + 1))
            self._add(records, self._matcher.find([records.values])[0])
        else:
            self._list(range(records.line, records.line + len(records.values)))
            self._add_batch(records)

    def _list(self, lines: range) -> None:
        """Extend the outcomes for the next records, up to the limit of listed ones."""
        if self._outcomes is not None:
            self._outcomes.extend(lines[: max(0, MAX_LISTED - len(self._outcomes))])

    def _add_batch(self, batch: CleanRecordBatch) -> None:
        """Add many records, in file order: new users without a problem together."""
        matcher, rows = self._matcher, batch.values
        problems: set[int] | None = None
        start = unchanged = 0  # the new users without a problem begin at `start`
        for index, (values, found) in enumerate(zip(rows, matcher.find(rows), strict=True)):
            line = batch.line + index
            if found is None and matcher.may_add(values, line):
                if problems is None:
                    problems = self._rows_with_problems(rows)
                if index not in problems:
                    continue
            if start < index:
                self._accept_new(batch, start, index)
            start = index + 1
            if found is not None and matcher.is_unchanged(values, found, line):
                unchanged += 1
                if self._outcomes is not None:
                    self._outcomes.set(batch.number + index, Result.UNCHANGED, found, found)
            else:
                self._add(Record(batch.number + index, line, [*values], ()), found)
        if start < len(rows):
            self._accept_new(batch, start, len(rows))
        self._counts[Result.UNCHANGED] += unchanged

    def _rows_with_problems(self, rows: Sequence[Sequence[str | None]]) -> set[int]:
        """Return the indexes of records with an error or a warning if they add a user."""
        if None in rows[0]:
            return set(range(len(rows)))
        columns = cast("list[tuple[str, ...]]", list(zip(*rows, strict=True)))
        suspects = self._screening.rows_to_check(columns)
        names, state = columns[_USER_NAME.index], self._state
        return {row for row, name in enumerate(names) if may_look_alike(name, state)} | {
            row for row in suspects if self._has_problem(User(*cast("Sequence[str]", rows[row])))
        }

    def _has_problem(self, user: User) -> bool:
        """Return whether a new user has an error or a warning, the User Name apart."""
        issues: list[Issue] = []
        self._new_users.validated([*user], issues)
        return bool(issues or self._warnings.of_values(user, None))

    def _add(self, record: Record, found: User | None) -> None:
        self._checked += 1
        if not self._checked % _CHUNK:
            self._yield_control()
        number, line, values, _ = record
        if not record.is_parsed:
            self._reject(_Planned(number, line, User(), None, None, list(record.issues)))
            return
        issues: list[Issue] = []
        stored = self._matcher.match(record, found, issues)
        if stored is not None:
            values = _with_stored_ends(values, stored)
        of_reader = self._issues_of_reader(record, stored)
        warnings = [issue for issue in of_reader if issue.severity is Severity.WARNING]
        issues += [issue for issue in of_reader if issue.severity is Severity.ERROR]
        if stored is None:
            user = self._new_users.validated(values, issues)
        else:
            user, of_update = update_user(values, stored, issues, self._options)
            warnings += of_update
            if user is not stored and self._options.mode is ImportMode.ADD:
                issues.append(mode_issue(MODE_ADDS_ONLY))
        if user is not stored and self._options.new_values is NewValues.REJECT:
            issues += self._warnings.new_value_errors(user, stored)
        if issues:
            # a rejected user has no generated User ID
            user = user if stored else user._replace(user_id=values[_USER_ID_AT] or "")
            issues = _without_consequences(issues, record.issues)
            issues += [
                warning._replace(severity=Severity.ERROR, reason=WITH_ERRORS.format(warning.kind))
                for warning in warnings
                if warning.field is None
            ]
            issues.sort(key=_rank)
            self._reject(_Planned(number, line, user, stored, record.values, issues))
            return
        if user is not stored:
            warnings += self._warnings.for_user(user, stored)
        warnings.sort(key=_rank)
        planned = _Planned(number, line, user, stored, record.values, warnings)
        if warnings:
            self._add_warnings(planned)
        if user is stored:
            self._count(number, Result.UNCHANGED, user, stored)
        else:
            self._accept(planned)

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

    def _accept_new(self, batch: CleanRecordBatch, start: int, end: int) -> None:
        """Accept new users without a problem: together, unless some of them may be contested."""
        claims, extensions = self._claims, self._extensions
        users = self._new_users.create(cast("Sequence[Sequence[str]]", batch.values[start:end]))
        keys = [normalize_user_name(user.user_name) for user in users]
        numbers = range(batch.number + start, batch.number + end)
        lines = range(batch.line + start, batch.line + end)
        if claims.have_owner(keys, self._state) or extensions.are_used(users):
            for number, line, user in zip(numbers, lines, users, strict=True):
                values = [*batch.values[number - batch.number]]
                self._accept(_Planned(number, line, user, None, values, []))
            return
        claims.add_new(numbers, lines, keys, users, keep_users=self._with_changes)
        extensions.add_new(users, lines)
        self._totals.add_new(users)
        self._counts[Result.ADDED] += len(users)
        if self._outcomes is not None:
            for number, user in zip(numbers, users, strict=True):
                self._outcomes.set(number, Result.ADDED, user, None)

    def _accept(self, record: _Planned) -> None:
        """Accept a record that adds or changes a user, unless another one gets its User Name."""
        number, line, user, stored, _, _ = record
        claims = self._claims
        claimed = len(claims.claimed)
        claims.add(number, line, user, stored)
        key = claims.keys[-1]
        is_contested = (
            len(claims.claimed) == claimed
            or self._state.names.get(key, user.user_id) != user.user_id
        )
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
        elif stored is None and not self._with_changes:
            claims.users[-1] = None
        self._totals.add(user, stored)
        self._count(number, Result.CHANGED if stored else Result.ADDED, user, stored)

    def _count(self, number: int, result: Result, user: User | None, stored: User | None) -> None:
        """Count a record with its result."""
        self._counts[result] += 1
        if self._outcomes is not None:
            self._outcomes.set(number, result, user, stored)

    def _reject(self, record: _Planned) -> None:
        self._add_issues(record)
        self._count(record.number, Result.REJECTED, None, record.stored)

    def _add_warnings(self, record: _Planned) -> None:
        """Count and keep the warnings of an accepted record."""
        self._warned += 1
        self._add_issues(record)

    def _remove_warnings(self, record: _Planned) -> None:
        if record.issues:
            self._warned -= 1
            self._issue_counts.remove(record.issues, updates=record.stored is not None)

    def _add_issues(self, record: _Planned) -> None:
        updates = record.stored is not None
        self._issue_counts.add(record.number, record.issues, updates=updates)
        # the last checks may concern records before those that are already kept
        if self._is_ending or len(self._with_issues) < self._issue_limit:
            self._with_issues[record.number] = record

    # The end

    def finish(self) -> ImportPlan:
        """Check User Names as they will be after the import, and return the plan."""
        state, progress, totals = self._state, self._progress, self._totals
        claims, outcomes = self._claims, self._outcomes
        self._is_ending = True
        conflicts = find_name_conflicts(claims, state, progress, self._names_given_up)
        for index, issue in conflicts.items():
            self._reject_accepted(self._contested.pop(claims.numbers[index]), issue)
        self._add_extension_warnings()
        self._add_look_alike_warnings(conflicts)
        changes, added = self._changes(conflicts)
        self._report_names_of_rejected(conflicts)
        records = [record for _, record in sorted(self._with_issues.items())]
        problems = chain.from_iterable(map(_to_record_issues, records))
        if outcomes is not None:
            for record in records:
                outcomes.add_issues(
                    record.number, _without_shifted_values(record.issues), record.values
                )
        return ImportPlan(
            state.version,
            self._options,
            changes,
            added,
            self._counts,
            warning_count=self._warned,
            issues=list(islice(problems, MAX_ISSUES)),
            issue_count=self._issue_counts.issue_count,
            kept_values=self._issue_counts.kept_values,
            groups=self._issue_counts.groups(),
            totals={} if self._context else totals.changes(state, progress),
            users_before=len(state.users),
            required_confirmation=confirmation_count(totals.affected, len(state.users)),
            removals={effect: users for effect, users in totals.removals.items() if users},
            updates=self._updates(conflicts),
            outcomes=outcomes,
            not_in_file=[] if outcomes is None else self._not_in_file(),
        )

    def _reject_accepted(self, record: _Planned, issue: Issue) -> None:
        """Reject an accepted record because another one gets its User Name."""
        _, line, user, stored, _, warnings = record
        self._counts[Result.CHANGED if stored else Result.ADDED] -= 1
        self._totals.add(user, stored, -1)
        self._extensions.revert(user, stored, line)
        self._remove_warnings(record)
        general = [warning for warning in warnings if warning.field is None]
        self._reject(record._replace(issues=[issue, *general]))

    def _add_extension_warnings(self) -> None:
        """Warn of users who share an Extension after the import."""
        counts = self._extensions.counts if self._duplicate_lines else {}
        shared = {
            number: record.user.extension
            for number in self._duplicate_lines
            if (record := self._contested.get(number)) and counts[record.user.extension] > 1
        }
        if not shared:
            return
        holders = self._extensions.first_holders(set(shared.values()))
        for number, extension in sorted(shared.items()):
            line = self._contested[number].line
            others = (holder for holder in holders[extension] if holder != line)
            self._add_warning(number, duplicate_extension_issue(extension, next(others, None)))

    def _add_look_alike_warnings(self, rejected: Collection[int]) -> None:
        """Warn of names that look like a name in another record.

        Of two, the name with the letters of another script has the warning, or else the later one.
        """
        if not self._look_alikes:
            return
        claims, first_lines = self._claims, dict[str, int]()
        indexes = {key: index for index, key in enumerate(claims.keys) if index not in rejected}
        for number in self._look_alikes:
            record = self._contested.get(number)
            if record is None or any(issue.reason == LOOK_ALIKE for issue in record.issues):
                continue
            alike = look_alike_key(record.user.user_name)
            other = first_lines.setdefault(alike, record.line)
            if alike in indexes:
                other = claims.lines[indexes[alike]]
            if other != record.line:
                self._add_warning(number, look_alike_in_file_issue(record.user.user_name, other))

    def _add_warning(self, number: int, warning: Issue) -> None:
        """Add a warning to an accepted record that was noted as contested."""
        record = self._contested[number]
        self._remove_warnings(record)
        record = record._replace(issues=sorted([*record.issues, warning], key=_rank))
        self._contested[number] = record
        self._add_warnings(record)

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
        if self._outcomes is not None or not self._counts[Result.CHANGED]:
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
        by_key: dict[str, list[_Planned]] = {}
        rejected_records = (
            record
            for _, record in sorted(self._with_issues.items())
            if record.issues[0].severity is Severity.ERROR
        )
        for record in islice(rejected_records, MAX_ISSUES):
            key, stored = normalize_user_name(record.user.user_name), record.stored
            if stored is not None and key == normalize_user_name(stored.user_name):
                continue  # it does not change
            if key and not any(issue.field is _USER_NAME for issue in record.issues):
                by_key.setdefault(key, []).append(record)
        if not by_key:
            return
        claims, state = self._claims, self._state
        owners = {
            state.names[key]: key
            for key in by_key
            if key in state.names and key not in self._names_given_up
        }
        for index, (user_id, key) in enumerate(zip(claims.user_ids, claims.keys, strict=True)):
            if index in conflicts:
                continue
            if user_id in owners and owners[user_id] != key:
                by_key.pop(owners[user_id], None)  # that user gets another name
            for record in by_key.get(key, ()) if user_id not in owners else ():
                if user_id and record.user.user_id == user_id:
                    continue  # it is about the same user, which is reported already
                line = claims.lines[index]
                self._add_error(record, duplicate_name_issue(record.user.user_name, line))
        for owner_id, key in owners.items():
            for record in by_key.get(key, ()):
                user, owner = record.user, state.users[owner_id]
                is_new = record.stored is None and not user.user_id
                if user.user_id != owner_id:
                    self._add_error(record, name_in_use_issue(user.user_name, owner, is_new=is_new))

    def _add_error(self, record: _Planned, issue: Issue) -> None:
        """Add an error to a rejected record."""
        record.issues.append(issue)
        record.issues.sort(key=_rank)
        updates = record.stored is not None
        self._issue_counts.add(record.number, [issue], updates=updates)

    def release_memory(self) -> None:
        """Free, step by step, the memory that only planning needed."""
        claims = self._claims
        clear_in_chunks(claims.users, claims.stored, claims.user_ids, claims.keys, claims.claimed)
        clear_in_chunks(self._with_issues, self._contested)
        if "_extensions" in self.__dict__:
            clear_in_chunks(self._extensions.counts)

    def _not_in_file(self) -> list[str]:
        """Return the users that are not in the file, in store order."""
        user_ids: list[str] = []
        users, in_file = self._state.users, self._matcher.ids_in_file
        for batch in chunk_users(users.values(), len(users), self._progress):
            user_ids += [user.user_id for user in batch if user.user_id not in in_file]
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


def _to_record_issues(record: _Planned) -> list[RecordIssue]:
    is_hidden = is_short(record.issues)
    values = _NO_VALUES if record.values is None or is_hidden else record.values
    user = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME.index] or ""
    if not user and record.stored:
        user = f"{record.stored.first_name} {record.stored.last_name}"
    return [
        RecordIssue(
            issue.severity,
            record.line,
            record.number,
            issue.field,
            user,
            REDACTED
            if is_hidden and issue.field
            else redact_value(issue.field, values[issue.field.index] if issue.field else None),
            issue.message,
            issue.fix,
        )
        for issue in _without_shifted_values(record.issues)
    ]


def plan_import(
    records: Iterable[Record | CleanRecordBatch],
    state: State,
    options: ImportOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    detail: PlanDetail = PlanDetail.CHANGES,
    yield_control: Callable[[], object] = int,
    context: RecordContext | None = None,
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
        context: what concerns the only record; if not given, the whole store is scanned.
    """
    planner = Planner(state, options or ImportOptions(), detail, progress, yield_control, context)
    try:
        for record in records:
            planner.add(record)
        return planner.finish()
    finally:
        if detail is PlanDetail.RECORDS:
            planner.release_memory()  # in steps, as the terminal UI needs time in between
