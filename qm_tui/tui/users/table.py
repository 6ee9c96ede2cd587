"""The table of users. It draws only the visible rows, so it can hold any number of users."""

from collections.abc import Collection, Container, Mapping, Sequence
from functools import partial
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive

from qm_tui.progress import YieldControl
from qm_tui.store.state import Window
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.user_cells import cell_text, legend
from qm_tui.tui.users.table_layout import (
    DrawnColumn,
    ValueWidths,
    arrange,
    header_texts,
    measure_values,
    position_text,
)
from qm_tui.tui.widgets.markable_list import IN_RANGE, MarkableList, RangeEnd
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.threads import when_answered
from qm_tui.tui.work.user_rows import UserRows
from qm_tui.users.fields import User
from qm_tui.users.query.columns import DEFAULT_LAYOUT, Layout
from qm_tui.users.query.views import SortKey

HIGHLIGHT_SECONDS: Final = 5.0
"""Seconds for which users changed by another admin are highlighted."""

_WORDS_FROM: Final = 100
"""The width of the terminal from which licenses are shown as words instead of letters."""

_SAMPLE: Final = 30
"""Rows whose values are measured for the widths of the columns, in addition to the visible ones."""

_FEW: Final = 10
"""The divisor of the number of users that gives the number whose change does not matter."""

_CHANGED_SYMBOL: Final = "*"
_MARK: Final = "✓"
_TONES: Final = {"+": "added", "~": "changed", _MARK: "marked", IN_RANGE: "marked"}
"""The colors of signs."""


