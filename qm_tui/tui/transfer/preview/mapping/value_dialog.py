"""The dialog to enter the value of a field."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from qm_tui.store.state import State
from qm_tui.transfer.mapping.mapping_file import InvalidMapping
from qm_tui.tui.changes.value_picker import ValueInput, has_picker, pick_value, picker_hint
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.users.fields import Field

_TITLE = 60


class ValueDialog(Dialog[str | None]):
    """Asks for the value of a field. The result is the text, or None if the dialog is canceled.

    Args:
        title: the title.
        field: the field, whose values in use can be picked.
        value: the value at first.
        help: what can be entered.
        check: called with the text; raises `InvalidMapping` if it is invalid.
        state: the state of the store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "accept", "OK"),
        bind("dialog.close", "cancel", "Cancel"),
    ]

    def __init__(
        self,
        title: str,
        field: Field,
        value: str,
        help: str,
        check: Callable[[str], object],
        state: State,
    ) -> None:
        super().__init__(classes="small-dialog")
        self._title, self._field, self._value, self._help = title, field, value, help
        self._check, self._state = check, state

    def compose(self) -> ComposeResult:
        hints = f"{picker_hint(self._field)}Enter OK  Esc cancel"
        with dialog_frame("mapping-value", self._title, hints, _TITLE):
            with Horizontal(id="mapping-value-line"):
                yield Label(safe(f"{self._field.name} "))
                yield ValueInput(lambda: (), id="mapping-value-input")
            yield Static(safe(self._help), id="mapping-value-help")
            yield Static(id="mapping-value-said")
            yield button_row(ok="[OK]", cancel="[Cancel]")

    @property
    def _input(self) -> ValueInput:
        return self.query_one(ValueInput)

    def on_mount(self) -> None:
        self._input.value = self._value
        self._input.select_all()
        self._input.focus()

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self.query_one("#mapping-value-said", Static).update(safe(message))

    def action_pick(self) -> None:
        """Open the values in use."""
        if has_picker(self._field):
            pick_value(self, self._field, self._state, self._input.value, self._take)

    def _take(self, value: str) -> None:
        self._input.value = value
        self._input.cursor_position = len(value)

    @on(ValueInput.InputRejected)
    def _input_rejected(self, event: ValueInput.InputRejected) -> None:
        self.show_message(event.message)

    @on(Input.Changed)
    def _changed(self) -> None:
        self.show_message("")

    @on(Button.Pressed, "#ok")
    @on(Input.Submitted)
    def action_accept(self) -> None:
        """Close the dialog with the text, if it is valid."""
        text = self._input.value.strip()
        try:
            self._check(text)
        except InvalidMapping as error:
            sentence = str(error)
            self.show_message(f"{sentence[:1].upper()}{sentence[1:]}.")
            self._input.focus()
        else:
            self.dismiss(text)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)
