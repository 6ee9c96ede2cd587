"""Options as data: their captions, their values and the help for each value.

They are attributes of a dataclass with `option` as their default, so that each is defined once.
"""

from dataclasses import field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Options = TypeVar("Options", bound="DataclassInstance")
"""All options of one kind with their current values: an attribute for each."""


class OptionValue(NamedTuple):
    """One value of an option.

    Attributes:
        value: the value of the option's attribute in `ImportOptions` or `ExportOptions`.
        label: the caption of the value.
        help: the help for the value, a sentence.
        fix: the caption where the value is offered as a fix.
        summary: the caption where values that are not the default are listed.
    """

    value: StrEnum | bool
    label: str
    help: str
    fix: str = ""
    summary: str = ""


class Option(NamedTuple, Generic[Options]):
    """An option.

    Attributes:
        key: its attribute in the options, and its key in the saved options.
        flag: its flag on the command line.
        letter: its key in the preview; empty if it is only in the dialog.
        title: its caption.
        values: its values; the first is the default.
    """

    key: str
    flag: str
    letter: str
    title: str
    values: tuple[OptionValue, ...]

    def current(self, options: Options) -> OptionValue:
        """Return the current value."""
        value = getattr(options, self.key)
        return next(option for option in self.values if option.value == value)

    def is_default(self, options: Options) -> bool:
        """Return whether the current value is the default."""
        return self.current(options) is self.values[0]

    def with_value(self, options: Options, value: StrEnum | bool) -> Options:
        """Return the options with this one set to the value."""
        change: dict[str, Any] = {self.key: value}
        return replace(options, **change)

    def with_fix(self, options: Options) -> Options:
        """Return the options with this one set to fix a problem: the default, or the next value."""
        return (
            self.with_next_value(options)
            if self.is_default(options)
            else self.with_value(options, self.values[0].value)
        )

    def with_next_value(self, options: Options) -> Options:
        """Return the options with this one set to its next value."""
        index = self.values.index(self.current(options))
        return self.with_value(options, self.values[(index + 1) % len(self.values)].value)


def option(title: str, *values: OptionValue, letter: str = "") -> Any:  # noqa: ANN401 - as `field`
    """Return the default of an attribute that is an option: its first value."""
    return field(default=values[0].value, metadata={"title": title, "letter": letter, "of": values})


def options_of(options: type[Options]) -> "tuple[Option[Options], ...]":
    """Return the options of a dataclass, in order.

    Their flags are their names; of what is on by default, a flag turns it off.
    """
    return tuple(
        Option(
            attribute.name,
            f"--{'no-' if attribute.default is True else ''}{attribute.name.replace('_', '-')}",
            attribute.metadata["letter"],
            attribute.metadata["title"],
            attribute.metadata["of"],
        )
        for attribute in fields(options)
    )
