"""The dialog Import options: all options of an import, and their effect."""

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
from qm_tui.transfer.planning.plan_text import counts_text, warned_text
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

_BY_HEADER: Final = "by header name"
_CUSTOM: Final = "custom mapping"
_NO_HEADER: Final = "no header"
_FIRST_ROW: Final = "first row"

Way = TypeVar("Way")


class _Option(NamedTuple):
    """A line of the dialog."""

    letter: str
    title: str
    words: str
    meaning: str


class ChoiceLines(VirtualRows):
    """The options, one per line, with their current values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,right", "select", "Next value", show=False),
        Binding("left", "screen.turn_back", "Previous value", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="option-list")
        self._options: Sequence[_Option] = ()

    @property
    def row_count(self) -> int:
        """The number of options."""
        return len(self._options)

    @property
    def meaning(self) -> str:
        """The help for the current option."""
        return self._options[self.cursor_row].meaning if self._options else ""

    def show(self, options: Sequence[_Option]) -> None:
        """Show the current values."""
        had_none = not self._options
        self._options = options
        if had_none:
            self.rows_changed(0)
        self.refresh()

    def row_text(self, row: int, width: int) -> str:
        """Return the key, title and value of an option."""
        option = self._options[row]
        cursor = ">" if row == self.cursor_row else " "
        text = f"{cursor} {option.letter:<2} {option.title:<{_TITLE}} {option.words}"
        return fitted(text, width)


class ChoicesDialog(Dialog[None]):
    """Shows all options of an import. Each change is reported immediately.

    Args:
        findings: what was detected in the file.
        plan: the plan with the current options.
        asked: the file and the current options.
        turned: called with the file and the options whenever an option is changed.
        map_columns: called to map columns to fields.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(option.letter, f"turn_choice('{option.key}')", option.title, show=False)
            for option in CHOICES
            if option.letter
        ),
        Binding("m", "map_columns", "Map columns to fields"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q,o", "close", "Close"),
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
        self._effect = _effect(plan)  # not the plan itself, which would keep all its users alive
        self._turned, self._map_columns = turned, map_columns
        self._refused = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="choices") as dialog:
            dialog.border_title = safe("Import options")
            dialog.border_subtitle = safe("Space/→ next value  ← previous value  Esc close")
            yield ChoiceLines()
            yield Static(id="meaning")
            yield Static(id="effect")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        self.query_one(ChoiceLines).focus()
        self._draw()
        self._show_effect()

    def show(self, findings: Findings, plan: Plan, asked: Asked) -> None:
        """Show the options and their effect."""
        self._findings, self._asked, self._effect = findings, asked, _effect(plan)
        if self.is_mounted:  # otherwise `on_mount` shows it
            self._draw()
            self._show_effect()

    def _show_effect(self) -> None:
        self.query_one("#effect", Static).update(safe_lines(self._effect))

    def show_progress(self, text: str) -> None:
        """Show the progress of planning in place of the effect."""
        if self.is_mounted:
            self.query_one("#effect", Static).update(safe_lines((text, "")))

    def refuse(self, sentence: str, asked: Asked) -> None:
        """Show why an option cannot be changed, and its previous value."""
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
        choices = self._asked.choices
        value = choice.option(choices)
        words = _marked(value.words, is_default=choice.is_default(choices))
        return _Option(choice.letter, choice.title, words, value.meaning)

    @on(VirtualRows.RowHighlighted)
    def _highlighted(self) -> None:
        self._refused = ""
        self._explain()

    def _explain(self) -> None:
        rows = self.query_one(ChoiceLines)
        self.query_one("#meaning", Static).update(safe(self._refused or rows.meaning))

    # Changing options

    @on(VirtualRows.RowSelected)
    def _selected(self) -> None:
        self._turn(1)

    def action_turn_back(self) -> None:
        """Select the previous value of the current option."""
        self._turn(-1)

    def action_turn_choice(self, key: str) -> None:
        """Select the next value of an option, given its key."""
        row = next(row for row, option in enumerate(CHOICES) if option.key == key)
        self.query_one(ChoiceLines).cursor_row = row
        self._turn(1)

    def _turn(self, by: int) -> None:
        row, asked = self.query_one(ChoiceLines).cursor_row, self._asked
        if row < len(CHOICES):
            choice = CHOICES[row]
            index = choice.options.index(choice.option(asked.choices))
            value = choice.options[(index + by) % len(choice.options)].value
            self._ask(replace(asked, choices=choice.made(asked.choices, value)))
            return
        read_as, key = asked.read_as, _READING[row - len(CHOICES)]
        if key == _ENCODING:
            read_as = replace(read_as, encoding=_next(("", *ENCODINGS), read_as.encoding, by))
        elif key == _DELIMITER:
            read_as = replace(read_as, delimiter=_next(("", *DELIMITERS), read_as.delimiter, by))
        elif key == _HEADER:
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
        """Map the columns of the file to fields."""
        self._map_columns()

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))

    def action_close(self) -> None:
        """Close the dialog; the selected values are kept."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def _effect(plan: Plan) -> tuple[str, str]:
    """Return the number of records by result, and the number with warnings."""
    return counts_text(plan), warned_text(plan)


def _next(values: Sequence[Way], current: Way, by: int) -> Way:
    """Return the next value; the first one if the current value is not in the list."""
    index = values.index(current) + by if current in values else 0
    return values[index % len(values)]


def _marked(words: str, *, is_default: bool) -> str:
    """Return the caption of a value, with `*` unless it is the default."""
    return words if is_default else f"{words} *"


def _detected(words: str) -> str:
    return f"detected: {words}"


def _reading(asked: Asked, findings: Findings) -> list[_Option]:
    """Return the options for reading the file, with detected values."""
    read_as, dialect = asked.read_as, findings.dialect
    encoding = ENCODINGS.get(read_as.encoding, "") or _detected(dialect.encoding_name)
    delimiter = (
        delimiter_name(read_as.delimiter)
        if read_as.delimiter
        else _detected(dialect.delimiter_name)
    )
    has_header = dialect.has_header if read_as.header is None else read_as.header
    header = _FIRST_ROW if has_header else _NO_HEADER
    mapping = _BY_HEADER
    if read_as.mapping is not None:
        name = visible(read_as.mapping.name, 60)
        mapping = f"mapping “{name}”" if name else _CUSTOM
    return [
        _Option(
            "",
            "Encoding",
            _marked(encoding, is_default=not read_as.encoding),
            "Check that accented letters look right in the preview.",
        ),
        _Option(
            "",
            "Delimiter",
            _marked(delimiter, is_default=not read_as.delimiter),
            "The character between two cells.",
        ),
        _Option(
            "",
            "Header",
            _detected(header) if read_as.header is None else _marked(header, is_default=False),
            "Without a header, columns are read in the standard order of the fields.",
        ),
        _Option(
            "m",
            "Columns",
            _marked(mapping, is_default=read_as.mapping is None),
            "Map columns if their names differ from the names of the fields.",
        ),
    ]
