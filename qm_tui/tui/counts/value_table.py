"""The list of the values of a field, with the numbers of users and inactive users."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.widgets.count_table import INITIAL_POSITION, MAX_SHOWN, NumberColumn, NumberList
from qm_tui.users.query.counts import EMPTY, FieldValues, ValueCount
from qm_tui.users.query.filter_fields import FilterField


class ValueList(NumberList):
    """Values, a row each, most frequent first."""

    footer_height: ClassVar[int] = 2
    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 9),
        NumberColumn("Inactive", 8),
    )
    bar: ClassVar[int] = 6

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show users", tooltip="Show users with this value")
    ]

    def __init__(self) -> None:
        super().__init__(id="values")
        self._by: FilterField | None = None
        self._counts: Sequence[ValueCount] = ()

    @property
    def row_count(self) -> int:
        """The number of values."""
        return len(self._counts)

    @property
    def cursor_count(self) -> ValueCount | None:
        """The current value with its number of users."""
        return self._counts[self.cursor_row] if self._counts else None

    def show(self, values: FieldValues, total: int, cursor_value: str | None) -> None:
        """Show the values of a field.

        Args:
            values: the values.
            total: the number of users.
            cursor_value: the value to move the cursor to; without it, the cursor stays.
        """
        was = self.position if values.by == self._by else INITIAL_POSITION
        self._by, self._counts, self.total = values.by, values.counts, total
        self.is_counting = False
        self.max_count = self._counts[0].number if self._counts else 0
        self.replace_rows(was, values.rows, cursor_value)

    def name_of(self, row: int) -> str:
        """Return the value, or a placeholder for an empty one."""
        return self._counts[row].value or EMPTY

    def value_of(self, row: int) -> str:
        """Return the value."""
        return self._counts[row].value

    def numbers_of(self, row: int) -> Sequence[int]:
        """Return the number of its users, and how many of them are inactive."""
        count = self._counts[row]
        return count.number, count.inactive

    def footer_text(self, width: int, line: int) -> str:
        """Return the filter term for the current value, which may be longer than its row."""
        count = self.cursor_count
        text = f"Filter  {sanitize(count.term, MAX_SHOWN)}" if count else ""
        lines = wrap(text, max(8, width - 3), max_lines=self.footer_height, placeholder=" …")
        return pad_or_truncate(f"  {lines[line]}" if line < len(lines) else "", width)
