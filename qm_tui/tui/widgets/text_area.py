"""Lines of text that are typed or pasted, in which nothing can stand that a terminal would obey."""

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

from qm_tui.text import visible

MAX_LINES: Final = 10_000
MAX_CHARACTERS: Final = 500_000
LONGEST_LINE: Final = 100_000
"""How much it takes. Of more, each key would be waited for."""

_AT_ONCE: Final = 500
"""Lines that are put in between two turns of others: some milliseconds."""

_WRAPPED_UP_TO: Final = 2000
"""Characters of a line up to which lines are wrapped; to draw longer ones wrapped takes long."""

_LINE_END: Final = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_MOST_MARKS: Final = 3
"""Combining marks on one letter, as everywhere."""


class PlainTextArea(TextArea):
    """Lines of text. What cannot be shown as it is, typed or pasted, is left out.

    A tab stays, and so do the ends of lines. The Tab key moves the focus on. Ctrl+Z undoes what
    was typed, pasted or deleted, unless that was hundreds of lines at once.

    Args:
        placeholder: what is shown while it is empty.
        id: the widget's ID.
    """

    class Refused(Message):
        """More was pasted than it takes; nothing of it was taken."""

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True, highlight_cursor_line=False)
        self.cursor_blink = False  # each blink is bytes on a slow line
        self._wrapped_at = -1

    @property
    def lines(self) -> Sequence[str]:
        """The lines as they are now."""
        return list(self.document.lines)

    def load_text(self, text: str) -> None:
        """Show another text."""
        super().load_text(plain_lines(text))

    def edit(self, edit: Edit) -> EditResult:
        """Change the text; every way of typing and pasting comes through here."""
        result = super().edit(replace(edit, text=plain_lines(edit.text)))
        if result.replaced_text.count("\n") > _AT_ONCE:
            self.history.clear()  # to put so much back would keep the next key waiting
        return result

    async def _on_paste(self, event: events.Paste) -> None:
        """Put in what is pasted, step by step: keys that are pressed meanwhile come after it."""
        event.stop()
        event.prevent_default()
        text = plain_lines(event.text)
        if not self._takes(text):
            self.post_message(self.Refused())
            return
        lines = text.split("\n")
        if max(map(len, lines)) > _WRAPPED_UP_TO:
            self.soft_wrap = False
        for step in _steps(lines):
            if not self.is_attached:  # its dialog was closed meanwhile
                return
            result = self.replace(step, *self.selection, maintain_selection_offset=False)
            self.move_cursor(result.end_location)
            await asyncio.sleep(0)

    def _takes(self, text: str) -> bool:
        """Whether there is room for a text."""
        lines, here = text.split("\n"), self.document.lines
        return (
            len(lines) + len(here) - 1 <= MAX_LINES
            and len(text) + sum(map(len, here)) <= MAX_CHARACTERS
            and max(map(len, lines)) + len(here[self.cursor_location[0]]) <= LONGEST_LINE
        )

    def _on_resize(self, event: events.Resize) -> None:  # type: ignore[override]
        # where the height alone is another, thousands of lines need not be wrapped again
        if self.wrap_width == self._wrapped_at:
            event.prevent_default()
        self._wrapped_at = self.wrap_width

    async def _on_key(self, event: events.Key) -> None:
        if event.is_printable or event.key == "enter":
            return
        # Textual lets a binding travel up to the app first: of keys that come in one burst, as
        # over a slow line, Backspace would come after the letters that were typed after it
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)


def plain_lines(text: str) -> str:
    """The text without what cannot be shown as it is.

    Blanks of every kind become a blank, ends of lines of every kind a line feed.
    """
    text = _LINE_END.sub("\n", text)
    marks = blanks = others = ""
    for one in set(text) - set("\n\t"):
        if unicodedata.category(one) in ("Mn", "Me") or unicodedata.combining(one):
            marks += one
        elif (shown := visible(one)) != one:
            if shown == " ":
                blanks += one
            else:
                others += one
    for unwanted, instead in ((blanks, " "), (others, "")):
        if unwanted:
            text = re.sub(f"[{re.escape(unwanted)}]", instead, text)
    if marks:
        tower = f"([{re.escape(marks)}]{{{_MOST_MARKS}}})[{re.escape(marks)}]+"
        text = re.sub(tower, r"\1", text)
    return text


def _steps(lines: Sequence[str]) -> Iterator[str]:
    """The text of some lines after the other."""
    waiting = iter(lines)
    some = list(islice(waiting, _AT_ONCE))
    while some:
        following = list(islice(waiting, _AT_ONCE))
        yield "\n".join(some) + ("\n" if following else "")
        some = following
