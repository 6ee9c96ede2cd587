"""The dialog Import options: all options of an import, and their effect."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.importing import ImportRequest
from qm_tui.transfer.options.choice import Option
from qm_tui.transfer.options.import_options import IMPORT_OPTIONS, ImportOptions
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.plan_text import counts_text, warned_text
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.transfer.reading.read_options import DELIMITERS, ENCODINGS, delimiter_name
from qm_tui.tui.keys.keymap import bind, first_key, option_key
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.virtual_list import VirtualList

_TITLE: Final = 34
_ENCODING, _DELIMITER, _HEADER, _MAPPING = "encoding", "delimiter", "header", "mapping"
_READING: Final = (_ENCODING, _DELIMITER, _HEADER, _MAPPING)
_READING_VALUES: Final[Mapping[str, Sequence[Any]]] = {
    _ENCODING: ("", *ENCODINGS),
    _DELIMITER: ("", *DELIMITERS),
    _HEADER: (None, True, False),
}
"""The values of the options for reading the file, by their names in `ReadOptions`."""

_BY_HEADER: Final = "by header name"
_CUSTOM: Final = "custom mapping"
_NO_HEADER: Final = "no header"
_FIRST_ROW: Final = "first row"

Value = TypeVar("Value")


class _OptionRow(NamedTuple):
    """A line of the dialog."""

    key: str
    title: str
    value: str
    help: str


class ImportOptionList(VirtualList):
    """The options, one per line, with their current values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Next value", show=False),
        bind("options.next", "select", show=False),
        Binding("left", "screen.turn_back", "Previous value", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="option-list")
        self._options: Sequence[_OptionRow] = ()

    @property
    def row_count(self) -> int:
        """The number of options."""
        return len(self._options)

    @property
    def help(self) -> str:
        """The help for the current option."""
        return self._options[self.cursor_row].help if self._options else ""

    def show(self, options: Sequence[_OptionRow]) -> None:
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
        text = f"{cursor} {option.key:<2} {option.title:<{_TITLE}} {option.value}"
        return pad_or_truncate(text, width)


class ImportOptionsDialog(Dialog[None]):
    """Shows all options of an import. Each change is reported immediately.

    Args:
        file_report: what was detected in the file.
        plan: the plan with the current options.
        request: the file and the current options.
        on_change: called with the file and the options whenever an option is changed.
        map_columns: called to map columns to fields.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            bind(f"preview.{option.key}", f"turn_choice('{option.key}')", show=False)
            for option in IMPORT_OPTIONS
            if option.letter
        ),
        bind("preview.map_columns", "map_columns"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "close"),
        bind("preview.options", "close", "Close"),
    ]

    def __init__(
        self,
        file_report: FileReport,
        plan: ImportPlan,
        request: ImportRequest,
        on_change: Callable[[ImportRequest], None],
        map_columns: Callable[[], object],
    ) -> None:
        super().__init__()
        self._file_report, self._request = file_report, request
        self._effect = _effect(plan)  # not the plan itself, which would keep all its users alive
        self._on_change, self._map_columns = on_change, map_columns
        self._error = ""

    def compose(self) -> ComposeResult:
        with dialog_frame(
            "choices", "Import options", "<options.next>/→ next value  ← previous value  Esc close"
        ):
            yield ImportOptionList()
            yield Static(id="meaning")
            yield Static(id="effect")
            yield button_row(ok="[OK]")

    def on_mount(self) -> None:
        self.query_one(ImportOptionList).focus()
        self._draw()
        self._show_effect()

    def show(self, file_report: FileReport, plan: ImportPlan, request: ImportRequest) -> None:
        """Show the options and their effect."""
        self._file_report, self._request, self._effect = file_report, request, _effect(plan)
        if self.is_mounted:  # otherwise `on_mount` shows it
            self._draw()
            self._show_effect()

    def _show_effect(self) -> None:
        self.query_one("#effect", Static).update(safe_lines(self._effect))

    def show_progress(self, text: str) -> None:
        """Show the progress of planning in place of the effect."""
        if self.is_mounted:
            self.query_one("#effect", Static).update(safe_lines((text, "")))

    def show_error(self, message: str, request: ImportRequest) -> None:
        """Show why an option cannot be changed, and its previous value."""
        self._error, self._request = message, request
        if self.is_mounted:
            self._draw()
            self._show_effect()

    def _draw(self) -> None:
        self.query_one(ImportOptionList).show(
            [
                *map(self._option_row, IMPORT_OPTIONS),
                *_reading_rows(self._request, self._file_report),
            ]
        )
        self._explain()

    def _option_row(self, option: Option[ImportOptions]) -> _OptionRow:
        choices = self._request.options
        value = option.current(choices)
        words = _marked(value.label, is_default=option.is_default(choices))
        key = option_key(option) if option.letter else ""
        return _OptionRow(key, option.title, words, value.help)

    @on(VirtualList.RowHighlighted)
    def _highlighted(self) -> None:
        self._error = ""
        self._explain()

    def _explain(self) -> None:
        rows = self.query_one(ImportOptionList)
        self.query_one("#meaning", Static).update(safe(self._error or rows.help))

    # Changing options

    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        self._change_value(1)

    def action_turn_back(self) -> None:
        """Select the previous value of the current option."""
        self._change_value(-1)

    def action_turn_choice(self, key: str) -> None:
        """Select the next value of an option, given its key."""
        row = next(row for row, option in enumerate(IMPORT_OPTIONS) if option.key == key)
        self.query_one(ImportOptionList).cursor_row = row
        self._change_value(1)

    def _change_value(self, by: int) -> None:
        row, request = self.query_one(ImportOptionList).cursor_row, self._request
        if row < len(IMPORT_OPTIONS):
            option = IMPORT_OPTIONS[row]
            index = option.values.index(option.current(request.options))
            value = option.values[(index + by) % len(option.values)].value
            self._request_change(
                replace(request, options=option.with_value(request.options, value))
            )
            return
        key = _READING[row - len(IMPORT_OPTIONS)]
        if key == _MAPPING:
            self._map_columns()
            return
        values = _READING_VALUES[key]
        changed = {key: _next_value(values, getattr(request.read_options, key), by)}
        read_options = replace(request.read_options, **changed)
        self._request_change(replace(request, read_options=read_options))

    def _request_change(self, request: ImportRequest) -> None:
        self._request, self._error = request, ""
        self._draw()
        self._on_change(request)

    def action_map_columns(self) -> None:
        """Map the columns of the file to fields."""
        self._map_columns()

    def action_close(self) -> None:
        """Close the dialog; the selected values are kept."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)


