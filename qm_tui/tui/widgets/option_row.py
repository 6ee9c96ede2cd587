"""A line of a form with a few choices, one of which is made: Space, left and right, or a click."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from qm_tui.tui.text.safe_content import safe

_GAP: Final = 2


class Option(NamedTuple):
    """A choice.

    Attributes:
        value: what it stands for.
        label: the word for it.
    """

    value: str
    label: str


class ChoiceLine(Static, can_focus=True):
    """Some choices; the one that is made stands in brackets."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", "Next choice", show=False),
        Binding("left", "turn(-1)", "Choice before", show=False),
    ]

    class Turned(Message):
        """Another choice was made.

        Args:
            line: in which line.
        """

        def __init__(self, line: "ChoiceLine") -> None:
            super().__init__()
            self.line = line

    def __init__(self) -> None:
        super().__init__()
        self._options: Sequence[Option] = ()
        self._at = 0

    @property
    def value(self) -> str:
        """What the choice that is made stands for."""
        return self._options[self._at].value

    def show(self, options: Sequence[Option], value: str) -> None:
        """Show choices.

        Args:
            options: the choices.
            value: what the one that is made stands for.
        """
        self._options = options
        self._at = next((at for at, one in enumerate(options) if one.value == value), 0)
        self._draw()

    def _labels(self) -> list[str]:
        return [
            f"[{one.label}]" if at == self._at else f" {one.label} "
            for at, one in enumerate(self._options)
        ]

    def _draw(self) -> None:
        chosen = "bold reverse" if self.has_focus else "bold"
        said = [safe(label) for label in self._labels()]
        said[self._at] = said[self._at].stylize(chosen)
        self.update(Content(" " * _GAP).join(said), layout=False)

    def on_focus(self) -> None:
        """The choice that is made stands out."""
        self._draw()

    def on_blur(self) -> None:
        """It no longer does."""
        self._draw()

    def action_turn(self, by: int) -> None:
        """Make the next choice, or the one before."""
        self._choose((self._at + by) % len(self._options))

    def _choose(self, at: int) -> None:
        if at != self._at:
            self._at = at
            self._draw()
            self.post_message(self.Turned(self))

    def on_click(self, event: events.Click) -> None:
        """Make the choice that was clicked on."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        for at, label in enumerate(self._labels()):
            if 0 <= x < len(label):
                self._choose(at)
                return
            x -= len(label) + _GAP
