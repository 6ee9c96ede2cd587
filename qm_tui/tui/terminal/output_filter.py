"""The filters of the output: no control characters reach the terminal, and no colors if unwanted.

`safe_content.safe` sanitizes untrusted text before it reaches a widget. If a widget is ever given
other text, by us or by Textual, its control characters are removed here.

With `NO_COLOR` Textual replaces all colors by greys. Many such terminals, and many who set it, want
no colors at all. Reverse video replaces backgrounds that stand out, and dim replaces faint text.
"""

from functools import lru_cache
from typing import Final

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_WIDE_BLANK: Final = "\u3000"
_REPLACEMENT: Final = "\ufffd"

_STANDS_OUT: Final = 0.25
"""The minimum difference in brightness between the screen and a background that stands out."""

_FAINT: Final = 0.4
"""The contrast, as a share of that of plain text, below which text is faint."""


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


@lru_cache(1024)
def _plain(style: Style, screen: float) -> Style:
    """Return a style with the same attributes and no color.

    Args:
        style: the style.
        screen: the brightness of the screen, from 0 to 1.
    """
    text, background = _brightness(style.color), _brightness(style.bgcolor)
    stands_out = background is not None and abs(background - screen) > _STANDS_OUT
    behind_text = screen if background is None else background
    is_faint = text is not None and abs(text - behind_text) < _FAINT
    return Style(
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
        dim=(style.dim or is_faint) or None,
        reverse=bool(style.reverse) != stands_out or None,
        meta=style.meta or None,
    )


def _brightness(color: RichColor | None) -> float | None:
    if color is None or color.is_default:
        return None
    return Color.from_rich_color(color).brightness


class NoColorFilter(LineFilter):
    """Replaces colors by text attributes.

    Args:
        is_dark: whether the theme is dark.
    """

    def __init__(self, *, is_dark: bool) -> None:
        super().__init__()
        self._screen = 0.0 if is_dark else 1.0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments without colors.

        Args:
            segments: a line, or a part of it.
            background: the background of the widget, which may stand out itself.
        """
        return [
            Segment(text, _plain(style, self._screen) if style else style, control)
            for text, style, control in segments
        ]
