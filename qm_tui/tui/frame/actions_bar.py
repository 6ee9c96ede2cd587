"""The Actions bar: the progress or the last message, and the buttons of a page."""

from typing import Final, NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from qm_tui.progress_line import progress_bar
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.job import JobProgressed

_BAR: Final = 12
"""The width of the progress bar in cells, if there is room for it."""

_GAP_BEFORE_BAR: Final = 2

_GAP: Final = 1
"""The cells between two buttons."""

_CANCEL: Final = "[Esc Cancel]"


class ActionButton(NamedTuple):
    """A button of the Actions bar.

    Attributes:
        text: its caption, as `with_keys` takes it.
        id: its ID.
        action: the action of the page that it runs.
    """

    text: str
    id: str
    action: str

    @property
    def shown(self) -> str:
        """The caption with the key that is set."""
        return with_keys(self.text)


class ActionsBar(Vertical):
    """The progress or the message of the last operation, and the buttons of a page below it.

    Args:
        offers: the buttons, the most important first: a narrow terminal shows only the first ones.
    """

    def __init__(self, *offers: ActionButton) -> None:
        super().__init__()
        self._buttons = offers

    def compose(self) -> ComposeResult:
        yield Static(id="status")
        with Horizontal(id="action-buttons"):
            for offer in self._buttons:
                yield _button(offer.shown, offer.id, f"screen.{offer.action}")
            yield _button(_CANCEL, "cancel", "screen.cancel")

    def on_mount(self) -> None:
        self.border_title = safe(" Actions ")  # there are no corners that add blanks

    def on_resize(self) -> None:
        """Show as many buttons as fit."""
        self._show_buttons()

    def show_available_actions(self, possible: set[str], *, can_cancel: bool) -> None:
        """Enable the buttons of the available actions."""
        self.query_one("#cancel").display = can_cancel
        for offer in self._buttons:
            self.query_one(f"#{offer.id}", Button).disabled = offer.action not in possible
        self._show_buttons()

    def _show_buttons(self) -> None:
        """Show the first buttons, as many as fit next to Cancel."""
        room = self.content_size.width
        if self.query_one("#cancel").display:
            room -= len(_CANCEL) + _GAP
        for offer in self._buttons:
            room -= len(offer.shown)
            self.query_one(f"#{offer.id}").display = room >= 0
            room -= _GAP

    @property
    def actions(self) -> list[str]:
        """The actions with a button."""
        return [offer.action for offer in self._buttons]

    def show_progress(self, event: JobProgressed) -> None:
        """Show the progress, without a new layout, which is too slow several times a second."""
        status = self.query_one("#status", Static)
        room = self.content_size.width - len(event.text) - _GAP_BEFORE_BAR
        bar = progress_bar(event.done, event.total, max(0, min(_BAR, room)))
        progress = safe(f"{event.text}{' ' * _GAP_BEFORE_BAR}{bar}")
        # a message of two lines may be shown until the first progress
        status.update(progress, layout=status.size.height > 1)

    def show_status(self, text: str) -> None:
        """Show a message, until the next one."""
        self.query_one("#status", Static).update(safe(text))


def _button(text: str, name: str, action: str) -> Button:
    button = Button(safe(text), id=name, compact=True, action=action)
    button.styles.width, button.styles.line_pad = len(text), 0  # so that more of them fit
    return button
