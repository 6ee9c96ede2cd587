"""Reference for the terminal UI: an empty Textual app."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Empty(App[None]):
    """An app that shows one word."""

    def compose(self) -> ComposeResult:  # noqa: D102 - a hook of Textual
        yield Static("Ready")


Empty().run()
