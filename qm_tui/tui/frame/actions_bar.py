"""The Actions bar: what can be done on the page, and how far it is."""

from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from qm_tui.progress_line import bar
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.job import Progressed

_BAR = 8


class Offer(NamedTuple):
    """A button: its words, its id, and the page's action that it starts."""

    text: str
    id: str
    action: str


class ActionsBar(Horizontal):
    """Buttons for what the page can do, and what the running or the last job has to say.

    Args:
        offers: the buttons.
    """

    def __init__(self, *offers: Offer) -> None:
        super().__init__()
        self._offers = offers

    def compose(self) -> ComposeResult:
        """The buttons and the status."""
        for offer in self._offers:
            text, name, action = offer
            yield Button(safe(text), id=name, compact=True, action=f"screen.{action}")
        yield Static(id="marked")
        yield Static(id="status")
        yield Button(safe("[Esc Cancel]"), id="cancel", compact=True, action="screen.cancel")

    def on_mount(self) -> None:
        """Name the bar."""
        self.border_title = safe("Actions")
        self.show_marks("")

    def show_marks(self, words: str) -> None:
        """Say how many users are marked; nothing where none are."""
        marked = self.query_one("#marked", Static)
        marked.display = bool(words)
        marked.update(safe(words))

    def offer(self, possible: set[str], *, can_cancel: bool) -> None:
        """Offer what can be done now; the other buttons are grey."""
        self.query_one("#cancel").display = can_cancel
        for offer in self._offers:
            self.query_one(f"#{offer.id}", Button).disabled = offer.action not in possible

    @property
    def actions(self) -> list[str]:
        """The actions that have a button."""
        return [offer.action for offer in self._offers]

    def show_progress(self, event: Progressed) -> None:
        """Say how far the job is. What is around it stays, which many times a second is much."""
        said = safe(f"{event.said}  {bar(event.done, event.total, _BAR)}")
        self.query_one("#status", Static).update(said, layout=False)

    def say(self, text: str) -> None:
        """Say what the last job did. It stays until something else is said."""
        self.query_one("#status", Static).update(safe(text))
