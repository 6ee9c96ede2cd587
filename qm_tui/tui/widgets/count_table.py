"""A list of values with numbers of users beside them, and as a bar how large a share that is."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment

from qm_tui.text import counted, fitted, visible
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.query.filter_parser import LONGEST

SHOWN: Final = 300
"""Characters of a value that are looked at for a line."""

TOO_LONG: Final = f"This value is too long for a filter of {LONGEST:,} characters."
"""What is said of a value that no filter can hold."""

_SHARE: Final = 7
_BAR: Final = "■"
_LEAST_SHARE: Final = 0.001


class Places(NamedTuple):
    """Where a list stands.

    Attributes:
        row: the line under the cursor.
        value: the value there; None where there is none.
        top: the value of the first line in sight.
    """

    row: int
    value: str | None
    top: str | None


NOWHERE: Final = Places(0, None, None)
"""Where a list stands of which nothing was shown yet."""


class NumberColumn(NamedTuple):
    """A column of numbers: its name, and the cells that it takes."""

    name: str
    width: int


class NumberList(VirtualRows):
    """Values, a line each, with numbers of users. A subclass says which.

    Args:
        id: the widget's ID.
    """

    header_height: ClassVar[int] = 1

    columns: ClassVar[Sequence[NumberColumn]]
    """The numbers of a line."""

    bar: ClassVar[int] = 4
    """What part of the width the bar takes, a fourth or less; 0 for neither share nor bar."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.total = self.most = 0
        self.is_counting = True

    @property
    def heading(self) -> str:
        """What stands above the values."""
        return "counting …" if self.is_counting else counted(self.row_count, "value")

    def name_of(self, row: int) -> str:
        """The value of a line, or what stands for it."""
        raise NotImplementedError

    def numbers_of(self, row: int) -> Sequence[int]:
        """The numbers of a line, as the columns have them."""
        raise NotImplementedError

    def value_of(self, row: int) -> str:
        """The value of a line, exactly."""
        return self.name_of(row)

    @property
    def places(self) -> Places:
        """Where the list stands."""
        row, top = self.cursor_row, int(self.scroll_offset.y)
        has_rows = row < self.row_count
        return Places(
            row, self.value_of(row) if has_rows else None, self.value_of(top) if has_rows else None
        )

    def renew(self, was: Places, rows: Mapping[str, int], wanted: str | None = None) -> None:
        """Show other lines. The cursor stays on its value, or goes to the one that is wanted.

        Args:
            was: where the list stood before.
            rows: where the values stand now.
            wanted: a value.
        """
        if wanted is not None and wanted in rows and wanted != was.value:
            self.rows_changed(rows[wanted])
            return
        row = rows.get(was.value, was.row) if was.value is not None else 0
        # whoever looks at the first goes on looking at the first
        top = int(self.scroll_offset.y)
        top = rows.get(was.top, top) if top and was.top is not None else 0
        self.rows_moved(row, top)

    def header_text(self, width: int) -> list[Segment]:
        """What is counted, and the names of the columns."""
        cells = "".join(f" {one.name:>{one.width}}" for one in self.columns)
        share = f" {'Share':>{_SHARE}}" if self.bar else ""
        text = f"  {fitted(self.heading, self.name_width(width))}{cells}{share}"
        style = self.get_component_rich_style("virtual-rows--header")
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The value, the numbers, and which share of all users the first is, as a bar too."""
        sign = ">" if row == self.cursor_row else " "
        name = fitted(visible(self.name_of(row), SHOWN), self.name_width(width))
        numbers = self.numbers_of(row)
        cells = "".join(
            f" {number:>{one.width},}" for number, one in zip(numbers, self.columns, strict=True)
        )
        share = self._share(numbers[0], width) if self.bar else ""
        return fitted(f"{sign} {name}{cells}{share}", width)

    def _share(self, number: int, width: int) -> str:
        if not number:
            return f" {'0%':>{_SHARE}}"
        share = number / self.total
        said = f"{share:.1%}" if share >= _LEAST_SHARE else "<0.1%"
        return f" {said:>{_SHARE}} {_BAR * max(1, round(width // self.bar * number / self.most))}"

    def name_width(self, width: int) -> int:
        """The cells that a value has in a line."""
        taken = sum(one.width + 1 for one in self.columns)
        if self.bar:
            taken += 1 + _SHARE + 1 + width // self.bar
        return max(1, width - 2 - taken)
