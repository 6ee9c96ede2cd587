"""Choices as data: what they are about, the ways to make them, and how each is said."""

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Chosen = TypeVar("Chosen", bound="DataclassInstance")
"""All choices of one kind, as they are made: an attribute for each."""


class Option(NamedTuple):
    """One of the ways in which a choice can be made.

    Attributes:
        value: what the attribute of `Choices` is then.
        words: a few words for the admin.
        meaning: one sentence: what it does.
        cure: the words for it where it would cure a problem.
        chosen: a few words that say that it was chosen.
    """

    value: StrEnum | bool
    words: str
    meaning: str
    cure: str = ""
    chosen: str = ""


class Choice(NamedTuple, Generic[Chosen]):
    """A choice, as it is offered.

    Attributes:
        key: its attribute in what is chosen, and what it is remembered by.
        flag: its flag on the command line.
        letter: its key in the preview; empty where it is only in the list of choices.
        title: what it is about.
        options: the ways to make it; the first is what counts without a choice.
    """

    key: str
    flag: str
    letter: str
    title: str
    options: tuple[Option, ...]

    def option(self, choices: Chosen) -> Option:
        """How it is made."""
        value = getattr(choices, self.key)
        return next(one for one in self.options if one.value == value)

    def is_default(self, choices: Chosen) -> bool:
        """Whether it is made as it counts without a choice."""
        return self.option(choices) is self.options[0]

    def made(self, choices: Chosen, value: StrEnum | bool) -> Chosen:
        """The choices with this one made so."""
        made: dict[str, Any] = {self.key: value}
        return replace(choices, **made)

    def cured(self, choices: Chosen) -> Chosen:
        """The choices with this one made so that it cures a problem: as usual, or the next way."""
        return (
            self.turned(choices)
            if self.is_default(choices)
            else self.made(choices, self.options[0].value)
        )

    def turned(self, choices: Chosen) -> Chosen:
        """The choices with this one made the next way."""
        at = self.options.index(self.option(choices))
        return self.made(choices, self.options[(at + 1) % len(self.options)].value)
