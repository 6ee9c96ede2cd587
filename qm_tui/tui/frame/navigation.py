"""What stands around every page: the header line and the navigation pane."""

from collections.abc import Mapping
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static, Tree

from qm_tui.text import visible
from qm_tui.tui.text.safe_content import safe

_WARNING: Final = 100
"""Characters of a warning that are shown."""


class HeaderLine(Horizontal):
    """The program, the store's path, what is the matter with it, and who is logged in.

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
        yield Static(id="warning")
        yield Static(safe("looking only"), id="looking-only")
        yield Static(safe(self._login, 32), id="login")

    def on_mount(self) -> None:
        """Nothing is said of what is not known yet."""
        self.show_looking_only(False)
        self.show_warning("")

    def show_looking_only(self, is_looking_only: bool) -> None:
        """Say whether the store can only be looked at."""
        self.query_one("#looking-only").display = is_looking_only

    def show_warning(self, warning: str) -> None:
        """Show what is wrong with the store although all is saved; nothing if it is empty."""
        shown = self.query_one("#warning", Static)
        shown.update(safe(warning, _WARNING))
        shown.display = bool(warning)


class PageChosen(Message):
    """A page was chosen.

    Args:
        page: its key.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page


class FilterWanted(Message):
    """Some users are to be shown on the Users page.

    Args:
        text: the filter that finds them.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


PAGES: Final = {
    "users": "Users",
    "activity": "Activity",
    "licenses": "Licenses",
    "profiles": "Profiles",
    "departments": "Departments",
    "locations": "Locations",
}
"""The pages by their keys, in the order of the navigation pane."""

_LABEL: Final = 14


class NavigationPane(Tree[str], inherit_bindings=False):
    """The pages of the program: `Administration > Users`, `Activity` and so on.

    Args:
        page: the key of the page on which the pane stands.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False),
        Binding("down,j", "cursor_down", "Down", show=False),
        Binding("enter", "select_cursor", "Go to the page", show=False),
    ]

    def __init__(self, page: str) -> None:
        super().__init__(Text("Administration"), id="navigation")
        self.guide_depth = 2
        self.show_guides = False
        self.root.expand()
        self._leaves = {
            key: self.root.add_leaf(Text(visible(name)), key) for key, name in PAGES.items()
        }
        self._page = page
        self.auto_expand = False

    def on_mount(self) -> None:
        """The cursor stands on the page that is shown."""
        self.point()

    def point(self) -> None:
        """Let the cursor stand on the page that is shown."""
        self.call_after_refresh(self.move_cursor, self._leaves[self._page])

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show how much there is on each page, by its key."""
        for page, count in counts.items():
            leaf, name = self._leaves[page], PAGES[page]
            label = f"{name} {count:>{_LABEL - len(name) - 1},}"
            if str(leaf.label) != label:
                leaf.set_label(Text(visible(label)))

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[str]) -> None:
        event.stop()
        self.post_message(PageChosen(event.node.data or self._page))
