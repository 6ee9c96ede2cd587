"""The table of users: any number of them, of which the visible rows are drawn."""

from collections.abc import Collection, Container, Mapping, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from qm_tui.text import fitted, visible
from qm_tui.tui.virtual_rows import VirtualRows
from qm_tui.users.fields import FIELD, FIELDS, Field, Kind, User

FROZEN: Final = 2
"""Columns that stay in place while the others move: First Name and Last Name."""

_FIRST_SHOWN: Final = (
    "first_name",
    "last_name",
    "extension",
    "user_name",
    "department",
    "is_active",
    "unlimited_license",
    "on_demand_license",
    "computer_recording_license",
)
COLUMNS: Final[tuple[Field, ...]] = tuple(
    [FIELD[key] for key in _FIRST_SHOWN]
    + [field for field in FIELDS if field.key not in _FIRST_SHOWN]
)
"""All 26 fields, those first by which an admin knows a user; the others in file order."""

LEGEND: Final = "A active  U unlimited  O on-demand  C computer   y yes n no"

_FLAGS: Final = {"1": "y", "0": "n"}
_MARGIN: Final = 3
"""Cells before the first column: the cursor's sign, the import's sign, and a blank."""

FRESH_FOR: Final = 5.0
"""Seconds for which users whom somebody else changed are marked."""

_FRESH: Final = "*"
_MARK: Final = "✓"


def cell_text(field: Field, value: str) -> str:
    """What a cell shows of a value: never a secret, and flags in one letter."""
    if field.is_secret:
        return "set" if value else ""
    if field.kind is Kind.FLAG:
        return _FLAGS.get(value, visible(value, 1))
    return visible(value, field.width * 2)


