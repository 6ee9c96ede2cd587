"""The details of one record of a planned import: its problems, and each field before and after."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.widgets import Button, Static

from qm_tui.text import sanitize, with_full_stop
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.plan import RecordOutcome, Result
from qm_tui.transfer.planning.plan_text import fixing_value
from qm_tui.transfer.planning.totals import fixing_option
from qm_tui.tui.keys.keymap import bind, option_key, with_keys
from qm_tui.tui.text.safe_content import key_hints, safe
from qm_tui.tui.text.severity_symbols import SEVERITY_SYMBOLS, severity_symbol
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.users.fields import FIELD, FIELDS, Field

_SYMBOL, _NAME = 2, 30
_EMPTY: Final = "(empty)"
_NO_COLUMN: Final = "(not in the file)"
_SET, _NOT_SET, _CHANGES = "set", "not set", "changes"
_PASSWORD: Final = FIELD["password"]


class RecordScreenResult(NamedTuple):
    """The result of the screen.

    Attributes:
        number: the number of the record shown last.
        correct: whether the admin wants to correct it.
    """

    number: int
    correct: bool


class _FieldLine(NamedTuple):
    """The line of a field."""

    rank: int
    symbol: str
    name: str
    text: str
    is_dim: bool


class _Body(VerticalScroll, can_focus=True):
    """The scrollable content."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.up", "scroll(-1)", show=False),
        bind("list.down", "scroll(1)", show=False),
        bind("list.page_up", "scroll_pages(-1)", show=False),
        bind("list.page_down", "scroll_pages(1)", show=False),
        bind("record.page_down", "scroll_pages(1)", show=False),
        bind("list.half_page_up", "scroll_pages(-0.5)", show=False),
        bind("list.half_page_down", "scroll_pages(0.5)", show=False),
        bind("list.first", "scroll_to_end(-1)", show=False),
        bind("list.last", "scroll_to_end(1)", show=False),
    ]

    def action_scroll(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll by a page; the line at its edge stays visible."""
        self.scroll_relative(y=int(pages * max(2, self.size.height - 1)), animate=False)

    def action_scroll_to_end(self, direction: int) -> None:
        """Scroll to the first or the last line."""
        self.scroll_to(y=self.max_scroll_y if direction > 0 else 0, animate=False)


class RecordScreen(Dialog[RecordScreenResult]):
    """Shows a record, and on request the previous and the next one.

    Args:
        outcome: the result of the record.
        among: the results of the records to browse; empty if there is only this one.
        index: the index of the record in `among`.
        options: the options with which the import was planned.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("record.correct", "correct"),
        bind("record.next", "move(1)"),
        bind("record.previous", "move(-1)"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "close"),
    ]

    def __init__(
        self,
        outcome: RecordOutcome,
        among: Sequence[RecordOutcome] = (),
        index: int = 0,
        options: ImportOptions | None = None,
    ) -> None:
        super().__init__(classes="full-dialog")
        self._options = options or ImportOptions()
        self._outcome, self._among, self._at = outcome, among, index

    def compose(self) -> ComposeResult:
        with dialog_frame("record"):
            with _Body(id="record-body"):
                yield Static(id="record-text")
            yield button_row(
                correct=with_keys("[<record.correct> Correct]"),
                previous=with_keys("[<record.previous> Previous]"),
                next=with_keys("[<record.next> Next]"),
                back="[Close]",
            )

    def on_mount(self) -> None:
        self.query_one(_Body).focus()
        self._show()

    def _show(self) -> None:
        outcome = self._outcome
        dialog = self.query_one("#record")
        title = f"Record {outcome.number:,}, line {outcome.line:,}: {outcome.result}"
        dialog.border_title = safe(title)
        place = f"{self._at + 1:,} of {len(self._among):,}  " if len(self._among) > 1 else ""
        dialog.border_subtitle = key_hints(with_keys(f"{place}Esc close  <screen.keys> keys"))
        self.query_one("#record-text", Static).update(record_table(outcome, self._options))
        self.query_one(_Body).scroll_home(animate=False)
        for name in ("correct", "previous", "next"):
            self.query_one(f"#{name}").display = self._can(name)
        self.refresh_bindings()

    def _can(self, name: str) -> bool:
        if name == "correct":
            return self._outcome.result is Result.REJECTED and self._outcome.values is not None
        index = self._at + (1 if name == "next" else -1)
        return 0 <= index < len(self._among)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        if action == "correct":
            return self._can("correct")
        if action == "move":
            return self._can("next" if parameters[0] > 0 else "previous")
        return True

    def action_move(self, records: int) -> None:
        """Show the next or a previous record."""
        self._at += records
        self._outcome = self._among[self._at]
        self._show()
        if self.focused is None or not self.focused.display:
            self.query_one(_Body).focus()

    def action_correct(self) -> None:
        """Close the screen, to correct the record."""
        self.dismiss(RecordScreenResult(self._outcome.number, correct=True))

    def action_close(self) -> None:
        """Close the screen."""
        self.dismiss(RecordScreenResult(self._outcome.number, correct=False))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id in ("previous", "next"):
            self.action_move(1 if event.button.id == "next" else -1)
        elif event.button.id == "correct":
            self.action_correct()
        else:
            self.action_close()


