"""Users to the bytes of a users file, some thousand users at a time.

To ask something of each cell takes as long as writing it. So it is asked of some thousand rows at
once, whether one of their cells may need care, and of each cell only where the answer is yes.
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
"""What a cell begins with that would run, or that a reader would take for wrapped or guarded."""

_MARKS: Final = bytes.maketrans(
    _NEED_CARE.encode() + b'"\n', b"=" * len(_NEED_CARE) + b"," * len('"\n')
)
"""Makes one sign of all that may need care, and one of all that a cell may begin after."""

_USER_ID: Final = FIELD["user_id"].index

Row = Sequence[str]


class Writer:
    """Makes the bytes of a users file.

    Args:
        choices: what the admin chose.

    Attributes:
        formulas: what a spreadsheet would run of what was made so far.
    """

    def __init__(self, choices: ExportChoices) -> None:
        self.formulas = Formulas()
        self._choices = choices
        self._places = self._places_written()
        self._pick = self._picker()

    def _places_written(self) -> list[int | None]:
        """The place of each column's field; None for a column of empty cells."""
        left_out = self._choices.left_out
        if self._choices.header:
            return [field.index for field in FIELDS if field not in left_out]
        return [None if field in left_out else field.index for field in FIELDS]

    def _picker(self) -> Callable[[Row], Row] | None:
        """What makes the row of a user who has an empty value more; None where all is written."""
        if not self._choices.left_out:
            return None
        empty = len(FIELDS)
        return itemgetter(*(empty if place is None else place for place in self._places))

    def start(self) -> bytes:
        """What stands before the users: the mark of the encoding and the header, if any."""
        text = _BOM if self._choices.for_excel else ""
        if self._choices.header:
            text += self._as_csv(
                [[FIELDS[place].header for place in self._places if place is not None]]
            )
        return text.encode()

    def rows(self, users: Sequence[User], *, are_first: bool = False) -> bytes:
        """The lines of some users.

        Args:
            users: the users, so many that a tick is due after them.
            are_first: whether they are the first of the file.

        Raises:
            Refused: a value is no text that a file can hold.
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
            cared = self._with_care(rows)
            if cared is not rows:
                text = self._as_csv(cared)
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
        """The value as it is written."""
        choices = self._choices
        if needs_guard(value) or (choices.guard_formulas and would_run(value)):
            value = guarded(value)
        if needs_wrapping(value) or (choices.for_excel and mangled(value)):
            value = wrapped(value)
        return value

    def _for_spreadsheet(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows for a spreadsheet. Each value is looked at once, however many users have it."""
        values = set(chain.from_iterable(rows))
        other = {
            value: self._dress(value)
            for value in values
            if value and (value[0] in _NEED_CARE or mangled(value))
        }
        return [[other.get(value, value) for value in row] for row in rows]

    def _with_care(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows with each cell looked at that may need care; what would run is counted."""
        width = len(self._places)
        cells = list(chain.from_iterable(rows))
        suspects = [at for at, value in enumerate(cells) if value and value[0] in _NEED_CARE]
        known: dict[str, tuple[str, bool]] = {}
        running = []
        for at in suspects:
            value = cells[at]
            found = known.get(value)
            if found is None:
                cell = self._dress(value)
                found = known[value] = cell, cell == value and would_run(value)
            cells[at], runs = found
            if runs:
                running.append(at)
        self.formulas.count(self._places[at % width] for at in running)
        self.formulas.users += len({at // width for at in running})
        if all(cell == value for value, (cell, _) in known.items()):
            return rows
        return list(zip(*[iter(cells)] * width, strict=True))


def _may_need_care(data: bytes) -> bool:
    """Whether a cell of comma-separated lines may need care."""
    marks = data.translate(_MARKS)
    return b",=" in marks or marks[:1] == b"="


def _as_start(text: str, data: bytes) -> bytes:
    """Lines at the start of a file, with their first cell quoted if a reader would mistake it.

    Without a header, a user's name stands where a file has its mark: `%PDF`, `GIF8` or a BOM.
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
                    f"User {visible(user[_USER_ID])} cannot be exported: {field.name} holds half a "
                    "character. Correct it first. Nothing was exported."
                )
    return "A user cannot be exported: it holds half a character. Nothing was exported."
