"""The rows of a file that are records: without its header, with the right number of cells.

Source: the users file, section 2. Everything that reads the records of a file numbers these rows.
"""

from collections.abc import Iterator
from itertools import chain
from operator import itemgetter
from typing import Final

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import Columns
from qm_tui.transfer.reading.csv_rows import UNCLOSED, CleanRowBatch, Row, Rows
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.header import is_record_above_header
from qm_tui.transfer.reading.lines import LineBlock
from qm_tui.users.issues import Issue, Severity

SHORT_RECORD: Final = "Fewer values than columns"
"""The reason of a record without its last cells."""

_INCOMPLETE_VALUE: Final = Issue(
    None,
    "The file ends without a line end, so the last value may be incomplete",
    "Check the last value of the record.",
    Severity.WARNING,
)
_ODD_LINE_END: Final = Issue(
    None,
    "A line end next to the record differs from those of the other lines",
    "Check the first and the last value of the record.",
    Severity.WARNING,
)

Item = CleanRowBatch | Row

_first_cell: Final = itemgetter(0)


class RecordRows:
    """The records of a file as rows: many at a time while they are clean, otherwise one by one.

    Args:
        source: the lines of the file.
        dialect: its format.

    Attributes:
        header: the header; None if the file has none.
        skipped: the lines above the header that are no records.
        repeated: the lines so far on which the header is repeated.
        marked: the lines so far that began with a byte order mark, which was removed.
        short: the number of records so far without their last cells.
        incomplete: why the file seems to be incomplete; empty if it does not.
    """

    def __init__(self, source: Iterator[LineBlock], dialect: Dialect) -> None:
        self._rows = Rows(source, dialect.delimiter, dialect.encoding_name)
        self.header: Row | None = None
        self.skipped: list[int] = []
        self.repeated: list[int] = []
        self.marked = self._rows.marked
        self.short = 0
        self.incomplete = ""
        self._above: list[Row] = []
        self._header_cells: list[str] = []
        self._width = self._extra = 0
        self._has_last_values = False
        if dialect.has_sep_line:
            self._rows.next_row()
        if dialect.has_header:
            self._read_header(dialect.header_line)

    @property
    def blank(self) -> int:
        """The number of blank rows so far."""
        return self._rows.blank

    def _read_header(self, line: int) -> None:
        while (row := self._rows.next_row()) is not None:
            if row.line >= line:
                self.header = row
                self._header_cells = [trim(cell) for cell in row.cells]
                return
            if is_record_above_header(row):
                self._above.append(row)
            else:
                self.skipped.append(row.line)

    def expect(self, columns: Columns) -> None:
        """Set the columns, which determine the number of cells of a record."""
        self._rows.width = self._width = columns.width
        self._rows.extra = self._extra = columns.extra

    def __iter__(self) -> Iterator[Item]:
        before = self.header.end if self.header is not None and not self._above else ""
        above = [
            row._replace(error=row.error or self._rows.long_issue(row.cells)) for row in self._above
        ]
        for item in _with_line_end_warnings(chain(above, self._rows), before):
            if isinstance(item, Row):
                yield from self._checked(item)
            elif self._holds_header(item):
                for row in item.single_rows():
                    yield from self._checked(row)
            else:
                if not self._has_last_values:
                    self._has_last_values = any(row[-1] for row in item.rows)
                yield item

    def _holds_header(self, batch: CleanRowBatch) -> bool:
        """Return whether one of the rows is the header again."""
        header = self._header_cells
        # comparing the first cells first is faster than comparing the rows
        return bool(header) and header[0] in map(_first_cell, batch.rows) and header in batch.rows

    def _checked(self, row: Row) -> Iterator[Row]:
        """Yield the row with what its number of cells says about it, unless it is the header."""
        cells, header = row.cells, self._header_cells
        is_like_header = not row.error and header and trim(cells[0]) == header[0]
        if is_like_header and [trim(cell) for cell in cells] == header:
            self.repeated.append(row.line)
            return
        is_cut = not row.end and row.line > 1
        if is_cut and (row.error is UNCLOSED or len(cells) < self._width):
            yield row._replace(error=self._incomplete_issue(len(cells)))
        elif row.error is not None:
            yield row
        else:
            if len(cells) < self._width:
                self.short += 1
                row = row._replace(warnings=(*row.warnings, self._short_issue(len(cells))))
            elif is_cut and (cells[-1] or self._has_last_values):
                row = row._replace(warnings=(*row.warnings, _INCOMPLETE_VALUE))
            self._has_last_values = self._has_last_values or bool(cells[-1])
            yield row

    @property
    def _columns(self) -> int:
        """The number of columns with a name."""
        return self._width - self._extra

    def _incomplete_issue(self, count: int) -> Issue:
        values = f"{min(count, self._columns)} of {self._columns} values and no line end"
        self.incomplete = f"The file seems to be incomplete: the last record has {values}."
        return Issue(
            None,
            f"The last record has {values}",
            "Get the complete file, or complete the record.",
            reason="The last record is incomplete",
        )

    def _short_issue(self, count: int) -> Issue:
        # where empty cells at the end are no columns, a record that lost one still has too few
        values = max(1, count - self._extra)
        return Issue(
            None,
            f"{values} {'value' if values == 1 else 'values'} for {self._columns} columns",
            "Check that each value is in the right field.",
            Severity.WARNING,
            SHORT_RECORD,
        )


def _with_line_end_warnings(items: Iterator[Item], before: str) -> Iterator[Item]:
    """Yield the rows, with a warning on those next to an odd line end.

    If a byte of a line end was altered, it belongs to the last value of a record or to the first
    value of the next one. Odd are a CR in a file that also has other line ends, and an end that
    differs from the one before and the one after it (our choice). Line ends within quotes do not
    count. Nothing is checked as long as all line ends are equal.

    Args:
        items: the rows.
        before: the line end of the header; empty without one.
    """
    last, seen = before, {before} - {""}
    held: Row | None = None
    """A row with another line end than the one before: it is odd if the next one differs, too."""
    is_suspect = False  # whether the line end before the row is odd
    for item in items:
        end = item.end
        if last == "\r" and end and end not in seen:
            is_suspect = True
        seen |= {end} - {""}
        if held is None and not is_suspect:
            is_first_batch = not last and isinstance(item, CleanRowBatch) and len(item.rows) > 1
            if is_first_batch or (end == last and (end != "\r" or len(seen) == 1)):
                last = end
                yield item
                continue
        for row in item.single_rows() if isinstance(item, CleanRowBatch) else (item,):
            if held is not None:
                is_odd = row.end != held.end if row.end else bool(last)
                yield _mark(held, is_suspect=is_odd or is_suspect)
                last, is_suspect, held = held.end, is_odd, None
            is_odd = row.end == "\r" and len(seen) > 1
            if is_odd or row.end in ("", last):
                yield _mark(row, is_suspect=is_odd or is_suspect)
                last, is_suspect = row.end or last, is_odd
            else:
                held = row
    if held is not None:
        yield _mark(held, is_suspect=bool(last) or is_suspect)


def _mark(row: Row, *, is_suspect: bool) -> Row:
    return row._replace(warnings=(*row.warnings, _ODD_LINE_END)) if is_suspect else row
