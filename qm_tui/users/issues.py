"""Problems as values: what is wrong, where, and what to do about it."""

from enum import StrEnum
from typing import NamedTuple

from qm_tui.users.fields import Field


class Severity(StrEnum):
    """Whether a problem keeps its record out."""

    ERROR = "error"
    """The record is rejected."""
    WARNING = "warning"
    """The record is imported, and the admin should know."""


class Fault(NamedTuple):
    """What is wrong with one user or one record, wherever it stands.

    Attributes:
        field: the field at fault, or None where it is the record as a whole.
        message: a sentence for the admin: what is wrong.
        remedy: a sentence for the admin: what to do about it.
        severity: whether it keeps the record out.
        reason: what is wrong, without the values, in words that fit all records that have the
            same; empty where the message is that already.
        is_missing: whether a value that every user needs is empty.
    """

    field: Field | None
    message: str
    remedy: str
    severity: Severity = Severity.ERROR
    reason: str = ""
    is_missing: bool = False

    @property
    def kind(self) -> str:
        """By what it is counted together with others."""
        return self.reason or self.message


class Problem(NamedTuple):
    """A fault of one record of a file.

    Attributes:
        severity: whether it keeps the record out.
        line: the line of the file on which the record starts, from 1.
        record: the number of the record, from 1.
        field: the field at fault, or None where it is the record as a whole.
        user: who the record is about, as far as it says ("Tom Okafor").
        value: the value at fault, shortened; `(not shown)` for a secret.
        message: a sentence for the admin: what is wrong.
        remedy: a sentence for the admin: what to do about it.
    """

    severity: Severity
    line: int
    record: int
    field: Field | None
    user: str
    value: str
    message: str
    remedy: str


NOT_SHOWN = "(not shown)"
"""Stands wherever a secret would."""

_SHOWN = 60


def shown_value(field: Field | None, value: str | None) -> str:
    """The value of a field as a problem may bear it: shortened, and never a secret."""
    if not value:
        return ""
    if field is None or field.is_secret:
        return NOT_SHOWN
    return shortened(value)


def shortened(value: str, limit: int = _SHOWN) -> str:
    """The value, cut to at most `limit` characters with an ellipsis at its end."""
    return value if len(value) <= limit else value[: limit - 1] + "…"
