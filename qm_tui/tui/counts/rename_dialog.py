"""The dialog Rename: one line to type, and below it what that does to how many users."""

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import counted
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.counts.rename import Renaming
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.widgets.suggester import LOOKED_AT, Suggestions, suggested
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.issues import shortened
from qm_tui.users.query.counts import FieldValues
from qm_tui.users.validation import control_fault, length_fault

_TOO_LONG: Final = f"! That is too long: {MAX_VALUE:,} characters at most are allowed."


class _NameInput(PlainInput):
    """The line. Tab completes where there is something to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", tooltip="Complete a value that is in use"),
        Binding("up", "app.focus_previous", "Up", show=False),
        Binding("down", "app.focus_next", "Down", show=False),
    ]

    class Refused(Message):
        """What was typed or pasted is too long."""

    def __init__(self, values: Sequence[str]) -> None:
        super().__init__(MAX_VALUE, id="new-name")
        self._in_use = values
        self.suggester = Suggestions(lambda: values)

    def restricted(self) -> None:
        """Say that it is too long."""
        self.post_message(self.Refused())

    def action_complete(self) -> None:
        """Complete what is typed; where there is nothing to complete, go on."""
        whole = suggested(self.value, self._in_use) if self.cursor_at_end else None
        if whole is None:
            self.screen.focus_next()
        else:
            self.value = whole
            self.cursor_position = len(whole)


class RenameDialog(Dialog[Renaming | None]):
    """Asks what takes the place of a value. It gives that, with what was said of it, or None.

    Args:
        values: the values of the field.
        value: the value; empty for the users without one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "rename", "Rename", tooltip="Do it"),
        Binding("escape", "back", "Back"),
        Binding("q", "back", "Back", show=False),
        Binding("up,left", "app.focus_previous", "Up", show=False),
        Binding("down,right", "app.focus_next", "Down", show=False),
    ]

    def __init__(self, values: FieldValues, value: str) -> None:
        super().__init__(classes="small-dialog")
        self._values, self._value = values, value
        self._number = values.number_of(value)
        self._suggestions = [
            one.value for one in islice(values.counts, LOOKED_AT) if one.value != value
        ]

    def compose(self) -> ComposeResult:
        """The line, what it does, and the answers."""
        name = self._values.field.name
        with Vertical(classes="dialog", id="rename-dialog") as dialog:
            dialog.border_title = safe(self._title)
            dialog.border_subtitle = safe("Tab completes  F1 keys  Esc back")
            with Horizontal(id="rename-line"):
                yield Label(safe(f"{name} "))
                yield _NameInput(self._suggestions)
            yield Static(id="rename-outcome")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Cancel]"), id="no", compact=True)
                yield Button(id="yes", compact=True)

    @property
    def _title(self) -> str:
        users, name = counted(self._number, "user"), self._values.field.name
        if not self._value:
            return f"{users} without {name}"
        return f"Rename {shortened(self._value, 30)}, {users}"

    @property
    def _field(self) -> _NameInput:
        return self.query_one(_NameInput)

    def on_mount(self) -> None:
        """The value stands in the line, selected."""
        self._field.value = self._value
        self._field.select_all()
        self._field.focus()
        self._show_outcome()

    # What it does

    @property
    def unsaved(self) -> str:
        """What would be lost if the dialog were left, in words; else empty."""
        if not self.is_mounted or self._field.value == self._value:
            return ""
        return "The new name that you typed is not saved, and would be lost"

    @property
    def _renaming(self) -> Renaming:
        new = self._field.value
        if new != self._value:
            new = new.strip(BLANKS)
        values = self._values
        return Renaming(values.field, self._value, new, self._number, values.number_of(new))

    @property
    def _fault(self) -> str:
        """What is wrong with the line; empty where nothing is."""
        renaming = self._renaming
        if renaming.new == self._value:
            return "Type another name." if self._value else "Type the name that they get."
        field = renaming.field
        fault = control_fault(field, renaming.new) or length_fault(field, renaming.new)
        return f"! {fault.message}. {fault.remedy}" if fault is not None else ""

    @on(Input.Changed)
    def _show_outcome(self) -> None:
        """Say what it does, or what is wrong with it."""
        renaming, fault = self._renaming, self._fault
        self._say(fault or renaming.outcome, is_fault=fault.startswith("!"))
        act = renaming.act if renaming.new != self._value else renaming._replace(others=0).act
        button = self.query_one("#yes", Button)
        button.label = safe(f"[{act}]")
        button.refresh(layout=True)

    def _say(self, sentence: str, *, is_fault: bool) -> None:
        said = self.query_one("#rename-outcome", Static)
        said.set_class(is_fault, "fault")
        said.update(safe(sentence))

    @on(_NameInput.Refused)
    def _refused(self) -> None:
        self._say(_TOO_LONG, is_fault=True)

    # Closing

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def action_rename(self) -> None:
        """Close it with the new name, unless something is wrong with it."""
        if not self.is_active:
            return  # it was closed by the key before
        fault = self._fault
        if fault:
            self._say(fault, is_fault=True)
            self.set_focus(self._field)
        else:
            self.dismiss(self._renaming)

    @on(Button.Pressed, "#no")
    def action_back(self) -> None:
        """Close it, and nothing is renamed; ask first where something was typed."""
        if not self.is_active:
            return
        if self.unsaved:
            question = Question(f"{self.unsaved}. Leave it?", yes="Leave it", no="Stay")
            self.app.push_screen(question, self._leave)
        else:
            self._leave(True)

    def _leave(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(None)
