"""Planning of an import: every record is added, changed, unchanged or rejected.

Source: the users file, section 3. The plan is both the preview and the import: it is committed
unchanged. A record that equals its user is unchanged without a check. New users are screened many
at a time (`qm_tui.users.screening`), and only those that may have a problem are checked one by one.
What the checks need to know of the store is asked for many records at a time.
"""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from functools import partial
from itertools import chain, islice
from typing import Final, cast

from qm_tui.gc_control import clear_in_chunks
from qm_tui.progress import (
    CHUNK_SIZE,
    Phase,
    ProgressCallback,
    YieldControl,
    ignore_progress,
    no_rest,
)
from qm_tui.store.look_alikes import (
    LOOK_ALIKE,
    has_look_alikes,
    look_alike_in_file_issue,
)
from qm_tui.store.state import State
from qm_tui.store.user_names import (
    NameClaims,
    duplicate_name_issue,
    find_name_conflicts,
    name_in_use_issue,
)
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.plan import (
    ANY_SOURCE,
    MAX_ISSUES,
    MAX_LISTED,
    ImportPlan,
    RecordOutcomes,
    Result,
    SourceRules,
    UserUpdate,
    is_short,
)
from qm_tui.transfer.planning.planned_record import PlannedRecord, in_order
from qm_tui.transfer.planning.record_rules import RecordRules
from qm_tui.transfer.planning.totals import IssueCounts, LicenseTotals
from qm_tui.transfer.planning.warnings import (
    ExtensionUsage,
    RecordContext,
    duplicate_extension_issue,
)
from qm_tui.transfer.reading.records import CleanRecordBatch, Record
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import look_alike_key, normalize_user_name
from qm_tui.users.issues import Issue

_USER_NAME: Final = FIELD["user_name"]

_INACTIVE: Final = "0"

_CHUNK: Final = 256
"""Records processed one by one between two pauses: some milliseconds of work."""


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


