"""The position of the terminal's cursor.

Screen readers, braille displays and input methods follow the terminal's cursor. It stays hidden,
since the program draws its own; with each frame Textual moves it to `App.cursor_position`.
"""

from typing import Protocol, runtime_checkable

from textual.app import App, ReturnType
from textual.geometry import Offset
from textual.widget import Widget
from textual.widgets import OptionList, Tree


@runtime_checkable
class HasCursor(Protocol):
    """A widget that has a cursor, as Textual's inputs."""

    @property
    def cursor_screen_offset(self) -> Offset:
        """The position of the cursor on the screen."""


class FollowsFocus(App[ReturnType]):
    """An app whose terminal cursor is on the current row, or in the edited field."""

    @property
    def cursor_position(self) -> Offset:
        """The position of the cursor, computed when a frame is written.

        Widgets cannot set it: theirs is outdated once they are scrolled or moved.
        """
        return _cursor_of(self.focused) if self.screen_stack else Offset()

    @cursor_position.setter
    def cursor_position(self, position: Offset) -> None:
        pass


def _cursor_of(widget: Widget | None) -> Offset:
    """Return the position of the cursor in a focused widget: of a button, the first character."""
    if widget is None:
        return Offset()
    if isinstance(widget, HasCursor):
        return widget.cursor_screen_offset
    row = int(widget.scroll_offset.y)
    if isinstance(widget, Tree):
        row = widget.cursor_line
    elif isinstance(widget, OptionList):
        row = widget.highlighted or 0  # each option has one line
    return widget.content_region.offset + Offset(0, max(0, row - int(widget.scroll_offset.y)))
