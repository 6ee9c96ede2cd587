"""What a terminal shows that is too small: that it is, and how large it must be."""

from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.message_box import Question

LEAST: Final = Size(60, 16)
"""The columns and lines in which every screen can be used."""

_COMFORTABLE: Final = "80x24"


def is_too_small(size: Size) -> bool:
    """Whether a terminal of that size is too small."""
    return size.width < LEAST.width or size.height < LEAST.height


class TooSmall(Widget):
    """Covers a whole screen, which stays as it is below."""

    DEFAULT_CSS = """
    TooSmall {
        layer: too-small;
        width: 100%;
        height: 100%;
        content-align: center middle;
        text-align: center;
        background: $background;
        color: $foreground;
    }
    """

    def render(self) -> Content:
        """The sentence; and that a question waits below, which came of the wish to quit."""
        here, least = self.app.size, LEAST
        waits = " A question waits below." if isinstance(self.screen, Question) else ""
        return safe(
            f"This terminal is too small: {here.width}x{here.height}. qm-tui needs "
            f"{least.width}x{least.height}; {_COMFORTABLE} is comfortable.{waits}"
        )

    def on_resize(self) -> None:
        """Say how large it is now."""
        self.refresh()
