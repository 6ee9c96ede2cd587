"""The field of the guard: a number that must be typed before a mass change is made."""

from typing import Final

from qm_tui.tui.widgets.text_input import PlainInput

_LONGEST: Final = 20


class NumberField(PlainInput):
    """Wants a number.

    Args:
        number: the number.
        id: the widget's ID.
    """

    def __init__(self, number: int, *, id: str | None = None) -> None:
        super().__init__(_LONGEST, id=id)
        self._number = number

    @property
    def holds_it(self) -> bool:
        """Whether the number was typed, with or without commas."""
        return self.value.strip().replace(",", "") == str(self._number)
