"""Counts of a plan: problems by reason, licenses, and users affected by a mass change."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from qm_tui.progress import YieldControl
from qm_tui.store.changes.mass_change import (
    CLEARS,
    INACTIVATES,
    REMOVES_LICENSES,
    confirmation_count,
    removed_by_change,
)
from qm_tui.store.state import State
from qm_tui.store.user_names import NAME_OF_STORED_USER
from qm_tui.transfer.options.choice import Option
from qm_tui.transfer.options.import_options import IMPORT_OPTION, ImportOptions
from qm_tui.transfer.planning.plan import CountChange, IssueGroup
from qm_tui.transfer.planning.updating import CLEARED, SPREADSHEET_DAMAGE_REASON
from qm_tui.transfer.reading.record_rows import SHORT_RECORD
from qm_tui.users.fields import CATEGORICAL, FIELD, FIELDS, User
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.new_values import NEW_VALUE_REASON
from qm_tui.users.passwords import NO_PASSWORD_PREFIX, has_no_password
from qm_tui.users.validation import BOOLEAN_WORD, NO_LICENSE_ASSIGNED

UNKNOWN_ID: Final = "Unknown User ID"
DUPLICATE_ID: Final = "Duplicate User ID in the file"
ALTERED_MATCH: Final = "Value that identifies a user is altered by a spreadsheet"
ID_OF_ANOTHER_USER: Final = "User ID belongs to a different person"
MODE_ADDS_ONLY: Final = "User already exists (import mode: add only)"
MODE_UPDATES_ONLY: Final = "User does not exist (import mode: update only)"

_FIXING_OPTIONS: Final[dict[str, Option[ImportOptions]]] = {
    UNKNOWN_ID: IMPORT_OPTION["unknown_id"],
    ALTERED_MATCH: IMPORT_OPTION["spreadsheet_values"],
    ID_OF_ANOTHER_USER: IMPORT_OPTION["allow_renamed"],
    MODE_ADDS_ONLY: IMPORT_OPTION["mode"],
    MODE_UPDATES_ONLY: IMPORT_OPTION["mode"],
    NAME_OF_STORED_USER: IMPORT_OPTION["match_user_name"],
    NO_LICENSE_ASSIGNED: IMPORT_OPTION["allow_unlicensed"],
    SPREADSHEET_DAMAGE_REASON: IMPORT_OPTION["spreadsheet_values"],
    SHORT_RECORD: IMPORT_OPTION["short_records"],
    BOOLEAN_WORD: IMPORT_OPTION["read_booleans"],
    **{CLEARED.format(field.name): IMPORT_OPTION["empty"] for field in FIELDS},
    **{NEW_VALUE_REASON.format(field.name): IMPORT_OPTION["new_values"] for field in CATEGORICAL},
}

_PASSWORD: Final = FIELD["password"]
_password_of = itemgetter(_PASSWORD.index)
_COUNTED: Final = tuple(
    FIELD[key]
    for key in (
        "is_active",
        "unlimited_license",
        "on_demand_license",
        "computer_recording_license",
    )
)
_counted_of = itemgetter(*(field.index for field in _COUNTED))


class IssueCounts:
    """Counts of problems by reason.

    A record counts once for each reason. The warnings of a record that is rejected later are
    subtracted.

    Attributes:
        issue_count: the number of all problems.
        kept_values: the number of stored values that are kept because a spreadsheet altered those
            of the file.
    """

    def __init__(self) -> None:
        self.issue_count = self.kept_values = 0
        self._records: dict[tuple[Severity, str, str], list[int]] = {}

    def add(self, number: int, issues: Sequence[Issue], *, updates: bool) -> None:
        """Count the problems of a record.

        Args:
            number: the record's number.
            issues: its problems, errors first.
            updates: whether it updates a user.
        """
        self.issue_count += len(issues)
        self.kept_values += _kept_values(issues)
        for key in _keys(issues, updates=updates):
            count = self._records.setdefault(key, [0, number])
            count[0] += 1
            count[1] = min(count[1], number)

    def remove(self, issues: Sequence[Issue], *, updates: bool) -> None:
        """Subtract the problems of a record that is rejected for another reason."""
        self.issue_count -= len(issues)
        self.kept_values -= _kept_values(issues)
        for key in _keys(issues, updates=updates):
            self._records[key][0] -= 1

    def groups(self) -> list[IssueGroup]:
        """Return the counts: rejections first, then the largest."""
        groups = [
            IssueGroup(severity, reason, records, IMPORT_OPTION.get(fix), first)
            for (severity, reason, fix), (records, first) in self._records.items()
            if records
        ]
        return sorted(groups, key=_rank)


def _kept_values(issues: Sequence[Issue]) -> int:
    return sum(issue.reason == SPREADSHEET_DAMAGE_REASON for issue in issues)


def _rank(group: IssueGroup) -> tuple[bool, int, int, str]:
    return group.severity is Severity.WARNING, -group.records, group.first, group.reason


def _keys(issues: Sequence[Issue], *, updates: bool) -> set[tuple[Severity, str, str]]:
    # warnings of a rejected record are listed, but only its errors are counted
    severity = issues[0].severity
    cures = (
        (issue, fixing_option(issue, updates=updates))
        for issue in issues
        if issue.severity is severity
    )
    return {(issue.severity, issue.kind, fix.key if fix else "") for issue, fix in cures}


def fixing_option(issue: Issue, *, updates: bool) -> Option[ImportOptions] | None:
    """Return the option that fixes a problem, or None.

    Args:
        issue: the problem.
        updates: whether the record updates a user.
    """
    fix = _FIXING_OPTIONS.get(issue.kind)
    if fix is None and issue.is_missing:
        if updates:
            return IMPORT_OPTION["empty"]
        if issue.field is _PASSWORD:
            return IMPORT_OPTION["missing_password"]
    return fix


class LicenseTotals:
    """Counts of active users, of users with each license, and of users affected by a mass change.

    Attributes:
        affected: the number of users who are inactivated, lose licenses, or get a value cleared.
        removals: the number of users for each of these effects.
        without_password: the number of added users who have no password yet.
    """

    def __init__(self) -> None:
        self.affected = self.without_password = 0
        self.removals = dict.fromkeys((INACTIVATES, REMOVES_LICENSES, CLEARS), 0)
        self._more = [0] * len(_COUNTED)

    def required_confirmation(self, users: int) -> int:
        """Return the number that confirms a mass change of so many users; 0 if it is none."""
        return confirmation_count(self.affected, users)

    def add_new(self, users: Sequence[User]) -> None:
        """Count many new users, as `add` does."""
        columns = zip(*map(_counted_of, users), strict=True)
        self._more = [
            more + column.count("1") for more, column in zip(self._more, columns, strict=True)
        ]
        if NO_PASSWORD_PREFIX in "".join(map(_password_of, users)):  # few have none: fast
            self.without_password += sum(map(has_no_password, users))

    def add(self, user: User, stored: User | None, weight: int = 1) -> None:
        """Count a user who is added or changed; a sign of -1 subtracts it."""
        if stored is None:
            self.without_password += weight * has_no_password(user)
        if stored is None or _counted_of(user) != _counted_of(stored):
            self._count(user, stored, weight)
        effects = removed_by_change(stored, user) if stored is not None else ()
        self.affected += weight * bool(effects)
        for effect in effects:
            self.removals[effect] += weight

    def _count(self, user: User, stored: User | None, weight: int) -> None:
        for index, field in enumerate(_COUNTED):
            place = field.index
            had = stored is not None and stored[place] == "1"
            self._more[index] += weight * ((user[place] == "1") - had)

    def changes(self, state: State, rest: YieldControl) -> dict[str, CountChange]:
        """Return by field key how many users have a flag set before and after.

        Args:
            state: the state of the store.
            rest: called about every millisecond.
        """
        before = [0] * len(_COUNTED)
        groups = state.groups([field.key for field in _COUNTED], rest=rest)
        for values, number in groups.items():
            for index, value in enumerate(values):
                before[index] += number * (value == "1")
        return {
            field.key: CountChange(before[index], before[index] + self._more[index])
            for index, field in enumerate(_COUNTED)
        }
