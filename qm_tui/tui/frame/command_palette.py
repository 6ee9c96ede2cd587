"""The command palette: all commands of the current screen, found by a few letters."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from qm_tui.tui.frame.key_help import active_actions
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.text_input import ReplacementHighlighter

_OWN: Final = ("In the list", "On this page", "In this dialog", "In this area")
"""The places whose actions are offered: not those of an input, which are for typing."""

_MOVES: Final = ("move", "to_list", "app.focus", "screen.focus", "app.command_palette")
"""Actions that are useful only by key."""


class Palette(CommandPalette):
    """Textual's command palette, which is closed once, as every dialog.

    Its input is sanitized as every untrusted text.
    """

    def on_mount(self) -> None:
        for field in self.query(Input):
            field.highlighter = ReplacementHighlighter()
            field.cursor_blink = False  # each blink sends bytes over a slow connection

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


def palette() -> Palette:
    """Return the palette, for the commands of the screen or dialog below it."""
    return Palette(placeholder="Search for commands…", id="--command-palette")


class _PaletteEntry(NamedTuple):
    """A command: its text, its first key, and the function that runs it."""

    label: str
    key: str
    run: Callable[[], Any]

    def shown(self, words: Content, width: int) -> Content:
        """Return the highlighted text, and the key after it."""
        return words + safe(" " * (width - words.cell_length)) + safe(self.key).stylize("bold")


class ActionsProvider(Provider):
    """Offers the commands of the screen below the palette, from its bindings."""

    async def discover(self) -> Hits:
        """Yield all commands, before anything is typed."""
        offers, width = self._entries()
        for offer in offers:
            shown = offer.shown(safe(offer.label), width)
            yield DiscoveryHit(shown, offer.run, text=offer.label)

    async def search(self, query: str) -> Hits:
        """Yield the commands that match the typed letters."""
        matcher = self.matcher(query)
        offers, width = self._entries()
        for offer in offers:
            score = matcher.match(offer.label)
            if score > 0:
                shown = offer.shown(matcher.highlight(offer.label), width)
                yield Hit(score, shown, offer.run, text=offer.label)

    def _entries(self) -> tuple[list[_PaletteEntry], int]:
        """Return the commands, and the width of their texts with a gap after them."""
        screen: Screen[Any] = self.screen
        offers = []
        for key, active in active_actions(screen):
            action = active.binding.action
            if key.group in _OWN and not action.startswith(_MOVES):
                run = partial(self.app.run_action, action, active.node)
                offers.append(_PaletteEntry(key.label, key.keys.split()[0], run))
        turn = partial(self.app.run_action, "toggle_theme")
        offers.append(_PaletteEntry("Toggle light/dark theme", "", turn))
        return offers, max(len(offer.label) for offer in offers) + 2
