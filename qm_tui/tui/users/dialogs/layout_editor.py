"""A layout while somebody changes it."""

from dataclasses import dataclass

from qm_tui.users.query.columns import COLUMN, MAX_WIDTH, MIN_WIDTH, USUAL, Column, Layout, Placed


@dataclass(slots=True)
class Line:
    """A column, whether it is shown or not.

    Attributes:
        column: the column.
        width: the cells that it takes where it is shown.
        is_shown: whether it is.
    """

    column: Column
    width: int
    is_shown: bool


class LayoutDraft:
    """All columns in a row, of which some are shown. What it gives is a layout at any time.

    At first the columns that are shown come before the others. A column that is hidden or shown
    keeps its place, so that the same step takes it back.

    Args:
        layout: how the table is laid out.

    Attributes:
        lines: the columns, those that are shown in their order.
    """

    def __init__(self, layout: Layout) -> None:
        self.lines: list[Line] = []
        self._frozen = 0
        self._take(layout)

    def _take(self, layout: Layout) -> None:
        shown = {one.key: one.width for one in layout.columns}
        others = {key: one.width for key, one in COLUMN.items() if key not in shown}
        self.lines = [
            Line(COLUMN[key], width, key in shown) for key, width in (shown | others).items()
        ]
        self._frozen = layout.frozen

    @property
    def layout(self) -> Layout:
        """The layout as it is now."""
        shown = (Placed(one.column.key, one.width) for one in self.lines if one.is_shown)
        return Layout(tuple(shown), self._frozen)

    def stays(self, row: int) -> bool:
        """Whether the column in a row is shown and stays in place while others move."""
        return self.lines[row].is_shown and self._shown_before(row) < self._frozen

    def show_or_hide(self, row: int) -> bool:
        """Show a column or hide it; whether that could be: the last one cannot be hidden."""
        line = self.lines[row]
        if line.is_shown and len(self.layout.columns) == 1:
            return False
        if self._shown_before(row) < self._frozen:
            self._frozen += -1 if line.is_shown else 1
        line.is_shown = not line.is_shown
        return True

    def move(self, row: int, by: int) -> int:
        """Move a column that is shown before the shown one above it, or behind that below it.

        Args:
            row: where it is.
            by: -1 for up, 1 for down.

        Returns:
            Where it is then: in the same row where it is hidden, or nothing is above or below.
        """
        beyond = range(row + by, len(self.lines) if by > 0 else -1, by)
        target = next((at for at in beyond if self.lines[at].is_shown), None)
        if not self.lines[row].is_shown or target is None:
            return row
        self.lines.insert(target, self.lines.pop(row))
        return target

    def widen(self, row: int, by: int) -> None:
        """Give a column so many cells more, or fewer where that is negative, inside the limits."""
        line = self.lines[row]
        line.width = max(MIN_WIDTH, min(line.width + by, MAX_WIDTH))

    def freeze(self, row: int) -> None:
        """Let the columns up to a row stay in place; where it is the last of them, it moves again.

        A hidden column changes nothing.
        """
        if self.lines[row].is_shown:
            count = self._shown_before(row) + 1
            self._frozen = count - 1 if count == self._frozen else count

    def reset(self) -> None:
        """Take the usual layout."""
        self._take(USUAL)

    def _shown_before(self, row: int) -> int:
        return sum(one.is_shown for one in self.lines[:row])
