"""The Actions bar: what can be done on the page, and how far it is."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.reactive import reactive
from textual.widgets import Button, Static

from qm_tui.progress import Phase
from qm_tui.progress_line import bar, described
from qm_tui.tui.content import safe

_BAR = 8


class ActionsBar(Horizontal):
    """Buttons for Import and Export, and what the running or the last job has to say."""

    is_busy: reactive[bool] = reactive(False)
    """Whether a job runs: then there is Cancel, and nothing else can be started."""

    def compose(self) -> ComposeResult:
        """The buttons and the status."""
        yield Button(safe("[i Import]"), id="import", compact=True, action="screen.import")
        yield Button(safe("[x Export]"), id="export", compact=True, action="screen.export")
        yield Static(id="status")
        yield Button(safe("[Esc Cancel]"), id="cancel", compact=True, action="screen.cancel")

    def on_mount(self) -> None:
        """Name the bar."""
        self.border_title = safe("Actions")

    def watch_is_busy(self, is_busy: bool) -> None:
        """Offer what can be done now."""
        if not self.is_mounted:
            return
        self.query_one("#cancel").display = is_busy
        for name in ("import", "export"):
            self.query_one(f"#{name}", Button).disabled = is_busy

    def show_progress(self, phase: Phase, done: int, total: int) -> None:
        """Say how far the job is."""
        text = f"{described(phase, done, total)}  {bar(done, total, _BAR)}"
        self.query_one("#status", Static).update(safe(text))

    def show_result(self, text: str) -> None:
        """Say what the last job did. It stays until the next one."""
        self.query_one("#status", Static).update(safe(text))
