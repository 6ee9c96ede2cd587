"""The list of the values of a field: how many users have each, and how many are inactive."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from qm_tui.text import fitted, visible
from qm_tui.tui.widgets.count_table import NOWHERE, SHOWN, NumberColumn, NumberList
from qm_tui.users.query.counts import EMPTY, FieldValues, ValueCount
from qm_tui.users.query.filter_fields import Name


class ValueList(NumberList):
    """Values, a line each, those of most users first."""

    footer_height: ClassVar[int] = 1
    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 9),
        NumberColumn("Inactive", 8),
    )
    bar: ClassVar[int] = 6

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show users", tooltip="Show the users who have this value")
    ]

    def __init__(self) -> None:
        super().__init__(id="values")
        self._by: Name | None = None
        self._counts: Sequence[ValueCount] = ()

    @property
    def row_count(self) -> int:
        """How many values there are."""
        return len(self._counts)

    @property
    def cursor_count(self) -> ValueCount | None:
        """The value under the cursor, with how many users have it."""
        return self._counts[self.cursor_row] if self._counts else None

    def show(self, values: FieldValues, total: int, wanted: str | None) -> None:
        """Show the values of a field.

        Args:
            values: the values.
            total: how many users there are.
            wanted: the value on which the cursor comes to stand; it stays where it is else.
        """
        was = self.places if values.by == self._by else NOWHERE
        self._by, self._counts, self.total = values.by, values.counts, total
        self.is_counting = False
        self.most = self._counts[0].number if self._counts else 0
        self.renew(was, values.rows, wanted)

    def name_of(self, row: int) -> str:
        """The value, or what stands for none."""
        return self._counts[row].value or EMPTY

    def value_of(self, row: int) -> str:
        """The value."""
        return self._counts[row].value

    def numbers_of(self, row: int) -> Sequence[int]:
        """How many users have it, and how many of them are inactive."""
        one = self._counts[row]
        return one.number, one.inactive

    def footer_text(self, width: int, line: int) -> str:
        """What finds the users of the value under the cursor, which may be longer than its line."""
        one = self.cursor_count
        return fitted(f"  Filter  {visible(one.term, SHOWN)}" if one else "", width)
