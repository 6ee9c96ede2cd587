"""The dialog Export options: the users to export, and how they are written."""

from enum import Enum, auto
from typing import ClassVar, Final, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Button, Static

from qm_tui.store.state import UserCount
from qm_tui.text import pad_or_truncate
from qm_tui.transfer.options.choice import Option
from qm_tui.transfer.options.export_options import EXPORT_OPTIONS, ExportOptions
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.virtual_list import VirtualList

_TITLE: Final = 32
_ONLY_FOR_EXCEL: Final = "Only files for Excel can use a delimiter other than comma."


class ExportGroup(Enum):
    """The users to export."""

    ALL = auto()
    SHOWN = auto()
    """The users that match the filter, in the order shown."""
    MARKED = auto()


class ExportScope(NamedTuple):
    """The options of an export, and the users to export.

    Attributes:
        options: the export options.
        marked: the number of marked users.
        shown: the number of users that match the filter; None if no filter is set.
        hidden: the number of marked users that are not shown.
        group: the users to export.
    """

    options: ExportOptions
    marked: int = 0
    shown: UserCount | None = None
    hidden: int = 0
    group: ExportGroup = ExportGroup.ALL

    @property
    def groups(self) -> list[ExportGroup]:
        """The groups of users to choose from."""
        shown = [ExportGroup.SHOWN] if self.shown is not None else []
        return [ExportGroup.ALL, *shown, *([ExportGroup.MARKED] if self.marked else [])]

    @property
    def users(self) -> str:
        """The users to export, for example `12 marked (9 not shown)`."""
        if self.group is ExportGroup.SHOWN and self.shown is not None:
            return f"{self.shown.text} shown"
        if self.group is ExportGroup.MARKED:
            hidden = f" ({self.hidden:,} not shown)" if self.hidden else ""
            return f"{self.marked:,} marked{hidden}"
        return "all users"

    @property
    def summary(self) -> str:
        """The users and the options in one line."""
        if len(self.groups) == 1:
            return self.options.summary
        return f"{self.users}; {self.options.summary}"


_HELP: Final = {
    ExportGroup.ALL: "Exports all users in store order.",
    ExportGroup.SHOWN: "Exports the users that match the filter, in the order shown.",
    ExportGroup.MARKED: "Exports the marked users, including those not shown.",
}


class _ExportOptionRow(NamedTuple):
    """A line of the dialog: an option, or the users to export if `option` is None."""

    option: Option[ExportOptions] | None
    title: str

    def text(self, scope: ExportScope) -> str:
        """Return a checkbox for a yes/no option, else the title and the current value."""
        if self.option is None:
            return f"    {self.title:<{_TITLE}} {scope.users}"
        option = self.option.current(scope.options)
        if not isinstance(option.value, bool):
            return f"    {self.title:<{_TITLE}} {option.label}"
        return f"[{'x' if option.value else ' '}] {self.title}"

    def help(self, scope: ExportScope) -> str:
        """Return the help for the current value."""
        if self.option is None:
            return _HELP[scope.group]
        if self._is_idle(scope):
            return _ONLY_FOR_EXCEL
        return self.option.current(scope.options).help

    def with_next_value(self, scope: ExportScope) -> ExportScope:
        """Return the scope with the next value of this line."""
        if self.option is None:
            groups = scope.groups
            return scope._replace(group=groups[(groups.index(scope.group) + 1) % len(groups)])
        if self._is_idle(scope):
            return scope
        return scope._replace(options=self.option.with_next_value(scope.options))

    def _is_idle(self, scope: ExportScope) -> bool:
        is_delimiter = self.option is not None and self.option.key == "delimiter"
        return is_delimiter and not scope.options.for_excel


class CheckList(VirtualList):
    """The options, one per line.

    Attributes:
        scope: the current options and users.
    """

    BINDINGS: ClassVar[list[BindingType]] = [bind("options.next", "select", show=False)]

    def __init__(self, scope: ExportScope) -> None:
        super().__init__(id="export-lines")
        self.scope = scope
        options = [_ExportOptionRow(option, option.title) for option in EXPORT_OPTIONS]
        self._lines = (
            [_ExportOptionRow(None, "Users"), *options] if len(scope.groups) > 1 else options
        )
        self.styles.height = len(self._lines)

    @property
    def row_count(self) -> int:
        """The number of lines."""
        return len(self._lines)

    @property
    def help(self) -> str:
        """The help for the current line."""
        return self._lines[self.cursor_row].help(self.scope)

    def change_value(self) -> None:
        """Select the next value of the current line."""
        self.scope = self._lines[self.cursor_row].with_next_value(self.scope)
        self.refresh()

    def row_text(self, row: int, width: int) -> str:
        """Return the text of a line."""
        cursor = ">" if row == self.cursor_row else " "
        return pad_or_truncate(f"{cursor} {self._lines[row].text(self.scope)}", width)

    @on(events.Click)
    def _clicked_value(self, event: events.Click) -> None:
        # unlike in other lists, the first click on a line already selects the next value
        event.stop()
        event.prevent_default()
        if 0 <= event.y < self.row_count:
            self.cursor_row = event.y
            self.action_select()


class ExportOptionsDialog(Dialog[ExportScope]):
    """Shows the options of an export. The result is the selected scope.

    Args:
        scope: the options and users at the start.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "close"),
        bind("files.options", "close", "Close"),
    ]

    def __init__(self, scope: ExportScope) -> None:
        super().__init__(classes="small-dialog")
        self._lines = CheckList(scope)

    def compose(self) -> ComposeResult:
        with dialog_frame(
            "export-options", "Export options", "<options.next> next value  Esc close"
        ):
            yield self._lines
            yield Static(id="export-meaning")
            yield button_row(ok="[OK]")

    def on_mount(self) -> None:
        self._lines.focus()
        self._explain()

    @on(VirtualList.RowHighlighted)
    def _explain(self) -> None:
        self.query_one("#export-meaning", Static).update(safe(self._lines.help))

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        self._lines.change_value()
        self._explain()

    def action_close(self) -> None:
        """Close the dialog; the selected values are kept."""
        self.dismiss(self._lines.scope)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(self._lines.scope)
