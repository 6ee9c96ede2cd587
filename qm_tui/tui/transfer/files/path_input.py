"""A field for a path, with completion; control characters are removed from the input."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.binding import Binding, BindingType
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

    Attributes:
        is_completing: whether the completion is being found.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete the path", show=False),
        Binding("down", "to_list", "Go to the list", show=False),
    ]

    class ListRequested(Message):
        """Down was pressed."""

    def __init__(self, base: Callable[[], Path], *, id: str | None = None) -> None:
        super().__init__(_MAX_LENGTH, id=id)
        self.select_on_focus = True
        self._base = base
        self.is_completing = False

    def show(self, text: str) -> None:
        """Set the text and select all of it, so that typing replaces it."""
        self.value = sanitize(text)
        self.select_all()

    def action_to_list(self) -> None:
        """Go to the list."""
        self.post_message(self.ListRequested())

    @work(exclusive=True)
    async def action_complete(self) -> None:
        """Complete the text before the cursor; if nothing can be added, move the focus.

        Keys that are typed in the meantime wait, but Esc closes the dialog.
        """
        text = self.value[: self.cursor_position]
        rest = self.value[self.cursor_position :]
        self.is_completing = True
        try:
            longer = await asyncio.wait_for(
                asyncio.to_thread(complete_path, text, self._base()), _TIMEOUT
            )
        except TimeoutError:
            longer = None
        finally:
            self.is_completing = False
        if longer is None:
            self.screen.focus_next()
        else:
            self.value = longer + rest
            self.cursor_position = len(longer)
