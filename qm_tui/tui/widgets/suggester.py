"""Suggestions for an input, from values in use."""

from collections.abc import Callable, Sequence
from typing import Final

from textual.suggester import Suggester

from qm_tui.text import sanitize

MAX_COMPARED: Final = 2000
"""The number of values, most frequent first, that are searched at each key."""


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
    matches = with_prefix(text, values) if text else ()
    return matches[0] if matches and sanitize(matches[0]) == matches[0] else None


def with_prefix(text: str, values: Sequence[str], max_count: int = 1) -> list[str]:
    """Return the first values that start with a text, ignoring case, without the text itself."""
    prefix, matches = text.casefold(), []
    for value in values[:MAX_COMPARED]:
        if value != text and value.casefold().startswith(prefix):
            matches.append(value)
            if len(matches) == max_count:
                break
    return matches
