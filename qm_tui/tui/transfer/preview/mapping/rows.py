"""The list of a mapping: the columns of the file, and the values of new users."""

from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.binding import BindingType

from qm_tui.text import pad_or_truncate, pluralize, sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.transfer.preview.mapping.draft import MappingDraft
from qm_tui.tui.transfer.preview.mapping.field_picker import IGNORED
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.fields import Field

_FIELD: Final = 28
_NARROW, _WIDE = 22, 34
_WIDE_FROM: Final = 90
_REDACTED: Final = "(hidden)"
_NEW_USERS: Final = "(new users)"
_ADD: Final = "add a value…"


class MappingRow(NamedTuple):
    """A row of the list.

    Attributes:
        column: the index of a column; None if it is a value of new users.
        field: the field; None for an ignored column, and for the row that adds a value.
    """

    column: int | None
    field: Field | None


class MappingList(VirtualList):
    """The columns of a file with their fields and sample values, then the values of new users.

    Args:
        draft: the mapping.
        sample_values: sample values of each column.
    """

    header_height: ClassVar[int] = 1

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("mapping.values", "screen.values", hint="Values"),
        bind("mapping.match", "screen.match", hint="Match"),
        bind("mapping.add", "screen.add", hint="Add value"),
        bind("mapping.ignore", "screen.ignore", hint="Ignore"),
    ]

    def __init__(self, draft: MappingDraft, sample_values: Sequence[Sequence[str]]) -> None:
        super().__init__(id="columns")
        self._draft, self._sample_values = draft, sample_values

    @property
    def row_count(self) -> int:
        """The number of columns and values, and the row that adds a value."""
        return len(self._draft.names) + len(self._draft.given) + 1

    def row(self, index: int) -> MappingRow:
        """Return a row."""
        draft = self._draft
        if index < len(draft.names):
            return MappingRow(index, draft.fields[index])
        given = [*sorted(draft.given, key=lambda field: field.index), None]
        return MappingRow(None, given[index - len(draft.names)])

    def row_of_given(self, field: Field) -> int:
        """Return the index of the row of a field's value for new users."""
        return next(index for index in range(self.row_count) if self.row(index) == (None, field))

    @property
    def current(self) -> MappingRow:
        """The current row."""
        return self.row(self.cursor_row)

    def header_text(self, width: int) -> list[Segment]:
        """Return the header."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'Column':<{_name_width(width)}}   {'Field':<{_FIELD}}  Values"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return a column, its field and its sample values; never those of a secret."""
        draft = self._draft
        cursor = ">" if row == self.cursor_row else " "
        column, field = self.row(row)
        if column is None:
            name, values = _NEW_USERS, sanitize(draft.given[field], 100) if field else ""
        else:
            name, values = draft.names[column], self._values(column, field)
        name = pad_or_truncate(sanitize(name, 100), _name_width(width))
        arrow = "→" if field else " "
        field_name = field.name if field else _ADD if column is None else IGNORED
        return pad_or_truncate(f"{cursor} {name} {arrow} {field_name:<{_FIELD}}  {values}", width)

    def _values(self, column: int, field: Field | None) -> str:
        """Return what is known of the values of a column."""
        if field is not None and field.is_secret:
            return _REDACTED
        samples = [sanitize(value, 60) for value in self._sample_values[column]]
        mapped = self._draft.values.get(field) if field else None
        notes = [pluralize(len(mapped), "value") + ":"] if mapped else []
        if field is not None and field == self._draft.match:
            notes.insert(0, "= match ")
        return "  ".join((*notes, *samples))


def _name_width(width: int) -> int:
    return _WIDE if width >= _WIDE_FROM else _NARROW
