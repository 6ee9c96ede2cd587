"""The rows of a file of rejected records: their problems first, then the cells that they had."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final

from qm_tui.text import visible
from qm_tui.transfer.reading.columns import PROBLEMS_HEADER, Columns, is_problems_column
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.reading.spreadsheet import guarded, needs_guard, needs_wrapping, wrapped
from qm_tui.users.fields import FIELDS, MAX_VALUE

_AT_ONCE: Final = 64 * 1024
"""Characters that are written at once."""

_LEAD: Final = "Problem: "
_LIKE_UTF8: Final = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")


class Sheet:
    """What stands in which column.

    Args:
        header: the cells of the file's header, as the file has them; our own where it has none.
        columns: what they mean.
        corrections: by record number, values that take the place of cells. Where they have a
            field for which the file has no column, it gets one at the end.

    Attributes:
        header: the header of the new file.
    """

    def __init__(
        self, header: Sequence[str], columns: Columns, corrections: Mapping[int, Values]
    ) -> None:
        self._places = columns.places
        self._corrections = corrections
        taken = set(columns.places)
        self._problems = next(
            (at for at, name in enumerate(header) if is_problems_column(name) and at not in taken),
            None,
        )
        self._width = len(header)
        self._added = [
            field.index
            for field in columns.absent
            if any(values[field.index] for values in corrections.values())
        ]
        # by its name and not its header: two fields share a header
        names = [FIELDS[at].name for at in self._added]
        self.header = [PROBLEMS_HEADER, *self._without_problems(header), *names]

    def row(self, number: int, cells: Sequence[str], problems: str) -> list[str]:
        """The row of a record, given the cells that it has and what is wrong with it."""
        values = self._corrections.get(number)
        more: list[str] = []
        if values is not None:
            cells = self._corrected(cells, values)
            more = [_dressed(values[at] or "") for at in self._added]
        own = self._without_problems(cells)
        if not any(more):
            # where columns were added, one that is missing must not begin to be empty
            limit = len(self.header) - 1 - len(self._added)
            return [problems, *(own[:limit] if self._added else own)]
        own += [""] * (len(self.header) - 1 - len(more) - len(own))
        return [problems, *own, *more]

    def _without_problems(self, cells: Sequence[str]) -> list[str]:
        return [cell for at, cell in enumerate(cells) if at != self._problems]

    def _corrected(self, cells: Sequence[str], values: Values) -> list[str]:
        corrected = [*cells[: self._width], *[""] * (self._width - len(cells))]
        last = len(cells)
        for place, value in zip(self._places, values, strict=True):
            if place is not None and value is not None:
                corrected[place] = _dressed(value)
                last = max(last, place + 1)
        return corrected[:last]


def _dressed(value: str) -> str:
    """A value so that a reader, who undresses what a spreadsheet was given, gets it as it is."""
    if needs_guard(value):
        value = guarded(value)
    return wrapped(value) if needs_wrapping(value) else value


class SheetFile:
    """Writes rows to a file, in the dialect of another.

    Args:
        file: the file, open for writing.
        encoding: its encoding, without a mark.
        delimiter: its delimiter.
        is_marked: whether it begins with a byte order mark.
        says_delimiter: whether its first line says the delimiter.
    """

    def __init__(
        self,
        file: BinaryIO,
        encoding: str,
        delimiter: str,
        *,
        is_marked: bool,
        says_delimiter: bool,
    ) -> None:
        self._file = file
        self._encoding = encoding
        self._text = io.StringIO(newline="")
        self._text.write("\ufeff" * is_marked)
        self._text.write(f"sep={delimiter}\r\n" * says_delimiter)
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def problems(self, text: str) -> str:
        """The text of the Problems column: one that the file holds and that no spreadsheet runs."""
        text = visible(text, MAX_VALUE - len(_LEAD))
        if not text[:1].isalpha():
            text = _LEAD + text
        if text.isascii():
            return text
        encoded = text.encode(self._encoding, "replace")
        if self._encoding == "cp1252":
            # what looks like UTF-8 would make the whole file be taken for it
            encoded = _LIKE_UTF8.sub(lambda found: b"?" * len(found.group()), encoded)
        return encoded.decode(self._encoding)

    def write(self, row: Sequence[str]) -> None:
        """Write a row, sooner or later.

        Raises:
            UnicodeEncodeError: the encoding does not hold it.
            OSError: it could not be written.
        """
        self._writer.writerow(row)
        if self._text.tell() > _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what was not written yet.

        Raises:
            UnicodeEncodeError: the encoding does not hold it.
            OSError: it could not be written.
        """
        self._file.write(self._text.getvalue().encode(self._encoding))
        self._text.seek(0)
        self._text.truncate()
