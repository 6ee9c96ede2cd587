"""The base class of dialogs, and the frame and the buttons that they share."""

from collections.abc import Iterator
from contextlib import contextmanager

from textual.await_complete import AwaitComplete
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen, ScreenResultType
from textual.widgets import Button

from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import key_hints, safe


class Dialog(ReliableTimers, ModalScreen[ScreenResultType]):
    """A dialog: a screen above another that is closed once, with a result.

    If several keys or clicks arrive in one burst, only the first closes it. Textual would close
    the screen below with the second.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the dialog with a result, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


@contextmanager
def dialog_frame(
    id: str = "", title: str = "", hints: str = "", title_length: int = 4096
) -> Iterator[None]:
    """Compose what is yielded within the frame of a dialog.

    Args:
        id: the ID of the frame.
        title: the title.
        hints: the key hints in the lower border.
        title_length: the maximum length of the title in characters.
    """
    with Vertical(classes="dialog", id=id or None) as frame:
        frame.border_title = safe(title, title_length)
        frame.border_subtitle = key_hints(hints)
        yield


def button_row(**labels: str) -> Horizontal:
    """Return the row of buttons of a dialog: their labels by ID."""
    return Horizontal(
        *(Button(safe(label), id=name, compact=True) for name, label in labels.items()),
        classes="dialog-buttons",
    )
