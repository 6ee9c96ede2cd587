"""What stands around every page: the header line and the navigation pane."""

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static, Tree

from qm_tui.tui.content import safe


class HeaderLine(Horizontal):
    """The program, the store's path, and who is logged in.

    Args:
        location: where the store is.
        login: who is logged in.
    """

    def __init__(self, location: str, login: str) -> None:
        super().__init__()
        self._location, self._login = location, login

    def compose(self) -> ComposeResult:
        """The program's name and the path on the left, the login on the right."""
        yield Static(safe("qm-tui"), id="program")
        yield Static(safe(self._location), id="location")
        yield Static(safe(self._login, 32), id="login")


class NavigationPane(Tree[str]):
    """The pages of the program: `Administration > Users`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(Text("Administration"), id="navigation")
        self.guide_depth = 2
        self.show_guides = False
        self.root.expand()
        self._users = self.root.add_leaf(Text("Users"), data="users")
        self.auto_expand = False

    def on_mount(self) -> None:
        """The cursor stands on the page that is shown."""
        self.call_after_refresh(self.move_cursor, self._users)

    def show_count(self, users: int) -> None:
        """Show how many users there are."""
        self._users.set_label(Text(f"Users {users:>8,}"))
