"""What stands for colours on a terminal that asks for none: reverse, and dim.

Textual makes greys of all colours where `NO_COLOR` is set. Many such terminals, and those who ask
for no colours, want none at all. What a background says is said by reverse then, and what is faint
by dim.
"""

from functools import lru_cache
from typing import Final

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

_STANDS_OUT: Final = 0.25
"""How much brighter or darker than the screen a background is that is to be seen as another."""

_FAINT: Final = 0.4
"""How much of the contrast of plain text a text has that is to be seen as faint."""


@lru_cache(1024)
def _plain(style: Style, screen: float) -> Style:
    """A style with the same attributes and no colour.

    Args:
        style: the style.
        screen: how bright the screen is, from 0 to 1.
    """
    text, behind = _brightness(style.color), _brightness(style.bgcolor)
    stands_out = behind is not None and abs(behind - screen) > _STANDS_OUT
    around = screen if behind is None else behind
    is_faint = text is not None and abs(text - around) < _FAINT
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


class WithoutColours(LineFilter):
    """Takes all colours away, and leaves what they said.

    Args:
        is_dark: whether the screen is dark behind all that stands on it.
    """

    def __init__(self, *, is_dark: bool) -> None:
        super().__init__()
        self._screen = 0.0 if is_dark else 1.0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments without colours.

        Args:
            segments: a line, or a part of it.
            background: what is behind it: that of a widget, which may stand out itself.
        """
        return [
            Segment(text, _plain(style, self._screen) if style else style, control)
            for text, style, control in segments
        ]
