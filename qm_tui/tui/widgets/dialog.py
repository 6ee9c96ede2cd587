"""The base class of dialogs, their frame and buttons, and when screens that confirm were drawn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, ClassVar, Final, Protocol, runtime_checkable
from weakref import WeakKeyDictionary

from rich.console import RenderableType
from textual.await_complete import AwaitComplete
from textual.containers import Horizontal, Vertical
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widgets import Button
from textual.worker import NoActiveWorker, Worker, get_current_worker

from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import key_hints, safe

_drawn_at: Final[WeakKeyDictionary[Screen[Any], float]] = WeakKeyDictionary()


class Dialog(ReliableTimers, ModalScreen[ScreenResultType]):
    """A dialog: a screen above another that is closed once, with a result.

    If several keys or clicks arrive in one burst, only the first closes it. Textual would close
    the screen below with the second.
    """

    def render(self) -> RenderableType:
        """Draw what is below the dialog.

        Textual may take the dialog above for it, after a click or key for a screen that was just
        covered. Then each would be drawn in the other without end.
        """
        drawn, stack = super().render(), self.app.screen_stack
        if isinstance(drawn, BackgroundScreen) and self in stack:
            below = stack[: stack.index(self)]
            if drawn.screen not in below and below:
                return BackgroundScreen(below[-1], self.styles.background)
        return drawn

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the dialog with a result, if it is still open and on top.

        Its other workers are canceled: they would go on while its widgets are being removed.
        """
        if self.app.screen is not self:
            return AwaitComplete()
        current = _current_worker()
        for worker in list(self.workers):
            if worker.node is self and worker is not current:
                worker.cancel()
        return super().dismiss(result)


@runtime_checkable
class ShowsMessage(Protocol):
    """A screen with a line for messages."""

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""


def _current_worker() -> Worker[Any] | None:
    """Return the worker that this runs in, if any."""
    try:
        return get_current_worker()
    except NoActiveWorker:
        return None


@contextmanager
def dialog_frame(
    id: str = "", title: str = "", hints: str = "", title_length: int = 4096
) -> Iterator[None]:
    """Compose what is yielded within the frame of a dialog.

    Args:
        id: the ID of the frame.
        title: the title.
        hints: the key hints in the lower border, as `with_keys` takes them.
        title_length: the maximum length of the title in characters.
    """
    with Vertical(classes="dialog", id=id or None) as frame:
        frame.border_title = safe(title, title_length)
        frame.border_subtitle = key_hints(with_keys(hints))
        yield


BUTTON_HINTS: Final = "Tab next  Enter select  Esc cancel"
"""The key hints of a dialog that asks for a button."""


def button_row(**labels: str) -> Horizontal:
    """Return the row of buttons of a dialog: their labels by ID."""
    return Horizontal(
        *(Button(safe(label), id=name, compact=True) for name, label in labels.items()),
        classes="dialog-buttons",
    )


class Confirms:
    """A screen that confirms something, or shows a message that must be read.

    Enter and the keys of its buttons count only if they were typed after it had been drawn. Keys
    that were typed before fill fields and move.
    """

    takes_early_escape: ClassVar[bool] = True
    """Whether Esc typed before it was drawn closes it."""

    def may_confirm(self, key: str) -> bool:
        """Whether a key may confirm something now. Text in a field and moves never do."""
        return True


def drawn_at(screen: Screen[Any]) -> float:
    """Return when a screen was drawn, in seconds of the monotonic clock.

    It is infinity if the screen has not been drawn with what it shows now.
    """
    return _drawn_at.get(screen, inf)


def redraw_pending(screen: Screen[Any]) -> None:
    """Note that a screen is new, or shows something else that it asks to confirm."""
    _drawn_at.pop(screen, None)
    screen.call_after_refresh(note_drawn, screen)  # nothing may be left to draw


def note_drawn(screen: Screen[Any]) -> None:
    """Note that a screen was drawn, if it is on top."""
    if screen.is_mounted and screen.is_current:
        _drawn_at.setdefault(screen, time.monotonic())
