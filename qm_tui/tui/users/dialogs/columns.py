"""The dialog for the column layout: shown columns, their order and width, frozen columns."""

from typing import ClassVar, Final

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button, Static

from qm_tui.text import pad_or_truncate, pluralize
from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.users.dialogs.layout_editor import LayoutDraft
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.query.columns import Column, Layout

_NAME, _SHORT, _WIDTH = 28, 14, 5

_LICENSES: Final = "All licenses in one cell: U unlimited, O on-demand, C computer recording."
_WIDER: Final = "Columns with the default width grow to fill the table."
_OTHER_WIDTH: Final = "* custom width; does not grow."
_LAST_COLUMN: Final = "At least one column must be visible. Show another one first."
_HIDDEN: Final = "This column is hidden. Press <columns.toggle> to show it first."


class ColumnLayoutList(VirtualList):
    """The list of all columns; the shown ones come first, in their order.

    Args:
        layout: the layout to edit.

    Attributes:
        draft: the layout with the edits.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.use", "Apply"),
        bind("columns.toggle", "select"),
        bind("columns.move_left", "move_column(-1)"),
        bind("columns.move_right", "move_column(1)"),
        bind("columns.narrower", "widen(-1)"),
        bind("columns.wider", "widen(1)"),
        bind("columns.freeze", "freeze"),
        bind("columns.reset", "reset"),
    ]

    class ActionRejected(Message):
        """A key had no effect; the sentence explains why."""

        def __init__(self, message: str) -> None:
            super().__init__()
            self.message = message

    def __init__(self, layout: Layout) -> None:
        super().__init__(id="column-lines")
        self.draft = LayoutDraft(layout)

    @property
    def row_count(self) -> int:
        """The number of columns."""
        return len(self.draft.lines)

    @property
    def help(self) -> tuple[str, str]:
        """The meaning of the current column, and whether its width is fixed."""
        line = self.draft.lines[self.cursor_row]
        is_usual = line.width == line.column.width
        return _meaning(line.column), _WIDER if is_usual else _OTHER_WIDTH

    def header_text(self, width: int) -> list[Segment]:
        """Return the header of the list."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"    {'Column':<{_NAME}} {'Heading':<{_SHORT}} {'Width':>{_WIDTH}}"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return whether a column is shown, its names, its width, and whether it is frozen."""
        line = self.draft.lines[row]
        column = line.column
        cursor = ">" if row == self.cursor_row else " "
        shown = "✓" if line.is_shown else " "
        custom = " " if line.width == column.width else "*"
        frozen = "frozen" if self.draft.is_frozen(row) else ""
        text = f"{cursor} {shown} {column.name:<{_NAME}} {column.short:<{_SHORT}}"
        return pad_or_truncate(f"{text} {line.width:>{_WIDTH}}{custom} {frozen}", width)

    def footer_text(self, width: int, line: int) -> str:
        """Return the number of shown and frozen columns."""
        layout = self.draft.layout
        shown = f"{len(layout.columns)} of {pluralize(self.row_count, 'column')} shown"
        return pad_or_truncate(f"    {shown}, {layout.frozen} frozen", width)

    # Changing

    def action_select(self) -> None:
        """Show or hide the current column."""
        if self.draft.toggle(self.cursor_row):
            self._changed()
        else:
            self.post_message(self.ActionRejected(_LAST_COLUMN))

    def action_move_column(self, by: int) -> None:
        """Move the current column in the table; the cursor stays on it."""
        if self._is_shown():
            self.cursor_row = self.draft.move(self.cursor_row, by)
            self._changed()

    def action_widen(self, by: int) -> None:
        """Make the current column wider or narrower."""
        self.draft.widen(self.cursor_row, by)
        self._changed()

    def action_freeze(self) -> None:
        """Freeze the columns up to the current one, or unfreeze the last frozen one."""
        if self._is_shown():
            self.draft.freeze(self.cursor_row)
            self._changed()

    def action_reset(self) -> None:
        """Reset to the default columns."""
        self.draft.reset()
        self.cursor_row = 0
        self._changed()

    def _is_shown(self) -> bool:
        """Return whether the current column is shown; report it if not."""
        is_shown = self.draft.lines[self.cursor_row].is_shown
        if not is_shown:
            self.post_message(self.ActionRejected(with_keys(_HIDDEN)))
        return is_shown

    def _changed(self) -> None:
        self.refresh()
        self.post_message(self.RowHighlighted(self, self.cursor_row))


class ColumnsDialog(Dialog[Layout | None]):
    """Edits a column layout. The result is the layout, or None if canceled.

    Args:
        layout: the layout to edit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "use", "Apply"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel", "Cancel"),
    ]

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self._lines = ColumnLayoutList(layout)

    def compose(self) -> ComposeResult:
        lines = self._lines
        hints = "Enter apply  <screen.keys> keys  Esc cancel"
        with dialog_frame("columns-dialog", "Columns", hints):
            yield lines
            yield Static(id="columns-said")
            with Horizontal(id="columns-keys"):
                yield KeyHint("[<columns.toggle> Show]", lines.action_select)
                yield KeyHint("[<columns.move_left> Left]", lambda: lines.action_move_column(-1))
                yield KeyHint("[<columns.move_right> Right]", lambda: lines.action_move_column(1))
                yield KeyHint("[<columns.narrower> Narrower]", lambda: lines.action_widen(-1))
                yield KeyHint("[<columns.wider> Wider]", lambda: lines.action_widen(1))
                yield KeyHint("[<columns.freeze> Freeze]", lines.action_freeze)
                yield KeyHint("[<columns.reset> Reset]", lines.action_reset)
            yield button_row(ok="[Apply]", cancel="[Cancel]")

    def on_mount(self) -> None:
        self._lines.focus()
        self._explain()

    @on(VirtualList.RowHighlighted)
    def _explain(self) -> None:
        self.query_one("#columns-said", Static).update(safe_lines(self._lines.help))

    @on(ColumnLayoutList.ActionRejected)
    def _action_rejected(self, event: ColumnLayoutList.ActionRejected) -> None:
        self.query_one("#columns-said", Static).update(safe(event.message))

    @on(Button.Pressed, "#ok")
    def action_use(self) -> None:
        """Close the dialog and apply the layout."""
        self.dismiss(self._lines.draft.layout)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog. The layout of the table does not change."""
        self.dismiss(None)


def _meaning(column: Column) -> str:
    return _LICENSES if column.field is None else column.field.meaning