class UsersDataTable(MarkableList):
    """A table with a user per row and the columns of a layout.

    It loads only the rows near the visible ones (`UserRows`).

    Args:
        marks: the marked users, updated by the owner.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("table.column_left", "move_column(-1)", show=False),
        bind("table.column_right", "move_column(1)", show=False),
        Binding("enter", "select", "Details", tooltip="Show all fields and the history"),
        bind("table.sort", "sort(False)", show=False),
        bind("table.sort_second", "sort(True)", show=False),
        bind("table.copy", "copy(False)", show=False),
        bind("table.copy_row", "copy(True)", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "users-table--current-header",
        "users-table--fresh",
        "users-table--inactive",
    }

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1

    current_column: reactive[int] = reactive(0, repaint=False)
    """The index in the layout of the column that keys apply to."""

    class MarkRequested(Message):
        """A user should be marked, or unmarked if it is marked."""

        def __init__(self, user_id: str) -> None:
            super().__init__()
            self.user_id = user_id

    class MarkAllRequested(Message):
        """All users of the table should be marked, or unmarked if all of them are marked."""

    class MarkRangeRequested(Message):
        """The users from one row to another should be marked.

        Args:
            start: one end of the range.
            end: the other end.
        """

        def __init__(self, start: RangeEnd, end: RangeEnd) -> None:
            super().__init__()
            self.start, self.end = start, end

    class ColumnsPlaced(Message):
        """Other columns are visible."""

    class SortRequested(Message):
        """The users should be sorted by a column.

        Args:
            column_key: the column's key.
            add: whether to add the column as second sort key instead of replacing the first.
        """

        def __init__(self, column_key: str, add: bool) -> None:
            super().__init__()
            self.column_key, self.add = column_key, add

    class CopyRequested(Message):
        """A cell or a row should be copied.

        Args:
            user: the user.
            column_key: the key of the cell's column, or None for the whole row.
        """

        def __init__(self, user: User, column_key: str | None) -> None:
            super().__init__()
            self.user, self.column_key = user, column_key

    def __init__(self, marks: Marks, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._marks = marks
        self._rows: UserRows | None = None
        self._cursor: tuple[int, User] | None = None
        self._change_symbols: Mapping[str, str] = {}
        self._highlighted: list[Container[str]] = []
        self._layout = DEFAULT_LAYOUT
        self._sort: tuple[SortKey, ...] = ()
        self._arrangement = arrange(DEFAULT_LAYOUT, 0)
        self._value_widths: Mapping[str, ValueWidths] | None = None
        self._measured_count = 0
        self._has_words = False
        self._first_moving = DEFAULT_LAYOUT.frozen
        self._drawn: list[DrawnColumn] = []
        self._drawn_marks: set[str] = set()

    @property
    def row_count(self) -> int:
        """The number of users."""
        return 0 if self._rows is None else self._rows.count

    @property
    def cursor_user(self) -> User | None:
        """The current user; None if there are no users, or it is not loaded yet."""
        row = self.cursor_row
        user = self.user_at(row)
        if user is None:  # the list may be scrolled away from it
            return self._cursor[1] if self._cursor is not None and self._cursor[0] == row else None
        self._cursor = row, user
        return user

    @property
    def cursor_user_id(self) -> str | None:
        """The User ID of the current user; None if there is none, or it is not loaded yet."""
        user = self.cursor_user
        return None if user is None else user.user_id

    @property
    def rows(self) -> UserRows | None:
        """The users by row, as far as they are loaded; None before the first are known."""
        return self._rows

    def user_at(self, row: int) -> User | None:
        """Return the user of a row; None if it is not loaded."""
        return None if self._rows is None else self._rows.user(row)

    @property
    def shown_layout(self) -> Layout:
        """The column layout."""
        return self._layout

    @property
    def has_words(self) -> bool:
        """Whether there is room for the licenses as words."""
        return self.is_attached and self.app.size.width >= _WORDS_FROM

    @property
    def current_key(self) -> str:
        """The key of the current column."""
        return self._layout.columns[self.current_column].key

    def show(
        self,
        rows: UserRows,
        change_symbols: Mapping[str, str] | None = None,
        cursor_id: str | None = None,
    ) -> None:
        """Show other users.

        Args:
            rows: the users. Call `rows_added` after adding some at its end.
            change_symbols: a character to show before the first cell, by User ID.
            cursor_id: the User ID of the current user, who is loaded; the first one if not given.
        """
        self._rows, self._cursor, self._change_symbols = rows, None, change_symbols or {}
        self.drop_range()
        self.rows_changed((rows.row_of(cursor_id) if cursor_id else None) or 0)
        self._want_rows()
        self._measure_again()

    def rows_added(self) -> None:
        """Draw users that were appended. The columns keep their widths."""
        self._want_rows()
        super().rows_added()
        self._measured_count = self.row_count

    def follow(self, rows: UserRows, change_symbols: Mapping[str, str]) -> None:
        """Show a new version of the users. The cursor stays on its user; the view does not jump.

        The columns keep their widths, unless other users are visible or many were added or deleted.

        Args:
            rows: the users; those near the cursor may not be loaded yet.
            change_symbols: a character to show before the first cell, by User ID.
        """
        cursor, top = self.cursor_row, int(self.scroll_offset.y)
        before, cursor_user, top_user = self._rows, self.cursor_user, self.user_at(top)
        if before is None:
            self.show(rows, change_symbols)
            return

        def find(rest: YieldControl) -> tuple[Window, Window]:
            near_top = rows.around(top_user, top, rest)
            return near_top, rows.around(cursor_user, cursor, rest)

        def take(windows: tuple[Window, Window]) -> None:
            if self._rows is not before:
                return  # others are shown by now
            if (self.cursor_row, int(self.scroll_offset.y)) != (cursor, top):
                self.follow(rows, change_symbols)  # the cursor was moved in the meantime
                return
            seen, self._rows, self._change_symbols = self._ids_in_sight, rows, change_symbols
            self._keep_range(is_same_list=rows.query == before.query)
            near_top, near_cursor = windows
            new_cursor, user = _found(near_cursor, cursor)
            self._cursor = None if user is None else (new_cursor, user)
            rows.begin_with(near_top)
            self.rows_moved(new_cursor, _found(near_top, top)[0])
            self._want_rows()
            measured, count = self._measured_count, rows.count
            if self._ids_in_sight != seen or abs(count - measured) > measured // _FEW:
                self._measure_again()

        when_answered(self, rows.state, find, take, "follow")

    def _keep_range(self, *, is_same_list: bool) -> None:
        """Keep the beginning of a range on its user in a new version of the list."""
        start = self.range_start
        if start is not None and self._rows is not None:
            row = self._rows.row_of(start.user_id)
            self.range_start = start if row is None else RangeEnd(row, start.user_id)
            if not is_same_list:
                self.drop_range()

    def move_to(self, user: User, row: int) -> None:
        """Move the cursor to a user, if the table shows it.

        Args:
            user: the user.
            row: the row where it was shown.
        """
        rows = self._rows
        if rows is None:
            return

        def take(window: Window) -> None:
            if self._rows is rows and window.user_id:
                rows.begin_with(window)
                self.cursor_row = _found(window, row)[0]
                self._want_rows()

        when_answered(self, rows.state, partial(rows.around, user, row), take, "move")

    @property
    def _ids_in_sight(self) -> Sequence[str | None]:
        users = map(self.user_at, self.rows_in_sight)
        return [None if user is None else user.user_id for user in users]

    def refresh_marks(self) -> None:
        """Redraw the visible rows with a changed mark."""
        for row in self.rows_in_sight:
            user = self.user_at(row)
            if user is not None and (user.user_id in self._marks) != (
                user.user_id in self._drawn_marks
            ):
                self.refresh_row(row)

    # Loading

    class CountCorrected(Message):
        """There are fewer users than were counted; `UserRows` has noticed it."""

        def __init__(self, rows: UserRows) -> None:
            super().__init__()
            self.rows = rows

    def count_changed(self) -> None:
        """Draw that there are more or fewer users than were known."""
        self.rows_moved(self.cursor_row, int(self.scroll_offset.y))
        self._want_rows()

    @property
    def is_loading(self) -> bool:
        """Whether the current user is not loaded yet."""
        return bool(self.row_count) and self.cursor_user is None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Load the rows that become visible."""
        super().watch_scroll_y(old_value, new_value)
        self._want_rows()

    def watch_cursor_row(self, before: int, after: int) -> None:
        """Draw the cursor, and keep its user when the list is scrolled away from it."""
        super().watch_cursor_row(before, after)
        _ = self.cursor_user

    def _want_rows(self) -> None:
        if self._rows is not None and self.is_attached:
            self._rows.want(self.rows_in_sight, self, self._rows_filled)

    def _rows_filled(self) -> None:
        """Draw rows that were loaded."""
        if self._value_widths is None:
            self._arrangement = arrange(self._layout, 0)
        rows = self._rows
        if rows is not None and self.row_count != self._measured_rows:
            self.count_changed()
            self.post_message(self.CountCorrected(rows))
        else:
            self.refresh_changed_lines()
        row = self.cursor_row
        if self.cursor_user is not None or rows is None:
            self.post_message(self.RowHighlighted(self, row))
        elif row not in self.rows_in_sight:  # it was left before it was loaded

            def take(window: Window) -> None:
                users = dict(enumerate(window.users, window.row or 0))
                if self._rows is rows and self.cursor_row == row and row in users:
                    self._cursor = row, users[row]

            when_answered(self, rows.state, partial(rows.around, None, row), take, "cursor")

    def highlight_changed(self, user_ids: Collection[str]) -> None:
        """Highlight users added or changed by another admin for `HIGHLIGHT_SECONDS` seconds."""
        if user_ids:
            self._highlighted.append(user_ids)
            self.set_timer(HIGHLIGHT_SECONDS, self._fade)

    def _fade(self) -> None:
        faded = self._highlighted.pop(0)
        if any(user_id in faded for user_id in self._ids_in_sight if user_id is not None):
            self.refresh_changed_lines()

    def _is_highlighted(self, user_id: str) -> bool:
        return any(user_id in user_ids for user_ids in self._highlighted)

    # Columns

    @property
    def legend(self) -> str:
        """The legend of the letters in its visible cells."""
        return legend(drawn.column for drawn in self._drawn) if self.row_count else ""

    def show_layout(self, layout: Layout | None) -> None:
        """Use another layout, or the default one. The current column stays if it is still shown."""
        current, layout = self.current_key, layout or DEFAULT_LAYOUT
        keys = [placed.key for placed in layout.columns]
        place = keys.index(current) if current in keys else min(self.current_column, len(keys) - 1)
        self._layout = layout
        self.set_reactive(UsersDataTable.current_column, place)
        self._measure_again()

    def _measure_again(self) -> None:
        """Place the columns again when they are drawn."""
        self._value_widths = None
        self._arrangement = arrange(self._layout, 0)
        self.refresh_changed_lines()

    def show_sort(self, keys: Sequence[SortKey]) -> None:
        """Show the sort keys in the header."""
        self._sort = tuple(keys)
        self._redraw_columns()

    def validate_current_column(self, column: int) -> int:
        return max(0, min(column, len(self._layout.columns) - 1))

    def watch_current_column(self) -> None:
        self._redraw_columns()

    def _redraw_columns(self) -> None:
        """Draw the header, and the rows if the columns have moved."""
        if not self.is_mounted:
            return
        before = self._drawn
        self._place_columns(self.size.width)
        if self._drawn == before:
            self.refresh(Region(0, 0, self.size.width, self.header_height))
        else:
            self.refresh()

    def _columns_in(self, width: int) -> list[DrawnColumn]:
        """Return the columns that are visible in a table of a width."""
        if width != self._arrangement.end:
            self._place_columns(width)
        return self._drawn

    def _place_columns(self, width: int) -> None:
        layout, has_words = self._layout, self.has_words
        if has_words != self._has_words:
            self._has_words, self._value_widths = has_words, None
        if self._value_widths is None and (users := self._sampled_users):
            self._value_widths = measure_values(layout, users, has_words=has_words)
            self._measured_count = self.row_count
        sorted_by = [key.column for key in self._sort]
        self._arrangement = arrangement = arrange(
            layout, width, self._value_widths, sorted_by, has_words=has_words
        )
        self._first_moving = arrangement.first_for(self.current_column, self._first_moving)
        before, self._drawn = self._drawn, arrangement.visible_columns(self._first_moving)
        if [drawn.column for drawn in before] != [drawn.column for drawn in self._drawn]:
            self.post_message(self.ColumnsPlaced())

    @property
    def _sampled_users(self) -> Sequence[User]:
        """The visible users, and some others, so that most values fit after scrolling, too."""
        if self._rows is None:
            return []
        in_sight = filter(None, map(self.user_at, self.rows_in_sight))
        return [*in_sight, *self._rows.sample(_SAMPLE)]

    def action_move_column(self, columns: int) -> None:
        """Move the current column to the left or to the right."""
        self.current_column += columns

    def action_sort(self, add: bool) -> None:
        """Request to sort by the current column."""
        self.post_message(self.SortRequested(self.current_key, add))

    # Marking and copying

    def action_copy(self, whole_row: bool) -> None:
        """Request to copy the current cell or row."""
        user = self.cursor_user
        if user is not None:
            column_key = None if whole_row else self.current_key
            self.post_message(self.CopyRequested(user, column_key))

    def action_mark(self) -> None:
        """Request to mark or unmark the current user."""
        user_id = self.cursor_user_id
        if user_id is not None:
            self.post_message(self.MarkRequested(user_id))

    @property
    def marked_end(self) -> RangeEnd | None:
        """The current row as an end of a range; None if its user is not loaded yet."""
        user_id = self.cursor_user_id
        return None if user_id is None else RangeEnd(self.cursor_row, user_id)

    def mark_range(self, start: RangeEnd, end: RangeEnd) -> None:
        """Request to mark the users from one row to another."""
        self.post_message(self.MarkRangeRequested(start, end))

    def action_mark_all(self) -> None:
        """Request to mark or unmark all shown users."""
        if self.row_count:
            self.post_message(self.MarkAllRequested())

    # Drawing

    def row_text(self, row: int, width: int) -> str:
        """Return the signs and visible cells of a user."""
        user = self.user_at(row)
        if user is None:
            return pad_or_truncate(">" if row == self.cursor_row else "", width)
        user_id = user.user_id
        cells = [
            pad_or_truncate(cell_text(drawn.column, user), drawn.width)
            for drawn in self._columns_in(width)
        ]
        cursor = ">" if row == self.cursor_row else " "
        if user_id in self._marks:
            self._drawn_marks.add(user_id)
        else:
            self._drawn_marks.discard(user_id)
        return pad_or_truncate(f"{cursor}{self._sign(row, user_id)} {' '.join(cells)}", width)

    def _sign(self, row: int, user_id: str) -> str:
        if self._is_highlighted(user_id):
            return _CHANGED_SYMBOL
        if user_id in self._marks:
            return _MARK
        return IN_RANGE if self.is_in_range(row) else self._change_symbols.get(user_id, " ")

    def row_tone(self, row: int) -> tuple[str, slice]:
        """Return the color of the sign."""
        user = self.user_at(row)
        return _TONES.get(self._sign(row, user.user_id), "") if user else "", slice(0, 2)

    def row_style(self, row: int) -> Style:
        """Return the style of a row: changed by another admin, inactive, or plain."""
        user = self.user_at(row)
        if user is not None and self._highlighted and self._is_highlighted(user.user_id):
            return self.get_component_rich_style("users-table--fresh")
        if user is not None and user.is_active == "0":
            return self.get_component_rich_style("users-table--inactive")
        return super().row_style(row)

    def header_text(self, width: int) -> list[Segment]:
        """Return the names of the visible columns; the current one is highlighted."""
        texts = header_texts(self._columns_in(width), width, self.current_column, self._sort)
        normal = self.get_component_rich_style("virtual-rows--header")
        current = self.get_component_rich_style("users-table--current-header")
        styles = (normal, current, normal)
        return [
            Segment(sanitize(text), style)
            for text, style in zip(texts, styles, strict=True)
            if text
        ]

    def footer_text(self, width: int, line: int) -> str:
        """Return the row number and the range of visible columns, right-aligned."""
        columns = position_text(self._arrangement, self._columns_in(width))
        rows = ""
        if self._rows is not None and self.row_count:
            rows = f"{self.cursor_row + 1:,} of {self._rows.counted.text}   "
        return pad_or_truncate(f"{rows}{columns} ".rjust(width), width)

    @on(events.Click)
    def _header_clicked(self, event: events.Click) -> None:
        if event.y >= self.header_height:
            return
        for drawn in self._drawn:
            if drawn.x <= event.x <= drawn.x + drawn.width:
                self.current_column = drawn.position
                self.action_sort(event.shift or event.ctrl)


def _found(window: Window, row: int) -> tuple[int, User | None]:
    """Return the row of the user that a window is around, and the user; else those of the row."""
    users = dict(enumerate(window.users, window.row or 0))
    for place, user in users.items():
        if user.user_id == window.user_id:
            return place, user
    row = min(row, max(users, default=0))
    return row, users.get(row)
