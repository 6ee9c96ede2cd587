"""The dialog to map the columns of a file to fields, and to set values for new users."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import sanitize
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.reading.columns import column_names, is_problems_column
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.mapping.draft import MappingDraft
from qm_tui.tui.transfer.preview.mapping.editor import MappingEditor
from qm_tui.tui.transfer.preview.mapping.example import MappingExample
from qm_tui.tui.transfer.preview.mapping.rows import MappingList
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.fields import Field

_MAX_NAME: Final = 60
_NUMBER: Final = 4
"""Characters that are left for a number after the proposed name."""


class MappingDialog(Dialog[ColumnMapping | None]):
    """Asks for a column mapping and its name. The result is None if the dialog is canceled.

    Args:
        prepared: the import; its file has a header.

    Attributes:
        draft: the mapping as it is now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "use", "Apply"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel", "Cancel"),
    ]

    def __init__(self, prepared: PreparedImport) -> None:
        super().__init__()
        report, before = prepared.file_report, prepared.request.read_options.mapping
        header = report.columns.header
        guess: Sequence[Field | None] = (
            report.columns.fields
            if before is not None and before.columns
            else guess_columns(header, report.sample_values)
        )
        shown = [index for index, name in enumerate(header) if not is_problems_column(name)]
        names = column_names(header)
        self.draft = MappingDraft(
            [names[index] for index in shown], [guess[index] for index in shown], before
        )
        self._list = MappingList(self.draft, [report.sample_values[index] for index in shown])
        name = (before.name if before is not None else "") or prepared.request.path.stem
        self._example = MappingExample(prepared.request)
        self._editor = MappingEditor(self, prepared, self.draft, self._changed)
        self._offered = self._editor.free_name(sanitize(name)[: _MAX_NAME - _NUMBER])

    def compose(self) -> ComposeResult:
        hints = (
            "Enter edit  <mapping.ignore> ignore  <mapping.values> values  <mapping.match> match  "
            "<mapping.add> add  <form.save> apply  Esc cancel"
        )
        with dialog_frame("mapping", "Map columns to fields", hints):
            yield self._list
            yield Static(id="mapping-missing")
            yield self._example
            with Horizontal(id="mapping-name-line"):
                yield Label(safe("Name "))
                name = SafeInput(_MAX_NAME, id="mapping-name")
                name.value = self._offered
                yield name
                yield Label(safe("  reused for files with this header"), id="mapping-why")
            yield Static(id="mapping-said")
            yield button_row(use=with_keys("[<form.save> Apply]"), cancel="[Cancel]")

    def on_mount(self) -> None:
        self._list.focus()
        self._changed()

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self.query_one("#mapping-said", Static).update(safe(message))

    # What the mapping makes

    def _changed(self, given: Field | None = None) -> None:
        """Show the mapping after a change, with the cursor on the value that was set, if any."""
        rows = self._list
        rows.rows_changed(rows.cursor_row if given is None else rows.row_of_given(given))
        self.show_message("")
        missing = with_keys(self.draft.missing_text)
        self.query_one("#mapping-missing", Static).update(safe(missing))
        self._example.show(self.draft.mapping(""))

    # Editing

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        column, field = self._list.current
        if column is not None:
            self._editor.pick_field(column)
        elif field is not None:
            self._editor.enter_value(field)
        else:
            self.action_add()

    def action_ignore(self) -> None:
        """Ignore the current column, or remove the current value of new users."""
        column, field = self._list.current
        if column is not None:
            self.draft.map_column(column, None)
        elif field is not None:
            self.draft.give(field, "")
        self._changed()

    def action_add(self) -> None:
        """Add a value for new users."""
        self._editor.add_value()

    def action_values(self) -> None:
        """Set values for those of the current column."""
        column, field = self._list.current
        if column is not None:
            self.show_message(self._editor.edit_values(column, field))

    def action_match(self) -> None:
        """Match users by the field of the current column, or no longer."""
        column, field = self._list.current
        if column is not None:
            self.show_message(self._editor.match_by(field))

    # Closing

    @on(Button.Pressed, "#use")
    @on(Input.Submitted)
    def action_use(self) -> None:
        """Close the dialog with the mapping."""
        draft, input_ = self.draft, self.query_one("#mapping-name", SafeInput)
        name = input_.value.strip()
        if not any(draft.fields):
            self.show_message("No column is mapped. Map at least one, or press Esc to cancel.")
            self._list.focus()
        elif not name:
            self.show_message("Enter a name for this mapping.")
            input_.focus()
        elif self._editor.is_name_taken(name):
            self.show_message(
                f"The mapping {name} is for files with other columns. Enter another name."
            )
            input_.focus()
        elif self._example.error:
            self.show_message(self._example.error)
        else:
            self.dismiss(draft.mapping(name))

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog without a result; ask first if the mapping was edited."""
        close_or_ask(self, "Discard this mapping?", is_unsaved=self.draft.is_edited)
