"""The lists of the Licenses page: licenses by type, and by department.

The arrow keys move the cursor between rows, and between columns, whose header is highlighted.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, ClassVar, Final

from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.widgets.count_table import MAX_SHOWN, Item, NumberColumn, NumberList
from qm_tui.users.fields import FIELD
from qm_tui.users.query.license_usage import LICENSES, DepartmentUse, LicensesInUse, LicenseUse
from qm_tui.users.query.licenses import License


def _short(key: str) -> str:
    return FIELD[key].name.removesuffix(" License")


_NAMES: Final = {
    License.UNLIMITED: _short("unlimited_license"),
    License.ON_DEMAND: _short("on_demand_license"),
    License.COMPUTER: _short("computer_recording_license"),
    License.NONE: "No license",
}


class CellCursorList(NumberList[Item]):
    """Rows with numbers of users, with a cursor on one number."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"cell-list--current-header"}

    footer_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show users", tooltip="Show these users"),
        bind("counts.previous", "turn(-1)", "Previous column"),
        bind("counts.next", "turn(1)", "Next column"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.column = 0
        self.above: CellCursorList[Any] | None = None
        self.below: CellCursorList[Any] | None = None

    @property
    def term(self) -> str:
        """The filter term for the users of the current number."""
        raise NotImplementedError

    @property
    def number(self) -> int:
        """The current number."""
        return self.numbers_of(self.items[self.cursor_row])[self.column]

    def header_text(self, width: int) -> list[Segment]:
        """Return the names of the columns; that of the current one is highlighted."""
        (header,) = super().header_text(width)
        if not self.has_focus:
            return [header]
        text, (_, end) = header.text, self._spans(width)[self.column]
        start = end - len(self.columns[self.column].name)
        style = self.get_component_rich_style("cell-list--current-header")
        return [
            Segment(text[:start], header.style),
            Segment(text[start:end], style),
            Segment(text[end:], header.style),
        ]

    def footer_text(self, width: int, line: int) -> str:
        """Return the filter term for the users of the current number."""
        has_cursor = self.has_focus and self.row_count
        return pad_or_truncate(
            f"  Filter  {sanitize(self.term, MAX_SHOWN)}" if has_cursor else "", width
        )

    def _spans(self, width: int) -> list[tuple[int, int]]:
        """Return the start and the end of each column in cells."""
        begin = 2 + self.name_width(width)
        ends = accumulate((column.width + 1 for column in self.columns), initial=begin)
        return list(pairwise(ends))

    def watch_has_focus(self, focused: bool) -> None:
        """Highlight the current column while the list has the focus."""
        super().watch_has_focus(focused)
        self.refresh()

    def action_turn(self, by: int) -> None:
        """Move to the next or the previous column."""
        self._move_to(max(0, min(self.column + by, len(self.columns) - 1)))

    def _move_to(self, column: int) -> None:
        if column != self.column:
            self.column = column
            self.refresh()

    def action_move(self, rows: int) -> None:
        """Move the cursor; from the last row to the list below, from the first to that above."""
        other = self.below if rows > 0 else self.above
        is_beyond = not 0 <= self.cursor_row + rows < self.row_count
        if is_beyond and other is not None and other.row_count:
            self.screen.set_focus(other)
        else:
            super().action_move(rows)

    @on(events.Click)
    def _cell_clicked(self, event: events.Click) -> None:
        spans = enumerate(self._spans(self.size.width))
        column = next(
            (index for index, (start, end) in spans if start <= event.x < end), self.column
        )
        if column == self.column:
            return
        self._move_to(column)
        if event.y - self.header_height + int(self.scroll_offset.y) == self.cursor_row:
            event.prevent_default()  # a click on another number of the current row does not open it


class TypeList(CellCursorList[LicenseUse]):
    """The number of users of each license, and how many of them are inactive."""

    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 9),
        NumberColumn("Inactive", 8),
    )
    bar: ClassVar[int] = 6

    def __init__(self) -> None:
        super().__init__(id="license-types")

    @property
    def heading(self) -> str:
        """The header above the licenses."""
        return super().heading if self.is_counting else "License"

    @property
    def term(self) -> str:
        """The filter term for its users, or for the inactive ones."""
        return self.items[self.cursor_row].term(inactive=self.column > 0)

    def show(self, used: LicensesInUse, total: int) -> None:
        """Show the number of users of each license."""
        self.set_items(used.types, total)
        self.rows_changed(self.cursor_row)

    def value_of(self, item: LicenseUse) -> str:
        """Return the license."""
        return _NAMES[item.license]

    def numbers_of(self, item: LicenseUse) -> Sequence[int]:
        """Return the number of its users, and how many of them are inactive."""
        return item.number, item.inactive


class DepartmentList(CellCursorList[DepartmentUse]):
    """The number of users of each department, in total and by license."""

    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 7),
        NumberColumn("Unlimited", 9),
        NumberColumn("On-Demand", 9),
        NumberColumn("Computer", 8),
        NumberColumn("None", 7),
    )
    bar: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__(id="license-departments")

    @property
    def heading(self) -> str:
        """The header above the departments."""
        return "Department"

    @property
    def term(self) -> str:
        """The filter term for the users of the department, or for those with a license."""
        license = LICENSES[self.column - 1] if self.column else None
        return self.items[self.cursor_row].term(license)

    def show(self, used: LicensesInUse) -> None:
        """Show the departments, largest first. The cursor stays on its department."""
        before = self.position
        self.set_items(used.departments)
        self.replace_rows(before, used.rows)

    def value_of(self, item: DepartmentUse) -> str:
        """Return the department."""
        return item.department

    def numbers_of(self, item: DepartmentUse) -> Sequence[int]:
        """Return the number of its users, in total and by license."""
        return item.number, *item.by_license
