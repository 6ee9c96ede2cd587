"""The message that covers the screen while the terminal is too small."""

from typing import Final

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.message_box import ConfirmQuestion

MIN_SIZE: Final = Size(60, 16)
"""The minimum size in columns and lines."""

_RECOMMENDED: Final = "80x24"


def is_too_small(size: Size) -> bool:
    """Whether a terminal of this size is too small."""
    return size.width < MIN_SIZE.width or size.height < MIN_SIZE.height


class TerminalTooSmall(Widget):
    """Covers a screen, which stays unchanged below."""

    DEFAULT_CSS = """
    TerminalTooSmall {
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
        """Return the message, and that a dialog is open, which quitting may have opened."""
        size = self.app.size
        waits = (
            " A dialog is waiting for your answer."
            if isinstance(self.screen, ConfirmQuestion)
            else ""
        )
        return safe(
            f"Terminal too small: {size.width}x{size.height} (minimum "
            f"{MIN_SIZE.width}x{MIN_SIZE.height}, recommended {_RECOMMENDED}).{waits}"
        )

    def on_resize(self) -> None:
        """Show the new size."""
        self.refresh()
