"""A column layout that is being edited."""

from dataclasses import dataclass

from qm_tui.users.query.columns import (
    COLUMN,
    DEFAULT_LAYOUT,
    MAX_WIDTH,
    MIN_WIDTH,
    Column,
    ColumnPlacement,
    Layout,
)


@dataclass(slots=True)
class ColumnDraft:
    """A column, shown or hidden.

    Attributes:
        column: the column.
        width: its width in cells.
        is_shown: whether it is shown.
    """

    column: Column
    width: int
    is_shown: bool


class LayoutDraft:
    """All columns in their order, shown or hidden. It is a valid layout at any time.

    At first the shown columns come before the hidden ones. A column that is hidden or shown keeps
    its position, so that the same step undoes it.

    Args:
        layout: the layout to edit.

    Attributes:
        lines: the columns; the shown ones in the order of the table.
    """

    def __init__(self, layout: Layout) -> None:
        self.lines: list[ColumnDraft] = []
        self._frozen = 0
        self._set_layout(layout)

    def _set_layout(self, layout: Layout) -> None:
        shown = {placed.key: placed.width for placed in layout.columns}
        others = {key: column.width for key, column in COLUMN.items() if key not in shown}
        self.lines = [
            ColumnDraft(COLUMN[key], width, key in shown) for key, width in (shown | others).items()
        ]
        self._frozen = layout.frozen

    @property
    def layout(self) -> Layout:
        """The layout with the edits."""
        shown = (
            ColumnPlacement(line.column.key, line.width) for line in self.lines if line.is_shown
        )
        return Layout(tuple(shown), self._frozen)

    def is_frozen(self, row: int) -> bool:
        """Return whether the column in a row is shown and frozen."""
        return self.lines[row].is_shown and self._shown_before(row) < self._frozen

    def toggle(self, row: int) -> bool:
        """Show or hide a column.

        Returns:
            False if it is the only shown column, which cannot be hidden.
        """
        line = self.lines[row]
        if line.is_shown and len(self.layout.columns) == 1:
            return False
        if self._shown_before(row) < self._frozen:
            self._frozen += -1 if line.is_shown else 1
        line.is_shown = not line.is_shown
        return True

    def move(self, row: int, by: int) -> int:
        """Move a shown column past the next shown one above or below.

        Args:
            row: the row of the column.
            by: -1 for up, 1 for down.

        Returns:
            The new row; the same if the column is hidden or already the first or last.
        """
        beyond = range(row + by, len(self.lines) if by > 0 else -1, by)
        target = next((index for index in beyond if self.lines[index].is_shown), None)
        if not self.lines[row].is_shown or target is None:
            return row
        self.lines.insert(target, self.lines.pop(row))
        return target

    def widen(self, row: int, by: int) -> None:
        """Change the width of a column by a number of cells, within the limits."""
        line = self.lines[row]
        line.width = max(MIN_WIDTH, min(line.width + by, MAX_WIDTH))

    def freeze(self, row: int) -> None:
        """Freeze the columns up to a row, or unfreeze the column if it is the last frozen one.

        Nothing changes if the column is hidden.
        """
        if self.lines[row].is_shown:
            count = self._shown_before(row) + 1
            self._frozen = count - 1 if count == self._frozen else count

    def reset(self) -> None:
        """Reset to the default layout."""
        self._set_layout(DEFAULT_LAYOUT)

    def _shown_before(self, row: int) -> int:
        return sum(line.is_shown for line in self.lines[:row])