class Planner:
    """Creates the plan of an import, record by record.

    Args:
        state: the state of the store.
        options: the import options.
        detail: how much of the plan to keep.
        progress: progress callback for the steps before and after the records.
        yield_control: called regularly while records are processed one by one.
        context: what concerns the only record; if not given, the store is asked.
        source: the source of the records.
    """

    def __init__(
        self,
        state: State,
        options: ImportOptions,
        detail: PlanDetail = PlanDetail.CHANGES,
        progress: ProgressCallback = ignore_progress,
        yield_control: YieldControl = no_rest,
        context: RecordContext | None = None,
        source: SourceRules = ANY_SOURCE,
    ) -> None:
        self._state, self._options, self._context = state, options, context
        self._progress, self._yield_control = progress, yield_control
        self._rest = rest = partial(progress, Phase.CHECKING, 0, state.total)
        self._with_changes = detail in (PlanDetail.CHANGES, PlanDetail.RECORDS)
        with_outcomes = detail in (PlanDetail.OUTCOMES, PlanDetail.RECORDS)
        self._outcomes = RecordOutcomes() if with_outcomes else None
        self._issue_limit = MAX_LISTED if with_outcomes else MAX_ISSUES
        self._source = source
        self._rules = RecordRules(
            state, options, rest, context, source, gives_ids=self._with_changes
        )
        self._stored = stored = self._rules.stored
        self._extensions = ExtensionUsage(None if context else stored, source.shared_extension)
        self._missing = self._rules.missing
        self._waiting: list[Record] = []
        """Single records, which are checked together."""
        self._claims = NameClaims()
        self._with_issues: dict[int, PlannedRecord] = {}
        """By number, records with problems: the first of them, or all that are listed."""
        self._contested: dict[int, PlannedRecord] = {}
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

    # Records

    def add(self, records: Record | CleanRecordBatch) -> None:
        """Check a record, or many, by themselves and against the store."""
        records = self._rules.read(records)
        if isinstance(records, Record):
            self._list(range(records.line, records.line + 1))
            self._waiting.append(records)
            if len(self._waiting) == CHUNK_SIZE:
                self._add_waiting()
        else:
            self._add_waiting()
            self._list(range(records.line, records.line + len(records.values)))
            self._add_batch(records)

    def _add_waiting(self) -> None:
        """Add the single records that wait, in file order."""
        records, self._waiting = self._waiting, []
        rows = [record.new_values for record in records]
        for record, found in zip(records, self._find(rows, _names_in(rows)), strict=True):
            self._add(record, found)

    def _find(
        self, rows: Sequence[Sequence[str | None]], names: Sequence[str]
    ) -> list[User | None]:
        """Return the user that each record finds; ask at once what the checks need to know.

        Args:
            rows: the values of the records if they add users.
            names: their comparable User Names.
        """
        matcher, stored = self._rules.matcher, self._stored
        if self._state.is_at_hand or not rows:
            return matcher.find(rows, names)
        stored.forget()
        found = matcher.find(rows, names)
        stored.prepare(rows, found)
        return found

    def _list(self, lines: range) -> None:
        """Extend the outcomes for the next records, up to the limit of listed ones."""
        if self._outcomes is not None:
            self._outcomes.extend(lines[: max(0, MAX_LISTED - len(self._outcomes))])

    def _add_batch(self, batch: CleanRecordBatch) -> None:
        """Add many records, in file order: new users without a problem together."""
        matcher, rows, new_rows = self._rules.matcher, batch.values, batch.new_values
        names = _names_in(new_rows)
        problems: set[int] | None = None
        start = unchanged = 0  # the new users without a problem begin at `start`
        all_found = self._find(new_rows, names)
        for index, (values, found) in enumerate(zip(rows, all_found, strict=True)):
            line = batch.line + index
            if found is None and matcher.may_add(values, line):
                if problems is None:
                    problems = self._rules.new_users.rows_with_problems(new_rows, names)
                if index not in problems:
                    continue
            if start < index:
                self._accept_new(batch, names, start, index)
            start = index + 1
            if found is not None and matcher.is_unchanged(values, found, line):
                unchanged += 1
                if self._outcomes is not None:
                    self._outcomes.set(batch.number + index, Result.UNCHANGED, found, found)
            else:
                self._add(batch.record(index), found)
        if start < len(rows):
            self._accept_new(batch, names, start, len(rows))
        self._counts[Result.UNCHANGED] += unchanged

    def _add(self, record: Record, found: User | None) -> None:
        self._checked += 1
        if not self._checked % _CHUNK:
            self._yield_control()
        planned = self._rules.check(record, found)
        if planned.is_rejected:
            if self._missing:
                self._missing.add_rejected(record.values)
                if planned.values is None or is_short(planned.issues):
                    self._missing.add_unparsed(record.cells)
            self._reject(planned)
            return
        if planned.issues:
            self._add_warnings(planned)
        if planned.user is planned.stored:
            self._count(planned.number, Result.UNCHANGED, planned.user, planned.stored)
        else:
            self._accept(planned)

    def _accept_new(
        self, batch: CleanRecordBatch, names: Sequence[str], start: int, end: int
    ) -> None:
        """Accept new users without a problem: together, unless some of them may be contested."""
        claims, extensions = self._claims, self._extensions
        users = self._rules.new_users.create(batch.new_values[start:end])
        keys = names[start:end]
        numbers = range(batch.number + start, batch.number + end)
        lines = range(batch.line + start, batch.line + end)
        is_contested = claims.are_claimed(keys) or any(self._stored.owners(keys))
        if is_contested or extensions.are_used(users):
            for number, line, user in zip(numbers, lines, users, strict=True):
                values = [*batch.new_values[number - batch.number]]
                self._accept(PlannedRecord(number, line, user, None, values, []))
            return
        claims.add_new(numbers, lines, keys, users, keep_users=self._with_changes)
        extensions.add_new(users, lines)
        self._totals.add_new(users)
        self._counts[Result.ADDED] += len(users)
        if self._outcomes is not None:
            for number, user in zip(numbers, users, strict=True):
                self._outcomes.set(number, Result.ADDED, user, None)

    def _accept(self, record: PlannedRecord) -> None:
        """Accept a record that adds or changes a user, unless another one gets its User Name."""
        number, line, user, stored, _, _ = record
        claims = self._claims
        claimed = len(claims.claimed)
        claims.add(number, line, user, stored)
        key = claims.keys[-1]
        is_contested = len(claims.claimed) == claimed or (
            (stored is None or user.user_name != stored.user_name)
            and self._stored.owner(key) not in (None, user.user_id)
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

    def _reject(self, record: PlannedRecord) -> None:
        self._add_issues(record)
        self._count(record.number, Result.REJECTED, None, record.stored)

    def _add_warnings(self, record: PlannedRecord) -> None:
        """Count and keep the warnings of an accepted record."""
        self._warned += 1
        self._add_issues(record)

    def _remove_warnings(self, record: PlannedRecord) -> None:
        if record.issues:
            self._warned -= 1
            self._issue_counts.remove(record.issues, updates=record.stored is not None)

    def _add_issues(self, record: PlannedRecord) -> None:
        updates = record.stored is not None
        self._issue_counts.add(record.number, record.issues, updates=updates)
        # the last checks may concern records before those that are already kept
        if self._is_ending or len(self._with_issues) < self._issue_limit:
            self._with_issues[record.number] = record

    # The end

    def finish(self) -> ImportPlan:
        """Check User Names as they will be after the import, and return the plan.

        Raises:
            UserError: missing users would be inactivated, but the file is no list of all users.
        """
        self._add_waiting()
        state, progress, totals = self._state, self._progress, self._totals
        claims, outcomes = self._claims, self._outcomes
        self._is_ending = True
        conflicts = find_name_conflicts(claims, state, progress, self._names_given_up)
        for index, issue in conflicts.items():
            self._reject_accepted(self._contested.pop(claims.numbers[index]), issue)
        self._add_extension_warnings()
        self._add_look_alike_warnings(conflicts)
        changes, added = self._changes(conflicts)
        finder, ids_in_file = self._missing, self._rules.matcher.ids_in_file
        missing = finder.find(ids_in_file, self._source.incomplete()) if finder else None
        for user in missing.inactivated if missing else ():
            after = user._replace(is_active=_INACTIVE)
            totals.add(after, user)
            if self._with_changes:
                changes[user.user_id] = after
        self._report_names_of_rejected(conflicts)
        records = [record for _, record in sorted(self._with_issues.items())]
        problems = chain.from_iterable(record.report() for record in records)
        matcher = self._rules.matcher
        if outcomes is not None:
            for record in records:
                outcomes.add_issues(record.number, record.shown_issues, record.values)
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
            totals={} if self._context else totals.changes(state, self._rest),
            users_before=state.total,
            required_confirmation=totals.required_confirmation(state.total),
            without_password=totals.without_password,
            removals={effect: users for effect, users in totals.removals.items() if users},
            updates=self._updates(conflicts),
            outcomes=outcomes,
            not_in_file=None if outcomes is None else matcher.not_in_file,
            not_in_file_count=state.total - len(matcher.ids_in_file),
            missing=missing,
        )

    def _reject_accepted(self, record: PlannedRecord, issue: Issue) -> None:
        """Reject an accepted record because another one gets its User Name."""
        _, line, user, stored, _, warnings = record
        self._counts[Result.CHANGED if stored else Result.ADDED] -= 1
        self._totals.add(user, stored, -1)
        self._extensions.revert(user, stored, line)
        self._remove_warnings(record)
        if self._missing:
            self._missing.add_rejected([*user])
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
        holders = self._extensions.first_holders(set(shared.values()), self._rest)
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
        record = record._replace(issues=in_order([*record.issues, warning]))
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
        by_key: dict[str, list[PlannedRecord]] = {}
        rejected_records = (
            record for _, record in sorted(self._with_issues.items()) if record.is_rejected
        )
        for record in islice(rejected_records, MAX_ISSUES):
            key, stored = normalize_user_name(record.user.user_name), record.stored
            if stored is not None and key == normalize_user_name(stored.user_name):
                continue  # it does not change
            if key and not any(issue.field is _USER_NAME for issue in record.issues):
                by_key.setdefault(key, []).append(record)
        if not by_key:
            return
        claims, stored_users = self._claims, self._stored
        keys = [key for key in by_key if key not in self._names_given_up]
        owners = {
            owner_id: key
            for key, owner_id in zip(keys, stored_users.owners(keys), strict=True)
            if owner_id is not None
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
        for owner in filter(None, stored_users.users(list(owners))):
            for record in by_key.get(owners[owner.user_id], ()):
                user = record.user
                is_new = record.stored is None and not user.user_id
                if user.user_id != owner.user_id:
                    self._add_error(record, name_in_use_issue(user.user_name, owner, is_new=is_new))

    def _add_error(self, record: PlannedRecord, issue: Issue) -> None:
        """Add an error to a rejected record."""
        record.issues[:] = in_order([*record.issues, issue])
        updates = record.stored is not None
        self._issue_counts.add(record.number, [issue], updates=updates)

    def release_memory(self) -> None:
        """Free, step by step, the memory that only planning needed."""
        claims = self._claims
        clear_in_chunks(claims.users, claims.stored, claims.user_ids, claims.keys, claims.claimed)
        clear_in_chunks(self._with_issues, self._contested)
        clear_in_chunks(self._extensions.counts)


def _names_in(rows: Iterable[Sequence[str | None]]) -> list[str]:
    """Return the comparable User Names of records."""
    return [normalize_user_name(row[_USER_NAME.index] or "") for row in rows]


def plan_import(
    records: Iterable[Record | CleanRecordBatch],
    state: State,
    options: ImportOptions | None = None,
    progress: ProgressCallback = ignore_progress,
    detail: PlanDetail = PlanDetail.CHANGES,
    yield_control: YieldControl = no_rest,
    context: RecordContext | None = None,
    source: SourceRules = ANY_SOURCE,
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
        context: what concerns the only record; if not given, the store is asked.
        source: the source of the records.

    Raises:
        UserError: missing users would be inactivated, but the file is no list of all users.
    """
    planner = Planner(
        state, options or ImportOptions(), detail, progress, yield_control, context, source
    )
    try:
        for record in records:
            planner.add(record)
        return planner.finish()
    finally:
        if detail is PlanDetail.RECORDS:
            planner.release_memory()  # in steps, as the terminal UI needs time in between
