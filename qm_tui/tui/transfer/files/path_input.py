"""A field for a path, with completion; control characters are removed from the input."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from textual import events
from textual.message import Message

from qm_tui.text import sanitize
from qm_tui.tui.transfer.files.folder import complete_path
from qm_tui.tui.widgets.text_input import SafeInput

_MAX_LENGTH: Final = 4096
_TIMEOUT: Final = 2.0
"""Seconds that Tab waits for a slow or unreachable network file system."""


class PathInput(SafeInput):
    """A field for a path.

    Tab completes the path; if nothing can be added, it moves the focus. Down posts `ListRequested`.

    Args:
        base: returns the folder that relative paths start from.
        id: the widget's ID.
    """

    class ListRequested(Message):
        """Down was pressed."""

    def __init__(self, base: Callable[[], Path], *, id: str | None = None) -> None:
        super().__init__(_MAX_LENGTH, id=id)
        self.select_on_focus = True
        self._base = base

    def show(self, text: str) -> None:
        """Set the text and select all of it, so that typing replaces it."""
        self.value = sanitize(text)
        self.select_all()

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "tab":
            event.stop()
            event.prevent_default()
            await self._complete()
        elif event.key == "down":
            event.stop()
            event.prevent_default()
            self.post_message(self.ListRequested())
        else:
            await super()._on_key(event)

    async def _complete(self) -> None:
        """Complete the text before the cursor. Keys typed in the meantime are handled afterward."""
        text = self.value[: self.cursor_position]
        rest = self.value[self.cursor_position :]
        try:
            longer = await asyncio.wait_for(
                asyncio.to_thread(complete_path, text, self._base()), _TIMEOUT
            )
        except TimeoutError:
            longer = None
        if longer is None:
            self.screen.focus_next()
            return
        self.value = longer + rest
        self.cursor_position = len(longer)
