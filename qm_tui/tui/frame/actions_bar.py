"""The Actions bar: the buttons of a page, the progress, and the last message."""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from qm_tui.progress_line import progress_bar
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.job import JobProgressed

_BAR = 8
"""The width of the progress bar in cells."""


class ActionButton(NamedTuple):
    """A button: its caption, its ID, and the action of the page that it runs."""

    text: str
    id: str
    action: str


class ActionsBar(Horizontal):
    """The buttons of a page, and the progress or the message of the last operation.

    Args:
        offers: the buttons.
    """

    def __init__(self, *offers: ActionButton) -> None:
        super().__init__()
        self._buttons = offers

    def compose(self) -> ComposeResult:
        for text, name, action in self._buttons:
            yield Button(safe(text), id=name, compact=True, action=f"screen.{action}")
        yield Static(id="marked")
        yield Static(id="status")
        yield Button(safe("[Esc Cancel]"), id="cancel", compact=True, action="screen.cancel")

    def on_mount(self) -> None:
        self.border_title = safe("Actions")
        self.show_marks("")

    def show_marks(self, text: str) -> None:
        """Show how many users are marked; an empty text hides it."""
        marked = self.query_one("#marked", Static)
        marked.display = bool(text)
        marked.update(safe(text))

    def show_available_actions(self, possible: set[str], *, can_cancel: bool) -> None:
        """Enable the buttons of the available actions."""
        self.query_one("#cancel").display = can_cancel
        for offer in self._buttons:
            self.query_one(f"#{offer.id}", Button).disabled = offer.action not in possible

    @property
    def actions(self) -> list[str]:
        """The actions with a button."""
        return [offer.action for offer in self._buttons]

    def show_progress(self, event: JobProgressed) -> None:
        """Show the progress, without a new layout, which is too slow several times a second."""
        progress = safe(f"{event.text}  {progress_bar(event.done, event.total, _BAR)}")
        self.query_one("#status", Static).update(progress, layout=False)

    def show_status(self, text: str) -> None:
        """Show a message, until the next one."""
        self.query_one("#status", Static).update(safe(text))
