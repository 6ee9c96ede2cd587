"""The palette: all that can be done here, found by a few letters of its name."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from qm_tui.tui.frame.key_help import actions_that_work
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.text_input import Pictures

_OWN: Final = ("In the list", "On this page", "In this dialog", "Here")
"""Where the actions are that are offered: not those of a field, which are for typing."""

_MOVES: Final = ("move", "to_list", "app.focus", "screen.focus", "app.command_palette")
"""What is done by its key alone."""


class Palette(CommandPalette):
    """Textual's own, but closed once, as every dialog: of two keys the first counts.

    And what is pasted into it is drawn as every text that others wrote.
    """

    def on_mount(self) -> None:
        """Draw what is typed safely, and the cursor as in all fields."""
        for field in self.query(Input):
            field.highlighter = Pictures()
            field.cursor_blink = False  # each blink is bytes on a slow line

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


def palette() -> Palette:
    """The palette, over the screen or dialog whose actions it offers."""
    return Palette(placeholder="Type some letters of an action", id="--command-palette")


class _Offer(NamedTuple):
    """What is offered: its words, the first key that does it, and what runs it."""

    words: str
    key: str
    run: Callable[[], Any]

    def shown(self, words: Content, width: int) -> Content:
        """The words as they are highlighted, and behind them the key."""
        return words + safe(" " * (width - words.cell_length)) + safe(self.key).stylize("bold")


class ActionsProvider(Provider):
    """Offers what works on the screen below the palette, made from its bindings."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        offers, width = self._offers()
        for one in offers:
            yield DiscoveryHit(one.shown(safe(one.words), width), one.run, text=one.words)

    async def search(self, query: str) -> Hits:
        """What fits the letters that were typed."""
        matcher = self.matcher(query)
        offers, width = self._offers()
        for one in offers:
            score = matcher.match(one.words)
            if score > 0:
                words = one.shown(matcher.highlight(one.words), width)
                yield Hit(score, words, one.run, text=one.words)

    def _offers(self) -> tuple[list[_Offer], int]:
        """What is offered, and the columns that the words take, with a gap behind them."""
        screen: Screen[Any] = self.screen
        offers = []
        for key, active in actions_that_work(screen):
            action = active.binding.action
            if key.where in _OWN and not action.startswith(_MOVES):
                run = partial(self.app.run_action, action, active.node)
                offers.append(_Offer(key.words, key.keys.split()[0], run))
        turn = partial(self.app.run_action, "turn_theme")
        offers.append(_Offer("Light or dark colours", "", turn))
        return offers, max(len(one.words) for one in offers) + 2
