"""Clickable key hints, and a row of tabs for fields."""

from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.text.safe_content import key_hints, safe


class KeyHint(Static):
    """A key and its action; a click runs the action, too.

    Args:
        text: what it shows, as `with_keys` takes it.
        action: called after a click.
    """

    ALLOW_SELECT = False

    def __init__(self, text: str, action: Callable[[], None]) -> None:
        super().__init__(key_hints(with_keys(text)), classes="key-hint")
        self._action = action

    def on_click(self) -> None:
        """Run the action."""
        self._action()


class FieldLine(Horizontal):
    """The names of fields as tabs, selected by keys of the page or by clicks.

    The current one is in brackets.

    Args:
        names: the names.
        on_select: called with the index of the tab that was clicked.
    """

    def __init__(self, names: Sequence[str], on_select: Callable[[int], None]) -> None:
        super().__init__()
        self._names, self._on_select = names, on_select

    def compose(self) -> ComposeResult:
        for place, name in enumerate(self._names):
            yield KeyHint(f" {name} ", partial(self._on_select, place))

    def show(self, selected: int) -> None:
        """Show which tab is the current one, by its index."""
        for index, (hint, name) in enumerate(zip(self.query(KeyHint), self._names, strict=True)):
            is_current = index == selected
            hint.set_class(is_current, "-chosen")
            hint.update(safe(f"[{name}]" if is_current else f" {name} "))
