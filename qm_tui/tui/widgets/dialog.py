"""The base classes of screens and dialogs."""

from typing import Final, Self

from textual.await_complete import AwaitComplete
from textual.geometry import Region
from textual.screen import ModalScreen, Screen, ScreenResultType

from qm_tui.tui.terminal.reliable_timer import ReliableTimers

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
