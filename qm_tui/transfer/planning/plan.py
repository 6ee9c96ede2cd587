"""The plan of an import: the result of each record, and the options it was made with."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import repeat
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.transfer.options.choice import Option
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.missing import MissingPolicy, MissingUsers, MissingUsersFinder
from qm_tui.transfer.reading.record_rows import SHORT_RECORD
from qm_tui.transfer.reading.records import Values
from qm_tui.users.fields import Field, User
from qm_tui.users.issues import Issue, RecordIssue, Severity
from qm_tui.users.passwords import has_no_password
from qm_tui.users.query.query import Query

MAX_ISSUES: Final = 10_000
"""The number of problems in a plan, the first in file order; all are counted."""

MAX_LISTED: Final = 200_000
"""The number of records in a preview; all are counted and imported."""


def is_short(issues: Sequence[Issue]) -> bool:
    """Return whether the problems of a record include that it has fewer values than columns."""
    return any(issue.kind in (SHORT_RECORD, WITH_ERRORS.format(SHORT_RECORD)) for issue in issues)


WITH_ERRORS: Final = "{} (with errors)"
"""The reason of a warning about the line of a record that is rejected for its values."""


class SourceRules(NamedTuple):
    """What is known of the source of a file, apart from its records.

    Attributes:
        match: the field that identifies users if a record has no User ID; None for User Name.
        missing: which users can be missing; None if it does not matter.
        incomplete: returns, after the last record, why the file seems to be incomplete; empty if it
            does not.
        shared_extension: the extension that a mapping gives to all new users; empty if it does not.
    """

    match: Field | None = None
    missing: MissingPolicy | None = None
    incomplete: Callable[[], str] = str
    shared_extension: str = ""

    def missing_users(self, state: State, rest: YieldControl) -> MissingUsersFinder | None:
        """Return what finds the missing users, if that is wanted.

        Args:
            state: the state of the store.
            rest: called about every millisecond of a question.
        """
        return MissingUsersFinder(state, self.missing, self.match, rest) if self.missing else None


ANY_SOURCE: Final = SourceRules()
"""A source of which nothing is known."""


class Result(StrEnum):
    """The result of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


RESULTS: Final = tuple(Result)


class IssueGroup(NamedTuple):
    """Problems with the same reason.

    Attributes:
        severity: whether their records are rejected.
        reason: the problem without values.
        records: the number of records with it.
        fixing_option: the option that fixes it, if there is one.
        first: the number of the first record with it.
    """

    severity: Severity
    reason: str
    records: int
    fixing_option: Option[ImportOptions] | None
    first: int


class CountChange(NamedTuple):
    """A number of users before and after an import."""

    before: int
    after: int


class RecordOutcome(NamedTuple):
    """The result of one record with its details.

    Attributes:
        number: its number in the file, from 1.
        line: the line on which it starts.
        result: its result.
        user: the user after the import; None for a rejected record.
        stored: the user before, if the record updates or would update one.
        values: the cells of a rejected record in file order; None if the record is not rejected or
            cannot be parsed.
        issues: all its problems, also warnings, in field order.
    """

    number: int
    line: int
    result: Result
    user: User | None
    stored: User | None
    values: Values | None
    issues: Sequence[Issue]

    @property
    def values_may_be_shifted(self) -> bool:
        """Whether a rejected record has fewer values than columns.

        A password may be the value of any field, so none of them is shown.
        """
        return self.user is None and is_short(self.issues)

    @property
    def user_label(self) -> str:
        """The name of its user, if known; untrusted text."""
        own = None if self.values_may_be_shifted else self.values
        for values in (self.user, own, self.stored):
            if values is not None:
                name = " ".join(filter(None, (values[0], values[1]))) or values[6] or ""
                if name:
                    return name
        return ""


class RecordOutcomes(Sequence[RecordOutcome]):
    """The outcomes of the first `MAX_LISTED` records, in file order; created on access.

    They are stored in parallel arrays: an object for each of 200,000 records would take a hundred
    megabytes.
    """

    def __init__(self) -> None:
        self.lines: array[int] = array("q")
        self.results = bytearray()
        self.users: list[User | None] = []
        self.stored: list[User | None] = []
        self.values: dict[int, Values | None] = {}
        """By number, the cells of rejected records, also of those that are not listed."""
        self.issues: dict[int, Sequence[Issue]] = {}
        """By number, the problems of records, also of those that are not listed."""

    def extend(self, lines: range) -> None:
        """Add records that start on these lines, rejected until `set` says otherwise."""
        self.lines.extend(lines)
        self.results += bytes((RESULTS.index(Result.REJECTED),)) * len(lines)
        self.users += repeat(None, len(lines))
        self.stored += repeat(None, len(lines))

    def set(self, number: int, result: Result, user: User | None, stored: User | None) -> None:
        """Set the outcome of a record, if it is one of those listed."""
        if number <= len(self.results):
            self.results[number - 1] = RESULTS.index(result)
            self.users[number - 1] = user
            self.stored[number - 1] = stored

    def add_issues(self, number: int, issues: Sequence[Issue], values: Values | None) -> None:
        """Set the problems of a record, errors first, and the cells of a rejected one."""
        self.issues[number] = issues
        if issues[0].severity is Severity.ERROR:
            self.values[number] = values

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, index: int) -> RecordOutcome:  # type: ignore[override]
        number = index + 1
        return RecordOutcome(
            number,
            self.lines[index],
            RESULTS[self.results[index]],
            self.users[index],
            self.stored[index],
            self.values.get(number),
            self.issues.get(number, ()),
        )


