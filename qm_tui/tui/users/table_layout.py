"""The columns of the users table: their positions, their widths and their names in the header."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final, NamedTuple

from rich.cells import cell_len

from qm_tui.text import pad_or_truncate, pluralize
from qm_tui.tui.text.user_cells import LICENSES_AS_WORDS, cell_text, placed_columns
from qm_tui.users.fields import User
from qm_tui.users.query.columns import Column, Layout
from qm_tui.users.query.views import SortKey

MARGIN: Final = 3
"""Cells before the first column: cursor, sign and a blank."""

_ROOMY_FROM: Final = 96
"""Width from which columns are wide enough for most values, instead of more columns."""

_LEFT_TO_MOVE: Final = 10
"""Cells that frozen columns leave to the others."""

_FIRST_KEY: Final = {False: "▲", True: "▼"}
_OTHER_KEY: Final = {False: "▵", True: "▿"}
"""The arrow of a sort key, by whether it is descending."""


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


class ValueWidths(NamedTuple):
    """How many values of a column fit into which width.

    Attributes:
        steps: each width at which more values fit, ascending, and how many values fit into it.
    """

    steps: Sequence[tuple[int, int]] = ()

    @property
    def widest(self) -> int:
        """The width of the longest value; 0 without values."""
        return self.steps[-1][0] if self.steps else 0

    def best_step(self, width: int, room: int) -> tuple[float, int]:
        """Return by how many cells to widen a column, and how many more values fit for each cell.

        Args:
            width: its width.
            room: the maximum number of cells to add.
        """
        fitting, best = 0, (0.0, 0)
        for step, count in self.steps:
            if step <= width:
                fitting = count
            elif step > width + room:
                break
            else:
                best = max(best, ((count - fitting) / (step - width), step - width))
        return best


@dataclass(frozen=True, slots=True)
class ColumnArrangement:
    """A layout in a table of a certain width.

    Attributes:
        columns: all columns of the layout.
        widths: the width that each needs to be visible, in cells.
        least: the width that each may shrink to in favor of others.
        values: the widths of the values of each; none if it has a custom width.
        frozen: the number of frozen columns: that of the layout, or as many as there is room for.
        frozen_widths: the widths of the frozen columns, wherever the others are scrolled to.
        end: the width of the table.
    """

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    least: tuple[int, ...]
    values: tuple[ValueWidths, ...]
    frozen: int
    frozen_widths: tuple[int, ...]
    end: int

    def visible_columns(self, first: int) -> list[DrawnColumn]:
        """Return the visible columns if `first` is the first scrolled column.

        The room is given to the columns in which the most values are cut. Only the first scrolled
        column may be narrower than it needs, if that exceeds the room.
        """
        places = self._fitting(first)
        scrolled = places[self.frozen :]
        room = self.end - MARGIN - sum(self.frozen_widths) - len(self.frozen_widths)
        widths = [*self.frozen_widths, *self.distributed(scrolled, room)]
        x, drawn = MARGIN, list[DrawnColumn]()
        for place, width in zip(places, widths, strict=False):
            drawn.append(DrawnColumn(place, self.columns[place], x, width))
            x += width + 1
        return drawn

    def _fitting(self, first: int) -> list[int]:
        """Return the indexes of the visible columns."""
        left, places = self.end - MARGIN, list[int]()
        for place in range(self.frozen):
            width = self.frozen_widths[place]
            if left < width:
                return places
            places.append(place)
            left -= width + 1
        first = max(first, self.frozen)
        for place in range(first, len(self.columns)):
            if left < (1 if place == first else self.widths[place]):
                break
            places.append(place)
            left -= self.widths[place] + 1
        return places

    def distributed(self, places: Sequence[int], room: int) -> list[int]:
        """Return the widths of columns that share a room."""
        widths = [self.least[place] for place in places]
        left = room - _total(widths)
        if left < 0:
            return [min(width, room) for width in widths]
        while True:
            steps = (
                (*self.values[place].best_step(width, left), at)
                for at, (place, width) in enumerate(zip(places, widths, strict=True))
            )
            gain, cells, at = max(steps, default=(0.0, 0, 0))
            if not gain:
                return widths
            widths[at] += cells
            left -= cells

    def first_for(self, current: int, first: int) -> int:
        """Return the first scrolled column nearest to `first` that shows the current one."""
        first = max(self.frozen, min(first, len(self.columns) - 1))
        while first > self.frozen and self._ends_in_sight(first - 1):
            first -= 1  # in a wider table, no room stays empty after the last column
        if current < self.frozen:
            return first
        first = min(first, current)
        while first < current and current not in self._fitting(first):
            first += 1
        return first

    def _ends_in_sight(self, first: int) -> bool:
        last = len(self.columns) - 1
        return first < last and self._fitting(first)[-1:] == [last]


def measure_values(
    layout: Layout, users: Sequence[User], *, has_words: bool = False
) -> dict[str, ValueWidths]:
    """Return the widths of the values of users, by the key of the column.

    The name of the column counts as a value.

    Args:
        layout: the layout.
        users: the users.
        has_words: whether the licenses are shown as words.
    """
    return {
        column.key: _value_widths([column.short, *(cell_text(column, user) for user in users)])
        for column, width in placed_columns(layout, has_words=has_words)
        if width == column.width > 1
    }


def _value_widths(texts: Sequence[str]) -> ValueWidths:
    counts = Counter(len(text) if text.isascii() else cell_len(text) for text in texts)
    widths = sorted(counts)
    return ValueWidths(
        list(zip(widths, accumulate(counts[width] for width in widths), strict=True))
    )


def arrange(
    layout: Layout,
    width: int,
    values: Mapping[str, ValueWidths] | None = None,
    sorted_by: Collection[str] = (),
    *,
    has_words: bool = False,
) -> ColumnArrangement:
    """Arrange a layout in a table of a width.

    A column needs the width of its values, but not more than its default, or than `Column.wide` in
    a wide table. Custom widths do not change, nor that of licenses as words: none may be cut.

    Args:
        layout: the layout.
        width: the width of the table, in cells.
        values: the widths of the values, by the key of the column.
        sorted_by: the keys of the columns with an arrow in the header.
        has_words: whether the licenses are shown as words.
    """
    room = width - MARGIN
    widths, least, measured = list[int](), list[int](), list[ValueWidths]()
    columns = placed_columns(layout, has_words=has_words)
    for column, column_width in columns:
        own = ValueWidths()
        needed = smallest = column_width
        if values is not None and needed == column.width and column is not LICENSES_AS_WORDS:
            own = values.get(column.key, own)
            name = len(column.short) + (column.key in sorted_by)
            wanted = column.wide if room >= _ROOMY_FROM else needed
            needed = min(wanted, max(name, own.widest))
            smallest = min(needed, name)
        widths.append(needed)
        least.append(smallest)
        measured.append(own)
    frozen = layout.frozen
    if _total(widths) > room:
        while frozen and room - _total(widths[:frozen]) - 1 < _LEFT_TO_MOVE:
            frozen -= 1
    arrangement = ColumnArrangement(
        tuple(column for column, _ in columns),
        tuple(widths),
        tuple(least),
        tuple(measured),
        frozen,
        tuple(widths[:frozen]),
        width,
    )
    at_start = arrangement.distributed(arrangement._fitting(0), room)[:frozen]
    if _total([*at_start, max(widths[frozen:], default=0)]) > room:
        return arrangement  # they would cut a scrolled column
    return replace(arrangement, frozen_widths=tuple(at_start))


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


def header_texts(
    drawn: Sequence[DrawnColumn], width: int, current: int, sort: Sequence[SortKey]
) -> tuple[str, str, str]:
    """Return the header in three parts: before, at, and after the current column.

    Together they have `width` cells. The second is empty if the current column is not visible.

    Args:
        drawn: the visible columns.
        width: the width of the table, in cells.
        current: the index of the current column.
        sort: the sort keys, first to last.
    """
    arrows = _arrows(sort)
    before, own, after = " " * MARGIN, "", ""
    for column in drawn:
        is_last = column.x + column.width >= width
        text = _name(column, arrows.get(column.column.key, ""), is_last)
        gap = " " * (column.width + (not is_last) - len(text))
        if column.position == current:
            own, after = text, gap
        elif own:
            after += text + gap
        else:
            before += text + gap
    if own:
        return before, own, pad_or_truncate(after, width - len(before) - len(own))
    return pad_or_truncate(before, width), "", ""


def _arrows(sort: Sequence[SortKey]) -> dict[str, str]:
    """Return the arrows by column key."""
    return {
        key.column: (_OTHER_KEY if index else _FIRST_KEY)[key.descending]
        for index, key in enumerate(sort)
    }


def _name(drawn: DrawnColumn, arrow: str, is_last: bool) -> str:
    """Return the name of a column and its arrow, as wide as the column.

    If the name leaves no room, the arrow goes into the gap before the next column, one cell more.
    The last column has no gap; there the arrow replaces a letter.
    """
    name = drawn.column.short
    if not arrow:
        return pad_or_truncate(name, drawn.width)
    if len(name) + 2 <= drawn.width:
        return pad_or_truncate(f"{name} {arrow}", drawn.width)
    room = drawn.width if is_last else drawn.width + 1
    return pad_or_truncate(f"{name[: room - 1]}{arrow}", min(room, max(drawn.width, len(name) + 1)))
