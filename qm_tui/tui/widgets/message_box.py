"""The two small dialogs: a question with a safe answer, and a message with OK."""

from typing import ClassVar, Protocol, runtime_checkable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog


@runtime_checkable
class HoldsText(Protocol):
    """A screen in which something was typed that is lost when it is left."""

    @property
    def unsaved(self) -> str:
        """What would be lost, in words; empty where it is nothing."""


class Question(Dialog[bool]):
    """Asks before something is done. The safe answer has the focus, and Esc gives it.

    Args:
        text: the question, with what happens if it is answered with yes.
        yes: the words on the button that does it.
        no: the words on the button that does not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "answer(False)", "Back"),
        Binding("left,right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, text: str, *, yes: str, no: str = "Cancel") -> None:
        super().__init__(classes="small-dialog")
        self._text, self._yes, self._no = text, yes, no

    def compose(self) -> ComposeResult:
        """The text, and the two answers."""
        with Vertical(classes="dialog"):
            yield Static(safe(self._text), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe(f"[{self._no}]"), id="no", compact=True)
                yield Button(safe(f"[{self._yes}]"), id="yes", compact=True)

    def on_mount(self) -> None:
        """The safe answer first."""
        for button in self.query("#no"):  # none where it was answered before it was there
            button.focus()

    def action_answer(self, answer: bool) -> None:
        """Answer, and close."""
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class Message(Dialog[None]):
    """Says something, and waits for OK.

    Args:
        paragraphs: what it says.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "close", "OK"),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
    ]

    def __init__(self, *paragraphs: str) -> None:
        super().__init__(classes="small-dialog")
        self._paragraphs = paragraphs

    def compose(self) -> ComposeResult:
        """The text, and OK."""
        lines = [line for text in self._paragraphs for line in ("", text)][1:]
        with Vertical(classes="dialog"):
            with VerticalScroll(classes="dialog-scroll", can_focus=False):
                yield Static(safe_lines(lines), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def action_move(self, lines: int) -> None:
        """Move a text that is longer than the screen."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)
