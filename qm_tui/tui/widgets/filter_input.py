"""Fields for filters: of a page, and of the list of a dialog."""

from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from qm_tui.text import pad_or_truncate, sanitize, truncate_middle
from qm_tui.tui.widgets.text_input import SafeInput


class FilterInput(SafeInput):
    """A field for a filter.

    It shows the start and the end of a long one. With the focus, it scrolls as other fields do.
    """

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        text = sanitize(self.value)
        if y or self.has_focus or cell_len(text) <= width:
            return super().render_line(y)
        return Strip(
            [Segment(pad_or_truncate(truncate_middle(text, width), width), self.rich_style)], width
        )


class ListFilterInput(SafeInput):
    """An input whose dialog narrows a list. Keys that move up and down move in the list.

    The dialog has the actions `move` and `move_page`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", "Up", show=False),
        Binding("down", "screen.move(1)", "Down", show=False),
        Binding("pageup", "screen.move_page(-1)", "Page up", show=False),
        Binding("pagedown", "screen.move_page(1)", "Page down", show=False),
    ]
