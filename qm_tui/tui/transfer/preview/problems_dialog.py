"""The dialog with all findings and all groups of problems of an import."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.planning.plan import IssueGroup
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.summary import SummaryLine, problem_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.virtual_list import VirtualList


class ProblemList(VirtualList):
    """Findings and groups of problems, and the current group in full below them.

    Args:
        prepared: the import.
    """

    header_height: ClassVar[int] = 0
    footer_height: ClassVar[int] = 3

    def __init__(self, prepared: PreparedImport) -> None:
        super().__init__(id="problems")
        self._prepared = prepared
        self._lines: Sequence[SummaryLine] = ()

    @property
    def row_count(self) -> int:
        """The number of lines."""
        return len(self._lines)

    @property
    def cursor_group(self) -> IssueGroup | None:
        """The current group; None on a finding."""
        return self._lines[self.cursor_row].group if self._lines else None

    def on_resize(self) -> None:
        """Wrap the findings to the new width."""
        self._lines = problem_lines(self._prepared, self.size.width - 2)
        self.rows_changed(self.cursor_row)

    def row_text(self, row: int, width: int) -> str:
        """Return a line, with the cursor."""
        cursor = ">" if row == self.cursor_row else " "
        return pad_or_truncate(f"{cursor} {self._lines[row].text}", width)

    def footer_text(self, width: int, line: int) -> str:
        """Return a line of the current group in full, below an empty one."""
        group = self.cursor_group
        lines = wrap(sanitize(group.reason, 300), max(8, width - 3)) if group is not None else []
        return pad_or_truncate(f"  {lines[line - 1]}" if 0 < line <= len(lines) else "", width)


class ProblemsDialog(Dialog[IssueGroup | None]):
    """Shows all problems of an import. The result is the selected group, or None.

    Args:
        prepared: the import.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,v", "close", "Close")]

    def __init__(self, prepared: PreparedImport) -> None:
        super().__init__(classes="full-dialog")
        self._list = ProblemList(prepared)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = safe("All problems")
            dialog.border_subtitle = safe("Enter go to records  Esc close")
            yield self._list
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Close]"), id="close", compact=True, action="screen.close")

    def on_mount(self) -> None:
        self._list.focus()

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        if self._list.cursor_group is not None:
            self.dismiss(self._list.cursor_group)

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)
