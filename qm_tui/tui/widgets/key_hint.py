"""A key and what it does, as a text that can be clicked."""

from collections.abc import Callable

from textual.widgets import Static

from qm_tui.tui.text.safe_content import safe


class KeyHint(Static):
    """A key and what it does; a click does the same."""

    ALLOW_SELECT = False

    def __init__(self, text: str, action: Callable[[], None]) -> None:
        super().__init__(safe(text), classes="key-hint")
        self._action = action

    def on_click(self) -> None:
        """Do what the key does."""
        self._action()
