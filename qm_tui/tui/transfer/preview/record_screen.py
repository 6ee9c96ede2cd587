"""One record of a planned import: each field before and after, and all that is wrong with it."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple, cast

from rich.table import Table
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Static

from qm_tui.text import sentence, visible
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.planning.plan import Outcome, Result
from qm_tui.transfer.planning.plan_text import cured_by
from qm_tui.transfer.planning.totals import cure_of
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import SIGNS, sign_of
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.users.fields import FIELD, FIELDS, Field

_SIGN, _NAME = 2, 30
_EMPTY: Final = "(empty)"
_NO_COLUMN: Final = "(not in the file)"
_SET, _NOT_SET, _CHANGES = "set", "not set", "changes"
_PASSWORD: Final = FIELD["password"]


class Closed(NamedTuple):
    """How a record was left.

    Attributes:
        number: the record that was shown last.
        wants_correcting: whether it is to be corrected.
    """

    number: int
    wants_correcting: bool


class _Line(NamedTuple):
    """What is shown of a field."""

    rank: int
    sign: str
    name: str
    text: str
    is_dim: bool


class _Body(VerticalScroll, can_focus=True):
    """What scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "Up", show=False),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("pageup", "scroll_pages(-1)", "Page up", show=False),
        Binding("pagedown,space", "scroll_pages(1)", "Page down", show=False),
        Binding("home,g", "scroll_to_end(-1)", "First", show=False),
        Binding("end,G", "scroll_to_end(1)", "Last", show=False),
    ]

    def action_scroll(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by a page: the line at its edge stays visible."""
        self.scroll_relative(y=pages * max(1, self.size.height - 1), animate=False)

    def action_scroll_to_end(self, direction: int) -> None:
        """Scroll to the first or the last line."""
        self.scroll_to(y=self.max_scroll_y if direction > 0 else 0, animate=False)


class RecordScreen(Dialog[Closed]):
    """Shows a record, and the one before and after it.

    Args:
        outcome: what becomes of it.
        among: the records between which one can move; the one alone where there are none.
        at: its place among them.
        choices: the choices by which it was found out what becomes of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "correct", "Correct"),
        Binding("n,right", "move(1)", "Next record"),
        Binding("p,left", "move(-1)", "Previous record"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q", "close", "Back"),
    ]

    def __init__(
        self,
        outcome: Outcome,
        among: Sequence[Outcome] = (),
        at: int = 0,
        choices: Choices | None = None,
    ) -> None:
        super().__init__(classes="full-dialog")
        self._choices = choices or Choices()
        self._outcome, self._among, self._at = outcome, among, at

    def compose(self) -> ComposeResult:
        """The record, and what can be done."""
        with Vertical(classes="dialog", id="record"):
            with _Body(id="record-body"):
                yield Static(id="record-text")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[c Correct]"), id="correct", compact=True)
                yield Button(safe("[p Previous]"), id="previous", compact=True)
                yield Button(safe("[n Next]"), id="next", compact=True)
                yield Button(safe("[Back]"), id="back", compact=True)

    def on_mount(self) -> None:
        """Show the record."""
        self.query_one(_Body).focus()
        self._show()

    def _show(self) -> None:
        outcome = self._outcome
        dialog = self.query_one("#record")
        title = f"Record {outcome.number:,}, line {outcome.line:,}: {outcome.result}"
        dialog.border_title = safe(title)
        place = f"{self._at + 1:,} of {len(self._among):,}  " if len(self._among) > 1 else ""
        dialog.border_subtitle = safe(f"{place}Esc back  ? keys")
        self.query_one("#record-text", Static).update(record_table(outcome, self._choices))
        self.query_one(_Body).scroll_home(animate=False)
        for name in ("correct", "previous", "next"):
            self.query_one(f"#{name}").display = self._can(name)
        self.refresh_bindings()

    def _can(self, name: str) -> bool:
        if name == "correct":
            return self._outcome.result is Result.REJECTED and self._outcome.values is not None
        at = self._at + (1 if name == "next" else -1)
        return 0 <= at < len(self._among)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Take away the keys that do nothing for this record."""
        if action == "correct":
            return self._can("correct")
        if action == "move":
            return self._can("next" if parameters[0] > 0 else "previous")
        return True

    def action_move(self, records: int) -> None:
        """Show another record."""
        self._at += records
        self._outcome = self._among[self._at]
        self._show()
        if self.focused is None or not self.focused.display:
            self.query_one(_Body).focus()

    def action_correct(self) -> None:
        """Close it, to correct the record."""
        self.dismiss(Closed(self._outcome.number, wants_correcting=True))

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(Closed(self._outcome.number, wants_correcting=False))

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id in ("previous", "next"):
            self.action_move(1 if event.button.id == "next" else -1)
        elif event.button.id == "correct":
            self.action_correct()
        else:
            self.action_close()


def record_table(outcome: Outcome, choices: Choices) -> Table:
    """A record in words: who it is, all problems, then all fields, those that matter first.

    Args:
        outcome: what becomes of it.
        choices: the choices by which that was found out.
    """
    table = Table.grid(expand=True)
    table.add_column(width=_SIGN)
    table.add_column(ratio=1)
    table.add_row("", Text(visible(outcome.who or "(no name)", 200), "bold"))
    for fault in outcome.faults:
        sign = Text(SIGNS[fault.severity], "bold")
        table.add_row(sign, Text(sentence(visible(fault.message)), "bold"))
        table.add_row("", Text(visible(fault.remedy)))
        cure = cure_of(fault, updates=outcome.stored is not None)
        cured = cured_by(cure, choices)
        if cure is not None and cured is not None:
            table.add_row(
                "", Text(visible(f"Or, for all records: {cure.letter or 'o'}  {cured.cure}."))
            )
    table.add_row("", "")
    if outcome.user is None and outcome.values is None:
        table.add_row("", "The line could not be read, so nothing is known of its fields.")
        return table
    table.add_row("", _fields_table(outcome))
    return table


def _fields_table(outcome: Outcome) -> Table:
    table = Table.grid(expand=True)
    table.add_column(width=_SIGN)
    table.add_column(width=_NAME)
    table.add_column(ratio=1, overflow="fold")
    table.add_row("", Text("Field", "bold"), Text(visible(_legend(outcome)), "bold"))
    lines = [_line(outcome, field) for field in FIELDS]
    for line in sorted(lines, key=lambda one: one.rank):
        style = "dim" if line.is_dim else ""
        table.add_row(
            Text(visible(line.sign), "bold"),
            Text(visible(line.name), style),
            Text(visible(line.text, 9000), style),
        )
    return table


def _legend(outcome: Outcome) -> str:
    if outcome.result is Result.REJECTED:
        return "In the file" if outcome.stored is None else "Stored → in the file"
    return "Before → after" if outcome.result is Result.CHANGED else "Value"


def _line(outcome: Outcome, field: Field) -> _Line:
    """What is shown of a field of a record that could be read."""
    place = field.index
    stored = None if outcome.stored is None else outcome.stored[place]
    value = outcome.user[place] if outcome.user else (outcome.values or [])[place]
    changes = stored is not None and value is not None and value != stored
    if field is _PASSWORD and not value and stored:
        changes = False  # an empty password keeps the stored one
    if field.is_secret:
        text = _secret_text(stored, value, changes=changes)
    elif stored is None:
        text = _NO_COLUMN if value is None else value or _EMPTY
    else:
        text = f"{stored or _EMPTY} → {value or _EMPTY}" if changes else stored or _EMPTY
    sign = sign_of([one for one in outcome.faults if one.field is field])
    if sign == " ":
        sign = "~" if changes else " "
    rank = " ~?!".index(sign)
    return _Line(-rank, sign, field.name, text, sign == " " and (stored is not None or not value))


def _secret_text(stored: str | None, value: str | None, *, changes: bool) -> str:
    """All that is ever said of a secret."""
    if not changes:
        return _SET if (value if stored is None else stored) else _NOT_SET
    if stored and value:
        return _CHANGES
    return f"{_SET if stored else _NOT_SET} → {_SET if value else _NOT_SET}"
