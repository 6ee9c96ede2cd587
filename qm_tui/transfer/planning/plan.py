"""The plan of an import: what becomes of each record, and by which choices."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from qm_tui.transfer.options.choice import Choice
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.reading.reader import Values
from qm_tui.users.fields import User
from qm_tui.users.issues import Fault, Problem, Severity

PROBLEMS_KEPT: Final = 10_000
"""The problems of a plan that are kept, the first in file order; all are counted."""

LISTED: Final = 200_000
"""The records that a preview lists; all are counted and imported."""


class Result(StrEnum):
    """What becomes of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


RESULTS: Final = tuple(Result)


class Group(NamedTuple):
    """Problems of one kind.

    Attributes:
        severity: whether their records are rejected.
        reason: what is wrong, in words that fit all of them.
        records: how many records have it.
        cure: the choice that would cure it, if there is one.
        first: the number of the first record that has it.
    """

    severity: Severity
    reason: str
    records: int
    cure: Choice[Choices] | None
    first: int


class Change(NamedTuple):
    """How many users have something, before an import and after it."""

    before: int
    after: int


class Outcome(NamedTuple):
    """What becomes of one record.

    Attributes:
        number: its number in the file, from 1.
        line: the line on which it starts.
        result: what becomes of it.
        user: the user as it will be; of a rejected record None.
        stored: the user as it is, where the record updates one or would.
        values: the cells of a rejected record in file order; None where it could not be read, and
            where it is not rejected.
        faults: all that is wrong with it, warnings too, in field order.
    """

    number: int
    line: int
    result: Result
    user: User | None
    stored: User | None
    values: Values | None
    faults: Sequence[Fault]

    @property
    def who(self) -> str:
        """Who it is about, as far as it says; foreign text."""
        for one in (self.user, self.values, self.stored):
            if one is not None:
                name = " ".join(filter(None, (one[0], one[1]))) or one[6] or ""
                if name:
                    return name
        return ""


class Outcomes(Sequence[Outcome]):
    """What becomes of each of the first `LISTED` records, in file order; made when asked for.

    Kept in arrays side by side: an object for each of 200,000 records would take a hundred
    megabytes.
    """

    def __init__(self) -> None:
        self.lines: array[int] = array("q")
        self.results = bytearray()
        self.users: list[User | None] = []
        self.stored: list[User | None] = []
        self.values: dict[int, Values | None] = {}
        """By number, the cells of rejected records, of those that are not listed too."""
        self.faults: dict[int, Sequence[Fault]] = {}
        """By number, what is wrong with records, with those that are not listed too."""

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, at: int) -> Outcome:  # type: ignore[override]
        number = at + 1
        return Outcome(
            number,
            self.lines[at],
            RESULTS[self.results[at]],
            self.users[at],
            self.stored[at],
            self.values.get(number),
            self.faults.get(number, ()),
        )


@dataclass
class Plan:
    """What an import would do to one state of a store.

    Attributes:
        version: the state's version; the plan holds for no other.
        choices: the choices that it was made by.
        changes: the users as they would be, by User ID, in the order of the file. Empty where
            only counts were asked for.
        added: the User IDs of those that the store does not hold yet; likewise.
        counts: how many records have each result.
        warned: how many records that are not rejected have a warning.
        problems: why records are rejected, and what the admin should know, in file order; the
            first `PROBLEMS_KEPT` of them.
        problem_count: how many problems there are.
        groups: the same problems, counted by reason: rejections first, then the largest.
        totals: by field key, how many users are active, and have each license, before and after.
        users_before: how many users the store holds now.
        must_confirm: the number that must be typed, where the import is a mass change; else 0.
        taken: how many users it inactivates, unlicenses, and clears values of, in words.
        outcomes: what becomes of each record, if that was asked for.
        not_in_file: the User IDs of the users that the file does not name, in store order, if
            that was asked for.
    """

    version: int
    choices: Choices = field(default_factory=Choices)
    changes: dict[str, User] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    counts: Mapping[Result, int] = field(default_factory=lambda: dict.fromkeys(Result, 0))
    warned: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    groups: Sequence[Group] = ()
    totals: Mapping[str, Change] = field(default_factory=dict)
    users_before: int = 0
    must_confirm: int = 0
    taken: Mapping[str, int] = field(default_factory=dict)
    outcomes: Outcomes | None = None
    not_in_file: Sequence[str] = ()

    @property
    def rejected(self) -> int:
        """How many records are kept out."""
        return self.counts[Result.REJECTED]

    @property
    def records(self) -> int:
        """How many records there are."""
        return sum(self.counts.values())

    @property
    def is_held_back(self) -> bool:
        """Whether nothing is imported because a record is rejected: all or nothing was chosen."""
        return self.choices.all_or_nothing and self.rejected > 0

    @property
    def imported(self) -> int:
        """How many records count as imported: all that are not rejected."""
        return 0 if self.is_held_back else self.records - self.rejected

    @property
    def writes(self) -> int:
        """How many users would be written."""
        if self.is_held_back:
            return 0
        return self.counts[Result.ADDED] + self.counts[Result.CHANGED]

    def comes_to_the_same(self, other: "Plan") -> bool:
        """Whether another plan of the same file has the same outcome.

        User IDs that the store gives are random, and make no difference.
        """
        if self.counts != other.counts or self.problems != other.problems:
            return False
        pairs = zip(self.changes.items(), other.changes.items(), strict=True)
        return all(
            ours == theirs
            or (
                our_id in self.added
                and their_id in other.added
                and ours._replace(user_id="") == theirs._replace(user_id="")
            )
            for (our_id, ours), (their_id, theirs) in pairs
        )
