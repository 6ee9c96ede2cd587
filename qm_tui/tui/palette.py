"""The palette: all that can be done here, found by a few letters of its name."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen

from qm_tui.tui.keys import Action, actions_that_work

_OWN: Final = ("In the list", "On this page", "In this dialog", "Here")
"""Where the actions are that are offered: not those of a field, which are for typing."""

_MOVES: Final = ("move", "app.focus", "screen.focus", "app.command_palette")
"""What is done by its key alone."""


class ActionsProvider(Provider):
    """Offers what works on the screen below the palette, made from its bindings."""

    async def discover(self) -> Hits:
        """All of it, before anything is typed."""
        for action, run in self._offered():
            yield DiscoveryHit(Content(action.key.words), run, help=action.key.keys)

    async def search(self, query: str) -> Hits:
        """What fits the letters that were typed."""
        matcher = self.matcher(query)
        for action, run in self._offered():
            score = matcher.match(action.key.words)
            if score > 0:
                shown = matcher.highlight(action.key.words)
                yield Hit(score, shown, run, help=action.key.keys)

    def _offered(self) -> Iterator[tuple[Action, Callable[[], Any]]]:
        screen: Screen[Any] = self.screen
        for action in actions_that_work(screen):
            active = action.active
            if action.key.where in _OWN and not active.binding.action.startswith(_MOVES):
                run = partial(self.app.run_action, active.binding.action, active.node)
                yield action, run
