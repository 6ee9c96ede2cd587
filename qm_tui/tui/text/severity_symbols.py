"""Symbols of errors and warnings, which need no color."""

from collections.abc import Sequence
from typing import Final

from qm_tui.users.issues import Fault, Severity

SIGNS: Final = {Severity.ERROR: "!", Severity.WARNING: "?"}
"""The symbol before a field or a sentence with an error or a warning."""


def sign_of(faults: Sequence[Fault]) -> str:
    """Return the symbol of a field with these problems: that of the first error, if any."""
    severities = {fault.severity for fault in faults}
    return next((sign for severity, sign in SIGNS.items() if severity in severities), " ")
