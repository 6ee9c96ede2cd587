"""The dialog Options: how an import's file is read and what is made of it, with the effect."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, Final, NamedTuple, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Button, Static

from qm_tui.text import fitted, visible
from qm_tui.transfer.importing import Asked
from qm_tui.transfer.options.choice import Choice
from qm_tui.transfer.options.import_options import CHOICES, Choices
from qm_tui.transfer.planning.plan import Plan
from qm_tui.transfer.planning.plan_text import counts_text
from qm_tui.transfer.reading.dialect_names import DELIMITERS, ENCODINGS, delimiter_name
from qm_tui.transfer.reading.reader import Findings
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.virtual_list import VirtualRows

_TITLE: Final = 34
_ENCODING, _DELIMITER, _HEADER, _MAPPING = "encoding", "delimiter", "header", "mapping"
_READING: Final = (_ENCODING, _DELIMITER, _HEADER, _MAPPING)
_HEADERS: Final = (None, True, False)

Way = TypeVar("Way")


class _Option(NamedTuple):
    """A line of the dialog."""

    letter: str
    title: str
    words: str
    meaning: str


class ChoiceLines(VirtualRows):
    """What can be chosen, a line each, with what is chosen now."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,right", "select", "Turn", show=False),
        Binding("left", "screen.turn_back", "Turn the other way", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="option-list")
        self._options: Sequence[_Option] = ()

    @property
    def row_count(self) -> int:
        """How many there are."""
        return len(self._options)

    @property
    def meaning(self) -> str:
        """What the option under the cursor means."""
        return self._options[self.cursor_row].meaning if self._options else ""

    def show(self, options: Sequence[_Option]) -> None:
        """Show what is chosen now."""
        had_none = not self._options
        self._options = options
        if had_none:
            self.rows_changed(0)
        self.refresh()

    def row_text(self, row: int, width: int) -> str:
        """The key, what it is about, and what is chosen."""
        option = self._options[row]
        sign = ">" if row == self.cursor_row else " "
        text = f"{sign} {option.letter:<2} {option.title:<{_TITLE}} {option.words}"
        return fitted(text, width)


