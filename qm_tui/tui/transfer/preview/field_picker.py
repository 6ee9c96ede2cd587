"""A short list of the fields, from which one is chosen by typing some of its letters."""

from collections.abc import Mapping
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label

from qm_tui.text import fitted, visible
from qm_tui.transfer.reading.samples import folded
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.fields import FIELDS, Field

LEFT_OUT: Final = "(left out)"
"""What a column holds that no field is paired with."""

_NAME, _MANDATORY = 29, 10
_LONGEST_FILTER: Final = 40


class Picked(NamedTuple):
    """What was chosen.

    Attributes:
        field: the field; None leaves the column out.
    """

    field: Field | None


class FieldList(VirtualRows):
    """The fields whose names hold what was typed, and the way to leave a column out.

    Args:
        holders: by field, the name of the column that holds it now.
        field: the field that the cursor stands on.
    """

    footer_height: ClassVar[int] = 1

    def __init__(self, holders: Mapping[Field, str], field: Field | None) -> None:
        super().__init__(id="fields")
        self._holders, self._field = holders, field
        self._all: tuple[Field | None, ...] = (None, *FIELDS)
        self.fields = self._all
        # from the start, so that keys which follow at once count from there
        self.set_reactive(VirtualRows.cursor_row, self._all.index(field))

    @property
    def row_count(self) -> int:
        """How many are left."""
        return len(self.fields)

    @property
    def cursor_field(self) -> Picked | None:
        """What is under the cursor; None where nothing is left."""
        return Picked(self.fields[self.cursor_row]) if self.fields else None

    def narrow(self, typed: str) -> None:
        """Show those whose names hold what was typed; those that begin with it come first."""
        wanted = folded(typed)
        if not wanted:
            self.fields = self._all
            self.rows_changed(self._all.index(self._field))
            return
        found = [field for field in self._all if wanted in folded(_name(field))]
        found.sort(key=lambda field: not folded(_name(field)).startswith(wanted))
        self.fields = tuple(found)
        self.rows_changed(0)

    def row_text(self, row: int, width: int) -> str:
        """The field, whether every user needs it, and the column that holds it now."""
        field = self.fields[row]
        sign = ">" if row == self.cursor_row else " "
        if field is None:
            return fitted(f"{sign} {LEFT_OUT}", width)
        mandatory = "mandatory" if field.mandatory else ""
        holder = self._holders.get(field)
        now = f"now {visible(holder, 60)}" if holder is not None else ""
        return fitted(f"{sign} {field.name:<{_NAME}} {mandatory:<{_MANDATORY}} {now}", width)

    def footer_text(self, width: int, line: int) -> str:
        """What the field under the cursor means."""
        if not self.fields:
            return fitted("  No field is called so.", width)
        field = self.fields[self.cursor_row]
        return fitted(f"  {field.meaning if field else 'The column is not read.'}", width)


class _FilterInput(PlainInput):
    """What is typed to find a field; the keys that move a cursor up and down move the list's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", "Up", show=False),
        Binding("down", "screen.move(1)", "Down", show=False),
        Binding("pageup", "screen.move_page(-1)", "Page up", show=False),
        Binding("pagedown", "screen.move_page(1)", "Page down", show=False),
    ]


class FieldPicker(Dialog[Picked | None]):
    """Gives the field that a column holds; None where nothing was chosen.

    Args:
        column: the column's name.
        field: the field that it holds now.
        holders: by field, the name of the column that holds it now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
    ]

    def __init__(self, column: str, field: Field | None, holders: Mapping[Field, str]) -> None:
        super().__init__()
        self._column = column
        self._rows = FieldList(holders, field)
        self._rows.can_focus = False

    def compose(self) -> ComposeResult:
        """What is typed, and the fields."""
        with Vertical(classes="dialog", id="field-picker") as dialog:
            dialog.border_title = safe(f'Column "{self._column}" holds', 50)
            dialog.border_subtitle = safe("type to find  ↑ ↓  Enter choose  Esc back")
            with Horizontal(id="field-filter-line"):
                yield Label(safe("Field "))
                yield _FilterInput(_LONGEST_FILTER, id="field-filter")
            yield self._rows

    def on_mount(self) -> None:
        """What is typed narrows the list."""
        self.query_one("#field-filter").focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._rows.narrow(event.value)

    @on(Input.Submitted)
    @on(VirtualRows.RowSelected)
    def _chosen(self) -> None:
        self.action_pick()

    def action_pick(self) -> None:
        """Choose what is under the cursor."""
        picked = self._rows.cursor_field
        if picked is not None:
            self.dismiss(picked)

    def action_cancel(self) -> None:
        """Close it, and nothing is chosen."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._rows.action_move(rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self._rows.action_move_page(pages)


def _name(field: Field | None) -> str:
    return field.name if field else LEFT_OUT
