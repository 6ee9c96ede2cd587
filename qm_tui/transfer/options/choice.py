"""Options as data: their captions, their values and the help for each value."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Chosen = TypeVar("Chosen", bound="DataclassInstance")
"""All options of one kind with their current values: an attribute for each."""


class Option(NamedTuple):
    """One value of an option.

    Attributes:
        value: the value of the option's attribute in `Choices` or `ExportChoices`.
        words: the caption of the value.
        meaning: the help for the value, a sentence.
        cure: the caption where the value is offered as a fix.
        chosen: the caption where values that are not the default are listed.
    """

    value: StrEnum | bool
    words: str
    meaning: str
    cure: str = ""
    chosen: str = ""


class Choice(NamedTuple, Generic[Chosen]):
    """An option.

    Attributes:
        key: its attribute in the options, and its key in the saved options.
        flag: its flag on the command line.
        letter: its key in the preview; empty if it is only in the dialog.
        title: its caption.
        options: its values; the first is the default.
    """

    key: str
    flag: str
    letter: str
    title: str
    options: tuple[Option, ...]

    def option(self, choices: Chosen) -> Option:
        """Return the current value."""
        value = getattr(choices, self.key)
        return next(option for option in self.options if option.value == value)

    def is_default(self, choices: Chosen) -> bool:
        """Return whether the current value is the default."""
        return self.option(choices) is self.options[0]

    def made(self, choices: Chosen, value: StrEnum | bool) -> Chosen:
        """Return the options with this one set to the value."""
        change: dict[str, Any] = {self.key: value}
        return replace(choices, **change)

    def cured(self, choices: Chosen) -> Chosen:
        """Return the options with this one set to fix a problem: the default, or the next value."""
        return (
            self.turned(choices)
            if self.is_default(choices)
            else self.made(choices, self.options[0].value)
        )

    def turned(self, choices: Chosen) -> Chosen:
        """Return the options with this one set to its next value."""
        index = self.options.index(self.option(choices))
        return self.made(choices, self.options[(index + 1) % len(self.options)].value)
