"""The last line of a page: the few keys that matter, as many as there is room for."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.widget import Widget

from qm_tui.tui.frame.key_help import Action, actions_that_work
from qm_tui.tui.text.safe_content import safe

_ALWAYS: Final = ("?", "q")
"""The keys that stand at the end of the line, however narrow it is."""

_GAP: Final = 2


class _Shown(NamedTuple):
    """A key in the line."""

    text: str
    active: ActiveBinding


class KeyLine(Widget):
    """Keys that work where the focus is, nearest first, each with a word. A click does it.

    It is made from the bindings that are to be shown, and drawn again only when others are.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    KeyLine {
        height: 1;
        dock: bottom;
    }
    """

    def __init__(self) -> None:
        super().__init__(id="key-line")
        self._shown: Sequence[_Shown] = ()

    def on_mount(self) -> None:
        """Follow the focus, and what can be done."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._look())

    def on_resize(self) -> None:
        """Use the room."""
        self._look()

    def _look(self) -> None:
        if not self.is_attached or not self.size.width:
            return
        shown = _fitting(actions_that_work(self.screen), self.size.width)
        if [one.text for one in shown] != [one.text for one in self._shown]:
            self._shown = shown
            self.refresh()
        self._shown = shown

    def render(self) -> Content:
        """The keys, one after the other."""
        return Content(" " * _GAP).join([safe(one.text) for one in self._shown])

    async def on_click(self, event: events.Click) -> None:
        """Do what the key does that was clicked on."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        for text, active in self._shown:
            if 0 <= x < len(text):
                await self.app.run_action(active.binding.action, active.node)
                return
            x -= len(text) + _GAP


def _fitting(actions: Sequence[Action], width: int) -> list[_Shown]:
    """Those keys that fit: from the front, and what is always there at the end."""
    shown = [
        _Shown(f"{_key_of(one)} {_word_of(one)}", one.active)
        for one in actions
        if one.active.binding.show
    ]
    last = [one for one in shown if one.text.split()[0] in _ALWAYS]
    left = width + _GAP - sum(len(one.text) + _GAP for one in last)  # behind the last is no gap
    found = []
    for one in shown:
        if one not in last:
            left -= len(one.text) + _GAP
            if left < 0:
                break
            found.append(one)
    return found + last


def _key_of(action: Action) -> str:
    return action.key.keys.split()[0]


def _word_of(action: Action) -> str:
    words = action.active.binding.description
    return words[0].lower() + words[1:]