def _effect(plan: ImportPlan) -> tuple[str, str]:
    """Return the number of records by result, and the number with warnings."""
    return counts_text(plan), warned_text(plan)


def _next_value(values: Sequence[Value], current: Value, by: int) -> Value:
    """Return the next value; the first one if the current value is not in the list."""
    index = values.index(current) + by if current in values else 0
    return values[index % len(values)]


def _marked(words: str, *, is_default: bool) -> str:
    """Return the caption of a value, with `*` unless it is the default."""
    return words if is_default else f"{words} *"


def _detected(words: str) -> str:
    return f"detected: {words}"


def _reading_rows(request: ImportRequest, file_report: FileReport) -> list[_OptionRow]:
    """Return the options for reading the file, with detected values."""
    read_options, dialect = request.read_options, file_report.dialect
    encoding = ENCODINGS.get(read_options.encoding, "") or _detected(dialect.encoding_name)
    delimiter = (
        delimiter_name(read_options.delimiter)
        if read_options.delimiter
        else _detected(dialect.delimiter_name)
    )
    has_header = dialect.has_header if read_options.header is None else read_options.header
    header = _FIRST_ROW if has_header else _NO_HEADER
    mapping = _BY_HEADER
    if read_options.mapping is not None:
        name = sanitize(read_options.mapping.name, 60)
        mapping = f"mapping “{name}”" if name else _CUSTOM
    return [
        _OptionRow(
            "",
            "Encoding",
            _marked(encoding, is_default=not read_options.encoding),
            "Check that accented letters look right in the preview.",
        ),
        _OptionRow(
            "",
            "Delimiter",
            _marked(delimiter, is_default=not read_options.delimiter),
            "The character between two cells.",
        ),
        _OptionRow(
            "",
            "Header",
            _detected(header) if read_options.header is None else _marked(header, is_default=False),
            "Without a header, columns are read in the standard order of the fields.",
        ),
        _OptionRow(
            first_key("preview.map_columns"),
            "Columns",
            _marked(mapping, is_default=read_options.mapping is None),
            "Map columns if their names differ from the names of the fields.",
        ),
    ]
