"""The command palette: all commands of the current screen, found by a few letters."""

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
"""The places whose actions are offered: not those of an input, which are for typing."""

_MOVES: Final = ("move", "to_list", "app.focus", "screen.focus", "app.command_palette")
"""Actions that are useful only by key."""


class Palette(CommandPalette):
    """Textual's command palette, which is closed once, as every dialog.

    Its input is sanitized as every untrusted text.
    """

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.highlighter = Pictures()
            field.cursor_blink = False  # each blink sends bytes over a slow connection

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


def palette() -> Palette:
    """Return the palette, for the commands of the screen or dialog below it."""
    return Palette(placeholder="Search for commands…", id="--command-palette")


class _Offer(NamedTuple):
    """A command: its text, its first key, and the function that runs it."""

    words: str
    key: str
    run: Callable[[], Any]

    def shown(self, words: Content, width: int) -> Content:
        """Return the highlighted text, and the key after it."""
        return words + safe(" " * (width - words.cell_length)) + safe(self.key).stylize("bold")


class ActionsProvider(Provider):
    """Offers the commands of the screen below the palette, from its bindings."""

    async def discover(self) -> Hits:
        """Yield all commands, before anything is typed."""
        offers, width = self._offers()
        for offer in offers:
            shown = offer.shown(safe(offer.words), width)
            yield DiscoveryHit(shown, offer.run, text=offer.words)

    async def search(self, query: str) -> Hits:
        """Yield the commands that match the typed letters."""
        matcher = self.matcher(query)
        offers, width = self._offers()
        for offer in offers:
            score = matcher.match(offer.words)
            if score > 0:
                shown = offer.shown(matcher.highlight(offer.words), width)
                yield Hit(score, shown, offer.run, text=offer.words)

    def _offers(self) -> tuple[list[_Offer], int]:
        """Return the commands, and the width of their texts with a gap after them."""
        screen: Screen[Any] = self.screen
        offers = []
        for key, active in actions_that_work(screen):
            action = active.binding.action
            if key.where in _OWN and not action.startswith(_MOVES):
                run = partial(self.app.run_action, action, active.node)
                offers.append(_Offer(key.words, key.keys.split()[0], run))
        turn = partial(self.app.run_action, "turn_theme")
        offers.append(_Offer("Toggle light/dark theme", "", turn))
        return offers, max(len(offer.words) for offer in offers) + 2
