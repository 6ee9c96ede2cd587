"""The header line and the navigation pane of every page."""

import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Final, NamedTuple

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static, Tree

from qm_tui.text import sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.session import Session

_WARNING: Final = 100
"""The maximum length of a shown warning in characters."""


class HeaderLine(Horizontal):
    """The program, the location of the store, its warning, and the login.

    Args:
        location: the location of the store.
        login: the login of the admin.
    """

    def __init__(self, location: str, login: str) -> None:
        super().__init__()
        self._location, self._login = location, login

    def compose(self) -> ComposeResult:
        yield Static(safe("qm-tui"), id="program")
        yield Static(safe(self._location), id="location")
        yield Static(id="warning")
        yield Static(safe("read-only"), id="looking-only")
        yield Static(safe(self._login, 32), id="login")

    def on_mount(self) -> None:
        self.show_read_only(False)
        self.show_warning("")

    def show_read_only(self, is_read_only: bool) -> None:
        """Show whether the store is read-only."""
        self.query_one("#looking-only").display = is_read_only

    def show_warning(self, warning: str) -> None:
        """Show a warning about the store; an empty one hides it."""
        widget = self.query_one("#warning", Static)
        widget.update(safe(warning, _WARNING))
        widget.display = bool(warning)


class PageSelected(Message):
    """A page was selected.

    Args:
        page: its key.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page


class FilterRequested(Message):
    """Users should be shown on the Users page.

    Args:
        text: the filter that finds them.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class PageEntry(NamedTuple):
    """A page in the navigation pane.

    Attributes:
        label: its name.
        module: the module with its class, which is imported when it is needed.
        class_name: the name of the class.
    """

    label: str
    module: str
    class_name: str


PAGES: Final = {
    "users": PageEntry("Users", "qm_tui.tui.users.page", "UsersPage"),
    "activity": PageEntry("Activity", "qm_tui.tui.activity.page", "ActivityPage"),
    "licenses": PageEntry("Licenses", "qm_tui.tui.counts.licenses_page", "LicensesPage"),
    "profiles": PageEntry("Profiles", "qm_tui.tui.counts.values_page", "ProfilesPage"),
    "departments": PageEntry("Departments", "qm_tui.tui.counts.values_page", "DepartmentsPage"),
    "locations": PageEntry("Locations", "qm_tui.tui.counts.values_page", "LocationsPage"),
}
"""The pages by key, in the order of the navigation pane."""

_PRELOADED: Final = (
    "qm_tui.tui.users.user_screen",
    "qm_tui.tui.user.flow",
    "qm_tui.tui.changes.activation",
    "qm_tui.tui.changes.set_field_dialog",
    "qm_tui.tui.transfer.import_flow",
    "qm_tui.tui.transfer.export_flow",
    "qm_tui.tui.users.dialogs.views",
    "qm_tui.tui.users.dialogs.columns",
    "qm_tui.tui.users.dialogs.counts",
    "qm_tui.tui.users.dialogs.mark_list",
    *dict.fromkeys(page.module for page in PAGES.values()),
    "qm_tui.tui.changes.undo",
    "qm_tui.tui.text.clipboard_text",
)
"""The modules, in the order in which they are likely to be needed."""

_YIELD_SECONDS: Final = 0.005
"""Seconds between two imports."""

_LABEL: Final = 14


class NavigationPane(Tree[str], inherit_bindings=False):
    """The pages of the program: `Administration > Users`, `Activity` and so on.

    Administration can be collapsed, on all pages.

    Args:
        page: the key of the page that contains the pane.
        session: the state that the pages share.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.up", "cursor_up", show=False),
        bind("list.down", "cursor_down", show=False),
        Binding("enter", "select_cursor", "Open page"),
        bind("navigation.collapse", "collapse(True)", hint="Collapse"),
        bind("navigation.expand", "collapse(False)", hint="Expand"),
    ]

    def __init__(self, page: str, session: Session) -> None:
        super().__init__(Text("Administration"), id="navigation")
        self.guide_depth = 2
        self.show_guides = False
        self._leaves = {
            key: self.root.add_leaf(Text(sanitize(page.label)), key) for key, page in PAGES.items()
        }
        self._page, self._session = page, session
        self.auto_expand = False

    def on_mount(self) -> None:
        self.show_current()

    def show_current(self) -> None:
        """Show the pane as on the page before, with the cursor on the current page."""
        is_collapsed = self._session.is_navigation_collapsed
        if is_collapsed:
            self.root.collapse()
        else:
            self.root.expand()
        cursor = self.root if is_collapsed else self._leaves[self._page]
        self.call_after_refresh(self.move_cursor, cursor)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Show the counts of pages, by key."""
        for page, count in counts.items():
            leaf, name = self._leaves[page], PAGES[page].label
            width = _LABEL - len(name) - 1
            label = f"{name} {_count_text(count, width):>{width}}"
            if str(leaf.label) != label:
                leaf.set_label(Text(sanitize(label)))

    @on(Tree.NodeSelected)
    def _selected(self, event: Tree.NodeSelected[str]) -> None:
        event.stop()
        if event.node.data is None:
            self.action_collapse(not self._session.is_navigation_collapsed)
        else:
            self.post_message(PageSelected(event.node.data))

    @on(Tree.NodeCollapsed)
    @on(Tree.NodeExpanded)
    def _toggled(self, event: Tree.NodeCollapsed[str] | Tree.NodeExpanded[str]) -> None:
        """Keep the state that a click on the arrow set."""
        event.stop()
        self._session.is_navigation_collapsed = not event.node.is_expanded
        self.refresh_bindings()

    def action_collapse(self, is_collapsed: bool) -> None:
        """Hide or show the list of pages."""
        self._session.is_navigation_collapsed = is_collapsed
        self.show_current()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        if action == "collapse":
            return bool(parameters[0]) is not self._session.is_navigation_collapsed
        return super().check_action(action, parameters)


def _count_text(count: int, width: int) -> str:
    """Return a count, in thousands or millions if it does not fit."""
    text = f"{count:,}"
    if len(text) > width:
        text = f"{count // 1000:,}k"
    return text if len(text) <= width else f"{count // 1_000_000:,}M"


def preload_modules() -> None:
    """Import the dialogs and pages after the first screen is shown. For worker threads.

    It takes as long as the import of Textual itself. The admin sees the first users before that,
    and it is usually finished when the first key is pressed.
    """
    for name in _PRELOADED:
        import_module(name)
        time.sleep(_YIELD_SECONDS)
