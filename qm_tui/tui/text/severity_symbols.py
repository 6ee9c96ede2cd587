"""Symbols of errors and warnings, which need no color."""

from collections.abc import Sequence
from typing import Final

from qm_tui.users.issues import Issue, Severity

SEVERITY_SYMBOLS: Final = {Severity.ERROR: "!", Severity.WARNING: "?"}
"""The symbol before a field or a sentence with an error or a warning."""


def severity_symbol(issues: Sequence[Issue]) -> str:
    """Return the symbol of a field with these problems: that of the first error, if any."""
    severities = {issue.severity for issue in issues}
    return next(
        (sign for severity, sign in SEVERITY_SYMBOLS.items() if severity in severities), " "
    )
