"""The palette: all that can be done here, found by a few letters of its name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from qm_tui.tui.keys import actions_that_work

_OWN: Final = ("In the list", "On this page", "In this dialog", "Here")
"""Where the actions are that are offered: not those of a field, which are for typing."""

_MOVES: Final = ("move", "app.focus", "screen.focus", "app.command_palette")
"""What is done by its key alone."""


class _Offer(NamedTuple):
    """What is offered: its words, the keys that do it, and what runs it."""

    words: str
    keys: str
    run: Callable[[], Any]

    def shown(self, words: Content) -> Content:
        """The words as they are highlighted, and behind them the keys."""
        return Content.assemble(words, "   ", (self.keys, "bold"))


class ActionsProvider(Provider):
    """Offers what works on the screen below the palette, made from its bindings."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for one in self._offers():
            yield DiscoveryHit(one.shown(Content(one.words)), one.run, text=one.words)

    async def search(self, query: str) -> Hits:
        """What fits the letters that were typed."""
        matcher = self.matcher(query)
        for one in self._offers():
            score = matcher.match(one.words)
            if score > 0:
                yield Hit(score, one.shown(matcher.highlight(one.words)), one.run, text=one.words)

    def _offers(self) -> Iterator[_Offer]:
        screen: Screen[Any] = self.screen
        for key, active in actions_that_work(screen):
            action = active.binding.action
            if key.where in _OWN and not action.startswith(_MOVES):
                run = partial(self.app.run_action, action, active.node)
                yield _Offer(key.words, key.keys, run)
        yield _Offer("Light or dark colours", "", partial(self.app.run_action, "turn_theme"))
