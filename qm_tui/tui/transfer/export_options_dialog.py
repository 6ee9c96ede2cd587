"""The dialog Export options: the users to export, and how they are written."""

from enum import Enum, auto
from typing import ClassVar, Final, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from qm_tui.text import fitted
from qm_tui.transfer.options.choice import Choice
from qm_tui.transfer.options.export_options import EXPORT_CHOICES, ExportChoices
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.virtual_list import VirtualRows

_TITLE: Final = 32
_ONLY_FOR_EXCEL: Final = "Only files for Excel can use a delimiter other than comma."


class Who(Enum):
    """The users to export."""

    ALL = auto()
    SHOWN = auto()
    """The users that match the filter, in the order shown."""
    MARKED = auto()


class Scope(NamedTuple):
    """The options of an export, and the users to export.

    Attributes:
        choices: the export options.
        marked: the number of marked users.
        shown: the number of users that match the filter; None if no filter is set.
        hidden: the number of marked users that are not shown.
        who: the users to export.
    """

    choices: ExportChoices
    marked: int = 0
    shown: int | None = None
    hidden: int = 0
    who: Who = Who.ALL

    @property
    def groups(self) -> list[Who]:
        """The groups of users to choose from."""
        shown = [Who.SHOWN] if self.shown is not None else []
        return [Who.ALL, *shown, *([Who.MARKED] if self.marked else [])]

    @property
    def users(self) -> str:
        """The users to export, for example `12 marked (9 not shown)`."""
        if self.who is Who.SHOWN:
            return f"{self.shown:,} shown"
        if self.who is Who.MARKED:
            hidden = f" ({self.hidden:,} not shown)" if self.hidden else ""
            return f"{self.marked:,} marked{hidden}"
        return "all users"

    @property
    def summary(self) -> str:
        """The users and the options in one line."""
        if len(self.groups) == 1:
            return self.choices.summary
        return f"{self.users}; {self.choices.summary}"


_MEANINGS: Final = {
    Who.ALL: "Exports all users in store order.",
    Who.SHOWN: "Exports the users that match the filter, in the order shown.",
    Who.MARKED: "Exports the marked users, including those not shown.",
}


class _Line(NamedTuple):
    """A line of the dialog: an option, or the users to export if `choice` is None."""

    choice: Choice[ExportChoices] | None
    title: str

    def text(self, scope: Scope) -> str:
        """Return a checkbox for a yes/no option, else the title and the current value."""
        if self.choice is None:
            return f"    {self.title:<{_TITLE}} {scope.users}"
        option = self.choice.option(scope.choices)
        if not isinstance(option.value, bool):
            return f"    {self.title:<{_TITLE}} {option.words}"
        return f"[{'x' if option.value else ' '}] {self.title}"

    def meaning(self, scope: Scope) -> str:
        """Return the help for the current value."""
        if self.choice is None:
            return _MEANINGS[scope.who]
        if self._is_idle(scope):
            return _ONLY_FOR_EXCEL
        return self.choice.option(scope.choices).meaning

    def turned(self, scope: Scope) -> Scope:
        """Return the scope with the next value of this line."""
        if self.choice is None:
            groups = scope.groups
            return scope._replace(who=groups[(groups.index(scope.who) + 1) % len(groups)])
        if self._is_idle(scope):
            return scope
        return scope._replace(choices=self.choice.turned(scope.choices))

    def _is_idle(self, scope: Scope) -> bool:
        is_delimiter = self.choice is not None and self.choice.key == "delimiter"
        return is_delimiter and not scope.choices.for_excel


class CheckLines(VirtualRows):
    """The options, one per line.

    Attributes:
        scope: the current options and users.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Next value", show=False)]

    def __init__(self, scope: Scope) -> None:
        super().__init__(id="export-lines")
        self.scope = scope
        choices = [_Line(choice, choice.title) for choice in EXPORT_CHOICES]
        self._lines = [_Line(None, "Users"), *choices] if len(scope.groups) > 1 else choices
        self.styles.height = len(self._lines)

    @property
    def row_count(self) -> int:
        """The number of lines."""
        return len(self._lines)

    @property
    def meaning(self) -> str:
        """The help for the current line."""
        return self._lines[self.cursor_row].meaning(self.scope)

    def turn(self) -> None:
        """Select the next value of the current line."""
        self.scope = self._lines[self.cursor_row].turned(self.scope)
        self.refresh()

    def row_text(self, row: int, width: int) -> str:
        """Return the text of a line."""
        cursor = ">" if row == self.cursor_row else " "
        return fitted(f"{cursor} {self._lines[row].text(self.scope)}", width)

    @on(events.Click)
    def _turn_clicked(self, event: events.Click) -> None:
        # unlike in other lists, the first click on a line already selects the next value
        event.stop()
        event.prevent_default()
        if 0 <= event.y < self.row_count:
            self.cursor_row = event.y
            self.action_select()


class ExportOptions(Dialog[Scope]):
    """Shows the options of an export. The result is the selected scope.

    Args:
        scope: the options and users at the start.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", "Close")]

    def __init__(self, scope: Scope) -> None:
        super().__init__(classes="small-dialog")
        self._lines = CheckLines(scope)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="export-options") as dialog:
            dialog.border_title = safe("Export options")
            dialog.border_subtitle = safe("Space next value  Esc close")
            yield self._lines
            yield Static(id="export-meaning")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        self._lines.focus()
        self._explain()

    @on(VirtualRows.RowHighlighted)
    def _explain(self) -> None:
        self.query_one("#export-meaning", Static).update(safe(self._lines.meaning))

    @on(VirtualRows.RowSelected)
    def _selected(self) -> None:
        self._lines.turn()
        self._explain()

    def action_close(self) -> None:
        """Close the dialog; the selected values are kept."""
        self.dismiss(self._lines.scope)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(self._lines.scope)