class UsersDataTable(VirtualRows):
    """Users in rows, fields in columns.

    It draws what a view says: a sequence of User IDs in the order in which they are shown.

    Args:
        marks: the User IDs of the users who are marked; kept up to date by their owner.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move_column(-1)", "Column left", show=False),
        Binding("right,l", "move_column(1)", "Column right", show=False),
        Binding("enter", "select", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("asterisk", "mark_all", "Mark all shown, or none", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {"users-table--current-header", "users-table--fresh"}

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1

    current_column: reactive[int] = reactive(0, repaint=False)
    """The column that the keys act on, from 0."""

    class MarksWanted(Message):
        """Users are to be marked; where all of them are, their marks are to be taken away."""

        def __init__(self, user_ids: Sequence[str]) -> None:
            super().__init__()
            self.user_ids = user_ids

    def __init__(self, marks: Collection[str] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._marks = marks
        self._view: Sequence[str] = ()
        self._users: Mapping[str, User] = {}
        self._signs: Mapping[str, str] = {}
        self._fresh: list[Container[str]] = []
        self._first_moving = FROZEN

    @property
    def row_count(self) -> int:
        """How many users the view holds."""
        return len(self._view)

    def show(
        self,
        view: Sequence[str],
        users: Mapping[str, User],
        signs: Mapping[str, str] | None = None,
        cursor_row: int = 0,
    ) -> None:
        """Show other users.

        Args:
            view: the User IDs, in the order in which they are shown. It may grow behind its end;
                then `rows_added` is to be called.
            users: the users by User ID.
            signs: by User ID, one character that is shown before the name.
            cursor_row: where the cursor stands.
        """
        self._view, self._users, self._signs = view, users, signs or {}
        self.rows_changed(cursor_row)

    def follow(
        self, view: Sequence[str], users: Mapping[str, User], signs: Mapping[str, str]
    ) -> None:
        """Show what became of the users: the cursor stays on its user, the others stay in sight."""
        before, cursor, top = self._view, self.cursor_row, int(self.scroll_offset.y)
        self._view, self._users, self._signs = view, users, signs
        if view is before:
            self.refresh()
            return
        self.rows_moved(_row_of(before, cursor, view), _row_of(before, top, view))

    def mark_fresh(self, user_ids: Collection[str]) -> None:
        """Mark users whom somebody else added or changed, for some seconds."""
        if user_ids:
            self._fresh.append(user_ids)
            self.set_timer(FRESH_FOR, self._fade)

    def _fade(self) -> None:
        faded = self._fresh.pop(0)
        if any(self._view[row] in faded for row in self.rows_in_sight):
            self.refresh()

    def _is_fresh(self, user_id: str) -> bool:
        return any(user_id in user_ids for user_ids in self._fresh)

    def validate_current_column(self, column: int) -> int:
        """Keep the current column inside the columns."""
        return max(0, min(column, len(COLUMNS) - 1))

    def watch_current_column(self) -> None:
        """Bring the current column into view."""
        self._show_current_column()
        self.refresh()

    def on_resize(self) -> None:
        """Keep the current column visible."""
        self._show_current_column()

    def action_move_column(self, columns: int) -> None:
        """Make a column to the left or to the right the current one."""
        self.current_column += columns

    def action_mark(self) -> None:
        """Mark the user under the cursor, or take the mark away."""
        if self._view:
            self.post_message(self.MarksWanted([self._view[self.cursor_row]]))

    def action_mark_all(self) -> None:
        """Mark all users shown; where all of them are marked, none."""
        if self._view:
            self.post_message(self.MarksWanted(self._view))

    def _show_current_column(self) -> None:
        current = self.current_column
        if current < FROZEN:
            return
        self._first_moving = min(self._first_moving, current)
        while current > self.visible_columns()[-1] and self._first_moving < current:
            self._first_moving += 1

    def visible_columns(self) -> list[int]:
        """The places in `COLUMNS` of the columns that fit, from left to right."""
        left = self.size.width - _MARGIN
        shown: list[int] = []
        for place in [*range(FROZEN), *range(self._first_moving, len(COLUMNS))]:
            width = COLUMNS[place].width
            if shown and left < width:
                break
            shown.append(place)
            left -= width + 1
        return shown

    def row_text(self, row: int, width: int) -> str:
        """One user: signs, then the cells of the visible columns."""
        user_id = self._view[row]
        user = self._users[user_id]
        cells = [
            fitted(cell_text(COLUMNS[at], user[COLUMNS[at].index]), COLUMNS[at].width)
            for at in self.visible_columns()
        ]
        cursor = ">" if row == self.cursor_row else " "
        sign = _MARK if user_id in self._marks else self._signs.get(user_id, " ")
        if self._is_fresh(user_id):
            sign = _FRESH
        return fitted(f"{cursor}{sign} {' '.join(cells)}", width)

    def row_style(self, row: int) -> Style:
        """Users who are fresh stand out."""
        if self._fresh and self._is_fresh(self._view[row]):
            return self.get_component_rich_style("users-table--fresh")
        return super().row_style(row)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the visible columns; the current one is marked."""
        style = self.get_component_rich_style("virtual-rows--header")
        current = self.get_component_rich_style("users-table--current-header")
        segments = [Segment(" " * min(_MARGIN, width), style)]
        left = width - _MARGIN
        for place in self.visible_columns():
            column = COLUMNS[place]
            text = fitted(column.short, min(column.width, max(0, left)))
            segments.append(Segment(text, current if place == self.current_column else style))
            left -= len(text)
            if left > 0:
                segments.append(Segment(" ", style))
                left -= 1
        segments.append(Segment(" " * max(0, left), style))
        return segments

    def footer_text(self, width: int, line: int) -> str:
        """Which row and which columns are shown, in words, on the right."""
        text = self._position
        return " " * max(0, width - len(text) - 1) + fitted(text, min(width, len(text) + 1))

    @property
    def _position(self) -> str:
        shown = self.visible_columns()[FROZEN:]
        columns = f"columns {shown[0] + 1}-{shown[-1] + 1} of {len(COLUMNS)}" if shown else ""
        more = " → more" if shown and shown[-1] + 1 < len(COLUMNS) else ""
        back = "← " if self._first_moving > FROZEN else ""
        if not self._view:
            return f"{back}{columns}{more}"
        return f"{self.cursor_row + 1:,} of {self.row_count:,}   {back}{columns}{more}"

    @on(events.Click)
    def _header_clicked(self, event: events.Click) -> None:
        if event.y >= self.header_height:
            return
        x = _MARGIN
        for place in self.visible_columns():
            if x <= event.x < x + COLUMNS[place].width:
                self.current_column = place
            x += COLUMNS[place].width + 1


def _row_of(before: Sequence[str], row: int, view: Sequence[str]) -> int:
    """Where the user of a row stands in another view; the same row where it is gone."""
    if row >= len(before):
        return row
    user_id = before[row]
    if row < len(view) and view[row] == user_id:
        return row
    try:
        return view.index(user_id)
    except ValueError:
        return row
