"""What an import has to say: the counts, what was found out, and the records that were rejected."""

from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from qm_tui.text import counted, fitted, visible
from qm_tui.transfer.importing import Report
from qm_tui.tui.content import safe, safe_lines
from qm_tui.tui.virtual_rows import VirtualRows
from qm_tui.users.problems import Problem, Severity

_LINE, _RESULT, _USER = 7, 9, 18


def has_something_to_say(report: Report) -> bool:
    """Whether the Actions bar has too little room for the outcome."""
    findings = report.findings
    dialect = findings.dialect
    return bool(
        report.plan.problems
        or report.store_moved_on
        or findings.samples
        or findings.columns.ignored
        or findings.short
        or findings.blank
        or not dialect.has_header
        or dialect.delimiter != ","
    )


class ProblemList(VirtualRows):
    """Problems, a line each, in the order of the file."""

    header_height: ClassVar[int] = 1

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(id="problems")
        self.problems = problems

    @property
    def row_count(self) -> int:
        """How many problems there are."""
        return len(self.problems)

    def row_text(self, row: int, width: int) -> str:
        """The line, what became of the record, who it is about, and what is wrong."""
        problem = self.problems[row]
        sign = ">" if row == self.cursor_row else " "
        result = "rejected" if problem.severity is Severity.ERROR else "look at"
        user = fitted(visible(problem.user, 60), _USER)
        text = f"{sign}{problem.line:>{_LINE},}  {result:<{_RESULT}}{user}  "
        return fitted(text + visible(problem.message, 300), width)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f" {'Line':>{_LINE}}  {'Result':<{_RESULT}}{'User':<{_USER}}  Problem"
        return [Segment(fitted(text, width), style)]


class ImportReport(ModalScreen[None]):
    """Shown after an import that did not go without a word.

    Args:
        name: the file's name.
        report: what the import did.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", "OK")]

    def __init__(self, name: str, report: Report) -> None:
        super().__init__()
        self._name, self._report = name, report

    def compose(self) -> ComposeResult:
        """Counts, findings, problems, the problem under the cursor, and OK."""
        report, plan = self._report, self._report.plan
        with Vertical(classes="dialog", id="import-report"):
            counts = plan.counts()
            said = [
                f"{counted(plan.records, 'record')}: "
                + ", ".join(f"{count:,} {result}" for result, count in counts.items()),
                *report.findings.sentences,
            ]
            if report.store_moved_on:
                said.append(
                    "Somebody else changed the store meanwhile; the file was checked against it "
                    "again."
                )
            yield Static(safe_lines(said), id="findings")
            if plan.problems:
                yield ProblemList(plan.problems)
                yield Static(id="problem")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        """The list has the focus where there is one, else OK."""
        dialog = self.query_one("#import-report")
        dialog.border_title = safe(f"Import: {self._name}", 60)
        if self._report.plan.problems:
            self.query_one(ProblemList).focus()
            self._show_problem(0)
        else:
            dialog.add_class("-short")
            self.query_one("#ok").focus()

    @on(VirtualRows.RowHighlighted)
    def _highlighted(self, event: VirtualRows.RowHighlighted) -> None:
        self._show_problem(event.cursor_row)

    def _show_problem(self, row: int) -> None:
        problem = self._report.plan.problems[row]
        who = f", {problem.user}" if problem.user else ""
        value = f"  Value: {problem.value}" if problem.value else ""
        self.query_one("#problem", Static).update(
            safe_lines(
                (
                    f"Record {problem.record:,} in line {problem.line:,}{who}.",
                    f"{problem.message}.{value}",
                    problem.remedy,
                )
            )
        )

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)
