"""A line of text that is typed, in which nothing can stand that a terminal would obey."""

from rich.highlighter import Highlighter
from rich.text import Text
from textual import events
from textual.widgets import Input

from qm_tui.text import MAX_MARKS, is_mark, visible


class Pictures(Highlighter):
    """Draws each character that cannot be shown as it is as one that can, in as many cells."""

    def __call__(self, text: str | Text) -> Text:
        """The text as it is drawn."""
        plain = text.plain if isinstance(text, Text) else text
        drawn, marks = [], 0
        for one in plain:
            marks = marks + 1 if is_mark(one) else 0
            drawn.append(one if _can_be_shown(one) and marks <= MAX_MARKS else "\ufffd")
        return Text("".join(drawn), no_wrap=True, overflow="ignore", end="")

    def highlight(self, text: Text) -> None:
        """Nothing stands out."""


class PlainInput(Input):
    """A line of text. What cannot be shown as it is, typed or pasted, is left out.

    Where the program itself puts such a text into it, to be taken exactly, a `\ufffd` is drawn for
    each of its characters.

    Args:
        longest: the characters beyond which nothing more is taken.
        id: the widget's ID.
    """

    def __init__(self, longest: int, *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, select_on_focus=False, highlighter=Pictures())
        self._longest = longest
        self.cursor_blink = False  # each blink is bytes on a slow line

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text; every way of typing and pasting comes through here."""
        shown = "".join(filter(_can_be_shown, text))
        length = len(self.value) - abs(end - start) + len(shown)
        if shown and length > self._longest:
            self.too_long(length)
            return
        super().replace(shown, start, end)
        if len(shown) < len(text):
            self.left_out(len(text) - len(shown))

    def too_long(self, characters: int) -> None:
        """Called where nothing was taken, since there would be too many characters."""
        self.restricted()

    def left_out(self, characters: int) -> None:
        """Called where so many characters were left out, since they cannot be shown."""

    async def _on_key(self, event: events.Key) -> None:
        if not event.is_printable and event.key != "enter":
            await self._edit(event)

    async def _edit(self, event: events.Key) -> None:
        """Run an editing key at once, where the letters that follow it cannot overtake it.

        Textual lets a binding travel up to the app first: of keys that come in one burst, as over
        a slow line, Ctrl+U would clear what was typed after it.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)


def _can_be_shown(character: str) -> bool:
    return visible(character) == character
