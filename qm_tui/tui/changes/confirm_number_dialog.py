"""The guard of a mass change: its number must be typed before it is made."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField


class ConfirmDialog(Dialog[int | None]):
    """Asks for the number of a mass change. It gives the number, or None; Esc gives None.

    Args:
        number: the number.
        text: what would be done, and that nothing is written yet.
        yes: the word on the button that does it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Back"),
        Binding("q", "no", "Back", show=False),
    ]

    def __init__(self, number: int, text: str, *, yes: str) -> None:
        super().__init__(classes="small-dialog")
        self._number, self._text, self._yes = number, text, yes

    def compose(self) -> ComposeResult:
        """What it would do, the field, and the answers."""
        with Vertical(classes="dialog", id="confirm-dialog") as dialog:
            dialog.border_title = safe("A mass change")
            yield Static(safe(self._text), classes="dialog-text")
            with Horizontal(id="confirm-line"):
                yield Label(safe(f"If that is meant, type {self._number} "))
                yield NumberField(self._number, id="confirm")
            yield Static(id="confirm-refused")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Cancel]"), id="no", compact=True)
                yield Button(safe(f"[{self._yes}]"), id="yes", compact=True)

    def on_mount(self) -> None:
        """The field waits for the number."""
        self.query_one("#confirm").focus()

    def action_no(self) -> None:
        """Close it, and nothing is done."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _refused(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _confirmed(self) -> None:
        field = self.query_one(NumberField)
        if field.holds_it:
            self.dismiss(self._number)
            return
        said = f"That is not the number: type {self._number}, or press Esc."
        self.query_one("#confirm-refused", Static).update(safe(said))
        field.focus()
