"""A field for a path: Tab completes it, and nothing gets in that a terminal would obey."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from textual import events
from textual.message import Message
from textual.widgets import Input

from qm_tui.text import visible
from qm_tui.tui.folder import completed

_LONGEST: Final = 4096
_PATIENCE: Final = 2.0
"""Seconds that Tab waits for a folder on a slow or lost network file system."""


class PathInput(Input):
    """A path, typed.

    Tab continues it where there is something to continue, else it moves the focus on. Down asks
    for the list. What cannot be shown as it is, typed or pasted, is left out.

    Args:
        base: gives the folder that a relative path counts from.
        id: the widget's ID.
    """

    class ListWanted(Message):
        """Down was pressed."""

    def __init__(self, base: Callable[[], Path], *, id: str | None = None) -> None:
        super().__init__(id=id, compact=True, max_length=_LONGEST)
        self._base = base
        self.cursor_blink = False  # each blink is bytes on a slow line

    def show(self, text: str) -> None:
        """Put a text into the field, all of it selected: typing replaces it."""
        self.value = visible(text)
        self.select_all()

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text; every way of typing and pasting comes through here."""
        super().replace("".join(filter(_can_be_shown, text)), start, end)

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            await self._complete()
        elif event.key == "down":
            event.stop()
            event.prevent_default()
            self.post_message(self.ListWanted())
        elif not event.is_printable and event.key != "enter":
            await self._edit(event)

    async def _edit(self, event: events.Key) -> None:
        """Run an editing key at once, where the letters that follow it cannot overtake it.

        Textual lets a binding travel up to the app first: of keys that come in one burst, as over
        a slow line, Ctrl+U would clear what was typed after it.
        """
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)

    async def _complete(self) -> None:
        """Complete the text. Keys typed meanwhile wait, so that they come in their order."""
        text = self.value[: self.cursor_position]
        rest = self.value[self.cursor_position :]
        try:
            longer = await asyncio.wait_for(
                asyncio.to_thread(completed, text, self._base()), _PATIENCE
            )
        except TimeoutError:
            longer = None
        if longer is None:
            self.screen.focus_next()
            return
        self.value = longer + rest
        self.cursor_position = len(longer)


def _can_be_shown(character: str) -> bool:
    return visible(character) == character
