"""Rows of a rejected-records file: the problems first, then the original cells."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final

from qm_tui.text import sanitize
from qm_tui.transfer.reading.columns import PROBLEMS_HEADER, Columns, is_problems_column
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.records import Values
from qm_tui.transfer.reading.spreadsheet import (
    as_text_formula,
    escape_formula,
    is_text_formula,
    needs_escape,
)
from qm_tui.users.fields import FIELDS, MAX_VALUE

_BUFFER_SIZE: Final = 64 * 1024
"""Characters per write."""

_LEAD: Final = "Problem: "
_LIKE_UTF8: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


class RejectedRowBuilder:
    """The columns of a rejected-records file.

    Args:
        header: the cells of the imported file's header; our own if it has none.
        columns: their fields.
        corrections: by record number, values that replace cells. A field without a column gets one
            at the end if a correction has a value for it.
        mapping: the column mapping, with which the new file is read again.

    Attributes:
        header: the header of the new file.
    """

    def __init__(
        self,
        header: Sequence[str],
        columns: Columns,
        corrections: Mapping[int, Values],
        mapping: ColumnMapping | None = None,
    ) -> None:
        self._mapping = mapping or ColumnMapping()
        self._indexes = columns.column_indexes
        self._corrections = corrections
        used_columns = set(columns.column_indexes)
        self._reasons_index = next(
            (
                index
                for index, name in enumerate(header)
                if is_problems_column(name) and index not in used_columns
            ),
            None,
        )
        self._width = len(header)
        self._added = [
            field.index
            for field in columns.absent
            if any(values[field.index] for values in corrections.values())
        ]
        # the name, not the header: two fields share a header
        names = [FIELDS[index].name for index in self._added]
        self.header = [PROBLEMS_HEADER, *self._without_problems(header), *names]

    def row(self, number: int, cells: Sequence[str], problems: str) -> list[str]:
        """Return the row of a record, given its cells and its problems."""
        values = self._corrections.get(number)
        added: list[str] = []
        if values is not None:
            cells = self._correct(cells, values)
            added = [_escape_for_spreadsheet(values[index] or "") for index in self._added]
        original = self._without_problems(cells)
        if not any(added):
            # a missing cell must not turn into an empty one in an added column
            limit = len(self.header) - 1 - len(self._added)
            return [problems, *(original[:limit] if self._added else original)]
        original += [""] * (len(self.header) - 1 - len(added) - len(original))
        return [problems, *original, *added]

    def _without_problems(self, cells: Sequence[str]) -> list[str]:
        return [cell for index, cell in enumerate(cells) if index != self._reasons_index]

    def _correct(self, cells: Sequence[str], values: Values) -> list[str]:
        corrected = [*cells[: self._width], *[""] * (self._width - len(cells))]
        last = len(cells)
        for field, place, value in zip(FIELDS, self._indexes, values, strict=True):
            if place is not None and value is not None:
                written = self._mapping.cell_of(field, value, corrected[place])
                corrected[place] = _escape_for_spreadsheet(written)
                last = max(last, place + 1)
        return corrected[:last]


def _escape_for_spreadsheet(value: str) -> str:
    """Return a value as a cell that a reader unwraps and unguards to the same value."""
    if needs_escape(value):
        value = escape_formula(value)
    return as_text_formula(value) if is_text_formula(value) else value


class RejectedCsvWriter:
    """Writes rows to a file, in the format of another.

    Args:
        file: the file, open for writing.
        encoding: its encoding, without a byte order mark.
        delimiter: its delimiter.
        is_marked: whether it begins with a byte order mark.
        writes_sep_line: whether its first line names the delimiter.
    """

    def __init__(
        self,
        file: BinaryIO,
        encoding: str,
        delimiter: str,
        *,
        is_marked: bool,
        writes_sep_line: bool,
    ) -> None:
        self._file = file
        self._encoding = encoding
        self._text = io.StringIO(newline="")
        self._text.write("\ufeff" * is_marked)
        self._text.write(f"sep={delimiter}\r\n" * writes_sep_line)
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def reasons_cell(self, text: str) -> str:
        """Return the text for the Problems column, encodable and safe for spreadsheets."""
        text = sanitize(text, MAX_VALUE - len(_LEAD))
        if not text[:1].isalpha():
            text = _LEAD + text
        if text.isascii():
            return text
        encoded = text.encode(self._encoding, "replace")
        if self._encoding == "cp1252":
            # a sequence like UTF-8 would make detection take the whole file for UTF-8
            encoded = _LIKE_UTF8.sub(lambda match: b"?" * len(match.group()), encoded)
        return encoded.decode(self._encoding)

    def write(self, row: Sequence[str]) -> None:
        """Write a row; it may be buffered.

        Raises:
            UnicodeEncodeError: the encoding cannot represent it.
            OSError: the file cannot be written.
        """
        self._writer.writerow(row)
        if self._text.tell() > _BUFFER_SIZE:
            self.flush()

    def flush(self) -> None:
        """Write the buffered rows.

        Raises:
            UnicodeEncodeError: the encoding cannot represent them.
            OSError: the file cannot be written.
        """
        self._file.write(self._text.getvalue().encode(self._encoding))
        self._text.seek(0)
        self._text.truncate()
