"""The lists of the Licenses page: licenses by type, and by department. A number is chosen in them.

The arrows move to another line, and to another column, whose name is marked.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import ClassVar, Final

from rich.segment import Segment
from textual import events, on
from textual.binding import Binding, BindingType

from qm_tui.text import fitted, visible
from qm_tui.tui.widgets.count_table import SHOWN, NumberColumn, NumberList
from qm_tui.users.fields import FIELD
from qm_tui.users.query.counts import EMPTY
from qm_tui.users.query.license_usage import LICENSES, DepartmentUse, LicensesInUse, LicenseUse
from qm_tui.users.query.licenses import License


def _short(key: str) -> str:
    return FIELD[key].name.removesuffix(" License")


_NAMES: Final = {
    License.UNLIMITED: _short("unlimited_license"),
    License.ON_DEMAND: _short("on_demand_license"),
    License.COMPUTER: _short("computer_recording_license"),
    License.NONE: "None of the three",
}


class CellList(NumberList):
    """Lines with numbers of users, one of which is chosen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"cell-list--current-header"}

    footer_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show users", tooltip="Show the users who were counted here"),
        Binding("left,h", "turn(-1)", "Column before"),
        Binding("right,l", "turn(1)", "Column after"),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.column = 0
        self.above: CellList | None = None
        self.below: CellList | None = None

    @property
    def term(self) -> str:
        """What finds the users who were counted in the chosen number."""
        raise NotImplementedError

    @property
    def number(self) -> int:
        """The chosen number."""
        return self.numbers_of(self.cursor_row)[self.column]

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns; that of the chosen one is marked."""
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
        """What finds the users of the chosen number."""
        is_chosen = self.has_focus and self.row_count
        return fitted(f"  Filter  {visible(self.term, SHOWN)}" if is_chosen else "", width)

    def _spans(self, width: int) -> list[tuple[int, int]]:
        """Where the columns begin and end in a line."""
        begin = 2 + self.name_width(width)
        ends = accumulate((one.width + 1 for one in self.columns), initial=begin)
        return list(pairwise(ends))

    def watch_has_focus(self, focused: bool) -> None:
        """Mark the chosen column while the list has the focus."""
        super().watch_has_focus(focused)
        self.refresh()

    def action_turn(self, by: int) -> None:
        """Choose the next column, or the one before."""
        self._choose(max(0, min(self.column + by, len(self.columns) - 1)))

    def _choose(self, column: int) -> None:
        if column != self.column:
            self.column = column
            self.refresh()

    def action_move(self, rows: int) -> None:
        """Move the cursor; from the last line to the list below, from the first to that above."""
        other = self.below if rows > 0 else self.above
        is_beyond = not 0 <= self.cursor_row + rows < self.row_count
        if is_beyond and other is not None and other.row_count:
            self.screen.set_focus(other)
        else:
            super().action_move(rows)

    @on(events.Click)
    def _choose_clicked(self, event: events.Click) -> None:
        spans = enumerate(self._spans(self.size.width))
        column = next((at for at, (start, end) in spans if start <= event.x < end), self.column)
        if column == self.column:
            return
        self._choose(column)
        if event.y - self.header_height + int(self.scroll_offset.y) == self.cursor_row:
            event.prevent_default()  # the line was chosen already, but not this number of it


class TypeList(CellList):
    """How many users have which license, and how many of them are inactive."""

    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 9),
        NumberColumn("Inactive", 8),
    )
    bar: ClassVar[int] = 6

    def __init__(self) -> None:
        super().__init__(id="license-types")
        self._types: Sequence[LicenseUse] = ()

    @property
    def heading(self) -> str:
        """What stands above the licenses."""
        return super().heading if self.is_counting else "License"

    @property
    def row_count(self) -> int:
        """How many licenses there are, and that there is none."""
        return len(self._types)

    @property
    def term(self) -> str:
        """What finds the users who have it, or those of them who are inactive."""
        return self._types[self.cursor_row].term(inactive=self.column > 0)

    def show(self, used: LicensesInUse, total: int) -> None:
        """Show how many users have which license."""
        self._types, self.total, self.is_counting = used.types, total, False
        self.most = max(one.number for one in used.types)
        self.rows_changed(self.cursor_row)

    def name_of(self, row: int) -> str:
        """The license."""
        return _NAMES[self._types[row].license]

    def numbers_of(self, row: int) -> Sequence[int]:
        """How many users have it, and how many of them are inactive."""
        one = self._types[row]
        return one.number, one.inactive


class DepartmentList(CellList):
    """How many users each department has, and how many of them have which license."""

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
        self._departments: Sequence[DepartmentUse] = ()

    @property
    def heading(self) -> str:
        """What stands above the departments."""
        return "Department"

    @property
    def row_count(self) -> int:
        """How many departments there are."""
        return len(self._departments)

    @property
    def term(self) -> str:
        """What finds the users of the department, or those of them who have a license."""
        license = LICENSES[self.column - 1] if self.column else None
        return self._departments[self.cursor_row].term(license)

    def show(self, used: LicensesInUse) -> None:
        """Show the departments, that of most users first. The cursor stays on its department."""
        was = self.places
        self._departments, self.is_counting = used.departments, False
        self.renew(was, used.rows)

    def name_of(self, row: int) -> str:
        """The department, or what stands for none."""
        return self._departments[row].department or EMPTY

    def value_of(self, row: int) -> str:
        """The department."""
        return self._departments[row].department

    def numbers_of(self, row: int) -> Sequence[int]:
        """How many users it has, and how many of them have which license."""
        one = self._departments[row]
        return one.number, *one.by_license
