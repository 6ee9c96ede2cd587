"""The dialog Columns: which are shown, in which order, how wide, and which stay in place."""

from typing import ClassVar, Final, cast

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Static

from qm_tui.text import counted, fitted
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.users.dialogs.layout_editor import LayoutDraft
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.query.columns import Column, Layout

_NAME, _SHORT, _WIDTH = 28, 14, 5

_LICENSES: Final = "All licenses in one cell: U unlimited, O on-demand, C computer recording."
_WIDER: Final = "Columns of their usual width become wider where the table has room."
_OTHER_WIDTH: Final = "* another width than usual; it stays as it is."
_ONE_AT_LEAST: Final = "At least one column must be shown: show another before you hide this one."
_HIDDEN: Final = "This column is hidden: show it with Space first."


class ColumnLines(VirtualRows):
    """All columns, a line each: first those that are shown, in their order.

    Args:
        layout: how the table is laid out.

    Attributes:
        draft: the layout as it is now.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.use", "OK"),
        Binding("space", "select", "Show or hide"),
        Binding("less_than_sign", "move_column(-1)", "Move to the left"),
        Binding("greater_than_sign", "move_column(1)", "Move to the right"),
        Binding("minus,left", "widen(-1)", "Narrower"),
        Binding("plus,right", "widen(1)", "Wider"),
        Binding("f", "freeze", "Columns up to here stay in place, or move"),
        Binding("r", "reset", "The usual columns"),
    ]

    class Refused(Message):
        """A key did nothing; the sentence says why."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, layout: Layout) -> None:
        super().__init__(id="column-lines")
        self.draft = LayoutDraft(layout)

    @property
    def row_count(self) -> int:
        """How many columns there are."""
        return len(self.draft.lines)

    @property
    def said(self) -> tuple[str, str]:
        """What the column under the cursor shows, and what becomes of its width."""
        line = self.draft.lines[self.cursor_row]
        is_usual = line.width == line.column.width
        return _meaning(line.column), _WIDER if is_usual else _OTHER_WIDTH

    def header_text(self, width: int) -> list[Segment]:
        """The names of what is shown of a column."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"    {'Column':<{_NAME}} {'Heading':<{_SHORT}} {'Width':>{_WIDTH}}"
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Whether it is shown, its names, its width, and whether it stays in place."""
        line = self.draft.lines[row]
        column = line.column
        cursor = ">" if row == self.cursor_row else " "
        shown = "✓" if line.is_shown else " "
        other = " " if line.width == column.width else "*"
        stays = "stays in place" if self.draft.stays(row) else ""
        text = f"{cursor} {shown} {column.name:<{_NAME}} {column.short:<{_SHORT}}"
        return fitted(f"{text} {line.width:>{_WIDTH}}{other} {stays}", width)

    def footer_text(self, width: int, line: int) -> str:
        """How many are shown."""
        layout = self.draft.layout
        shown = f"{len(layout.columns)} of {counted(self.row_count, 'column')} shown"
        return fitted(f"    {shown}, {layout.frozen} in place", width)

    # Changing

    def action_select(self) -> None:
        """Show the column under the cursor, or hide it."""
        if self.draft.show_or_hide(self.cursor_row):
            self._changed()
        else:
            self.post_message(self.Refused(_ONE_AT_LEAST))

    def action_move_column(self, by: int) -> None:
        """Move the column under the cursor in the table; the cursor stays on it."""
        if self._is_shown():
            self.cursor_row = self.draft.move(self.cursor_row, by)
            self._changed()

    def action_widen(self, by: int) -> None:
        """Make the column under the cursor wider or narrower."""
        self.draft.widen(self.cursor_row, by)
        self._changed()

    def action_freeze(self) -> None:
        """Let the columns up to the cursor stay in place; the last of them moves again."""
        if self._is_shown():
            self.draft.freeze(self.cursor_row)
            self._changed()

    def action_reset(self) -> None:
        """Take the usual columns."""
        self.draft.reset()
        self.cursor_row = 0
        self._changed()

    def _is_shown(self) -> bool:
        """Whether the column under the cursor is shown; if not, that is said."""
        is_shown = self.draft.lines[self.cursor_row].is_shown
        if not is_shown:
            self.post_message(self.Refused(_HIDDEN))
        return is_shown

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.RowHighlighted(self, self.cursor_row))


class ColumnsDialog(Dialog[Layout | None]):
    """Gives how the table is to be laid out; None where it stays as it is.

    Args:
        layout: how it is laid out.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "use", "OK"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q", "cancel", "Back"),
    ]

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._lines = ColumnLines(layout)

    def compose(self) -> ComposeResult:
        """The columns, the one under the cursor explained, the keys, the buttons."""
        lines = self._lines
        with Vertical(classes="dialog", id="columns-dialog") as dialog:
            dialog.border_title = safe("Columns")
            dialog.border_subtitle = safe("Enter OK  ? keys  Esc back")
            yield lines
            yield Static(id="columns-said")
            with Horizontal(id="columns-keys"):
                yield KeyHint("[Space Show]", lines.action_select)
                yield KeyHint("[< Left]", lambda: lines.action_move_column(-1))
                yield KeyHint("[> Right]", lambda: lines.action_move_column(1))
                yield KeyHint("[- Narrower]", lambda: lines.action_widen(-1))
                yield KeyHint("[+ Wider]", lambda: lines.action_widen(1))
                yield KeyHint("[f Freeze]", lines.action_freeze)
                yield KeyHint("[r Usual]", lines.action_reset)
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus."""
        self._lines.focus()
        self._explain()

    @on(VirtualRows.RowHighlighted)
    def _explain(self) -> None:
        self.query_one("#columns-said", Static).update(safe_lines(self._lines.said))

    @on(ColumnLines.Refused)
    def _refused(self, event: ColumnLines.Refused) -> None:
        self.query_one("#columns-said", Static).update(safe(event.sentence))

    @on(Button.Pressed, "#ok")
    def action_use(self) -> None:
        """Close it with the layout."""
        self.dismiss(self._lines.draft.layout)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close it, and the table stays as it is."""
        self.dismiss(None)

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))


def _meaning(column: Column) -> str:
    return _LICENSES if column.field is None else column.field.meaning
