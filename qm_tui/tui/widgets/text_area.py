"""A text area from which control characters are removed."""

import asyncio
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from textual import events
from textual.message import Message
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from qm_tui.text import sanitize

MAX_LINES: Final = 10_000
MAX_CHARACTERS: Final = 500_000
MAX_LINE: Final = 100_000
"""The limits of the text area. With more text, each key would be slow."""

_CHUNK_LINES: Final = 500
"""Lines that are inserted before other tasks may run: a few milliseconds of work."""

_MAX_WRAPPED: Final = 2000
"""The longest line in characters that is wrapped; wrapping longer ones is slow."""

_LINE_END: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MAX_COMBINING_MARKS: Final = 3
"""The maximum number of combining marks on a letter, as everywhere."""


class SafeTextArea(TextArea):
    """A text area. Nonprintable characters that are typed or pasted are removed.

    Tabs and line ends stay. The Tab key moves the focus. Ctrl+Z undoes edits, unless they replaced
    hundreds of lines.

    Args:
        placeholder: the text that is shown while it is empty.
        id: the widget's ID.
    """

    class PasteRejected(Message):
        """The pasted text was too long; nothing was inserted."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False  # each blink is bytes on a slow line
        self._wrapped_at = -1

    @property
    def lines(self) -> Sequence[str]:
        """The current lines."""
        return list(self.document.lines)

    def load_text(self, text: str) -> None:
        """Replace the text."""
        super().load_text(sanitize_lines(text))

    def edit(self, edit: Edit) -> EditResult:
        """Apply an edit; all typing and pasting comes through here."""
        result = super().edit(replace(edit, text=sanitize_lines(edit.text)))
        if result.replaced_text.count("\n") > _CHUNK_LINES:
            self.history.clear()  # restoring that much would delay the next key
        return result

    async def on_paste(self, event: events.Paste) -> None:
        """Insert pasted text in steps; keys that are pressed in the meantime come after it."""
        event.stop()
        event.prevent_default()
        text = sanitize_lines(event.text)
        if not self._has_room_for(text):
            self.post_message(self.PasteRejected())
            return
        lines = text.split("\n")
        if max(map(len, lines)) > _MAX_WRAPPED:
            self.soft_wrap = False
        for step in _chunks(lines):
            if not self.is_attached:  # its dialog has been closed
                return
            result = self.replace(step, *self.selection, maintain_selection_offset=False)
            self.move_cursor(result.end_location)
            await asyncio.sleep(0)

    def _has_room_for(self, text: str) -> bool:
        """Whether a text can be inserted within the limits."""
        lines, current = text.split("\n"), self.document.lines
        return (
            len(lines) + len(current) - 1 <= MAX_LINES
            and len(text) + sum(map(len, current)) <= MAX_CHARACTERS
            and max(map(len, lines)) + len(current[self.cursor_location[0]]) <= MAX_LINE
        )

    def on_resize(self, event: events.Resize) -> None:
        # if only the height has changed, thousands of lines need not be wrapped again
        if self.wrap_width == self._wrapped_at:
            event.prevent_default()
        self._wrapped_at = self.wrap_width


def sanitize_lines(text: str) -> str:
    """Return the text without nonprintable characters.

    Blanks of every kind become a blank, line ends of every kind a line feed.
    """
    text = _LINE_END.sub("\n", text)
    marks = blanks = others = ""
    for character in set(text) - set("\n\t"):
        if unicodedata.category(character) in ("Mn", "Me") or unicodedata.combining(character):
            marks += character
        elif (shown := sanitize(character)) != character:
            if shown == " ":
                blanks += character
            else:
                others += character
    for characters, replacement in ((blanks, " "), (others, "")):
        if characters:
            text = re.sub(f"[{re.escape(characters)}]", replacement, text)
    if marks:
        tower = f"([{re.escape(marks)}]{{{_MAX_COMBINING_MARKS}}})[{re.escape(marks)}]+"
        text = re.sub(tower, r"\1", text)
    return text


def _chunks(lines: Sequence[str]) -> Iterator[str]:
    """Yield the text of the lines in chunks."""
    remaining = iter(lines)
    chunk = list(islice(remaining, _CHUNK_LINES))
    while chunk:
        following = list(islice(remaining, _CHUNK_LINES))
        yield "\n".join(chunk) + ("\n" if following else "")
        chunk = following
