"""The keys that work here, made from the bindings themselves."""

from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from qm_tui.tui.content import safe, safe_lines

_NAMES: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "backspace": "Backspace",
    "f1": "F1",
    "f2": "F2",
    "space": "Space",
    "asterisk": "*",
    "delete": "Del",
}


_WORDS: Final = {
    "Focus Next": "Next part of the screen",
    "Focus Previous": "Previous part of the screen",
}
_COPY: Final = "Copy selected text"
"""What Textual says of Ctrl+C, which quits here."""

_NOT_OURS: Final = ("super+", "ctrl+page", "ctrl+shift+")


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key.removeprefix('ctrl+').upper()}"
    return key


def keys_that_work(screen: Screen[Any]) -> list[tuple[str, str]]:
    """The keys that work on a screen as it is now, with what they do."""
    found: dict[str, list[str]] = {}
    for key, active in screen.active_bindings.items():
        description = active.binding.description
        is_textuals = key.startswith(_NOT_OURS) or active.binding.system
        if active.enabled and description not in ("", _COPY) and not is_textuals:
            found.setdefault(_WORDS.get(description, description), []).append(key_name(key))
    return [(" ".join(keys), description) for description, keys in found.items()]


class KeysScreen(ModalScreen[None]):
    """Lists the keys that work on the screen below it.

    Args:
        keys: the keys, with what they do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "Back")
    ]

    def __init__(self, keys: list[tuple[str, str]]) -> None:
        super().__init__(classes="small-dialog")
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A line for each."""
        width = max((len(keys) for keys, _ in self._keys), default=0)
        lines = [f"{keys:<{width}}  {description}" for keys, description in self._keys]
        with Vertical(classes="dialog", id="keys"), VerticalScroll():
            yield Static(safe_lines(lines))

    def on_mount(self) -> None:
        """Name the dialog."""
        dialog = self.query_one("#keys")
        dialog.border_title = safe("Keys that work here")
        dialog.border_subtitle = safe("Esc back")

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)
