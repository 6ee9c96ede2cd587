"""The dialog to set values for those of a column."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button, Static

from qm_tui.store.state import State
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.reading.read_options import ANY_VALUE, ColumnMapping
from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.mapping.draft import ValuesOfColumn, checked_value
from qm_tui.tui.transfer.preview.mapping.value_dialog import ValueDialog
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.flow import flow
from qm_tui.users.fields import Field

_VALUE: Final = 30
_NUMBER: Final = 8
_OTHERS: Final = "all other values"
_REJECTED: Final = "(rejected)"
_UNCHANGED: Final = "unchanged"
_EMPTY: Final = "(empty)"
_KEEP: Final = " Enter * to leave them unchanged."
_MORE: Final = "Only the first values of the file are listed. Set one for all other values, too."


class _ValueList(VirtualList):
    """The values of a column, each with its value for the field.

    Args:
        field: the field of the column.
        numbers: the number of records with each value.
        values: the values for them, and for all others, as in a mapping.
    """

    header_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [bind("mapping.ignore", "screen.reset", show=False)]

    def __init__(self, field: Field, numbers: Mapping[str, int], values: Mapping[str, str]) -> None:
        super().__init__(id="mapped-values")
        listed = [value for value in values if value != ANY_VALUE]
        self._numbers = {**numbers, **{value: 0 for value in listed if value not in numbers}}
        self.keys = [*self._numbers, ANY_VALUE]
        mapping = ColumnMapping(values={field: values})
        self.values: dict[str, str | None] = {
            value: mapping.value_of(field, value) for value in self._numbers
        }
        self.values[ANY_VALUE] = values.get(ANY_VALUE)

    @property
    def row_count(self) -> int:
        """The number of values, and the row for all others."""
        return len(self.keys)

    @property
    def current(self) -> str:
        """The current value of the file; `ANY_VALUE` for all others."""
        return self.keys[self.cursor_row]

    @property
    def changes_values(self) -> bool:
        """Whether a value is imported as another one, so that all must be listed."""
        return any(value != to for value, to in self.values.items() if value != ANY_VALUE)

    def header_text(self, width: int) -> list[Segment]:
        """Return the header."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'In the file':<{_VALUE}} {'Records':>{_NUMBER}}   Imported as"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return a value, its number of records, and the value that is imported."""
        key = self.keys[row]
        cursor = ">" if row == self.cursor_row else " "
        name = _OTHERS if key == ANY_VALUE else sanitize(key, 100) or _EMPTY
        number = "" if key == ANY_VALUE else f"{self._numbers[key]:,}"
        to = self.values[key]
        if to is None:
            shown = _REJECTED if self.changes_values else _UNCHANGED
        elif key == to == ANY_VALUE:
            shown = _UNCHANGED
        else:
            shown = sanitize(to, 100) or _EMPTY
        name = pad_or_truncate(name, _VALUE)
        return pad_or_truncate(f"{cursor} {name} {number:>{_NUMBER}} → {shown}", width)


class ValuesDialog(Dialog[Mapping[str, str] | None]):
    """Sets values for those of a column. The result is None if the dialog is canceled.

    Args:
        column: the name of the column.
        field: its field.
        found: the values of the column.
        values: the values for them so far.
        state: the state of the store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "use", "Apply"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel", "Cancel"),
    ]

    def __init__(
        self,
        column: str,
        field: Field,
        found: ValuesOfColumn,
        values: Mapping[str, str],
        state: State,
    ) -> None:
        super().__init__()
        self._column, self._field, self._state = column, field, state
        self._are_all = found.are_all
        self._list = _ValueList(field, found.numbers, values)
        self._begun = dict(self._list.values)

    def compose(self) -> ComposeResult:
        title = f'Values of column "{self._column}" for {self._field.name}'
        hints = "Enter set value  <mapping.ignore> reset  <form.save> apply  Esc cancel"
        with dialog_frame("mapping-values", title, hints, 70):
            yield self._list
            yield Static(safe("" if self._are_all else _MORE), id="mapping-values-said")
            yield button_row(use=with_keys("[<form.save> Apply]"), cancel="[Cancel]")

    def on_mount(self) -> None:
        self._list.focus()

    @on(VirtualList.RowSelected)
    @flow
    async def _selected(self) -> None:
        key = self._list.current
        name = _OTHERS if key == ANY_VALUE else f'"{key}"' if key else _EMPTY
        dialog = ValueDialog(
            f"{self._field.name} for {name}",
            self._field,
            self._list.values[key] or "",
            f"{self._field.meaning}{_KEEP if key == ANY_VALUE else ''}",
            self._value,
            self._state,
        )
        text = await self.app.push_screen_wait(dialog)
        if text is not None:
            self._list.values[key] = self._value(text)
            self._list.refresh()

    def _value(self, text: str) -> str:
        """Return the value that was typed: for all other values, `*` leaves them unchanged."""
        is_kept = self._list.current == text == ANY_VALUE
        return text if is_kept else checked_value(self._field, text)

    def action_reset(self) -> None:
        """Import the current value as it is; reject all other values."""
        key = self._list.current
        self._list.values[key] = None if key == ANY_VALUE else key
        self._list.refresh()

    @on(Button.Pressed, "#use")
    def action_use(self) -> None:
        """Close the dialog with the values."""
        values = self._list.values
        self.dismiss({key: to for key, to in values.items() if to is not None})

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog without a result; ask first if values were set."""
        is_unsaved = self._list.values != self._begun
        close_or_ask(self, "Discard these values?", is_unsaved=is_unsaved)
