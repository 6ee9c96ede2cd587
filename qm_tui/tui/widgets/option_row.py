"""A row of options, one of which is selected with Space, the arrow keys or a click."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset
from textual.message import Message
from textual.widget import Widget

from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe

_GAP: Final = 2


class RadioOption(NamedTuple):
    """An option.

    Attributes:
        value: its value.
        label: its label.
    """

    value: str
    label: str


class RadioRow(Widget, can_focus=True):
    """A row of options; the selected one is in brackets.

    Args:
        options: the options, at least one.
        value: the value of the selected one. Default: the first.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("options.next", "turn(1)", "Next option", show=False),
        Binding("left", "turn(-1)", "Previous option", show=False),
    ]

    class Changed(Message):
        """Another option was selected.

        Args:
            line: the row.
        """

        def __init__(self, line: "RadioRow") -> None:
            super().__init__()
            self.line = line

    def __init__(self, options: Sequence[RadioOption], value: str | None = None) -> None:
        super().__init__()
        self._options = options
        self._selected = _index_of(options, value)

    @property
    def value(self) -> str:
        """The value of the selected option."""
        return self._options[self._selected].value

    def show(self, options: Sequence[RadioOption], value: str | None = None) -> None:
        """Show other options.

        Args:
            options: the options, at least one.
            value: the value of the selected one. Default: the first.
        """
        self._options = options
        self._selected = _index_of(options, value)
        self.refresh()

    def _labels(self) -> list[str]:
        return [
            f"[{option.label}]" if index == self._selected else f" {option.label} "
            for index, option in enumerate(self._options)
        ]

    def render(self) -> Content:
        """The options, one after the other."""
        style = "bold reverse" if self.has_focus else "bold"
        labels = [safe(label) for label in self._labels()]
        labels[self._selected] = labels[self._selected].stylize(style)
        return Content(" " * _GAP).join(labels)

    @property
    def cursor_screen_offset(self) -> Offset:
        """The position of the selected option on the screen."""
        before = self._labels()[: self._selected]
        return self.content_region.offset + Offset(sum(len(label) + _GAP for label in before), 0)

    def watch_has_focus(self, focused: bool) -> None:
        """Draw the selected option with or without the focus."""
        super().watch_has_focus(focused)
        self.refresh()

    def action_turn(self, by: int) -> None:
        """Select the next or the previous option."""
        self._select((self._selected + by) % len(self._options))

    def _select(self, index: int) -> None:
        if index != self._selected:
            self._selected = index
            self.refresh()
            self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """Select the option that was clicked."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        for index, label in enumerate(self._labels()):
            if 0 <= x < len(label):
                self._select(index)
                return
            x -= len(label) + _GAP


def _index_of(options: Sequence[RadioOption], value: str | None) -> int:
    return next((index for index, option in enumerate(options) if option.value == value), 0)
