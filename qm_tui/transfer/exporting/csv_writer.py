"""Users as the bytes of a users file, about a thousand users at a time.

Checking each cell takes as long as writing it. So a whole batch is checked first, and single
cells only if the batch contains one that may have to be escaped.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.transfer.exporting.result import FormulaCells
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.transfer.reading.dialect import binary_file_type
from qm_tui.transfer.reading.spreadsheet import (
    GUARD,
    as_text_formula,
    escape_formula,
    is_formula,
    is_text_formula,
    needs_escape,
)
from qm_tui.transfer.spreadsheet import FORMULA_PREFIXES, may_be_altered
from qm_tui.users.fields import FIELD, FIELDS, User

_BOM: Final = "\ufeff"
_LINE_END: Final = "\r\n"
_NEED_ESCAPE: Final = FORMULA_PREFIXES + GUARD
"""First characters of cells that a spreadsheet would run or a reader would unwrap or unguard."""

_MARKS: Final = bytes.maketrans(
    _NEED_ESCAPE.encode() + b'"\n', b"=" * len(_NEED_ESCAPE) + b"," * len('"\n')
)
"""Maps all characters that may need escaping to `=`, and all that precede a cell to `,`."""

_USER_ID: Final = FIELD["user_id"].index

Row = Sequence[str]


class Writer:
    """Serializes users as a users file.

    Args:
        options: the export options.

    Attributes:
        formulas: the cells so far that a spreadsheet would run.
        altered: by field index, the other values so far that a spreadsheet may alter.
    """

    def __init__(self, options: ExportOptions) -> None:
        self.formulas = FormulaCells()
        self.altered: Counter[int] = Counter()
        self._options = options
        self._indexes = self._column_indexes()
        self._pick = self._picker()

    def _column_indexes(self) -> list[int | None]:
        """Return the field index of each column; None for a column of empty cells."""
        omitted = self._options.omitted_fields
        if self._options.header:
            return [field.index for field in FIELDS if field not in omitted]
        return [None if field in omitted else field.index for field in FIELDS]

    def _picker(self) -> Callable[[Row], Row] | None:
        """Return the function that picks a row from a user plus `""`; None to write all fields."""
        if not self._options.omitted_fields:
            return None
        empty = len(FIELDS)
        return itemgetter(*(empty if place is None else place for place in self._indexes))

    def start(self) -> bytes:
        """Return what precedes the users: the byte order mark and the header, if any."""
        text = _BOM if self._options.for_excel else ""
        if self._options.header:
            text += self._as_csv(
                [[FIELDS[place].header for place in self._indexes if place is not None]]
            )
        return text.encode()

    def rows(self, users: Sequence[User], *, are_first: bool = False) -> bytes:
        """Return the lines of the users.

        Args:
            users: at most as many users as are written between two calls of the progress callback.
            are_first: whether they are the first of the file.

        Raises:
            UserError: a value cannot be encoded.
        """
        rows: Sequence[Row] = users
        if self._pick is not None:
            rows = [self._pick((*user, "")) for user in users]
        options = self._options
        if options.for_excel:
            rows = self._for_spreadsheet(rows)
        else:
            self._count_altered(users)
            if options.guard_formulas:
                rows = self._escape_rows(rows)
        text = self._as_csv(rows)
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise UserError(_unwritable(users)) from error
        if not options.for_excel and not options.guard_formulas and _may_need_escape(data):
            escaped = self._escape_rows(rows)
            if escaped is not rows:
                text = self._as_csv(escaped)
                data = text.encode()
        if are_first and not options.header and not options.for_excel:
            data = _as_start(text, data)
        return data

    def _as_csv(self, rows: Iterable[Row]) -> str:
        buffer = io.StringIO(newline="")
        writer = csv.writer(
            buffer, delimiter=self._options.effective_delimiter, lineterminator=_LINE_END
        )
        writer.writerows(rows)
        return buffer.getvalue()

    def _count_altered(self, users: Sequence[User]) -> None:
        """Count the values that a spreadsheet may alter, except for formulas."""
        columns = list(zip(*users, strict=True))
        for place in self._indexes:
            if place is None:
                continue
            column = columns[place]
            altered = may_be_altered(set(column) if FIELDS[place].repeats else column)
            values = {value for value in altered if not is_formula(value)}
            if values:
                self.altered[place] += sum(map(values.__contains__, column))

    def _escape_cell(self, value: str) -> str:
        """Return the value as a cell, guarded and wrapped if a reader would change it."""
        value = self._guard(value)
        return as_text_formula(value) if is_text_formula(value) else value

    def _guard(self, value: str) -> str:
        if needs_escape(value) or (self._options.guard_formulas and is_formula(value)):
            return escape_formula(value)
        return value

    def _for_spreadsheet(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows for a spreadsheet. Each distinct value is checked once."""
        values = set(chain.from_iterable(rows))
        guarded = {
            value: self._guard(value) for value in values if value and value[0] in _NEED_ESCAPE
        }
        others = values - guarded.keys()
        altered = may_be_altered({*guarded.values(), *others})
        wrapped = {cell: as_text_formula(cell) for cell in altered}
        replacements = wrapped | {value: wrapped.get(cell, cell) for value, cell in guarded.items()}
        return [[replacements.get(value, value) for value in row] for row in rows]

    def _escape_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows, escaped where necessary, and count what a spreadsheet would run."""
        width = len(self._indexes)
        cells = list(chain.from_iterable(rows))
        suspects = [
            index for index, value in enumerate(cells) if value and value[0] in _NEED_ESCAPE
        ]
        cells_by_value: dict[str, tuple[str, bool]] = {}
        running = []
        for index in suspects:
            value = cells[index]
            known = cells_by_value.get(value)
            if known is None:
                cell = self._escape_cell(value)
                known = cells_by_value[value] = cell, cell == value and is_formula(value)
            cells[index], runs = known
            if runs:
                running.append(index)
        self.formulas.count(self._indexes[index % width] for index in running)
        self.formulas.users += len({index // width for index in running})
        if all(cell == value for value, (cell, _) in cells_by_value.items()):
            return rows
        return list(zip(*[iter(cells)] * width, strict=True))


def _may_need_escape(data: bytes) -> bool:
    """Return whether a cell of comma-separated lines may have to be escaped."""
    marks = data.translate(_MARKS)
    return b",=" in marks or marks[:1] == b"="


def _as_start(text: str, data: bytes) -> bytes:
    """Return the first lines of a file; quote the first cell if it looks like a file signature.

    Without a header, a user's name is where a file has its signature: `%PDF`, `GIF8` or a BOM.
    """
    if not text.startswith(_BOM) and not binary_file_type(data[:8]):
        return data
    first, comma, rest = text.partition(",")
    return f'"{first}"{comma}{rest}'.encode()


def _unwritable(users: Iterable[User]) -> str:
    for user in users:
        for field, value in zip(FIELDS, user, strict=True):
            if any("\ud800" <= character <= "\udfff" for character in value):
                return (
                    f"Cannot export user {sanitize(user[_USER_ID])}: {field.name} contains an "
                    "invalid character (unpaired surrogate). Nothing was exported. Correct the "
                    "value first."
                )
    return "Cannot export a user: invalid character (unpaired surrogate). Nothing was exported."
