"""The dialog that confirms a mass change with its number."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.confirming import Confirms
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField


class ConfirmDialog(Confirms, Dialog[int | None]):
    """Asks for the number of a mass change. The result is the number, or None if canceled.

    Args:
        number: the number that confirms.
        text: the effect, and that nothing has been saved yet.
        title: the question.
        yes: the caption of the button that confirms.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Cancel"),
        Binding("q", "no", "Cancel", show=False),
    ]

    def __init__(self, number: int, text: str, *, title: str, yes: str) -> None:
        super().__init__(classes="small-dialog")
        self._number, self._text, self._title, self._yes = number, text, title, yes

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="confirm-dialog") as dialog:
            dialog.border_title = safe(self._title)
            yield Static(safe(self._text), classes="dialog-text")
            with Horizontal(id="confirm-line"):
                number = NumberField(self._number, id="confirm")
                yield Label(safe(number.prompt))
                yield number
            yield Static(id="confirm-refused")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Cancel]"), id="no", compact=True)
                yield Button(safe(f"[{self._yes}]"), id="yes", compact=True)

    def on_mount(self) -> None:
        self.query_one("#confirm").focus()

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _canceled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _confirmed(self) -> None:
        field = self.query_one(NumberField)
        if field.is_confirmed:
            self.dismiss(self._number)
            return
        self.query_one("#confirm-refused", Static).update(safe(field.mismatch))
        field.focus()
