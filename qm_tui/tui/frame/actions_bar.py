"""The Actions bar: the buttons of a page, the progress, and the last message."""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from qm_tui.progress_line import bar
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.job import Progressed

_BAR = 8
"""The width of the progress bar in cells."""


class Offer(NamedTuple):
    """A button: its caption, its ID, and the action of the page that it runs."""

    text: str
    id: str
    action: str


class ActionsBar(Horizontal):
    """The buttons of a page, and the progress or the message of the last operation.

    Args:
        offers: the buttons.
    """

    def __init__(self, *offers: Offer) -> None:
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        for text, name, action in self._offers:
            yield Button(safe(text), id=name, compact=True, action=f"screen.{action}")
        yield Static(id="marked")
        yield Static(id="status")
        yield Button(safe("[Esc Cancel]"), id="cancel", compact=True, action="screen.cancel")

    def on_mount(self) -> None:
        self.border_title = safe("Actions")
        self.show_marks("")

    def show_marks(self, words: str) -> None:
        """Show how many users are marked; an empty text hides it."""
        marked = self.query_one("#marked", Static)
        marked.display = bool(words)
        marked.update(safe(words))

    def offer(self, possible: set[str], *, can_cancel: bool) -> None:
        """Enable the buttons of the available actions."""
        self.query_one("#cancel").display = can_cancel
        for offer in self._offers:
            self.query_one(f"#{offer.id}", Button).disabled = offer.action not in possible

    @property
    def actions(self) -> list[str]:
        """The actions with a button."""
        return [offer.action for offer in self._offers]

    def show_progress(self, event: Progressed) -> None:
        """Show the progress, without a new layout, which is too slow several times a second."""
        progress = safe(f"{event.said}  {bar(event.done, event.total, _BAR)}")
        self.query_one("#status", Static).update(progress, layout=False)

    def say(self, text: str) -> None:
        """Show a message, until the next one."""
        self.query_one("#status", Static).update(safe(text))
