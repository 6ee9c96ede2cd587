"""The dialog that pairs the columns of a file with the fields."""

from collections.abc import Sequence
from typing import ClassVar, Final, cast

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import fitted, visible
from qm_tui.transfer.reading.columns import column_names, is_problems_column
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.field_picker import LEFT_OUT, FieldPicker, Picked
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.fields import FIELDS, Field

_FIELD: Final = 28
_NARROW, _WIDE = 22, 34
_WIDE_FROM: Final = 90
_LONGEST_NAME: Final = 60
_NOT_SHOWN: Final = "(not shown)"


class ColumnList(VirtualRows):
    """The columns of a file, each with its field and some of its values.

    Args:
        names: the columns' names.
        sample_values: some values of each.
        fields: what each holds.
    """

    header_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace", "screen.leave_out", "Leave the column out"),
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
        """How many columns there are."""
        return len(self.names)

    @property
    def missing(self) -> list[Field]:
        """The mandatory fields that no column holds."""
        return [field for field in FIELDS if field.mandatory and field not in self.fields]

    def pair(self, row: int, field: Field | None) -> None:
        """Let a column hold a field; a column that held it so far is left out."""
        if field is not None:
            self.fields = [None if one == field else one for one in self.fields]
        self.fields[row] = field
        self.refresh()

    def header_text(self, width: int) -> list[Segment]:
        """The names of what is shown of a column."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'Column':<{_name_width(width)}}   {'Field':<{_FIELD}}  Values"
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The column, its field, and some of its values; never those of a secret."""
        sign = ">" if row == self.cursor_row else " "
        field = self.fields[row]
        name = fitted(visible(self.names[row], 100), _name_width(width))
        values = "  ".join(visible(value, 60) for value in self._sample_values[row])
        if field is not None and field.is_secret:
            values = _NOT_SHOWN
        arrow, field_name = ("→", field.name) if field else (" ", LEFT_OUT)
        return fitted(f"{sign} {name} {arrow} {field_name:<{_FIELD}}  {values}", width)


class MappingDialog(Dialog[ColumnMapping | None]):
    """Gives which column holds which field, with the name to keep it under; None where cancelled.

    Args:
        header: the file's header.
        sample_values: some values of each of its columns, none of what may be a secret.
        mapping_guess: for each column the field that it may hold.
        name: the name that is offered.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "use", "Use it"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q", "cancel", "Back"),
    ]

    def __init__(
        self,
        header: Sequence[str],
        sample_values: Sequence[Sequence[str]],
        mapping_guess: Sequence[Field | None],
        name: str,
    ) -> None:
        super().__init__()
        shown = [at for at, one in enumerate(header) if not is_problems_column(one)]
        names = column_names(header)
        self._guess = [mapping_guess[at] for at in shown]
        self._columns = ColumnList(
            [names[at] for at in shown], [sample_values[at] for at in shown], self._guess
        )
        self._offered = visible(name)[:_LONGEST_NAME]

    def compose(self) -> ComposeResult:
        """The columns, what is missing, the name, what is said, the buttons."""
        with Vertical(classes="dialog", id="mapping") as dialog:
            dialog.border_title = safe("Pair the columns with the fields")
            dialog.border_subtitle = safe("Enter choose the field  Del leave out  F2 use  Esc back")
            yield self._columns
            yield Static(id="mapping-missing")
            with Horizontal(id="mapping-name-line"):
                yield Label(safe("Name "))
                name = PlainInput(_LONGEST_NAME, id="mapping-name")
                name.value = self._offered
                yield name
                yield Label(safe("  found again for files with this header"), id="mapping-why")
            yield Static(id="mapping-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Use]"), id="use", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus."""
        self._columns.focus()
        self._say_what_is_missing()

    def _say_what_is_missing(self) -> None:
        missing = ", ".join(field.name for field in self._columns.missing)
        said = (
            f"Mandatory, without a column: {missing}. Such a file can only update users."
            if missing
            else "Every mandatory field has a column."
        )
        self.query_one("#mapping-missing", Static).update(safe(said))

    def _say(self, sentence: str) -> None:
        self.query_one("#mapping-said", Static).update(safe(sentence))

    # Pairing

    @on(VirtualRows.RowSelected)
    def _selected(self) -> None:
        columns, row = self._columns, self._columns.cursor_row
        holders = {
            field: name
            for field, name in zip(columns.fields, columns.names, strict=True)
            if field is not None
        }

        def pair(picked: Picked | None) -> None:
            if picked is not None:
                self._pair(row, picked.field)

        self.app.push_screen(FieldPicker(columns.names[row], columns.fields[row], holders), pair)

    def action_leave_out(self) -> None:
        """Leave the column under the cursor out."""
        if self._columns.row_count:
            self._pair(self._columns.cursor_row, None)

    def _pair(self, row: int, field: Field | None) -> None:
        self._columns.pair(row, field)
        self._say("")
        self._say_what_is_missing()

    # Closing

    @on(Button.Pressed, "#use")
    @on(Input.Submitted)
    def action_use(self) -> None:
        """Close it with what is paired."""
        columns, field = self._columns, self.query_one("#mapping-name", PlainInput)
        name = field.value.strip()
        if not any(columns.fields):
            self._say("No column is paired with a field: choose at least one, or press Esc.")
            columns.focus()
        elif not name:
            self._say("The name is empty: type one, under which the pairing is kept.")
            field.focus()
        else:
            pairs = dict(zip(columns.names, columns.fields, strict=True))
            self.dismiss(ColumnMapping(name, pairs))

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close it without a pairing; asks first where something was paired by hand."""
        if self._columns.fields == self._guess:
            self.dismiss(None)
            return

        def leave(is_meant: bool | None) -> None:
            if is_meant:
                self.dismiss(None)

        question = Question("Leave without using what you paired?", yes="Leave", no="Stay")
        self.app.push_screen(question, leave)

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))


def _name_width(width: int) -> int:
    return _WIDE if width >= _WIDE_FROM else _NARROW
