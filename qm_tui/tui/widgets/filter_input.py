"""A field for a filter that shows the start and the end of a long one while it is not edited."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from qm_tui.text import pad_or_truncate, sanitize, truncate_middle
from qm_tui.tui.widgets.text_input import SafeInput


class FilterInput(SafeInput):
    """A field for a filter. While it has the focus, it scrolls as other fields do."""

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = sanitize(self.value)
        if y or self.has_focus or cell_len(text) <= width:
            return super().render_line(y)
        return Strip(
            [Segment(pad_or_truncate(truncate_middle(text, width), width), self.rich_style)], width
        )
