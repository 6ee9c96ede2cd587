"""What a line of text that is being typed may go on with."""

from collections.abc import Callable, Sequence
from typing import Final

from textual.suggester import Suggester

from qm_tui.text import visible

LOOKED_AT: Final = 2000
"""Values, those of most users first, among which a suggestion is looked for at each key."""


class Suggestions(Suggester):
    """Shows behind what is typed how it may go on.

    Args:
        values: gives the values that are suggested, those of most users first.
    """

    def __init__(self, values: Callable[[], Sequence[str]]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._values = values

    async def get_suggestion(self, value: str) -> str | None:
        """The value that begins with what is typed."""
        return suggested(value, self._values())


def suggested(text: str, values: Sequence[str]) -> str | None:
    """The value that what is typed may be the beginning of; None where there is none.

    Nothing is suggested to which nothing is typed, and nothing that cannot be shown as it is.
    """
    found = beginning_with(text, values) if text else ()
    return found[0] if found and visible(found[0]) == found[0] else None


def beginning_with(text: str, values: Sequence[str], most: int = 1) -> list[str]:
    """Some of the values that begin with a text, in their order; case does not count.

    The text itself is none of them.
    """
    wanted, found = text.casefold(), []
    for value in values[:LOOKED_AT]:
        if value != text and value.casefold().startswith(wanted):
            found.append(value)
            if len(found) == most:
                break
    return found
