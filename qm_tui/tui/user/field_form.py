"""A form of the 26 fields: a line to type in for each, and below it what is wrong with it."""

from collections.abc import Iterator, Sequence
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from qm_tui.text import visible
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.transfer.reading.reader import Values
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.severity_symbols import SIGNS, sign_of
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.users.fields import FIELDS, MAX_VALUE, Field, Kind
from qm_tui.users.issues import Fault, Severity

_SPACE: Final = "space"


class FieldInput(PlainInput):
    """The value of one field. A secret is never shown; Space turns a flag over.

    A character that cannot be shown stands as its picture, and stays what it is until the picture
    is deleted.
    """

    def __init__(self) -> None:
        super().__init__(MAX_VALUE)
        self.field = FIELDS[0]
        self._given: str | None = None
        self._shown = ""
        self._pictures: dict[str, str] = {}

    def show(self, field: Field, value: str | None, placeholder: str) -> None:
        """Show the value of a field.

        Args:
            field: the field.
            value: its value; None where there is none, not even an empty one.
            placeholder: what stands in the line while nothing else does.
        """
        self.field, self._given = field, value
        self._pictures = {}
        self._shown = ""
        if value and not field.is_secret:
            pictures = {visible(one): one for one in set(value)}
            self._pictures = {
                shown: one for shown, one in pictures.items() if shown.strip() and shown != one
            }
            self._shown = visible(value, max(MAX_VALUE, len(value)))
        self.password = field.is_secret
        self.placeholder = visible(placeholder)
        self.value = self._shown
        self.cursor_position = len(self._shown)

    @property
    def typed(self) -> str | None:
        """The value as it stands now; what was given, as long as nothing was typed."""
        text = self.value
        if text == self._shown:
            return self._given
        if self.field.is_secret:
            return text
        for picture, character in self._pictures.items():
            text = text.replace(picture, character)
        return text.strip(BLANKS) or (None if self._given is None else "")

    async def _on_key(self, event: events.Key) -> None:
        if event.key == _SPACE and self.field.kind is Kind.FLAG:
            event.stop()
            event.prevent_default()
            self.value = "0" if self.value == "1" else "1"
            self.cursor_position = 1


class FieldRow(Vertical):
    """A field: its name, its value, and what is wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Field, Sequence[Fault]] | None = None

    def compose(self) -> ComposeResult:
        """The name and the value in one line, the faults in lines of their own."""
        with Horizontal(classes="field-line"):
            yield Static(classes="field-name")
            yield FieldInput()
        yield Static(classes="field-faults")

    @property
    def input(self) -> FieldInput:
        """Where its value is typed."""
        return self.query_one(FieldInput)

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Show what is wrong with it now."""
        shown = (self.input.field, faults)
        if shown == self._shown:
            return  # most fields at most keys
        self._shown = shown
        name = f"{sign_of(faults)} {self.input.field.name}"
        self.query_one(".field-name", Static).update(safe(name), layout=False)
        below = self.query_one(".field-faults", Static)
        if faults:
            below.update(safe_lines(f"{SIGNS[one.severity]} {one.message}" for one in faults))
        below.display = bool(faults)
        self.set_class(any(one.severity is Severity.ERROR for one in faults), "-faulty")


class FieldForm(VerticalScroll, can_focus=False):
    """A line for each of the 26 fields, and below it what is wrong with it.

    The lines stay where they are: other values are shown in the same widgets, since making 26 of
    them anew would keep a key waiting.

    Args:
        id: the widget's ID.
        secret_kept: what stands in place of a secret that has a value.
        no_value: what stands where a field has no value, not even an empty one.
    """

    class Edited(Message):
        """Something was typed."""

    class FieldFocused(Message):
        """A field got the focus.

        Args:
            field: the field.
        """

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    def __init__(self, *, id: str | None = None, secret_kept: str, no_value: str) -> None:
        super().__init__(id=id)
        self._secret_kept, self._no_value = secret_kept, no_value

    def compose(self) -> ComposeResult:
        """A row for each field."""
        for _ in FIELDS:
            yield FieldRow()

    @property
    def rows(self) -> Iterator[FieldRow]:
        """The rows from top to bottom."""
        return iter(self.query(FieldRow))

    def show(self, values: Values, first: Sequence[Field] = ()) -> None:
        """Show values, and give the first line the focus. What is wrong is to be shown next.

        Args:
            values: the 26 values in file order.
            first: the fields that stand above the others.
        """
        top = list(dict.fromkeys(first))
        fields = [*top, *(field for field in FIELDS if field not in top)]
        for row, field in zip(self.rows, fields, strict=True):
            value = values[field.index]
            if value is None:
                placeholder = self._no_value
            else:
                placeholder = self._secret_kept if value and field.is_secret else ""
            row.input.show(field, value, placeholder)
        self.scroll_home(animate=False)
        self.focus_field(fields[0])

    def show_faults(self, faults: Sequence[Fault]) -> None:
        """Show what is wrong with the fields now."""
        for row in self.rows:
            row.show_faults([one for one in faults if one.field is row.input.field])

    @property
    def values(self) -> Values:
        """The 26 values in file order, as they stand now."""
        values: Values = [None] * len(FIELDS)
        for row in self.rows:
            values[row.input.field.index] = row.input.typed
        return values

    @property
    def focused_field(self) -> Field | None:
        """The field that has the focus."""
        focused = self.screen.focused
        return focused.field if isinstance(focused, FieldInput) else None

    def focus_field(self, field: Field) -> None:
        """Give a field the focus."""
        for row in self.rows:
            if row.input.field is field:
                self._focus(row)

    def move(self, rows: int) -> bool:
        """Move the focus up or down; whether there was a field to move to."""
        all_rows = list(self.rows)
        focused = self.screen.focused
        at = next((at for at, row in enumerate(all_rows) if row.input is focused), None)
        if at is None:
            return False
        to = max(0, min(at + rows, len(all_rows) - 1))
        if to != at:
            self._focus(all_rows[to])
        return to != at

    def _focus(self, row: FieldRow) -> None:
        if row.input is self.screen.focused:
            self.post_message(self.FieldFocused(row.input.field))
        else:
            # at once, and not when the app comes to it: the next key may be there already
            self.screen.set_focus(row.input, scroll_visible=False)

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, FieldInput):
            self._keep_in_sight()
            self.post_message(self.FieldFocused(event.widget.field))

    def on_resize(self) -> None:
        """Keep the field that has the focus in sight when there is less room."""
        self._keep_in_sight()

    def _keep_in_sight(self) -> None:
        focused = self.screen.focused
        if isinstance(focused, FieldInput):
            row = focused.query_ancestor(FieldRow)
            self.call_after_refresh(row.scroll_visible, animate=False)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self.move(1):
            self.screen.focus_next()
