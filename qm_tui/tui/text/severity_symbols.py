"""Symbols of errors and warnings, which need no color."""

from collections.abc import Sequence
from typing import Final

from qm_tui.users.issues import Issue, Severity

SEVERITY_SYMBOLS: Final = {Severity.ERROR: "!", Severity.WARNING: "?"}
"""The symbol before a field or a sentence with an error or a warning."""

SEVERITY_STYLES: Final = {Severity.ERROR: "$text-error", Severity.WARNING: "$text-warning"}
"""The color of their numbers and symbols."""


def severity_symbol(issues: Sequence[Issue]) -> str:
    """Return the symbol of a field with these problems: that of the first error, if any."""
    severities = {issue.severity for issue in issues}
    return next(
        (sign for severity, sign in SEVERITY_SYMBOLS.items() if severity in severities), " "
    )
