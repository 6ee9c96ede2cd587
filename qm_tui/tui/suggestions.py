"""What a line of text that is being typed may go on with."""

from collections.abc import Callable, Sequence
from typing import Final

from textual.suggester import Suggester

LOOKED_AT: Final = 2000
"""Values, those of most users first, among which a suggestion is looked for at each key."""


class Suggestions(Suggester):
    """Shows behind what is typed how it may go on.

    Args:
        suggested: given what is typed, the text that begins so; None where there is none.
    """

    def __init__(self, suggested: Callable[[str], str | None]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._suggested = suggested

    async def get_suggestion(self, value: str) -> str | None:
        """The value that begins with what is typed."""
        return self._suggested(value)


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
