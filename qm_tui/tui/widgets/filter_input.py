"""A field for a filter that shows the start and the end of a long one while it is not edited."""

from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.widgets.text_input import SafeInput

_CUT: Final = " … "


class FilterInput(SafeInput):
    """A field for a filter. While it has the focus, it scrolls as other fields do."""

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = sanitize(self.value)
        if y or self.has_focus or cell_len(text) <= width:
            return super().render_line(y)
        return Strip([Segment(sanitize(_start_and_end(text, width)), self.rich_style)], width)


def _start_and_end(text: str, width: int) -> str:
    """Return the start and the end of a text that is too long for `width` cells."""
    room = max(0, width - len(_CUT))
    start = set_cell_size(text, room - room // 2)
    end = text[len(text) - room // 2 :]
    while cell_len(end) > room // 2:
        end = end[1:]
    return pad_or_truncate(f"{start}{_CUT}{end}", width)
