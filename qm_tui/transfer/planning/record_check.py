"""Check of one record of a planned import with other values."""

from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, ignore_progress, in_chunks
from qm_tui.store.state import State
from qm_tui.store.values_in_use import values_in_use
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.corrections import record_of
from qm_tui.transfer.planning.plan import RESULTS, ImportPlan, Result, SourceRules
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.planning.warnings import (
    RecordContext,
    duplicate_extension_issue,
    holder_name,
    users_who_keep,
)
from qm_tui.transfer.reading.mapped.values import unlisted_kind
from qm_tui.transfer.reading.records import Values
from qm_tui.users.fields import FIELD, FIELDS, Field, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, Severity, field_number, truncate

_USER_ID: Final = FIELD["user_id"]
_USER_NAME: Final = FIELD["user_name"]
_EXTENSION_AT: Final = FIELD["extension"].index
_REJECTED: Final = RESULTS.index(Result.REJECTED)


class _CorrectedRecord(NamedTuple):
    """A record that was corrected after planning."""

    line: int
    user_id: str
    name: str
    is_rejected: bool


class RecordValidator:
    """Checks a record against the store and the other records of the file.

    It scans the plan once, when it is created. A check then takes the same short time for any size
    of file and store, but asks the store several questions.

    Args:
        state: the state of the store.
        options: the import options.
        plan: the plan of the file, made for that state with these options, with its outcomes.
        progress: progress callback for scanning the plan; may raise `Cancelled`.
        match: the field that identifies users if a record has no User ID; None for User Name.
    """

    def __init__(
        self,
        state: State,
        options: ImportOptions,
        plan: ImportPlan,
        progress: ProgressCallback = ignore_progress,
        match: Field | None = None,
    ) -> None:
        if plan.outcomes is None:
            msg = "the plan was made without its outcomes"
            raise ValueError(msg)
        self._state, self._options, self._outcomes = state, options, plan.outcomes
        self._match = match
        self._changes = plan.changes
        self._names: dict[str, str] = {}
        """By User Name in a form for comparison, the User ID of the user who gets it."""
        self._holders: dict[str, int] = {}
        """By User ID, the first record that has it."""
        self._more_holders: dict[str, list[int]] = {}
        self._corrected: dict[int, _CorrectedRecord] = {}
        self._extension_holders: dict[str, User] = {}
        """By extension, the first user of the plan who will have it."""
        self._extension_keepers: dict[str, User | None] = {}
        """By extension that was typed, the first other user who has it."""
        self._in_use = values_in_use(state, partial(progress, Phase.CHECKING, 0, state.total))
        self._names_given_up = self._names_of_nobody(plan, progress)
        for index, user in enumerate(plan.changes.values()):
            if not index % CHUNK_SIZE:
                progress(Phase.CHECKING, index, len(plan.changes))
            self._names[normalize_user_name(user.user_name)] = user.user_id
            self._extension_holders.setdefault(user.extension, user)
        self._add_user_ids(progress)

    def _names_of_nobody(self, plan: ImportPlan, progress: ProgressCallback) -> set[str]:
        """Return the names of stored users that no user will have."""
        state, changes = self._state, plan.changes
        stored_ids = [user_id for user_id in changes if user_id not in plan.added]
        released: set[str] = set()
        for done, user_ids in enumerate(in_chunks(stored_ids)):
            progress(Phase.CHECKING, done * CHUNK_SIZE, len(stored_ids))
            for stored in filter(None, state.users(user_ids)):
                if stored.user_name != changes[stored.user_id].user_name:
                    released.add(normalize_user_name(stored.user_name))
        others = state.users_without_own_name() if released else {}
        free: set[str] = set()
        for names in in_chunks(released):
            for name, owner_id in zip(names, state.owners(names), strict=True):
                holders = filter(None, (owner_id, *others.get(name, ())))
                after = [changes.get(user_id) for user_id in holders]
                if all(user and normalize_user_name(user.user_name) != name for user in after):
                    free.add(name)
        return free

    def _add_user_ids(self, progress: ProgressCallback) -> None:
        outcomes = self._outcomes
        for index, user in enumerate(outcomes.users):
            if not index % CHUNK_SIZE:
                progress(Phase.CHECKING, index, len(outcomes))
            number = index + 1
            if user is None:
                values = outcomes.values.get(number)
                user_id = values[_USER_ID.index] if values else ""
            else:
                user_id = user.user_id
            if user_id and self._holders.setdefault(user_id, number) != number:
                self._more_holders.setdefault(user_id, []).append(number)

    def correct(self, number: int, line: int, values: Values) -> None:
        """Note that a record now has other values, for checks of other records."""
        is_rejected = any(
            issue.severity is Severity.ERROR for issue in self.validate(number, line, values)
        )
        self._corrected[number] = _CorrectedRecord(
            line,
            values[_USER_ID.index] or "",
            normalize_user_name(values[_USER_NAME.index] or ""),
            is_rejected,
        )

    def validate(self, number: int, line: int, values: Values) -> list[Issue]:
        """Return the problems of a record with these values, also warnings, in field order.

        Args:
            number: its number.
            line: the line on which it starts.
            values: its values as they were typed.
        """
        context = RecordContext(self._in_use, self._names_given_up)
        plan = plan_import(
            [record_of(number, line, values)],
            self._state,
            self._options,
            detail=PlanDetail.COUNTS,
            context=context,
            source=SourceRules(match=self._match),
        )
        issues = [
            Issue(problem.field, problem.message, problem.fix, problem.severity)
            for problem in plan.issues
        ]
        user_id = values[_USER_ID.index] or "".join(
            update.before.user_id for update in plan.updates
        )
        if plan.counts[Result.ADDED] or any(
            update.before.extension != update.after.extension for update in plan.updates
        ):
            issues += self._shared_extension_issues(values[_EXTENSION_AT] or "")
        issues = [*self._of_mapping(number, values), *issues]
        issues += self._issues_in_file(number, user_id, values, issues)
        return sorted(issues, key=field_number)

    def _of_mapping(self, number: int, values: Values) -> Iterator[Issue]:
        """Yield the errors of values that the mapping does not list and that are as in the file."""
        read = self._outcomes.values.get(number) or ()
        for field, value, before in zip(FIELDS, values, read, strict=False):
            if value and value == before:
                kind = unlisted_kind(field)
                issues = self._outcomes.issues.get(number, ())
                yield from (issue for issue in issues if issue.kind == kind)

    def _shared_extension_issues(self, extension: str) -> Iterator[Issue]:
        """Yield the warning of a new extension of a user that another user will have."""
        if extension not in self._extension_keepers:
            keepers = users_who_keep((extension,), self._state, self._changes, 1)
            self._extension_keepers[extension] = next(keepers, None)
        holder = self._extension_keepers[extension] or self._extension_holders.get(extension)
        if holder is not None:
            yield duplicate_extension_issue(extension, holder_name(holder))

    def _issues_in_file(
        self, number: int, user_id: str, values: Values, issues: list[Issue]
    ) -> Iterator[Issue]:
        holder = self._holder(number, user_id) if user_id else ""
        if holder:
            yield Issue(
                _USER_ID,
                f"User ID {truncate(user_id)} is already used in {holder}",
                "Use each User ID once. To add a user, leave User ID empty.",
            )
        user_name = values[_USER_NAME.index] or ""
        has_error = any(
            issue.field is _USER_NAME and issue.severity is Severity.ERROR for issue in issues
        )
        claimant = "" if has_error or not user_name else self._claimant(number, user_id, user_name)
        if claimant:
            yield Issue(
                _USER_NAME,
                f"User Name '{truncate(user_name)}' is already used in {claimant}",
                "Use a unique User Name for each user.",
            )

    def _holder(self, number: int, user_id: str) -> str:
        """Return the line of another record that has this User ID, if any."""
        for other, corrected in self._corrected.items():
            is_first = not corrected.is_rejected or other < number
            if corrected.user_id == user_id and other != number and is_first:
                return f"line {corrected.line}"
        first = self._holders.get(user_id)
        if first is None:
            return ""
        outcomes = self._outcomes
        for other in (first, *self._more_holders.get(user_id, ())):
            is_first = other < number or outcomes.results[other - 1] != _REJECTED
            if other != number and other not in self._corrected and is_first:
                return f"line {outcomes.lines[other - 1]}"
        return ""

    def _claimant(self, number: int, user_id: str, user_name: str) -> str:
        """Return the line of another record that has the User Name for another user, if any."""
        key = normalize_user_name(user_name)
        stored = self._state.user(user_id)
        if stored is not None and normalize_user_name(stored.user_name) == key:
            return ""  # it does not change
        for other, corrected in self._corrected.items():
            is_another = other != number and not (user_id and corrected.user_id == user_id)
            if corrected.name == key and is_another and not corrected.is_rejected:
                return f"line {corrected.line}"
        owner_id = self._names.get(key)
        if owner_id is None or owner_id == user_id:
            return ""
        holder = self._holders.get(owner_id)
        # of a very long file, only the lines of the first records are known
        return f"line {self._outcomes.lines[holder - 1]}" if holder else "a later line"
