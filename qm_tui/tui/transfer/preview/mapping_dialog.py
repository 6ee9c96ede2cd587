"""The dialog to map the columns of a file to fields."""

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from rich.segment import Segment
from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from qm_tui.errors import UserError
from qm_tui.paths import mappings_folder
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.mapping.saved_mappings import save_mapping
from qm_tui.transfer.reading.columns import column_names, is_problems_column
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.field_picker import IGNORED, FieldPicker, FieldSelected
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import MessageDialog, close_or_ask
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.fields import FIELDS, Field

_FIELD: Final = 28
_NARROW, _WIDE = 22, 34
_WIDE_FROM: Final = 90
_MAX_NAME: Final = 60
_REDACTED: Final = "(hidden)"
_NO_HEADER: Final = (
    "This file has no header, so there is nothing to map. Columns are read in the standard order "
    "of the fields."
)


async def map_columns(app: App[Any], prepared: PreparedImport) -> ColumnMapping | None:
    """Ask for a column mapping, and save it for files with the same header.

    Args:
        app: shows the dialog.
        prepared: the import.

    Returns:
        The mapping; None if the admin canceled, or the file has no header.
    """
    file_report = prepared.file_report
    header = file_report.columns.header
    if not header:
        await app.push_screen_wait(MessageDialog(_NO_HEADER))
        return None
    before = prepared.request.read_options.mapping
    guess = (
        guess_columns(header, file_report.sample_values)
        if before is None
        else file_report.columns.fields
    )
    name = (before.name if before is not None else "") or prepared.request.path.stem
    dialog = MappingDialog(header, file_report.sample_values, guess, name)
    mapping = await app.push_screen_wait(dialog)
    if mapping is not None:
        try:
            await asyncio.to_thread(save_mapping, mappings_folder(), mapping.name, mapping, header)
        except UserError as error:
            await app.push_screen_wait(MessageDialog(str(error)))
    return mapping


class ColumnList(VirtualList):
    """The columns of a file with their fields and sample values.

    Args:
        names: the names of the columns.
        sample_values: sample values of each column.
        fields: the field of each column.
    """

    header_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("mapping.ignore", "screen.ignore"),
    ]

    def __init__(
        self,
        names: Sequence[str],
        sample_values: Sequence[Sequence[str]],
        fields: Sequence[Field | None],
    ) -> None:
        super().__init__(id="columns")
        self.names = list(names)
        self._sample_values = sample_values
        self.fields = list(fields)

    @property
    def row_count(self) -> int:
        """The number of columns."""
        return len(self.names)

    @property
    def missing(self) -> list[Field]:
        """The required fields without a column."""
        return [field for field in FIELDS if field.required and field not in self.fields]

    def map_column(self, row: int, field: Field | None) -> None:
        """Map a column to a field; the column mapped to it before becomes ignored."""
        if field is not None:
            self.fields = [None if mapped == field else mapped for mapped in self.fields]
        self.fields[row] = field
        self.refresh()

    def header_text(self, width: int) -> list[Segment]:
        """Return the header."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'Column':<{_name_width(width)}}   {'Field':<{_FIELD}}  Values"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return a column, its field and its sample values; never those of a secret."""
        cursor = ">" if row == self.cursor_row else " "
        field = self.fields[row]
        name = pad_or_truncate(sanitize(self.names[row], 100), _name_width(width))
        values = "  ".join(sanitize(value, 60) for value in self._sample_values[row])
        if field is not None and field.is_secret:
            values = _REDACTED
        arrow, field_name = ("→", field.name) if field else (" ", IGNORED)
        return pad_or_truncate(f"{cursor} {name} {arrow} {field_name:<{_FIELD}}  {values}", width)


class MappingDialog(Dialog[ColumnMapping | None]):
    """Asks for a column mapping and its name. The result is None if the dialog is canceled.

    Args:
        header: the header of the file.
        sample_values: sample values of each column, without possible secrets.
        mapping_guess: the proposed field of each column.
        name: the proposed name of the mapping.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "use", "Apply"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel", "Cancel"),
    ]

    def __init__(
        self,
        header: Sequence[str],
        sample_values: Sequence[Sequence[str]],
        mapping_guess: Sequence[Field | None],
        name: str,
    ) -> None:
        super().__init__()
        shown = [index for index, name in enumerate(header) if not is_problems_column(name)]
        names = column_names(header)
        self._suggested = [mapping_guess[index] for index in shown]
        self._columns = ColumnList(
            [names[index] for index in shown],
            [sample_values[index] for index in shown],
            self._suggested,
        )
        self._offered = sanitize(name)[:_MAX_NAME]

    def compose(self) -> ComposeResult:
        hints = "Enter select field  <mapping.ignore> ignore  <form.save> apply  Esc cancel"
        with dialog_frame("mapping", "Map columns to fields", hints):
            yield self._columns
            yield Static(id="mapping-missing")
            with Horizontal(id="mapping-name-line"):
                yield Label(safe("Name "))
                name = SafeInput(_MAX_NAME, id="mapping-name")
                name.value = self._offered
                yield name
                yield Label(safe("  reused for files with this header"), id="mapping-why")
            yield Static(id="mapping-said")
            yield button_row(use=with_keys("[<form.save> Apply]"), cancel="[Cancel]")

    def on_mount(self) -> None:
        self._columns.focus()
        self._show_missing()

    def _show_missing(self) -> None:
        missing = ", ".join(field.name for field in self._columns.missing)
        text = (
            f"Required fields without a column: {missing}. This file can only update users."
            if missing
            else "All required fields are mapped."
        )
        self.query_one("#mapping-missing", Static).update(safe(text))

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self.query_one("#mapping-said", Static).update(safe(message))

    # Mapping

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        columns, row = self._columns, self._columns.cursor_row
        holders = {
            field: name
            for field, name in zip(columns.fields, columns.names, strict=True)
            if field is not None
        }

        def pair(picked: FieldSelected | None) -> None:
            if picked is not None:
                self._map_column(row, picked.field)

        self.app.push_screen(FieldPicker(columns.names[row], columns.fields[row], holders), pair)

    def action_ignore(self) -> None:
        """Ignore the current column."""
        if self._columns.row_count:
            self._map_column(self._columns.cursor_row, None)

    def _map_column(self, row: int, field: Field | None) -> None:
        self._columns.map_column(row, field)
        self.show_message("")
        self._show_missing()

    # Closing

    @on(Button.Pressed, "#use")
    @on(Input.Submitted)
    def action_use(self) -> None:
        """Close the dialog with the mapping."""
        columns, field = self._columns, self.query_one("#mapping-name", SafeInput)
        name = field.value.strip()
        if not any(columns.fields):
            self.show_message("No column is mapped. Map at least one, or press Esc to cancel.")
            columns.focus()
        elif not name:
            self.show_message("Enter a name for this mapping.")
            field.focus()
        else:
            pairs = dict(zip(columns.names, columns.fields, strict=True))
            self.dismiss(ColumnMapping(name, pairs))

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog without a result; ask first if the mapping was edited."""
        is_unsaved = self._columns.fields != self._suggested
        close_or_ask(self, "Discard this mapping?", is_unsaved=is_unsaved)


def _name_width(width: int) -> int:
    return _WIDE if width >= _WIDE_FROM else _NARROW