def record_table(outcome: RecordOutcome, options: ImportOptions) -> Table:
    """Return the name, the problems and the fields of a record, fields with problems first.

    Args:
        outcome: the result of the record.
        options: the options with which the import was planned.
    """
    table = Table.grid(expand=True)
    table.add_column(width=_SYMBOL)
    table.add_column(ratio=1)
    table.add_row("", Text(sanitize(outcome.user_label or "(no name)", 200), "bold"))
    for issue in outcome.issues:
        symbol = Text(SEVERITY_SYMBOLS[issue.severity], "bold")
        table.add_row(symbol, Text(with_full_stop(sanitize(issue.message)), "bold"))
        table.add_row("", Text(sanitize(issue.fix)))
        option = fixing_option(issue, updates=outcome.stored is not None)
        value = fixing_value(option, options)
        if option is not None and value is not None:
            key = option_key(option)
            text = f"For all records: {value.fix} (press {key} in the preview)."
            table.add_row("", Text(sanitize(text)))
    table.add_row("", "")
    if outcome.user is None and outcome.values is None:
        table.add_row("", "The line cannot be parsed. Its fields are unknown.")
        return table
    table.add_row("", _fields_table(outcome))
    return table


def _fields_table(outcome: RecordOutcome) -> Table:
    table = Table.grid(expand=True)
    table.add_column(width=_SYMBOL)
    table.add_column(width=_NAME)
    table.add_column(ratio=1, overflow="fold")
    table.add_row("", Text("Field", "bold"), Text(sanitize(_legend(outcome)), "bold"))
    lines = [_line(outcome, field) for field in FIELDS]
    for line in sorted(lines, key=lambda line: line.rank):
        style = "dim" if line.is_dim else ""
        table.add_row(
            Text(sanitize(line.symbol), "bold"),
            Text(sanitize(line.name), style),
            Text(sanitize(line.text, 9000), style),
        )
    return table


def _legend(outcome: RecordOutcome) -> str:
    if outcome.result is Result.REJECTED:
        return "File value" if outcome.stored is None else "Stored value → file value"
    return "Before → after" if outcome.result is Result.CHANGED else "Value"


def _line(outcome: RecordOutcome, field: Field) -> _FieldLine:
    """Return the line of a field of a record that could be parsed."""
    index = field.index
    stored = None if outcome.stored is None else outcome.stored[index]
    value = outcome.user[index] if outcome.user else (outcome.values or [])[index]
    changes = stored is not None and value is not None and value != stored
    if field is _PASSWORD and not value and stored:
        changes = False  # an empty password keeps the stored one
    if field.is_secret or outcome.values_may_be_shifted:
        text = _secret_text(stored, value, changes=changes)
    elif stored is None:
        text = _NO_COLUMN if value is None else value or _EMPTY
    else:
        text = f"{stored or _EMPTY} → {value or _EMPTY}" if changes else stored or _EMPTY
    sign = severity_symbol([issue for issue in outcome.issues if issue.field is field])
    if sign == " ":
        sign = "~" if changes else " "
    rank = " ~?!".index(sign)
    return _FieldLine(
        -rank, sign, field.name, text, sign == " " and (stored is not None or not value)
    )


def _secret_text(stored: str | None, value: str | None, *, changes: bool) -> str:
    """Return whether a secret is set or changes; never its value."""
    if not changes:
        return _SET if (value if stored is None else stored) else _NOT_SET
    if stored and value:
        return _CHANGES
    return f"{_SET if stored else _NOT_SET} → {_SET if value else _NOT_SET}"
