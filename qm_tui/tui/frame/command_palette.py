"""The command palette: all commands of a screen, found by a few letters."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.fuzzy import FuzzySearch
from textual.screen import Screen
from textual.widgets import Input

from qm_tui.config.preferences import Theme
from qm_tui.text import pad_or_truncate
from qm_tui.tui.frame.key_help import active_actions
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.widgets.dialog import Dialog, dialog_frame
from qm_tui.tui.widgets.text_input import ListFilterInput
from qm_tui.tui.widgets.virtual_list import VirtualList

_OWN: Final = ("In the list", "On this page", "In this dialog", "In this area")
"""The places whose actions are offered: not those of an input, which are for typing."""

_MOVES: Final = ("move", "to_list", "app.focus", "screen.focus", "app.command_palette")
"""Actions that are useful only by key."""

_MAX_LENGTH: Final = 60
_KEY_WIDTH: Final = 8


class Command(NamedTuple):
    """A command: its text, its first key, and the function that runs it."""

    label: str
    key: str
    run: Callable[[], Any]


class CommandList(VirtualList):
    """The commands that match.

    Attributes:
        commands: the commands.
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__(id="commands")
        self.can_focus = False  # the letters go to the input
        self.commands = commands

    @property
    def row_count(self) -> int:
        """The number of commands."""
        return len(self.commands)

    def row_text(self, row: int, width: int) -> str:
        """Return the text and the key of a command."""
        command = self.commands[row]
        sign = ">" if row == self.cursor_row else " "
        label = pad_or_truncate(command.label, max(1, width - _KEY_WIDTH - 2))
        return pad_or_truncate(f"{sign} {label}{command.key}", width)


class CommandPalette(Dialog[None]):
    """Shows the commands of the screen or dialog below it, and runs one.

    Args:
        screen: the screen or dialog.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close"),
        bind("app.palette", "close", "Close"),
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__(classes="small-dialog")
        self._search = FuzzySearch()
        self._commands = _commands_of(screen)
        self._list = CommandList(self._commands)
        self._list.styles.height = len(self._commands)
        self._field = ListFilterInput(_MAX_LENGTH, id="command")

    def compose(self) -> ComposeResult:
        self._field.placeholder = "Search for commands…"
        with dialog_frame("command-palette", "Command palette", "↑ ↓ select  Enter run  Esc close"):
            yield self._field
            yield self._list

    def on_mount(self) -> None:
        self.set_focus(self._field)

    @on(Input.Changed)
    def _find(self) -> None:
        """Show the commands that match, best first."""
        self._list.commands = _matching(self._search, self._field.value, self._commands)
        self._list.rows_changed()

    @on(Input.Submitted)
    @on(VirtualList.RowSelected)
    def _run(self) -> None:
        """Close the palette, and run the current command on the screen below."""
        if self._list.commands:
            run = self._list.commands[self._list.cursor_row].run
            self.app.call_later(run)
            self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move the cursor by a number of rows."""
        self._list.action_move(rows)

    def action_move_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self._list.action_move_page(pages)

    def action_close(self) -> None:
        """Close the palette."""
        self.dismiss(None)


def _matching(search: FuzzySearch, text: str, commands: Sequence[Command]) -> Sequence[Command]:
    """Return the commands that contain the letters of a text, best matches first."""
    if not text.strip():
        return commands
    scores = [(search.match(text.strip(), command.label)[0], command) for command in commands]
    found = sorted((pair for pair in scores if pair[0] > 0), key=lambda pair: -pair[0])
    return [command for _, command in found]


def _commands_of(screen: Screen[Any]) -> list[Command]:
    app, commands = screen.app, []
    for key, active in active_actions(screen):
        action = active.binding.action
        if key.group in _OWN and not action.startswith(_MOVES):
            run = partial(app.run_action, action, active.node)
            commands.append(Command(key.label, key.keys.split()[0], run))
    for theme in Theme:
        switch = partial(app.run_action, f"switch_theme('{theme}')")
        commands.append(Command(f"Switch to the {theme} theme", "", switch))
    return commands
