"""The dialog Options of an export: what is written, and how; each explained where the cursor is."""

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
_ONLY_FOR_EXCEL: Final = "Only a file for Excel can have another one than the comma."


class Who(Enum):
    """The users that are exported."""

    ALL = auto()
    SHOWN = auto()
    """Those whom the filter shows, in the order in which they are shown."""
    MARKED = auto()


class Scope(NamedTuple):
    """What is exported.

    Attributes:
        choices: what is written, and how.
        marked: how many users are marked.
        shown: how many users a filter shows; None where there is no filter.
        hidden: how many of the marked users are not shown.
        who: which users are written.
    """

    choices: ExportChoices
    marked: int = 0
    shown: int | None = None
    hidden: int = 0
    who: Who = Who.ALL

    @property
    def groups(self) -> list[Who]:
        """The groups of users between which there is a choice."""
        shown = [Who.SHOWN] if self.shown is not None else []
        return [Who.ALL, *shown, *([Who.MARKED] if self.marked else [])]

    @property
    def users(self) -> str:
        """The users that are written."""
        if self.who is Who.SHOWN:
            return f"{self.shown:,} shown"
        if self.who is Who.MARKED:
            return f"{self.marked:,} marked{f', {self.hidden:,} not shown' if self.hidden else ''}"
        return "all users"

    @property
    def summary(self) -> str:
        """All of it in one line."""
        if len(self.groups) == 1:
            return self.choices.summary
        return f"{self.users}; {self.choices.summary}"


_MEANINGS: Final = {
    Who.ALL: "All users will be written, in the store's order.",
    Who.SHOWN: "Only the users whom the filter shows will be written, in the order shown.",
    Who.MARKED: "Only the marked users will be written, whether they are shown or not.",
}


class _Line(NamedTuple):
    """A line of the dialog; without a choice it is which users are written."""

    choice: Choice[ExportChoices] | None
    title: str

    def text(self, scope: Scope) -> str:
        """A box that is checked or not; or, of many ways, the one that is chosen."""
        if self.choice is None:
            return f"    {self.title:<{_TITLE}} {scope.users}"
        option = self.choice.option(scope.choices)
        if not isinstance(option.value, bool):
            return f"    {self.title:<{_TITLE}} {option.words}"
        return f"[{'x' if option.value else ' '}] {self.title}"

    def meaning(self, scope: Scope) -> str:
        """What it means as it is now."""
        if self.choice is None:
            return _MEANINGS[scope.who]
        if self._is_idle(scope):
            return _ONLY_FOR_EXCEL
        return self.choice.option(scope.choices).meaning

    def turned(self, scope: Scope) -> Scope:
        """The same, with this turned."""
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
    """What can be chosen, a line each.

    Attributes:
        scope: what is chosen now.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", "Turn", show=False)]

    def __init__(self, scope: Scope) -> None:
        super().__init__(id="export-lines")
        self.scope = scope
        choices = [_Line(choice, choice.title) for choice in EXPORT_CHOICES]
        self._lines = [_Line(None, "Users"), *choices] if len(scope.groups) > 1 else choices
        self.styles.height = len(self._lines)

    @property
    def row_count(self) -> int:
        """How many lines there are."""
        return len(self._lines)

    @property
    def meaning(self) -> str:
        """What the line under the cursor means."""
        return self._lines[self.cursor_row].meaning(self.scope)

    def turn(self) -> None:
        """Choose the next way for the line under the cursor."""
        self.scope = self._lines[self.cursor_row].turned(self.scope)
        self.refresh()

    def row_text(self, row: int, width: int) -> str:
        """What is chosen."""
        sign = ">" if row == self.cursor_row else " "
        return fitted(f"{sign} {self._lines[row].text(self.scope)}", width)

    @on(events.Click)
    def _turn_clicked(self, event: events.Click) -> None:
        # one click turns a line, wherever the cursor was
        event.stop()
        event.prevent_default()
        if 0 <= event.y < self.row_count:
            self.cursor_row = event.y
            self.action_select()


class ExportOptions(Dialog[Scope]):
    """Shows all that can be chosen for an export, and gives what was chosen.

    Args:
        scope: what is chosen when it opens.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", "Back")]

    def __init__(self, scope: Scope) -> None:
        super().__init__(classes="small-dialog")
        self._lines = CheckLines(scope)

    def compose(self) -> ComposeResult:
        """The lines, the one under the cursor explained, and OK."""
        with Vertical(classes="dialog", id="export-options") as dialog:
            dialog.border_title = safe("Options of this export")
            dialog.border_subtitle = safe("Space turns  Esc back")
            yield self._lines
            yield Static(id="export-meaning")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        """The lines have the focus."""
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
        """Close it. What was turned stays."""
        self.dismiss(self._lines.scope)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(self._lines.scope)
