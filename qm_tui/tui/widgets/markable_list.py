"""A list of users whose rows can be marked: one, all, or a range."""

from typing import Any, ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message

from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.widgets.virtual_list import VirtualList

IN_RANGE = "·"
"""The sign of a row that will be marked with the range."""


class RangeEnd(NamedTuple):
    """One end of a range of rows.

    Attributes:
        row: the row.
        user_id: the User ID of its user; empty if the row has none.
    """

    row: int
    user_id: str


class MarkableList(VirtualList):
    """Rows with users that can be marked.

    A range begins with a key, and is marked with the same key on another row. It stays while the
    cursor moves, until it is marked or canceled. Subclasses define what is marked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.mark", "mark", hint="Mark"),
        bind("list.mark_all", "mark_all", show=False),
        bind("list.mark_range", "mark_to_here", "Mark up to here", hint="Mark to here"),
        Binding("escape", "cancel_range", "Cancel", tooltip="Do not mark the range"),
        bind("list.mark_range", "mark_range", show=False),
    ]

    class RangeDropped(Message):
        """A range has ended because other rows are shown. `text` says so."""

        text: ClassVar[str] = "The list has changed. The range was canceled."

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.range_start: RangeEnd | None = None

    @property
    def marked_end(self) -> RangeEnd | None:
        """The current row as an end of a range; None if it cannot be one yet."""
        raise NotImplementedError

    def action_mark(self) -> None:
        """Mark or unmark the user of the current row."""
        raise NotImplementedError

    def action_mark_all(self) -> object:
        """Mark the users of all rows, or unmark them."""
        raise NotImplementedError

    def mark_range(self, start: RangeEnd, end: RangeEnd) -> object:
        """Mark the users of the rows from one to another, in any order."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Offer to mark up to here, and to cancel, only after a range has begun."""
        if action == "mark_range":
            return self.range_start is None
        if action in ("mark_to_here", "cancel_range"):
            return self.range_start is not None
        return super().check_action(action, parameters)

    def action_mark_range(self) -> None:
        """Begin a range with the current row."""
        self._begin_range(self.marked_end if self.row_count else None)

    def action_mark_to_here(self) -> None:
        """Mark the rows from the beginning of the range to the current one."""
        start, end = self.range_start, self.marked_end
        if start is not None and end is not None:
            self._begin_range(None)
            self.mark_range(start, end)

    def action_cancel_range(self) -> None:
        """Forget the range; the marks stay."""
        self._begin_range(None)

    def drop_range(self) -> None:
        """Forget the range, if there is one, because other rows are shown."""
        if self.range_start is not None:
            self.action_cancel_range()
            self.post_message(self.RangeDropped())

    def _begin_range(self, start: RangeEnd | None) -> None:
        if start != self.range_start:
            self.range_start = start
            self.refresh()
            self.refresh_bindings()

    def is_in_range(self, row: int) -> bool:
        """Return whether a row will be marked with the range."""
        if self.range_start is None:
            return False
        first, last = sorted((self.range_start.row, self.cursor_row))
        return first <= row <= last

    def watch_cursor_row(self, before: int, after: int) -> None:
        """Draw the rows that are now within the range, or no longer."""
        super().watch_cursor_row(before, after)
        if self.range_start is not None:
            first, last = sorted((before, after))
            for row in self.rows_in_sight:
                if first <= row <= last:
                    self.refresh_row(row)
