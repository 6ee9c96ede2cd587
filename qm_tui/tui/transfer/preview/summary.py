"""The summary above the records of a preview: findings, counts, problems, licenses, options."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static

from qm_tui.progress_line import progress_bar
from qm_tui.text import pad_or_truncate, sanitize, truncate_middle
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.plan import MAX_LISTED, ImportPlan, IssueGroup
from qm_tui.transfer.planning.plan_text import (
    SEVERITY_LABELS,
    TOTAL_LABELS,
    corrected_text,
    counts_text,
    fixing_value,
    options_text,
    removals_text,
    without_password_text,
)
from qm_tui.tui.keys.keymap import bind, first_key, option_key, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import SEVERITY_STYLES
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.job import JobProgressed
from qm_tui.users.issues import Severity

_BAR: Final = 12
_AROUND_NAME: Final = 12
"""Cells in the title next to the name of the file and the state: `Import: ` and blanks."""

_MIN_NAME: Final = 12
_LABEL: Final = 9
_COUNT: Final = 4
_CORRECT: Final = "correct manually"
_MAX_MESSAGES: Final = 4
"""Lines of findings that are shown even if groups of problems need the room."""


class SummaryLine(NamedTuple):
    """A line above the records.

    Attributes:
        text: the sanitized text.
        is_bold: whether it is bold.
        group: the group of problems that the line shows.
        fix_at: the cell where the fix of the group starts; 0 if the line shows no fix.
        omits: whether it stands for lines for which there is no room.
    """

    text: str
    is_bold: bool = False
    group: IssueGroup | None = None
    fix_at: int = 0
    omits: bool = False


class PreviewTitle(Horizontal):
    """The name of the file, and the progress or the state of the preview."""

    def __init__(self) -> None:
        super().__init__(id="preview-title")
        self._file = self._state = ""

    def compose(self) -> ComposeResult:
        yield Static(id="preview-name")
        yield Static(id="preview-state")

    def show(self, name: str, state: str) -> None:
        """Show the name of the file in the room next to the state."""
        self._file, self._state = name, state
        self.query_one("#preview-state", Static).update(safe(state))
        room = self.app.size.width - cell_len(state) - _AROUND_NAME
        shown = truncate_middle(name, max(_MIN_NAME, room))
        self.query_one("#preview-name", Static).update(safe(f"Import: {shown}"))

    def show_progress(self, name: str, event: JobProgressed) -> str:
        """Show the progress with a bar; return it as text."""
        text = f"{event.text}  {progress_bar(event.done, event.total, _BAR)}"
        self.show(name, text)
        return text

    def on_resize(self) -> None:
        if self._file:
            self.show(self._file, self._state)


class PreviewSummary(Static):
    """The lines above the records. A click on a group shows it; a click on its fix applies it."""

    ALLOW_SELECT = False

    class FixSelected(Message):
        """The fix of a group was clicked."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class GroupSelected(Message):
        """A group was selected: its first record, and whether it was rejected."""

        def __init__(self, group: IssueGroup) -> None:
            super().__init__()
            self.first, self.is_error = group.first, group.severity is Severity.ERROR

    class AllRequested(Message):
        """The line that stands for omitted lines was clicked."""

    def __init__(self) -> None:
        super().__init__(id="head")
        self._lines: Sequence[SummaryLine] = ()

    def show(
        self, prepared: PreparedImport, notice: str, width: int, height: int, *, shows_counts: bool
    ) -> None:
        """Show the summary of an import; the arguments are those of `summary_lines`."""
        lines = summary_lines(prepared, notice, width, height, shows_counts=shows_counts)
        self._lines = lines
        self.styles.height = len(lines)
        self.update(Content("\n").join(_styled(line) for line in lines))

    def on_click(self, event: events.Click) -> None:
        """Apply the fix that was clicked, or show the group."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= offset.y < len(self._lines):
            return
        line = self._lines[offset.y]
        if line.omits:
            self.post_message(self.AllRequested())
        if line.group is None:
            return
        if line.group.fixing_option is not None and line.fix_at and offset.x >= line.fix_at:
            self.post_message(self.FixSelected(line.group.fixing_option.key))
        else:
            self.post_message(self.GroupSelected(line.group))


_NARROWEST: Final = 20


def _styled(line: SummaryLine) -> Content:
    """Return a line for the widget: the label and the number of a group have its color."""
    text = safe(line.text).stylize("bold" if line.is_bold else "")
    if line.group is None:
        return text
    return text.stylize(SEVERITY_STYLES[line.group.severity], 0, _LABEL + _COUNT)


def summary_lines(
    prepared: PreparedImport, notice: str, width: int, height: int, *, shows_counts: bool = True
) -> list[SummaryLine]:
    """Return the summary of a planned import in at most `height` lines.

    Args:
        prepared: the import.
        notice: a message shown first; may be empty.
        width: the cells of a line.
        height: the number of lines available.
        shows_counts: whether to show the number of records by result.
    """
    plan = prepared.plan
    width = max(width, _NARROWEST)  # a terminal that is too small shows none of it
    first = [SummaryLine(line, is_bold=True) for line in wrap(notice, width, max_lines=3)]
    counts_lines = wrap(counts_text(plan), width) if shows_counts else []
    counts = [SummaryLine(line, is_bold=True) for line in counts_lines]
    last = [*_totals(plan, width), *_options_lines(plan.options, width), *_notes(prepared, width)]
    file_report = [SummaryLine(line) for line in _packed(prepared.file_report.messages, width)]
    groups = list(_groups(plan, width))
    errors = sum(group.severity is Severity.ERROR for group in plan.groups)
    room = height - len(first) - len(counts) - len(last)
    if len(file_report) + len(groups) > room:
        file_report = _split(file_report, max(_MAX_MESSAGES, room - len(groups)), width)
    room -= len(file_report)
    if len(groups) > room:
        # groups of errors must not displace all groups of warnings and their fixes
        skipped = min(errors, max(room // 2, room - (len(groups) - errors)))
        warnings = groups[errors:]
        groups = _split(groups[:errors], skipped, width) if errors else []
        groups += _split(warnings, room - len(groups), width) if warnings else []
    return (first + file_report + counts + groups + last)[: max(1, height)]


def _split(lines: list[SummaryLine], room: int, width: int) -> list[SummaryLine]:
    """Return the first lines, followed by the number of lines omitted."""
    room = max(1, room)
    if len(lines) <= room:
        return lines
    more = f"… {len(lines) - room + 1:,} more ({first_key('preview.problems')} shows all)"
    return [*lines[: room - 1], SummaryLine(pad_or_truncate(more, width), omits=True)]


def problem_lines(prepared: PreparedImport, width: int) -> list[SummaryLine]:
    """Return all findings in full, and all groups of problems."""
    width = max(width, _NARROWEST)
    messages = prepared.file_report.messages
    findings = [SummaryLine(line) for message in messages for line in wrap(message, width)]
    return [*findings, *_groups(prepared.plan, width)]


def _packed(sentences: Sequence[str], width: int) -> Iterator[str]:
    """Pack sentences into lines: short ones share a line, long ones take two."""
    line = ""
    for message in sentences:
        together = f"{line}  {message}" if line else message
        if len(together) <= width and together.endswith("."):
            line = together
            continue
        if line:
            yield line
        *whole, line = wrap(message, width, max_lines=2, placeholder=" …") or [""]
        yield from whole
        if not line.endswith("."):
            yield line
            line = ""
    if line:
        yield line


def _groups(plan: ImportPlan, width: int) -> Iterator[SummaryLine]:
    """Yield the groups of problems, each with its fix and the key of the fix."""
    fixes = [_fix_text(group, plan) for group in plan.groups]
    errors = [group for group in plan.groups if group.severity is Severity.ERROR]
    for index, group in enumerate(errors):
        if group.fixing_option is None and plan.outcomes and plan.outcomes.values.get(group.first):
            fixes[index] = f"{first_key('preview.correct'):<2} {_CORRECT}"
            break
    count = max((len(f"{group.records:,}") for group in plan.groups), default=0)
    count = max(_COUNT, count)
    room = max(20, width - _LABEL - count - 4 - max(map(len, fixes), default=0))
    severity: Severity | None = None
    for group, fix in zip(plan.groups, fixes, strict=True):
        label = SEVERITY_LABELS[group.severity] if group.severity is not severity else ""
        severity = group.severity
        text = f"{label:<{_LABEL}}{group.records:>{count},}  "
        fix_at = len(text) + room + 2
        if fix:
            text += f"{pad_or_truncate(sanitize(group.reason, 300), room)}  {fix}"
        else:
            text += sanitize(group.reason, 300)
        yield SummaryLine(
            pad_or_truncate(text, width), False, group, fix_at if fix and group.fixing_option else 0
        )


def _fix_text(group: IssueGroup, plan: ImportPlan) -> str:
    value = fixing_value(group.fixing_option, plan.options)
    if group.fixing_option is None or value is None:
        return ""
    return f"{option_key(group.fixing_option):<2} {value.fix}"


def _totals(plan: ImportPlan, width: int) -> Iterator[SummaryLine]:
    """Yield the licenses and the active users before and after, in as few lines as possible."""
    keys = sorted(TOTAL_LABELS, key=lambda key: key == "is_active")  # licenses first
    parts = [
        f"{TOTAL_LABELS[key]} {plan.totals[key].before:,} → {plan.totals[key].after:,}"
        for key in keys
        if key in plan.totals
    ]
    label, line = f"{'Licenses':<{_LABEL}}  ", ""
    for part in parts:
        together = f"{line}   {part}" if line else part
        if line and len(label) + len(together) > width:
            yield SummaryLine(label + line)
            label, together = " " * len(label), part
        line = together
    if line:
        yield SummaryLine(label + line)


def _options_lines(options: ImportOptions, width: int) -> Iterator[SummaryLine]:
    """Yield the options that are not the default."""
    text = options_text(options)
    if text:
        yield from map(
            SummaryLine,
            wrap(
                f"{'Options':<{_LABEL}}  {text}",
                width,
                max_lines=2,
                placeholder=sanitize(with_keys(" … (<preview.options> shows all)")),
                subsequent_indent=" " * (_LABEL + 2),
            ),
        )


def _notes(prepared: PreparedImport, width: int) -> Iterator[SummaryLine]:
    plan = prepared.plan
    if prepared.request.corrections:
        yield SummaryLine(corrected_text(len(prepared.request.corrections)))
    if plan.without_password:
        yield SummaryLine(without_password_text(plan))
    if prepared.file_report.needs_mapping:
        yield SummaryLine(
            with_keys(
                "Required fields have no column. Press <preview.map_columns> to map columns to "
                "fields."
            ),
            True,
        )
    if plan.is_blocked:
        text = "Import disabled: some records are rejected (option: import nothing)."
        yield SummaryLine(text, is_bold=True)
    if plan.required_confirmation:
        lines = wrap(removals_text(plan), width, max_lines=2)
        yield from (SummaryLine(line, is_bold=True) for line in lines)
    if plan.records > MAX_LISTED:
        text = (
            f"Only the first {MAX_LISTED:,} records are listed. All records are counted and "
            "imported."
        )
        yield from map(SummaryLine, wrap(text, width, max_lines=2))


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

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "close"),
        bind("preview.problems", "close", "Close"),
    ]

    def __init__(self, prepared: PreparedImport) -> None:
        super().__init__(classes="full-dialog")
        self._list = ProblemList(prepared)

    def compose(self) -> ComposeResult:
        with dialog_frame("all-problems", "All problems", "Enter go to records  Esc close"):
            yield self._list
            yield button_row(close="[Close]")

    def on_mount(self) -> None:
        self._list.focus()

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        if self._list.cursor_group is not None:
            self.dismiss(self._list.cursor_group)

    @on(Button.Pressed)
    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)
