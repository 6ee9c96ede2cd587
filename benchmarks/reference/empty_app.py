"""The reference of the interface: the least that a Textual app can show."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Empty(App[None]):
    """One word on the screen."""

    def compose(self) -> ComposeResult:
        """The word."""
        yield Static("Ready")


Empty().run()
