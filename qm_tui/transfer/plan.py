"""The plan of an import: what becomes of each record, and by which choices."""

from dataclasses import dataclass, field
from enum import StrEnum

from qm_tui.users.fields import User
from qm_tui.users.problems import Problem


class UnknownID(StrEnum):
    """What becomes of a record whose User ID the store does not know."""

    REJECT = "reject"
    ADD = "add"
    """It is added, keeping the ID."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the admin chose for an import.

    Attributes:
        unknown_id: what becomes of a record whose User ID the store does not know. An empty
            store takes it either way, so that users can move to another computer.
    """

    unknown_id: UnknownID = UnknownID.REJECT


class Result(StrEnum):
    """What becomes of a record."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass
class Plan:
    """What an import would do to one state of a store.

    Attributes:
        generation: the state's generation; the plan holds for no other.
        changes: the users as they would be, by User ID, in the order of the file.
        added: the User IDs of those that the store does not hold yet.
        unchanged: how many records would change nothing.
        rejected: how many records would be kept out.
        problems: why records are rejected, and what the admin should know, in file order.
    """

    generation: int
    changes: dict[str, User] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    unchanged: int = 0
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many users would be changed."""
        return len(self.changes) - len(self.added)

    @property
    def imported(self) -> int:
        """How many records count as imported: all that are not rejected."""
        return len(self.changes) + self.unchanged

    @property
    def records(self) -> int:
        """How many records there are."""
        return self.imported + self.rejected

    def counts(self) -> dict[Result, int]:
        """How many records have each result."""
        return {
            Result.ADDED: len(self.added),
            Result.CHANGED: self.changed,
            Result.UNCHANGED: self.unchanged,
            Result.REJECTED: self.rejected,
        }
