"""Inputs from which control characters are removed, among them those of filters."""

from typing import ClassVar

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.segment import Segment
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.strip import Strip
from textual.widgets import Input

from qm_tui.text import (
    MAX_MARKS,
    is_combining_mark,
    pad_or_truncate,
    sanitize,
    truncate_middle,
)
from qm_tui.tui.keys.keymap import bind


class ReplacementHighlighter(Highlighter):
    """Draws nonprintable characters as replacement characters of the same width."""

    def __call__(self, text: str | Text) -> Text:
        """Return the text as it is drawn."""
        plain = text.plain if isinstance(text, Text) else text
        drawn, marks = [], 0
        for character in plain:
            marks = marks + 1 if is_combining_mark(character) else 0
            is_shown = _can_be_shown(character) and marks <= MAX_MARKS
            drawn.append(character if is_shown else "\ufffd")
        return Text("".join(drawn), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Highlight nothing."""


class SafeInput(Input):
    """An input. Nonprintable characters that are typed or pasted are removed.

    In a value that the program sets, which stays exact, they are drawn as `\ufffd`.

    Args:
        max_characters: the maximum length in characters.
        id: the widget's ID.
    """

    def __init__(self, max_characters: int, *, id: str | None = None) -> None:
        super().__init__(
            id=id, compact=True, select_on_focus=False, highlighter=ReplacementHighlighter()
        )
        self._max_characters = max_characters
        self.cursor_blink = False  # each blink is bytes on a slow line

    @property
    def cursor_screen_offset(self) -> Offset:
        """The position of the cursor on the screen; Textual's is one cell off at the end."""
        cells = cell_len(self.value[: self.cursor_position])
        return self.content_region.offset + Offset(cells - int(self.scroll_offset.x), 0)

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text; all typing and pasting comes through here."""
        shown = "".join(filter(_can_be_shown, text))
        length = len(self.value) - abs(end - start) + len(shown)
        if shown and length > self._max_characters:
            self.too_long(length)
            return
        super().replace(shown, start, end)
        if len(shown) < len(text):
            self.on_characters_dropped(len(text) - len(shown))

    def too_long(self, characters: int) -> None:
        """Called if a text was not inserted because the value would be too long."""
        self.restricted()

    def on_characters_dropped(self, characters: int) -> None:
        """Called if nonprintable characters were removed, with their number."""


class FilterInput(SafeInput):
    """A field for a filter.

    It shows the start and the end of a long one. With the focus, it scrolls as other fields do.
    """

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = sanitize(self.value)
        if y or self.has_focus or cell_len(text) <= width:
            return super().render_line(y)
        return Strip(
            [Segment(pad_or_truncate(truncate_middle(text, width), width), self.rich_style)], width
        )


class ListFilterInput(SafeInput):
    """An input whose dialog narrows a list. Keys that move up and down move in the list.

    The dialog has the actions `move` and `move_page`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", "Up", show=False),
        Binding("down", "screen.move(1)", "Down", show=False),
        bind("search.page_up", "screen.move_page(-1)", show=False),
        bind("search.page_down", "screen.move_page(1)", show=False),
    ]


def _can_be_shown(character: str) -> bool:
    return sanitize(character) == character
