"""Problems of users and records: the error or warning, its place, and its fix."""

from enum import StrEnum
from typing import NamedTuple

from qm_tui.users.fields import Field


class Severity(StrEnum):
    """The severity of a problem."""

    ERROR = "error"
    """The record is rejected."""
    WARNING = "warning"
    """The record is imported, but its values are suspicious."""


class Issue(NamedTuple):
    """A problem of a user or a record, without its place in a file.

    Attributes:
        field: the field, or None if the problem concerns the whole record.
        message: a sentence for the admin, without a full stop: what is wrong.
        fix: a sentence for the admin: what to do.
        severity: whether it is an error or a warning.
        reason: the message without values, equal for all records with the same problem; empty if
            the message contains no values.
        is_missing: whether a required value is empty.
    """

    field: Field | None
    message: str
    fix: str
    severity: Severity = Severity.ERROR
    reason: str = ""
    is_missing: bool = False

    @property
    def kind(self) -> str:
        """The text by which equal problems are counted."""
        return self.reason or self.message


def field_number(issue: Issue) -> int:
    """Return the number of a problem's field, to sort problems in field order."""
    return issue.field.number if issue.field else 0


class RecordIssue(NamedTuple):
    """A problem of a record of a file.

    Attributes:
        severity: whether it is an error or a warning.
        line: the line of the file on which the record starts, from 1.
        record: the number of the record, from 1.
        field: the field, or None if the problem concerns the whole record.
        user: the name of the user, if the record contains one, for example "Tom Okafor".
        value: the invalid value, shortened; `(not shown)` for a secret.
        message: a sentence for the admin, without a full stop: what is wrong.
        fix: a sentence for the admin: what to do.
    """

    severity: Severity
    line: int
    record: int
    field: Field | None
    user: str
    value: str
    message: str
    fix: str


REDACTED = "(not shown)"
"""The placeholder for a secret."""

_MAX_SHOWN = 60


def redact_value(field: Field | None, value: str | None) -> str:
    """Return the value of a field for a problem: shortened, and never a secret."""
    if not value:
        return ""
    if field is None or field.is_secret:
        return REDACTED
    return truncate(value)


def truncate(value: str, limit: int = _MAX_SHOWN) -> str:
    """Return a value with at most `limit` characters; a longer one ends with an ellipsis."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def value_issue(
    field: Field, value: str, text: str, fix: str, severity: Severity = Severity.ERROR
) -> Issue:
    """Return the problem of a value, which is shown unless it is a secret.

    Args:
        field: the field.
        value: its value.
        text: what is wrong, after the field and the value: "is not a valid SIP URI".
        fix: what to do.
        severity: whether it is an error or a warning.
    """
    reason = f"{field.name} {text}"
    message = reason if field.is_secret else f"{field.name} '{truncate(value)}' {text}"
    return Issue(field, message, fix, severity, reason)
