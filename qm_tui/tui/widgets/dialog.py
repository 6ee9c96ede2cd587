"""The base classes of screens and dialogs, and the frame and the buttons that dialogs share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from textual.await_complete import AwaitComplete
from textual.containers import Horizontal, Vertical
from textual.geometry import Region
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Button

from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import key_hints, safe

_OPENING: Final = 0.2
"""Seconds after the mount in which a screen need not be drawn again as a whole."""


class DrawnOnceScreen(ReliableTimers, Screen[ScreenResultType]):
    """A screen that is drawn once when it is opened.

    Textual draws it with its first layout, and a second time because it was resumed and focused.
    """

    def __init__(self, *, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._is_new = True

    def on_mount(self) -> None:
        self.set_timer(_OPENING, self._note_opened)

    def _note_opened(self) -> None:
        self._is_new = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Draw parts of it again; all of it only if it was opened some time ago."""
        if self._is_new and not regions:
            if not self.stack_updates:
                return self  # when it is resumed, it gets its first layout and is drawn
            repaint = False
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class Dialog(DrawnOnceScreen[ScreenResultType], ModalScreen[ScreenResultType]):
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
