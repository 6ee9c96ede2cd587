"""The dialog to select the field for a column, with a filter."""

from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.reading.samples import fold_header
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.filter_input import ListFilterInput
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.fields import FIELDS, Field

IGNORED: Final = "(ignored)"
"""Shown for a column that is not mapped to a field."""

_NAME, _REQUIRED = 29, 10
_MAX_FILTER: Final = 40


class FieldSelected(NamedTuple):
    """The result of the dialog.

    Attributes:
        field: the field; None to ignore the column.
    """

    field: Field | None


class FieldList(VirtualList):
    """The fields whose names match the filter, and an entry to ignore the column.

    Args:
        holders: by field, the name of the column that is mapped to it.
        field: the current field.
    """

    footer_height: ClassVar[int] = 1

    def __init__(self, holders: Mapping[Field, str], field: Field | None) -> None:
        super().__init__(id="fields")
        self._holders, self._field = holders, field
        self._all: tuple[Field | None, ...] = (None, *FIELDS)
        self.fields = self._all
        # set before mounting, so that keys in the same burst move from there
        self.set_reactive(VirtualList.cursor_row, self._all.index(field))

    @property
    def row_count(self) -> int:
        """The number of fields that match."""
        return len(self.fields)

    @property
    def cursor_field(self) -> FieldSelected | None:
        """The current entry; None if there is no match."""
        return FieldSelected(self.fields[self.cursor_row]) if self.fields else None

    def narrow(self, typed: str) -> None:
        """Show the fields whose names contain the text; those that start with it come first."""
        folded = fold_header(typed)
        if not folded:
            self.fields = self._all
            self.rows_changed(self._all.index(self._field))
            return
        matches = [field for field in self._all if folded in fold_header(_name(field))]
        matches.sort(key=lambda field: not fold_header(_name(field)).startswith(folded))
        self.fields = tuple(matches)
        self.rows_changed(0)

    def row_text(self, row: int, width: int) -> str:
        """Return the field, whether it is required, and the column mapped to it."""
        field = self.fields[row]
        cursor = ">" if row == self.cursor_row else " "
        if field is None:
            return pad_or_truncate(f"{cursor} {IGNORED}", width)
        required = "required" if field.required else ""
        column = self._holders.get(field)
        mapped = f"mapped to {sanitize(column, 60)}" if column is not None else ""
        return pad_or_truncate(
            f"{cursor} {field.name:<{_NAME}} {required:<{_REQUIRED}} {mapped}", width
        )

    def footer_text(self, width: int, line: int) -> str:
        """Return the help for the current field."""
        if not self.fields:
            return pad_or_truncate("  No fields match the filter.", width)
        field = self.fields[self.cursor_row]
        return pad_or_truncate(f"  {field.meaning if field else 'The column is ignored.'}", width)


class FieldPicker(Dialog[FieldSelected | None]):
    """Asks for the field of a column. The result is None if the dialog is canceled.

    Args:
        column: the name of the column.
        field: the field that it is mapped to.
        holders: by field, the name of the column that is mapped to it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
    ]

    def __init__(self, column: str, field: Field | None, holders: Mapping[Field, str]) -> None:
        super().__init__()
        self._column = column
        self._rows = FieldList(holders, field)
        self._rows.can_focus = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="field-picker") as dialog:
            dialog.border_title = safe(f'Map column "{self._column}" to', 50)
            dialog.border_subtitle = safe("type to search  ↑ ↓ move  Enter select  Esc cancel")
            with Horizontal(id="field-filter-line"):
                yield Label(safe("Field "))
                yield ListFilterInput(_MAX_FILTER, id="field-filter")
            yield self._rows

    def on_mount(self) -> None:
        self.query_one("#field-filter").focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._rows.narrow(event.value)

    @on(Input.Submitted)
    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        self.action_pick()

    def action_pick(self) -> None:
        """Select the current field."""
        picked = self._rows.cursor_field
        if picked is not None:
            self.dismiss(picked)

    def action_cancel(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._rows.action_move(rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self._rows.action_move_page(pages)


def _name(field: Field | None) -> str:
    return field.name if field else IGNORED
