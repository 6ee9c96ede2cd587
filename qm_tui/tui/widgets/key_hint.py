"""A clickable key hint."""

from collections.abc import Callable

from textual.widgets import Static

from qm_tui.tui.text.safe_content import key_hints


class KeyHint(Static):
    """A key and its action; a click runs the action, too."""

    ALLOW_SELECT = False

    def __init__(self, text: str, action: Callable[[], None]) -> None:
        super().__init__(key_hints(text), classes="key-hint")
        self._action = action

    def on_click(self) -> None:
        """Run the action."""
        self._action()
