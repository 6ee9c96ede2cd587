"""Behind the one door for foreign text a last one: nothing but text is drawn on the terminal.

`content.safe` makes what others wrote fit to be seen, before it reaches a widget. Should a widget
ever be given something else, by us or by Textual, what a terminal might obey still ends here.
"""

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_WIDE_BLANK: Final = "\u3000"
_INSTEAD: Final = "\ufffd"


class LastDoor(LineFilter):
    """Takes out of what is drawn whatever is no visible character, and keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments as they may be drawn.

        Args:
            segments: a line, or a part of it.
            background: what is behind it.
        """
        if all(one.text.isprintable() for one in segments):
            return segments
        return [
            one if one.control or one.text.isprintable() else Segment(mended(one.text), one.style)
            for one in segments
        ]


def mended(text: str) -> str:
    """The text with everything invisible in it made a sign of the same width."""
    return "".join(
        one if one.isprintable() or one == _WIDE_BLANK else _INSTEAD * cell_len(one) for one in text
    )
