"""Users as the bytes of a users file, about a thousand users at a time.

Checking each cell takes as long as writing it. So the distinct values of a column are checked
together, and single ones only if one of them may need it. Quoting is part of that check, as
`csv.writer` with its default rules would do it: it takes half of the time of an export.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import sanitize
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
from qm_tui.transfer.spreadsheet import may_be_altered
from qm_tui.users.fields import FIELD, FIELDS, User

_BOM: Final = "\ufeff"
_LINE_END: Final = "\r\n"
_USER_ID: Final = FIELD["user_id"].index


class Writer:
    """Serializes users as a users file.

    Args:
        options: the export options.

    Attributes:
        formulas: by field index, the number of cells so far that a spreadsheet would run; not
            counted for a spreadsheet.
        formula_users: the number of users who have such a cell.
        altered: by field index, the number of other values that a spreadsheet may alter.
    """

    def __init__(self, options: ExportOptions) -> None:
        self.formulas: Counter[int] = Counter()
        self.formula_users = 0
        self.altered: Counter[int] = Counter()
        self._options = options
        self._special = re.compile(f'[{re.escape(options.effective_delimiter)}"\r\n]')
        omitted = options.omitted_fields
        # without a header, all columns are there, and those of omitted fields empty
        self._fields = [field for field in FIELDS if not (options.header and field in omitted)]
        self._empty = [field for field in self._fields if field in omitted]

    def start(self) -> bytes:
        """Return what precedes the users: the byte order mark and the header, if any."""
        text = _BOM if self._options.for_excel else ""
        if self._options.header:
            text += self._text([[self._quoted(field.header) for field in self._fields]])
        return text.encode()

    def rows(self, users: Sequence[User], *, are_first: bool = False) -> bytes:
        """Return the lines of the users.

        Args:
            users: at most as many users as are written between two calls of the progress callback.
            are_first: whether they are the first of the file.

        Raises:
            UserError: a value cannot be encoded.
        """
        text = self._text(self._rows(users))
        try:
            data = text.encode()
        except UnicodeEncodeError as error:
            raise UserError(_unwritable(users)) from error
        if are_first and not self._options.header and not self._options.for_excel:
            data = _as_start(text, data)
        return data

    def _text(self, rows: Iterable[Sequence[str]]) -> str:
        lines = map(self._options.effective_delimiter.join, rows)
        return "".join([f"{line}{_LINE_END}" for line in lines])

    def _quoted(self, cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if self._special.search(cell) else cell

    def _rows(self, users: Sequence[User]) -> Iterable[Sequence[str]]:
        """Return the cells of the users, and count what a spreadsheet would run or may alter."""
        columns: list[Sequence[str]] = list(zip(*users, strict=True))
        is_as_stored = len(self._fields) == len(FIELDS) and not self._empty
        run_by: set[int] = set()
        for field in self._fields:
            if field in self._empty:
                columns[field.index] = [""] * len(users)
                continue
            column = columns[field.index]
            values = set(column)
            altered = may_be_altered(values)
            cells = self._cells(altered, values)
            if cells or self._special.search("".join(values)):
                is_as_stored = False
                texts = {value: self._quoted(cells.get(value, value)) for value in values}
                columns[field.index] = [texts[value] for value in column]
            if altered and not self._options.for_excel:
                formulas = set(filter(is_formula, altered))
                others = set(altered) - formulas
                if others:
                    self.altered[field.index] += sum(map(others.__contains__, column))
                running = formulas - cells.keys()
                if running:
                    found = [row for row, value in enumerate(column) if value in running]
                    self.formulas[field.index] += len(found)
                    run_by.update(found)
        self.formula_users += len(run_by)
        if is_as_stored:
            return users
        return zip(*(columns[field.index] for field in self._fields), strict=True)

    def _cells(self, altered: Sequence[str], values: Collection[str]) -> dict[str, str]:
        """Return the cells of the values that are not written as they are, not yet quoted.

        Args:
            altered: those that a spreadsheet may alter or run.
            values: all of them.
        """
        cells: dict[str, str] = {}
        guarded = filter(needs_escape, values) if GUARD in "".join(values) else ()
        for value in (*altered, *guarded):
            is_guarded = self._options.guard_formulas and is_formula(value)
            cell = escape_formula(value) if is_guarded or needs_escape(value) else value
            if may_be_altered([cell]) if self._options.for_excel else is_text_formula(cell):
                cell = as_text_formula(cell)
            if cell != value:
                cells[value] = cell
        return cells


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
