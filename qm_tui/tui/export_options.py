"""The dialog Options of an export: what is written, and how; each explained where the cursor is."""

from typing import ClassVar, Final, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from qm_tui.text import counted, fitted
from qm_tui.transfer.export_choices import EXPORT_CHOICES, ExportChoices
from qm_tui.transfer.options import Choice
from qm_tui.tui.content import safe
from qm_tui.tui.virtual_rows import VirtualRows

_TITLE: Final = 32
_ONLY_FOR_EXCEL: Final = "Only a file for Excel can have another one than the comma."


class Scope(NamedTuple):
    """What is exported.

    Attributes:
        choices: what is written, and how.
        marked: how many users are marked.
        only_marked: whether only they are written.
    """

    choices: ExportChoices
    marked: int = 0
    only_marked: bool = False

    @property
    def summary(self) -> str:
        """All of it in one line."""
        if not self.marked:
            return self.choices.summary
        users = f"{self.marked:,} marked" if self.only_marked else "all users"
        return f"{users}, {self.choices.summary}"


class _Line(NamedTuple):
    """A line of the dialog; without a choice it is whether only marked users are written."""

    choice: Choice[ExportChoices] | None
    title: str

    def text(self, scope: Scope) -> str:
        """A box that is checked or not; or, of many ways, the one that is chosen."""
        value = scope.only_marked
        if self.choice is not None:
            option = self.choice.option(scope.choices)
            if not isinstance(option.value, bool):
                return f"    {self.title:<{_TITLE}} {option.words}"
            value = option.value
        return f"[{'x' if value else ' '}] {self.title}"

    def meaning(self, scope: Scope) -> str:
        """What it means as it is now."""
        if self.choice is None:
            if scope.only_marked:
                return f"Only {counted(scope.marked, 'marked user')} will be written."
            return "All users will be written."
        if self._is_idle(scope):
            return _ONLY_FOR_EXCEL
        return self.choice.option(scope.choices).meaning

    def turned(self, scope: Scope) -> Scope:
        """The same, with this turned."""
        if self.choice is None:
            return scope._replace(only_marked=not scope.only_marked)
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
        marked = [_Line(None, f"Only the {counted(scope.marked, 'marked user')}")]
        choices = [_Line(choice, choice.title) for choice in EXPORT_CHOICES]
        self._lines = [*marked, *choices] if scope.marked else choices
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


class ExportOptions(ModalScreen[Scope]):
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
