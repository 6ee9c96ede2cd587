"""The input that narrows the list below it."""

from typing import ClassVar

from textual.binding import Binding, BindingType

from qm_tui.tui.widgets.text_input import SafeInput


class ListFilterInput(SafeInput):
    """An input whose dialog narrows a list. Keys that move up and down move in the list.

    The dialog has the actions `move` and `move_page`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "screen.move(-1)", "Up", show=False),
        Binding("down", "screen.move(1)", "Down", show=False),
        Binding("pageup", "screen.move_page(-1)", "Page up", show=False),
        Binding("pagedown", "screen.move_page(1)", "Page down", show=False),
    ]
