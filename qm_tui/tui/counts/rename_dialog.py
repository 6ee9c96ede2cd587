"""The dialog that renames a value: the new value and its effect."""

from collections.abc import Sequence
from itertools import islice
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import pluralize, with_full_stop
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.changes.value_picker import ValueInUse, ValuePicker, open_picker
from qm_tui.tui.counts.rename import RenamePlan
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Confirms, Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.suggester import MAX_COMPARED, Suggestions, suggest
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.query.counts import FieldValues

_TOO_LONG: Final = f"! Too long (maximum {MAX_VALUE:,} characters)."
_NEW_NAME: Final = "Type a different name."
_NEW_VALUE: Final = "Type the new value."
_UNSAVED: Final = "The new name has not been saved"


class _NameInput(SafeInput):
    """The input. Tab completes the value, or moves the focus; Down opens the values in use."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", tooltip="Complete with a value in use"),
        Binding("up", "app.focus_previous", "Up", show=False),
        Binding("down", "screen.pick", "Values in use", tooltip="Select one of the values in use"),
    ]

    class InputRejected(Message):
        """The typed or pasted text is too long."""

    def __init__(self, values: Sequence[str]) -> None:
        super().__init__(MAX_VALUE, id="new-name")
        self._in_use = values
        self.suggester = Suggestions(lambda: values)

    def restricted(self) -> None:
        """Report that the value is too long."""
        self.post_message(self.InputRejected())

    def action_complete(self) -> None:
        """Complete the value, or move the focus if there is nothing to complete."""
        whole = suggest(self.value, self._in_use) if self.cursor_at_end else None
        if whole is None:
            self.screen.focus_next()
        else:
            self.value = whole
            self.cursor_position = len(whole)


class RenameDialog(Confirms, Dialog[RenamePlan | None]):
    """Asks for the new value. The result is the rename, or None if canceled.

    Args:
        values: the values of the field.
        value: the old value; empty for the users without one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "rename", "Rename"),
        bind("dialog.close", "back", "Cancel"),
        Binding("up,left", "app.focus_previous", "Up", show=False),
        Binding("down,right", "app.focus_next", "Down", show=False),
    ]

    def __init__(self, values: FieldValues, value: str) -> None:
        super().__init__(classes="small-dialog")
        self._values, self._value = values, value
        self._number = values.number_of(value)
        self._suggestions = [
            count.value for count in islice(values.counts, MAX_COMPARED) if count.value != value
        ]
        others = (count.value for count in values.counts if count.value != value)
        self._in_use = ValuesInUse({values.field.key: others})

    def compose(self) -> ComposeResult:
        name = self._values.field.name
        with dialog_frame(
            "rename-dialog",
            self._title,
            "Tab complete  ↓ values in use  <form.save> rename  Esc cancel",
        ):
            with Horizontal(id="rename-line"):
                yield Label(safe(f"{name} "))
                yield _NameInput(self._suggestions)
            yield Static(id="rename-outcome")
            yield button_row(yes="", no="[Cancel]")

    @property
    def _title(self) -> str:
        users, name = pluralize(self._number, "user"), self._values.field.name
        if not self._value:
            return f"Set {name} for {users} without one"
        return f"Rename {truncate(self._value, 30)} ({users})"

    @property
    def _field(self) -> _NameInput:
        return self.query_one(_NameInput)

    def on_mount(self) -> None:
        self._field.value = self._value
        self._field.select_all()
        self._field.focus()
        self._show_effect()

    def action_pick(self) -> None:
        """Open the other values in use."""
        text = self._field.value
        shown = "" if text == self._value else text
        picker = ValuePicker(self._values.field, shown, lambda _: self._other_values())
        open_picker(self, picker, self._take)

    def _other_values(self) -> Sequence[ValueInUse]:
        return [
            ValueInUse(count.value, count.number)
            for count in self._values.counts
            if count.value not in ("", self._value)
        ]

    def _take(self, value: str) -> None:
        self._field.value = value
        self._field.cursor_position = len(value)

    # The effect

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if nothing was typed."""
        if not self.is_mounted or self._field.value == self._value:
            return ""
        return _UNSAVED

    @property
    def _rename_plan(self) -> RenamePlan:
        new = self._field.value
        if new != self._value:
            new = new.strip(BLANKS)
        values = self._values
        return RenamePlan(values.field, self._value, new, self._number, values.number_of(new))

    @property
    def _missing(self) -> str:
        """What to type while the value is unchanged; otherwise empty."""
        if self._rename_plan.new != self._value:
            return ""
        return _NEW_NAME if self._value else _NEW_VALUE

    @property
    def _error(self) -> str:
        """The error in the new value; empty if it is valid."""
        issue = self._rename_plan.error
        return f"! {with_full_stop(issue.message)} {issue.fix}" if issue is not None else ""

    @property
    def _warnings(self) -> Sequence[Issue]:
        """The warnings of the new value. A new name is one only if a similar value is in use."""
        plan = self._rename_plan
        similar = self._in_use.issue(plan.field, plan.new, only_if_similar=True)
        return [*plan.warnings, *([similar] if similar is not None else ())]

    @on(Input.Changed)
    def _show_effect(self) -> None:
        """Show the effect and warnings, what to type, or the error."""
        renaming, missing, error = self._rename_plan, self._missing, self._error
        if missing or error:
            self._show_message(missing or error, is_error=not missing)
        else:
            warnings = [f"? {with_full_stop(issue.message)}" for issue in self._warnings]
            self._show_message(renaming.effect_text, *warnings)
        act = (
            renaming.button_label
            if renaming.new != self._value
            else renaming._replace(existing=0).button_label
        )
        button = self.query_one("#yes", Button)
        button.label = safe(f"[{act}]")
        button.refresh(layout=True)

    def _show_message(self, *lines: str, is_error: bool = False) -> None:
        outcome = self.query_one("#rename-outcome", Static)
        outcome.set_class(is_error, "fault")
        outcome.update(safe_lines(lines))

    @on(_NameInput.InputRejected)
    def _input_rejected(self) -> None:
        self._show_message(_TOO_LONG, is_error=True)

    # Closing

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def action_rename(self) -> None:
        """Accept the new value, if it is valid."""
        if not self.is_active:
            return  # the previous key has closed it
        problem = self._missing or self._error
        if problem:
            self._show_message(problem, is_error=True)
            self.set_focus(self._field)
        else:
            self.dismiss(self._rename_plan)

    @on(Button.Pressed, "#no")
    def action_back(self) -> None:
        """Cancel; ask first if something was typed."""
        if self.is_active:
            close_or_ask(self, "Discard the new name?", is_unsaved=bool(self.unsaved))
