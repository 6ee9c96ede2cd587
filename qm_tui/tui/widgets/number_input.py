"""The input for the number that confirms a mass change."""

from typing import Final

from qm_tui.tui.widgets.text_input import SafeInput

_MAX_LENGTH: Final = 20
_ACCEPTED: Final = "0123456789,"


class NumberField(SafeInput):
    """An input for a given number. It accepts only digits and commas.

    Args:
        number: the number that confirms.
        id: the widget's ID.
    """

    def __init__(self, number: int, *, id: str | None = None) -> None:
        super().__init__(_MAX_LENGTH, id=id)
        self._number = number

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text, with the digits and commas of another."""
        super().replace("".join(filter(_ACCEPTED.__contains__, text)), start, end)

    @property
    def prompt(self) -> str:
        """The label before the input."""
        return f"Type {self._number} to confirm: "

    @property
    def mismatch(self) -> str:
        """The message for a wrong number."""
        return f"The number does not match. Type {self._number}, or press Esc to cancel."

    @property
    def is_confirmed(self) -> bool:
        """Whether the number was typed, with or without commas."""
        return self.value.replace(",", "") == str(self._number)
