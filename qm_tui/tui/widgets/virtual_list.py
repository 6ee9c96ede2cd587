"""A list of any length that renders only its visible rows.

Textual's `DataTable` builds every row when it is filled, which takes most of a minute for 100,000
users. Here a row is built when it is drawn, so the first frame takes the same time at any length.
`UsersDataTable`, the list of files and the list of records are lists of this kind.
"""

from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from qm_tui.text import sanitize
from qm_tui.tui.keys.keymap import LIST_MOVES, bind
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import key_hints
from qm_tui.tui.widgets.too_small import is_too_small

_WHEEL: Final = 3
"""Rows per step of the mouse wheel."""


class VirtualList(ReliableTimers, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor, rendered when they are visible.

    Subclasses define the number of rows and their text. Headers stay in place above the rows.
    """

    TO_END: ClassVar[str] = "move_to_end(1)"
    """The action of the key that moves the cursor to the last row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(bind(name, f"{action}({by})", show=False) for name, action, by in LIST_MOVES),
        Binding("enter", "select", "Open", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-rows--header",
        "virtual-rows--cursor",
        "virtual-rows--blurred-cursor",
        "virtual-rows--added",
        "virtual-rows--changed",
        "virtual-rows--rejected",
        "virtual-rows--marked",
    }

    DEFAULT_CSS = """
    VirtualList {
        overflow: hidden;
        scrollbar-size: 0 0;
    }
    """

    header_height: ClassVar[int] = 0
    """Lines above the rows that do not scroll."""

    footer_height: ClassVar[int] = 0
    """Lines below the rows that do not scroll. They are drawn in the same frame as the cursor; a
    separate widget would be drawn in the next, which is a second write for every key."""

    footer_has_hints: ClassVar[bool] = False
    """Whether the lines below the rows are key hints."""

    cursor_row: reactive[int] = reactive(0, repaint=False, always_update=False)
    """The row of the cursor, from 0."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn_lines: dict[int, Strip] = {}

    class RowHighlighted(Message):
        """The cursor has moved to a row."""

        def __init__(self, rows: "VirtualList", cursor_row: int) -> None:
            super().__init__()
            self.rows = rows
            self.cursor_row = cursor_row

        @property
        def control(self) -> "VirtualList":
            """The list."""
            return self.rows

    class RowSelected(RowHighlighted):
        """A row was opened with Enter, or with a click on the row of the cursor."""

    @property
    def row_count(self) -> int:
        """The number of rows."""
        raise NotImplementedError

    def row_text(self, row: int, width: int) -> str:
        """Return the visible text of a row, exactly `width` cells wide."""
        raise NotImplementedError

    def header_text(self, width: int) -> list[Segment]:
        """Return the header above the rows."""
        return [Segment(" " * width, self.get_component_rich_style("virtual-rows--header"))]

    def footer_text(self, width: int, line: int) -> str:
        """Return a line below the rows, from 0: visible text, exactly `width` cells wide."""
        return " " * width

    def row_style(self, row: int) -> Style:
        """Return the style of a row without the cursor."""
        return self.rich_style

    def row_tone(self, row: int) -> tuple[str, slice]:
        """Return which color a part of a row has without the cursor, and the part.

        The color is that of a component class: `added`, `changed`, `rejected` or `marked`. The text
        says the same without it.
        """
        return "", slice(0)

    @property
    def cursor_screen_offset(self) -> Offset:
        """The position of the cursor's row on the screen; the nearest one if it is not visible."""
        row = max(0, min(self.cursor_row - int(self.scroll_offset.y), self.page_height - 1))
        return self.content_region.offset + Offset(0, self.header_height + row)

    @property
    def page_height(self) -> int:
        """The number of visible rows."""
        return max(1, self.size.height - self.header_height - self.footer_height)

    def rows_changed(self, cursor_row: int = 0) -> None:
        """Draw new rows, with the cursor on the given one.

        If that row is not visible, it is scrolled to the top.
        """
        self._measure()
        cursor_row = max(0, min(cursor_row, self.row_count - 1))
        top = int(self.scroll_offset.y)
        if not top <= cursor_row < top + self.page_height:
            top = max(0, min(cursor_row - 1, self.row_count - self.page_height))
            self.scroll_to(y=top, animate=False, force=True)
        self.set_reactive(VirtualList.cursor_row, -1)
        self.cursor_row = cursor_row
        self._scroll_to_cursor()
        self.refresh()

    def rows_added(self) -> None:
        """Draw rows that were appended."""
        before = self._measured_rows
        self._measure()
        self._refresh_footer()
        if before < int(self.scroll_offset.y) + self.page_height:
            self.refresh_changed_lines()

    def rows_moved(self, cursor_row: int, top: int) -> None:
        """Draw rows that were moved, added or removed.

        Args:
            cursor_row: the new row of the cursor.
            top: the new first visible row.
        """
        was_in_sight = self.cursor_row in self.rows_in_sight
        self._measure()
        top = max(0, min(top, self.row_count - self.page_height))
        self.scroll_to(y=top, animate=False, force=True)
        self.set_reactive(VirtualList.cursor_row, max(0, min(cursor_row, self.row_count - 1)))
        if was_in_sight:
            self._scroll_to_cursor()
        self.refresh_changed_lines()
        if self.row_count:
            self.post_message(self.RowHighlighted(self, self.cursor_row))

    @property
    def rows_in_sight(self) -> range:
        """The visible rows."""
        top = int(self.scroll_offset.y)
        return range(top, min(top + self.page_height, self.row_count))

    @property
    def _measured_rows(self) -> int:
        """The number of rows when they were drawn last."""
        return self.virtual_size.height - self.header_height - self.footer_height

    def _measure(self) -> None:
        lines = self.header_height + self.row_count + self.footer_height
        # bypasses the reactive, which would lay out the whole screen again: no layout depends on it
        self.set_reactive(ScrollView.virtual_size, Size(self.size.width, lines))

    def on_resize(self) -> None:
        """Keep the cursor visible, unless the terminal is too small."""
        self._measure()
        if not is_too_small(self.app.size):
            self._scroll_to_cursor()

    def validate_cursor_row(self, row: int) -> int:
        """Keep the cursor within the rows."""
        return max(0, min(row, self.row_count - 1))

    def watch_cursor_row(self, before: int, after: int) -> None:
        """Draw the two changed lines, or all if the rows were scrolled."""
        if not self.is_mounted or before == after:
            return
        if not self._scroll_to_cursor():
            self.refresh_row(before)
            self.refresh_row(after)
            self._refresh_footer()
        if self.row_count:
            self.post_message(self.RowHighlighted(self, after))

    def refresh_changed_lines(self) -> None:
        """Draw the lines that have changed since they were drawn last."""
        drawn = self._drawn_lines.copy()
        for y in range(self.size.height):
            if self.render_line(y) != drawn.get(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def refresh_row(self, row: int) -> None:
        """Draw a row, if it is visible."""
        y = row - int(self.scroll_offset.y) + self.header_height
        if self.header_height <= y < self.size.height - self.footer_height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _refresh_footer(self) -> None:
        if self.footer_height:
            y = self.size.height - self.footer_height
            self.refresh(Region(0, y, self.size.width, self.footer_height))

    def _scroll_to_cursor(self) -> bool:
        """Scroll to the cursor if necessary, and return whether the rows were scrolled."""
        top, height = int(self.scroll_offset.y), self.page_height
        new_top = min(top, self.cursor_row)
        if self.cursor_row >= top + height:
            new_top = self.cursor_row - height + 1
        new_top = max(0, min(new_top, self.row_count - height))
        if new_top == top:
            return False
        self.scroll_to(y=new_top, animate=False, force=True)
        return True

    def render_line(self, y: int) -> Strip:
        """Return a line of the widget, as Textual requires it."""
        strip = self._drawn_lines[y] = self._line(y)
        return strip

    def _line(self, y: int) -> Strip:
        width = self.size.width
        if y < self.header_height:
            return Strip(self.header_text(width), width)
        if y >= self.size.height - self.footer_height:
            line = y - (self.size.height - self.footer_height)
            text = sanitize(self.footer_text(width, line))
            if self.footer_has_hints:
                return Strip(key_hints(text).render_segments(self.visual_style), width)
            return Strip([Segment(text, self.rich_style)], width)
        row = y - self.header_height + int(self.scroll_offset.y)
        if not 0 <= row < self.row_count:
            return Strip.blank(width, self.rich_style)
        text = sanitize(self.row_text(row, width))
        if row == self.cursor_row:
            name = "cursor" if self.has_focus else "blurred-cursor"
            return Strip(
                [Segment(text, self.get_component_rich_style(f"virtual-rows--{name}"))], width
            )
        style, (tone, part) = self.row_style(row), self.row_tone(row)
        if not tone:
            return Strip([Segment(text, style)], width)
        color = self.get_component_rich_style(f"virtual-rows--{tone}")
        parts = (text[: part.start], style), (text[part], color), (text[part.stop :], style)
        return Strip([Segment(*styled) for styled in parts if styled[0]], width)

    def watch_has_focus(self, focused: bool) -> None:
        """Draw the cursor with or without the focus."""
        super().watch_has_focus(focused)
        self.refresh_row(self.cursor_row)
        self._refresh_footer()

    def action_move(self, rows: int) -> None:
        """Move the cursor by a number of rows."""
        self.cursor_row += rows

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by pages, minus one row that stays visible."""
        self.cursor_row += pages * max(1, self.page_height - 1)

    def action_move_half_page(self, halves: int) -> None:
        """Move the cursor by half pages."""
        self.cursor_row += halves * max(1, self.page_height // 2)

    def action_move_to_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self.cursor_row = self.row_count - 1 if direction > 0 else 0

    def action_select(self) -> None:
        """Open the row of the cursor."""
        if self.row_count:
            self.post_message(self.RowSelected(self, self.cursor_row))

    @on(events.Click)
    def _clicked(self, event: events.Click) -> None:
        row = event.y - self.header_height + int(self.scroll_offset.y)
        is_row = self.header_height <= event.y < self.size.height - self.footer_height
        if not is_row or not 0 <= row < self.row_count:
            return
        event.stop()
        if row == self.cursor_row:
            self.action_select()
        else:
            self.cursor_row = row

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._scroll_by_wheel(event, _WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._scroll_by_wheel(event, -_WHEEL)

    def _scroll_by_wheel(self, event: events.MouseEvent, rows: int) -> None:
        event.stop()
        event.prevent_default()
        top = int(self.scroll_offset.y) + rows
        top = max(0, min(top, self.row_count - self.page_height))
        self.scroll_to(y=top, animate=False, force=True)
