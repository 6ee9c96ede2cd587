"""A form with an input for each field, and the problems of each below it."""

from collections.abc import Iterator, Sequence
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Input, Static

from qm_tui.text import sanitize
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.transfer.reading.records import Values
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.severity_symbols import SEVERITY_SYMBOLS, severity_symbol
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import FIELDS, MAX_VALUE, Field, Kind
from qm_tui.users.issues import Issue, Severity

_SPACE: Final = "space"


class FieldInput(SafeInput):
    """The input for a field. It masks secrets; Space toggles a yes/no field.

    A nonprintable character is shown as a placeholder, and kept until the placeholder is deleted.
    """

    def __init__(self) -> None:
        super().__init__(MAX_VALUE)
        self.field = FIELDS[0]
        self._original: str | None = None
        self._shown = ""
        self._pictures: dict[str, str] = {}

    def show(self, field: Field, value: str | None, placeholder: str) -> None:
        """Show the value of a field.

        Args:
            field: the field.
            value: its value, or None if there is not even an empty one.
            placeholder: the text shown while the input is empty.
        """
        self.field, self._original = field, value
        self._pictures = {}
        self._shown = ""
        if value and not field.is_secret:
            pictures = {sanitize(character): character for character in set(value)}
            self._pictures = {
                picture: character
                for picture, character in pictures.items()
                if picture.strip() and picture != character
            }
            self._shown = sanitize(value, max(MAX_VALUE, len(value)))
        self.password = field.is_secret
        self.placeholder = sanitize(placeholder)
        self.value = self._shown
        self.cursor_position = len(self._shown)

    def take(self, value: str) -> None:
        """Replace the text with an exact value, as if it was typed."""
        self.show(self.field, value, "")

    @property
    def typed(self) -> str | None:
        """The edited value, or exactly the value passed to `show` if nothing was typed."""
        text = self.value
        if text == self._shown:
            return self._original
        if self.field.is_secret:
            return text
        for picture, character in self._pictures.items():
            text = text.replace(picture, character)
        return text.strip(BLANKS) or (None if self._original is None else "")

    async def on_key(self, event: events.Key) -> None:
        if event.key == _SPACE and self.field.kind is Kind.FLAG:
            event.stop()
            event.prevent_default()
            self.value = "0" if self.value == "1" else "1"
            self.cursor_position = 1


class FieldRow(Vertical):
    """A field: its name, its input, and its problems."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[Field, Sequence[Issue]] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-line"):
            yield Static(classes="field-name")
            yield FieldInput()
        yield Static(classes="field-faults")

    @property
    def input(self) -> FieldInput:
        """The input."""
        return self.query_one(FieldInput)

    def show_issues(self, issues: Sequence[Issue]) -> None:
        """Show the problems of the field."""
        shown = (self.input.field, issues)
        if shown == self._shown:
            return  # so for most fields at each key
        self._shown = shown
        name = f"{severity_symbol(issues)} {self.input.field.name}"
        self.query_one(".field-name", Static).update(safe(name), layout=False)
        below = self.query_one(".field-faults", Static)
        if issues:
            below.update(
                safe_lines(
                    f"{SEVERITY_SYMBOLS[issue.severity]} {issue.message}" for issue in issues
                )
            )
        below.display = bool(issues)
        self.set_class(any(issue.severity is Severity.ERROR for issue in issues), "-faulty")


class FieldForm(VerticalScroll, can_focus=False):
    """An input for each field, with the problems of each.

    The rows are reused for other values, since creating them is too slow for a key.

    Args:
        id: the widget's ID.
        secret_unchanged: the placeholder of a secret that has a value.
        no_value: the placeholder of a field that has no value, not even an empty one.
    """

    class Edited(Message):
        """A value was edited."""

    class FieldFocused(Message):
        """A field has received the focus.

        Args:
            field: the field.
        """

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    def __init__(self, *, id: str | None = None, secret_unchanged: str, no_value: str) -> None:
        super().__init__(id=id)
        self._secret_unchanged, self._no_value = secret_unchanged, no_value

    def compose(self) -> ComposeResult:
        for _ in FIELDS:
            yield FieldRow()

    @property
    def rows(self) -> Iterator[FieldRow]:
        """The rows from top to bottom."""
        return iter(self.query(FieldRow))

    def show(self, values: Values, first: Sequence[Field] = ()) -> None:
        """Show values, and focus the first field. Call `show_issues` next.

        Args:
            values: the values of all fields in file order.
            first: the fields to show above the others.
        """
        top = list(dict.fromkeys(first))
        fields = [*top, *(field for field in FIELDS if field not in top)]
        for row, field in zip(self.rows, fields, strict=True):
            value = values[field.index]
            if value is None:
                placeholder = self._no_value
            else:
                placeholder = self._secret_unchanged if value and field.is_secret else ""
            row.input.show(field, value, placeholder)
        self.scroll_home(animate=False)
        self.focus_field(fields[0])

    def show_issues(self, issues: Sequence[Issue]) -> None:
        """Show the problems of all fields."""
        for row in self.rows:
            row.show_issues([issue for issue in issues if issue.field is row.input.field])

    @property
    def values(self) -> Values:
        """The edited values in file order."""
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
        """Focus a field."""
        for row in self.rows:
            if row.input.field is field:
                self._focus(row)

    def move(self, rows: int) -> bool:
        """Move the focus up or down.

        Returns:
            Whether the focus has moved.
        """
        all_rows = list(self.rows)
        focused = self.screen.focused
        index = next((index for index, row in enumerate(all_rows) if row.input is focused), None)
        if index is None:
            return False
        target = max(0, min(index + rows, len(all_rows) - 1))
        if target != index:
            self._focus(all_rows[target])
        return target != index

    def _focus(self, row: FieldRow) -> None:
        if row.input is self.screen.focused:
            self.post_message(self.FieldFocused(row.input.field))
        else:
            # immediately, not by a message: the next key may be there already
            self.screen.set_focus(row.input, scroll_visible=False)

    @on(events.DescendantFocus)
    def _focused(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, FieldInput):
            self._keep_in_sight()
            self.post_message(self.FieldFocused(event.widget.field))

    def on_resize(self) -> None:
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
