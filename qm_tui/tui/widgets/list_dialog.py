"""A dialog with a list that typing narrows."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ScreenResultType
from textual.widgets import Button, Input, Label

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog, dialog_frame
from qm_tui.tui.widgets.text_input import ListFilterInput
from qm_tui.tui.widgets.virtual_list import VirtualList

_TITLE: Final = 50
"""Characters of the title of a `ListDialog`."""


class ListDialog(Dialog[ScreenResultType | None]):
    """A dialog with a list that is narrowed by typing. The result is None if it is canceled.

    The keys that move up and down move in the list while the input has the focus. Subclasses
    define `narrow` and `select`, and may yield more below the list in `compose_below`.

    Args:
        rows: the list.
        title: the title.
        label: the label before the input.
        max_characters: the maximum length of the input.
    """

    FRAME: ClassVar[str]
    """The ID of the frame."""

    INPUT: ClassVar[str]
    """The ID of the input; that of its line ends with `-line`."""

    HINTS: ClassVar[str] = "type to search  ↑ ↓ move  Enter select  Esc cancel"
    """The key hints."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, rows: VirtualList, title: str, label: str, max_characters: int) -> None:
        super().__init__()
        self._list, self._title, self._label = rows, title, label
        rows.can_focus = False
        self.input = ListFilterInput(max_characters, id=self.INPUT)

    def compose(self) -> ComposeResult:
        with dialog_frame(self.FRAME, self._title, self.HINTS, _TITLE):
            with Horizontal(id=f"{self.INPUT}-line"):
                yield Label(safe(f"{self._label} "))
                yield self.input
            yield self._list
            yield from self.compose_below()

    def compose_below(self) -> ComposeResult:
        """Yield what is below the list."""
        yield from ()

    def narrow(self, typed: str) -> None:
        """Show the rows that match the typed text."""
        raise NotImplementedError

    def select(self) -> None:
        """Close the dialog with the current row, if there is one."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.set_focus(self.input)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.narrow(event.value)

    @on(Input.Submitted)
    @on(VirtualList.RowSelected)
    @on(Button.Pressed, "#select")
    def _selected(self) -> None:
        self.select()

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog without a result."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._list.action_move(rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self._list.action_move_page(pages)
