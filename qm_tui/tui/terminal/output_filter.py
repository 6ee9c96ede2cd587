"""The last filter of the output: no control characters reach the terminal.

`safe_content.safe` sanitizes untrusted text before it reaches a widget. If a widget is ever given
other text, by us or by Textual, its control characters are removed here.
"""

from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_WIDE_BLANK: Final = "\u3000"
_REPLACEMENT: Final = "\ufffd"


class ControlCharacterFilter(LineFilter):
    """Replaces nonprintable characters in the output, and keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without nonprintable characters.

        Args:
            segments: a line, or a part of it.
            background: the background of the widget.
        """
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(replace_control_characters(segment.text), segment.style)
            for segment in segments
        ]


def replace_control_characters(text: str) -> str:
    """Return the text with nonprintable characters replaced, in the same width."""
    return "".join(
        character
        if character.isprintable() or character == _WIDE_BLANK
        else _REPLACEMENT * cell_len(character)
        for character in text
    )
