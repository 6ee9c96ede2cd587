"""A record of an import with the user that it would add or change, and its problems."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.transfer.planning.plan import is_short
from qm_tui.transfer.reading.records import Values
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.issues import (
    REDACTED,
    Issue,
    RecordIssue,
    Severity,
    field_number,
    redact_value,
)

_USER_NAME: Final = FIELD["user_name"]
_NO_VALUES: Final[Values] = [None] * len(FIELDS)


class PlannedRecord(NamedTuple):
    """A record, the user that it would add or change, and its problems.

    Attributes:
        number: its number.
        line: the line on which it starts.
        user: the user after the import.
        stored: the user before; None if the record would add one.
        values: its values; None if it cannot be parsed.
        issues: its problems, errors first; a record with an error is rejected.
    """

    number: int
    line: int
    user: User
    stored: User | None
    values: Values | None
    issues: list[Issue]

    @property
    def is_rejected(self) -> bool:
        """Whether it has an error."""
        return bool(self.issues) and self.issues[0].severity is Severity.ERROR

    @property
    def shown_issues(self) -> Sequence[Issue]:
        """Its problems; of a short record, without the values that they concern.

        Its values may be shifted, so that a password is the value of another field.
        """
        if not is_short(self.issues):
            return self.issues
        return [
            issue if issue.field is None else issue._replace(message=issue.kind)
            for issue in self.issues
        ]

    def report(self) -> list[RecordIssue]:
        """Return its problems with its name and values, for lists of problems."""
        is_hidden = is_short(self.issues)
        values = _NO_VALUES if self.values is None or is_hidden else self.values
        user = " ".join(filter(None, (values[0], values[1]))) or values[_USER_NAME.index] or ""
        if not user and self.stored:
            user = f"{self.stored.first_name} {self.stored.last_name}"
        return [
            RecordIssue(
                issue.severity,
                self.line,
                self.number,
                issue.field,
                user,
                REDACTED
                if is_hidden and issue.field
                else redact_value(issue.field, values[issue.field.index] if issue.field else None),
                issue.message,
                issue.fix,
            )
            for issue in self.shown_issues
        ]


def in_order(issues: Sequence[Issue]) -> list[Issue]:
    """Return problems with errors first, in field order."""
    return sorted(
        issues, key=lambda issue: (issue.severity is Severity.WARNING, field_number(issue))
    )
