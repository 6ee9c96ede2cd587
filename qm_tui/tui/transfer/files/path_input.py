"""A field for a path: Tab completes it, and nothing gets in that a terminal would obey."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from textual import events
from textual.message import Message

from qm_tui.text import visible
from qm_tui.tui.transfer.files.folder import completed
from qm_tui.tui.widgets.text_input import PlainInput

_LONGEST: Final = 4096
_PATIENCE: Final = 2.0
"""Seconds that Tab waits for a folder on a slow or lost network file system."""


class PathInput(PlainInput):
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
        super().__init__(_LONGEST, id=id)
        self.select_on_focus = True
        self._base = base

    def show(self, text: str) -> None:
        """Put a text into the field, all of it selected: typing replaces it."""
        self.value = visible(text)
        self.select_all()

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            await self._complete()
        elif event.key == "down":
            event.stop()
            event.prevent_default()
            self.post_message(self.ListWanted())
        else:
            await super()._on_key(event)

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
