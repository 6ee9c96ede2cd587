"""Suggestions for an input, from values in use."""

from collections.abc import Callable, Sequence
from typing import Final

from textual.suggester import Suggester

from qm_tui.text import pad_or_truncate, sanitize

MAX_COMPARED: Final = 2000
"""The number of values, most frequent first, that are searched at each key."""

PICK_HINT: Final = "↓ values in use"
"""The key hint of an input with a picker."""

_LISTED: Final = 6
_VALUE: Final = 24
"""Characters of a value that are listed."""


class Suggestions(Suggester):
    """Suggests a value in use while the admin types.

    Args:
        values: returns the values to suggest, most frequent first.
    """

    def __init__(self, values: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._values = values

    async def get_suggestion(self, value: str) -> str | None:
        """Return the suggestion for a typed text; None if there is none."""
        return suggest(value, self._values())


def suggest(text: str, values: Sequence[str]) -> str | None:
    """Return the first value that starts with a text; None if there is none.

    There is no suggestion for an empty text, and values with nonprintable characters are not
    suggested.
    """
    matches = _with_prefix(text, values) if text else ()
    return matches[0] if matches and sanitize(matches[0]) == matches[0] else None


def in_use_text(text: str, values: Sequence[str], width: int) -> str:
    """Return a line for an input with a picker: values that start with its text, and key hints."""
    listed = "  ".join(sanitize(value, _VALUE) for value in _with_prefix(text, values, _LISTED))
    if not listed:
        return PICK_HINT
    hints = f"   → accept the first   {PICK_HINT}" if suggest(text, values) else f"   {PICK_HINT}"
    return pad_or_truncate(f"In use: {listed}", width - len(hints)).rstrip() + hints


def _with_prefix(text: str, values: Sequence[str], max_count: int = 1) -> list[str]:
    """Return the first values that start with a text, ignoring case, without the text itself."""
    prefix, matches = text.casefold(), []
    for value in values[:MAX_COMPARED]:
        if value != text and value.casefold().startswith(prefix):
            matches.append(value)
            if len(matches) == max_count:
                break
    return matches