class ChoicesDialog(Dialog[None]):
    """Shows all that can be chosen for an import. Each turn is told at once.

    Args:
        findings: what was found out about the file.
        plan: what becomes of its records.
        asked: what is chosen now.
        turned: told what is asked for now, whenever something was turned.
        map_columns: called to pair the columns with the fields.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(one.letter, f"turn_choice('{one.key}')", one.title, show=False)
            for one in CHOICES
            if one.letter
        ),
        Binding("m", "map_columns", "Pair columns with fields"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q,o", "close", "Back"),
    ]

    def __init__(
        self,
        findings: Findings,
        plan: Plan,
        asked: Asked,
        turned: Callable[[Asked], None],
        map_columns: Callable[[], object],
    ) -> None:
        super().__init__()
        self._findings, self._asked = findings, asked
        self._effect = _effect(plan)  # a plan that was kept would keep all its users
        self._turned, self._map_columns = turned, map_columns
        self._refused = ""

    def compose(self) -> ComposeResult:
        """The choices, the one under the cursor explained, what they come to, and OK."""
        with Vertical(classes="dialog", id="choices") as dialog:
            dialog.border_title = safe("Options of this import")
            dialog.border_subtitle = safe("Space turns  ← → back and on  Esc back")
            yield ChoiceLines()
            yield Static(id="meaning")
            yield Static(id="effect")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        """The list has the focus."""
        self.query_one(ChoiceLines).focus()
        self._draw()
        self._show_effect()

    def show(self, findings: Findings, plan: Plan, asked: Asked) -> None:
        """Show what the choices come to."""
        self._findings, self._asked, self._effect = findings, asked, _effect(plan)
        if self.is_mounted:  # else it is shown once the dialog is there
            self._draw()
            self._show_effect()

    def _show_effect(self) -> None:
        self.query_one("#effect", Static).update(safe_lines(self._effect))

    def show_progress(self, text: str) -> None:
        """Say how far the counting is."""
        if self.is_mounted:
            self.query_one("#effect", Static).update(safe_lines((text, "")))

    def refuse(self, sentence: str, asked: Asked) -> None:
        """Say why what was turned cannot be; all is as it was before."""
        self._refused, self._asked = sentence, asked
        if self.is_mounted:
            self._draw()
            self._show_effect()

    def _draw(self) -> None:
        self.query_one(ChoiceLines).show(
            [*map(self._of_choice, CHOICES), *_reading(self._asked, self._findings)]
        )
        self._explain()

    def _of_choice(self, choice: Choice[Choices]) -> _Option:
        option = choice.option(self._asked.choices)
        words = option.words if choice.is_default(self._asked.choices) else f"{option.words} *"
        return _Option(choice.letter, choice.title, words, option.meaning)

    @on(VirtualRows.RowHighlighted)
    def _highlighted(self) -> None:
        self._refused = ""
        self._explain()

    def _explain(self) -> None:
        rows = self.query_one(ChoiceLines)
        said = self._refused or rows.meaning
        self.query_one("#meaning", Static).update(safe(said))

    # Turning

    @on(VirtualRows.RowSelected)
    def _selected(self) -> None:
        self._turn(1)

    def action_turn_back(self) -> None:
        """Choose the way before for the line under the cursor."""
        self._turn(-1)

    def action_turn_choice(self, key: str) -> None:
        """Choose the next way of a choice, by its key."""
        row = next(row for row, one in enumerate(CHOICES) if one.key == key)
        self.query_one(ChoiceLines).cursor_row = row
        self._turn(1)

    def _turn(self, by: int) -> None:
        row, asked = self.query_one(ChoiceLines).cursor_row, self._asked
        if row < len(CHOICES):
            choice = CHOICES[row]
            at = choice.options.index(choice.option(asked.choices))
            value = choice.options[(at + by) % len(choice.options)].value
            self._ask(replace(asked, choices=choice.made(asked.choices, value)))
            return
        read_as, what = asked.read_as, _READING[row - len(CHOICES)]
        if what == _ENCODING:
            read_as = replace(read_as, encoding=_next(("", *ENCODINGS), read_as.encoding, by))
        elif what == _DELIMITER:
            read_as = replace(read_as, delimiter=_next(("", *DELIMITERS), read_as.delimiter, by))
        elif what == _HEADER:
            read_as = replace(read_as, header=_next(_HEADERS, read_as.header, by))
        else:
            self._map_columns()
            return
        self._ask(replace(asked, read_as=read_as))

    def _ask(self, asked: Asked) -> None:
        self._asked, self._refused = asked, ""
        self._draw()
        self._turned(asked)

    def action_map_columns(self) -> None:
        """Pair the file's columns with the fields."""
        self._map_columns()

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))

    def action_close(self) -> None:
        """Close it. What was turned stays."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def _effect(plan: Plan) -> tuple[str, str]:
    """What the choices come to."""
    return counts_text(plan), f"{plan.warned:,} of those imported have a warning"


def _next(ways: Sequence[Way], chosen: Way, by: int) -> Way:
    """The way after the one chosen; the first where none of them was chosen."""
    at = ways.index(chosen) + by if chosen in ways else 0
    return ways[at % len(ways)]


def _reading(asked: Asked, findings: Findings) -> list[_Option]:
    """How the file is read, and what of that was found out."""
    read_as, dialect = asked.read_as, findings.dialect
    encoding = ENCODINGS.get(read_as.encoding) or f"found out: {dialect.encoding_name}"
    delimiter = (
        delimiter_name(read_as.delimiter)
        if read_as.delimiter
        else f"found out: {dialect.delimiter_name}"
    )
    found = "the first row" if dialect.has_header else "none"
    header = {None: f"found out: {found}", True: "the first row", False: "none"}[read_as.header]
    mapping = "by their names"
    if read_as.mapping is not None:
        mapping = visible(read_as.mapping.name, 60) or "as paired"
    return [
        _Option("", "Encoding", encoding, "Which one is right shows in the letters beyond ASCII."),
        _Option("", "Delimiter", delimiter, "What stands between two cells."),
        _Option("", "Header", header, "Without one, columns stand in the order of the 26 fields."),
        _Option("m", "Columns", mapping, "Pair columns with fields where the names differ."),
    ]
