"""The two small dialogs: a confirmation with a safe button, and a message with OK."""

from typing import ClassVar, Protocol, TypeVar, runtime_checkable

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Static

from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import BUTTON_HINTS, Confirms, Dialog, button_row, dialog_frame

ResultT = TypeVar("ResultT")


@runtime_checkable
class HasUnsavedText(Protocol):
    """A screen that may have unsaved changes."""

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if it is nothing."""


class ConfirmQuestion(Confirms, Dialog[bool]):
    """Asks to confirm an action. The result is whether it is confirmed.

    The safe button has the focus, and Esc presses it.

    Args:
        text: the question and the effect.
        yes: the caption of the button that confirms.
        no: the caption of the safe button.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "answer(False)", "Cancel"),
        Binding("left,right", "app.focus_next", "Next button", show=False),
    ]

    def __init__(self, text: str, *, yes: str, no: str = "Cancel") -> None:
        super().__init__(classes="small-dialog")
        self._text, self._yes, self._no = text, yes, no

    def compose(self) -> ComposeResult:
        with dialog_frame(hints=BUTTON_HINTS):
            yield Static(safe(self._text), classes="dialog-text")
            yield button_row(no=f"[{self._no}]", yes=f"[{self._yes}]")

    def on_mount(self) -> None:
        for button in self.query("#no"):  # none if the dialog was closed before it was composed
            button.focus()

    def action_answer(self, answer: bool) -> None:
        """Close the dialog with an answer."""
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")


class MessageDialog(Confirms, Dialog[None]):
    """Shows a message with OK.

    Args:
        paragraphs: the paragraphs of the message.
    """

    takes_early_escape: ClassVar[bool] = False

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "close", "OK"),
        bind("dialog.ok", "close"),
        bind("list.up", "move(-1)", show=False),
        bind("list.down", "move(1)", show=False),
    ]

    def __init__(self, *paragraphs: str) -> None:
        super().__init__(classes="small-dialog")
        self._paragraphs = paragraphs

    def compose(self) -> ComposeResult:
        lines = [line for text in self._paragraphs for line in ("", text)][1:]
        with dialog_frame():
            with VerticalScroll(classes="dialog-scroll", can_focus=False):
                yield Static(safe_lines(lines), classes="dialog-text")
            yield button_row(ok="[OK]")

    def action_move(self, lines: int) -> None:
        """Scroll a text that is longer than the screen."""
        for text in self.query(VerticalScroll):  # none if the dialog is being closed
            text.scroll_relative(y=lines, animate=False)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def discard_question(text: str) -> ConfirmQuestion:
    """Return the question whether to discard what was typed."""
    return ConfirmQuestion(text, yes="Discard", no="Keep editing")


def close_or_ask(
    dialog: Screen[ResultT], text: str, *, is_unsaved: bool, result: ResultT | None = None
) -> None:
    """Close a dialog; ask first if input would be discarded.

    Args:
        dialog: the dialog.
        text: the question.
        is_unsaved: whether to ask it.
        result: the result of the dialog.
    """

    def close(is_confirmed: bool | None) -> None:
        if is_confirmed:
            dialog.dismiss(result)

    if is_unsaved:
        dialog.app.push_screen(discard_question(text), close)
    else:
        close(True)
