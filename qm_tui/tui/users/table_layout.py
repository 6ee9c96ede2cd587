"""The positions and widths of the columns of the users table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.text import pluralize
from qm_tui.users.query.columns import Column, ColumnPlacement, Layout

MARGIN: Final = 3
"""Cells before the first column: cursor, sign and a blank."""

_ROOMY_FROM: Final = 96
"""Width from which columns are wide enough for most values, instead of more columns."""

_LEFT_TO_MOVE: Final = 10
"""Cells that frozen columns leave to the others."""


class DrawnColumn(NamedTuple):
    """A visible column.

    Attributes:
        position: its index in the layout.
        column: the column.
        x: the offset of its first cell from the left edge of the table.
        width: its width in cells.
    """

    position: int
    column: Column
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class ColumnArrangement:
    """A layout in a table of a certain width.

    Attributes:
        columns: all columns of the layout.
        widths: the width of each, in cells.
        frozen: the number of frozen columns: that of the layout, or as many as there is room for.
        end: the width of the table.
    """

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    frozen: int
    end: int

    def visible_columns(self, first: int) -> list[DrawnColumn]:
        """Return the visible columns if `first` is the first scrolled column.

        Columns are never truncated, except the first scrolled one if it is wider than the room.
        """
        x, drawn = MARGIN, list[DrawnColumn]()
        first = max(first, self.frozen)
        for place in (*range(self.frozen), *range(first, len(self.columns))):
            width, left = self.widths[place], self.end - x
            if left < width and place == first:
                width = left
            if left < width or width < 1:
                break
            drawn.append(DrawnColumn(place, self.columns[place], x, width))
            x += width + 1
        return drawn

    def first_for(self, current: int, first: int) -> int:
        """Return the first scrolled column nearest to `first` that shows the current one."""
        first = max(self.frozen, min(first, len(self.columns) - 1))
        while first > self.frozen and self._ends_in_sight(first - 1):
            first -= 1  # in a wider table, no room stays empty after the last column
        if current < self.frozen:
            return first
        first = min(first, current)
        while first < current and all(
            drawn.position != current for drawn in self.visible_columns(first)
        ):
            first += 1
        return first

    def _ends_in_sight(self, first: int) -> bool:
        drawn, last = self.visible_columns(first), len(self.columns) - 1
        return bool(drawn) and drawn[-1].position == last and drawn[-1].width == self.widths[last]


def arrange(layout: Layout, width: int) -> ColumnArrangement:
    """Arrange a layout in a table of a width."""
    room = width - MARGIN
    widths = _widths(layout.columns, room)
    frozen = layout.frozen
    if _total(widths) > room:
        while frozen and room - _total(widths[:frozen]) - 1 < _LEFT_TO_MOVE:
            frozen -= 1
    columns = tuple(placed.column for placed in layout.columns)
    return ColumnArrangement(columns, tuple(widths), frozen, width)


def position_text(arrangement: ColumnArrangement, drawn: Sequence[DrawnColumn]) -> str:
    """Return the range of visible scrolled columns, as `← columns 5-9 of 24 → more`."""
    count = len(arrangement.columns)
    scrolled = [column.position + 1 for column in drawn if column.position >= arrangement.frozen]
    if len(drawn) == count or not scrolled:
        return pluralize(count, "column")
    first, last = scrolled[0], scrolled[-1]
    places = f"columns {first}-{last}" if first < last else f"column {first}"
    back = "← " if first > arrangement.frozen + 1 else ""
    return f"{back}{places} of {count}{' → more' if last < count else ''}"


def _total(widths: Sequence[int]) -> int:
    """Return the width of columns, including the gaps between them."""
    return sum(widths) + len(widths) - 1


def _widths(columns: Sequence[ColumnPlacement], room: int) -> list[int]:
    """Return the width of each column, in cells.

    If all columns fit, the columns grow from left to right until most of their values fit. If they
    do not fit and the table is wide, all columns grow that much: in a wide terminal, names should
    be readable. Custom widths do not grow.
    """
    widths = [placed.width for placed in columns]
    spare = room - _total(widths)
    if spare < 0 and room >= _ROOMY_FROM:
        spare = sum(placed.column.wide for placed in columns)
    for index, placed in enumerate(columns):
        if placed.width == placed.column.width:
            growth = max(0, min(placed.column.wide - placed.width, spare))
            widths[index] += growth
            spare -= growth
    return widths