class UserUpdate(NamedTuple):
    """A record that changes a user.

    Attributes:
        line: the line on which it starts.
        before: the user before the import.
        after: the user after it.
    """

    line: int
    before: User
    after: User


@dataclass
class ImportPlan:
    """What an import would do to one state of a store.

    Attributes:
        version: the version of the state; the plan is valid for no other.
        options: the import options.
        changes: the users after the import, by User ID, in file order. Empty for a plan of counts.
        added: the User IDs of those that are new; likewise.
        counts: the number of records with each result.
        warning_count: the number of records with warnings that are not rejected.
        issues: errors and warnings in file order; the first `MAX_ISSUES` of them.
        issue_count: the number of all problems.
        kept_values: the number of stored values that are kept because a spreadsheet altered those
            of the file.
        groups: the same problems, counted by reason: rejections first, then the largest.
        totals: by field key, the numbers of active users and of users with each license, before and
            after.
        users_before: the number of users in the store.
        required_confirmation: the number that confirms a mass change; 0 if the import is not one.
        without_password: the number of added users who have no password yet.
        removals: the number of affected users by effect (see `removed_by_change`).
        updates: the records that change users, in file order. Empty if there are outcomes, which
            contain them.
        outcomes: the outcome of each record, if requested.
        not_in_file: the users that are not in the file, in store order, if requested.
        not_in_file_count: their number.
        missing: the active users that should be in the file but are not, if requested.
    """

    version: int
    options: ImportOptions = field(default_factory=ImportOptions)
    changes: dict[str, User] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    counts: Mapping[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    warning_count: int = 0
    issues: list[RecordIssue] = field(default_factory=list)
    issue_count: int = 0
    kept_values: int = 0
    groups: Sequence[IssueGroup] = ()
    totals: Mapping[str, CountChange] = field(default_factory=dict)
    users_before: int = 0
    required_confirmation: int = 0
    without_password: int = 0
    removals: Mapping[str, int] = field(default_factory=dict)
    updates: Sequence[UserUpdate] = ()
    outcomes: RecordOutcomes | None = None
    not_in_file: Query | None = None
    not_in_file_count: int = 0
    missing: MissingUsers | None = None

    @property
    def rejected(self) -> int:
        """The number of rejected records."""
        return self.counts[Result.REJECTED]

    @property
    def inactivated(self) -> int:
        """The number of missing users that the import inactivates."""
        return len(self.missing.inactivated) if self.missing and not self.is_blocked else 0

    @property
    def records(self) -> int:
        """The number of records."""
        return sum(self.counts.values())

    @property
    def is_blocked(self) -> bool:
        """Whether nothing is imported because a record is rejected (all or nothing)."""
        return self.options.all_or_nothing and self.rejected > 0

    @property
    def imported(self) -> int:
        """The number of imported records: all that are not rejected."""
        return 0 if self.is_blocked else self.records - self.rejected

    @property
    def write_count(self) -> int:
        """The number of users that would be written."""
        if self.is_blocked:
            return 0
        return self.counts[Result.ADDED] + self.counts[Result.CHANGED] + self.inactivated

    def user_updates(self) -> Iterator[UserUpdate]:
        """Yield the records that change users, in file order; of outcomes, the listed ones."""
        yield from self.updates
        for outcome in self.outcomes or ():
            if outcome.result is Result.CHANGED and outcome.stored and outcome.user:
                yield UserUpdate(outcome.line, outcome.stored, outcome.user)

    def has_same_effect(self, other: "ImportPlan") -> bool:
        """Return whether another plan of the same file has the same result.

        Generated User IDs and passwords are random, and may differ.
        """
        if self.counts != other.counts or self.issues != other.issues:
            return False
        if self.missing != other.missing:
            return False
        pairs = zip(self.changes.items(), other.changes.items(), strict=True)
        return all(
            user == other_user
            or (
                user_id in self.added
                and other_id in other.added
                and _without_generated(user) == _without_generated(other_user)
            )
            for (user_id, user), (other_id, other_user) in pairs
        )


def _without_generated(user: User) -> User:
    """Return a user without the values that are random."""
    return user._replace(user_id="", password="" if has_no_password(user) else user.password)
