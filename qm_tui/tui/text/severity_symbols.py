"""The signs of what is wrong with a field: seen without colours."""

from collections.abc import Sequence
from typing import Final

from qm_tui.users.issues import Fault, Severity

SIGNS: Final = {Severity.ERROR: "!", Severity.WARNING: "?"}
"""What stands before a field, or a sentence, that keeps a record out, or is to be looked at."""


def sign_of(faults: Sequence[Fault]) -> str:
    """The sign of a field that has these faults."""
    severities = {fault.severity for fault in faults}
    return next((sign for severity, sign in SIGNS.items() if severity in severities), " ")
