"""Users as the bytes of a users file, about a thousand users at a time.

Checking each cell takes as long as writing it. So a whole batch is checked first, and single
cells only if the batch contains one that may have to be escaped.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from qm_tui.errors import Refused
from qm_tui.text import visible
from qm_tui.transfer.exporting.result import Formulas
from qm_tui.transfer.options.export_options import ExportChoices
from qm_tui.transfer.reading.dialect import not_a_text_file
from qm_tui.transfer.reading.spreadsheet import (
    FORMULA_SIGNS,
    GUARD,
    guarded,
    mangled,
    needs_guard,
    needs_wrapping,
    would_run,
    wrapped,
)
from qm_tui.users.fields import FIELD, FIELDS, User

_BOM: Final = "\ufeff"
_LINE_END: Final = "\r\n"
_NEED_CARE: Final = FORMULA_SIGNS + GUARD
"""First characters of cells that a spreadsheet would run or a reader would unwrap or unguard."""

_MARKS: Final = bytes.maketrans(
    _NEED_CARE.encode() + b'"\n', b"=" * len(_NEED_CARE) + b"," * len('"\n')
)
"""Maps all characters that may need escaping to `=`, and all that precede a cell to `,`."""

_USER_ID: Final = FIELD["user_id"].index

Row = Sequence[str]


class Writer:
    """Serializes users as a users file.

    Args:
        choices: the export options.

    Attributes:
        formulas: the cells so far that a spreadsheet would run.
    """

    def __init__(self, choices: ExportChoices) -> None:
        self.formulas = Formulas()
        self._choices = choices
        self._places = self._places_written()
        self._pick = self._picker()

    def _places_written(self) -> list[int | None]:
        """Return the field index of each column; None for a column of empty cells."""
        left_out = self._choices.left_out
        if self._choices.header:
            return [field.index for field in FIELDS if field not in left_out]
        return [None if field in left_out else field.index for field in FIELDS]

    def _picker(self) -> Callable[[Row], Row] | None:
        """Return the function that picks a row from a user plus `""`; None to write all fields."""
        if not self._choices.left_out:
            return None
        empty = len(FIELDS)
        return itemgetter(*(empty if place is None else place for place in self._places))

    def start(self) -> bytes:
        """Return what precedes the users: the byte order mark and the header, if any."""
        text = _BOM if self._choices.for_excel else ""
        if self._choices.header:
            text += self._as_csv(
                [[FIELDS[place].header for place in self._places if place is not None]]
            )
        return text.encode()

    def rows(self, users: Sequence[User], *, are_first: bool = False) -> bytes:
        """Return the lines of the users.

        Args:
            users: at most as many users as are written between two calls of the progress callback.
            are_first: whether they are the first of the file.

        Raises:
            Refused: a value cannot be encoded.
        """
        rows: Sequence[Row] = users
        if self._pick is not None:
            rows = [self._pick((*user, "")) for user in users]
        choices = self._choices
        if choices.for_excel:
            rows = self._for_spreadsheet(rows)
        elif choices.guard_formulas:
            rows = self._with_care(rows)
        text = self._as_csv(rows)
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise Refused(_unwritable(users)) from error
        if not choices.for_excel and not choices.guard_formulas and _may_need_care(data):
            escaped = self._with_care(rows)
            if escaped is not rows:
                text = self._as_csv(escaped)
                data = text.encode()
        if are_first and not choices.header and not choices.for_excel:
            data = _as_start(text, data)
        return data

    def _as_csv(self, rows: Iterable[Row]) -> str:
        buffer = io.StringIO(newline="")
        writer = csv.writer(
            buffer, delimiter=self._choices.written_delimiter, lineterminator=_LINE_END
        )
        writer.writerows(rows)
        return buffer.getvalue()

    def _dress(self, value: str) -> str:
        """Return the value as a cell, guarded and wrapped if necessary."""
        choices = self._choices
        if needs_guard(value) or (choices.guard_formulas and would_run(value)):
            value = guarded(value)
        if needs_wrapping(value) or (choices.for_excel and mangled(value)):
            value = wrapped(value)
        return value

    def _for_spreadsheet(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows for a spreadsheet. Each distinct value is checked once."""
        values = set(chain.from_iterable(rows))
        replacements = {
            value: self._dress(value)
            for value in values
            if value and (value[0] in _NEED_CARE or mangled(value))
        }
        return [[replacements.get(value, value) for value in row] for row in rows]

    def _with_care(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows, escaped where necessary, and count what a spreadsheet would run."""
        width = len(self._places)
        cells = list(chain.from_iterable(rows))
        suspects = [index for index, value in enumerate(cells) if value and value[0] in _NEED_CARE]
        cells_by_value: dict[str, tuple[str, bool]] = {}
        running = []
        for index in suspects:
            value = cells[index]
            known = cells_by_value.get(value)
            if known is None:
                cell = self._dress(value)
                known = cells_by_value[value] = cell, cell == value and would_run(value)
            cells[index], runs = known
            if runs:
                running.append(index)
        self.formulas.count(self._places[index % width] for index in running)
        self.formulas.users += len({index // width for index in running})
        if all(cell == value for value, (cell, _) in cells_by_value.items()):
            return rows
        return list(zip(*[iter(cells)] * width, strict=True))


def _may_need_care(data: bytes) -> bool:
    """Return whether a cell of comma-separated lines may have to be escaped."""
    marks = data.translate(_MARKS)
    return b",=" in marks or marks[:1] == b"="


def _as_start(text: str, data: bytes) -> bytes:
    """Return the first lines of a file; quote the first cell if it looks like a file signature.

    Without a header, a user's name is where a file has its signature: `%PDF`, `GIF8` or a BOM.
    """
    if not text.startswith(_BOM) and not not_a_text_file(data[:8]):
        return data
    first, comma, rest = text.partition(",")
    return f'"{first}"{comma}{rest}'.encode()


def _unwritable(users: Iterable[User]) -> str:
    for user in users:
        for field, value in zip(FIELDS, user, strict=True):
            if any("\ud800" <= character <= "\udfff" for character in value):
                return (
                    f"Cannot export user {visible(user[_USER_ID])}: {field.name} contains an "
                    "invalid character (unpaired surrogate). Nothing was exported. Correct the "
                    "value first."
                )
    return "Cannot export a user: invalid character (unpaired surrogate). Nothing was exported."
