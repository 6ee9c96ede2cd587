"""The key hints on the last line of a page: the most important keys that fit."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button

from qm_tui.tui.frame.key_help import ActiveAction, active_actions
from qm_tui.tui.text.safe_content import key_hints

_ALWAYS: Final = ("screen.keys", "page.quit")
"""The actions at the end of the line, which are shown at any width."""

_GAP: Final = 2


class _ShownKey(NamedTuple):
    """A key hint."""

    text: str
    active: ActiveBinding


class KeyHints(Widget):
    """Clickable key hints for the current focus, nearest bindings first.

    They are built from the shown bindings, and drawn only if these change.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    KeyHints {
        height: 1;
        dock: bottom;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="key-line")
        self._shown: Sequence[_ShownKey] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._update())

    def on_resize(self) -> None:
        """Show as many keys as fit."""
        self._update()

    def _update(self) -> None:
        if not self.is_attached or not self.size.width:
            return
        actions = [one for one in active_actions(self.screen) if _is_shown(one.active)]
        shown = _fitting(actions, self.size.width)
        if [hint.text for hint in shown] != [hint.text for hint in self._shown]:
            self._shown = shown
            self.refresh()
        self._shown = shown

    def render(self) -> Content:
        """The keys, one after the other."""
        return key_hints((" " * _GAP).join(hint.text for hint in self._shown))

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the hint that was clicked."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        for text, active in self._shown:
            if 0 <= x < len(text):
                await self.app.run_action(active.binding.action, active.node)
                return
            x -= len(text) + _GAP


def _fitting(actions: Sequence[ActiveAction], width: int) -> list[_ShownKey]:
    """Return the hints that fit: the first ones, and those at the end of the line."""
    shown = [
        _ShownKey(f"{_key_of(action)} {_label_of(action)}", action.active) for action in actions
    ]
    last = [hint for hint in shown if hint.active.binding.id in _ALWAYS]
    left = width + _GAP - sum(len(hint.text) + _GAP for hint in last)  # no gap after the last
    first = []
    for hint in shown:
        if hint not in last:
            left -= len(hint.text) + _GAP
            if left < 0:
                break
            first.append(hint)
    return first + last


def _is_shown(active: ActiveBinding) -> bool:
    """Whether a binding has a hint. Textual shows none for a focused button."""
    return active.binding.show or (isinstance(active.node, Button) and active.node.has_focus)


def _key_of(action: ActiveAction) -> str:
    return action.key.keys.split()[0]


def _label_of(action: ActiveAction) -> str:
    words = action.active.binding.description
    return words[0].lower() + words[1:]
