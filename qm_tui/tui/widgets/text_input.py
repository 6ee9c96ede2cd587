"""An input from which control characters are removed."""

from rich.cells import cell_len
from rich.highlighter import Highlighter
from rich.text import Text
from textual.geometry import Offset
from textual.widgets import Input

from qm_tui.text import MAX_MARKS, is_combining_mark, sanitize


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


def _can_be_shown(character: str) -> bool:
    return sanitize(character) == character
