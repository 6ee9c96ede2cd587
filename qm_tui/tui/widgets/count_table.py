"""A list of values with numbers of users, and their share as a bar."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Generic, NamedTuple, TypeVar

from rich.segment import Segment

from qm_tui.text import pad_or_truncate, pluralize, sanitize
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.query.counts import EMPTY
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH

Item = TypeVar("Item")

MAX_SHOWN: Final = 300
"""Characters of a value that are processed for a line."""

TOO_LONG: Final = f"This value is too long to filter by (maximum {MAX_FILTER_LENGTH:,} characters)."

_FEW: Final = 8
"""Rows among which the largest number is."""

_SHARE: Final = 7
_BAR: Final = "■"
_MIN_SHARE: Final = 0.001
_ROOMY_FROM: Final = 90
"""The width from which the bar has its share of the room; below, the values need it more."""

_SHORT_BAR: Final = 6


class ListPosition(NamedTuple):
    """The position of a list.

    Attributes:
        row: the row of the cursor.
        value: the value in that row; None if there is none.
        top: the value in the first visible row.
    """

    row: int
    value: str | None
    top: str | None


INITIAL_POSITION: Final = ListPosition(0, None, None)
"""The position of a list that is still empty."""


class NumberColumn(NamedTuple):
    """A column of numbers: its name, and its width in cells."""

    name: str
    width: int


class NumberList(VirtualList, Generic[Item]):
    """Values with numbers of users, a row each. Subclasses define the values and the columns.

    Args:
        id: the widget's ID.

    Attributes:
        items: what the rows show, in their order.
    """

    header_height: ClassVar[int] = 1

    columns: ClassVar[Sequence[NumberColumn]] = (NumberColumn("Users", 9),)
    """The columns of numbers."""

    bar: ClassVar[int] = 4
    """The divisor of the width that gives the width of the bar in a wide list; 0 for neither share
    nor bar."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.items: Sequence[Item] = ()
        self._total = self._largest = 0
        self.is_counting = True

    @property
    def row_count(self) -> int:
        """The number of rows."""
        return len(self.items)

    @property
    def cursor_item(self) -> Item | None:
        """What the current row shows; None if there are no rows."""
        return self.items[self.cursor_row] if self.items else None

    @property
    def heading(self) -> str:
        """The header above the values."""
        return "counting…" if self.is_counting else pluralize(self.row_count, "value")

    def value_of(self, item: Item) -> str:
        """Return the exact value of a row."""
        raise NotImplementedError

    def name_of(self, item: Item) -> str:
        """Return the text for the value of a row, or a placeholder for an empty one."""
        return self.value_of(item) or EMPTY

    def numbers_of(self, item: Item) -> Sequence[int]:
        """Return the numbers of a row, in the order of the columns."""
        raise NotImplementedError

    def set_items(self, items: Sequence[Item], total: int = 0) -> None:
        """Set what the rows show. Tell the list next that its rows have changed.

        Args:
            items: the rows: the largest first, or a few.
            total: the number of all users, for the shares.
        """
        self.items, self._total, self.is_counting = items, total, False
        self._largest = max((self.numbers_of(item)[0] for item in items[:_FEW]), default=0)

    @property
    def position(self) -> ListPosition:
        """The position of the list."""
        row, top = self.cursor_row, int(self.scroll_offset.y)
        if row >= self.row_count:
            return ListPosition(row, None, None)
        return ListPosition(row, *(self.value_of(self.items[at]) for at in (row, top)))

    def replace_rows(
        self, position: ListPosition, rows: Mapping[str, int], cursor_value: str | None = None
    ) -> None:
        """Show new rows. The cursor stays on its value, or moves to the given one.

        Args:
            position: the position before.
            rows: the new rows of the values.
            cursor_value: the value to move the cursor to.
        """
        if cursor_value is not None and cursor_value in rows and cursor_value != position.value:
            self.rows_changed(rows[cursor_value])
            return
        row = rows.get(position.value, position.row) if position.value is not None else 0
        # a list that shows its first row goes on showing its first row
        top = int(self.scroll_offset.y)
        top = rows.get(position.top, top) if top and position.top is not None else 0
        self.rows_moved(row, top)

    def header_text(self, width: int) -> list[Segment]:
        """Return the header of the values, and the names of the columns."""
        cells = "".join(f" {column.name:>{column.width}}" for column in self.columns)
        share = f" {'Share':>{_SHARE}}" if self.bar else ""
        text = f"  {pad_or_truncate(self.heading, self.name_width(width))}{cells}{share}"
        style = self.get_component_rich_style("virtual-rows--header")
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return the value, the numbers, and the first number's share of all users with a bar."""
        sign = ">" if row == self.cursor_row else " "
        item = self.items[row]
        name = pad_or_truncate(sanitize(self.name_of(item), MAX_SHOWN), self.name_width(width))
        numbers = self.numbers_of(item)
        cells = "".join(
            f" {number:>{column.width},}"
            for number, column in zip(numbers, self.columns, strict=True)
        )
        share = self._share(numbers[0], width) if self.bar else ""
        return pad_or_truncate(f"{sign} {name}{cells}{share}", width)

    def _share(self, number: int, width: int) -> str:
        if not number:
            return f" {'0.0%':>{_SHARE}}"
        share = number / self._total
        percent = f"{share:.1%}" if share >= _MIN_SHARE else "<0.1%"
        bar = _BAR * max(1, round(self._bar_width(width) * number / self._largest))
        return f" {percent:>{_SHARE}} {bar}"

    def name_width(self, width: int) -> int:
        """Return the width of a value in cells."""
        others = sum(column.width + 1 for column in self.columns)
        if self.bar:
            others += 1 + _SHARE + 1 + self._bar_width(width)
        return max(1, width - 2 - others)

    def _bar_width(self, width: int) -> int:
        return width // self.bar if width >= _ROOMY_FROM else _SHORT_BAR
