"""The rows of a file that are records: without its header, with the right number of cells.

Source: the users file, section 2. Everything that reads the records of a file numbers these rows.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from qm_tui.text import pluralize, trim
from qm_tui.transfer.reading.columns import (
    Columns,
    have_same_columns,
    known_names,
    normalize_header,
)
from qm_tui.transfer.reading.csv_rows import TEXT_AFTER_QUOTE, UNCLOSED, CleanRowBatch, Row, Rows
from qm_tui.transfer.reading.dialect import Dialect, is_header, is_record_above_header
from qm_tui.transfer.reading.lines import LineBlock
from qm_tui.transfer.reading.spreadsheet import from_text_formula
from qm_tui.users.fields import FIELDS, Kind
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.validation import parse_flag

SHORT_RECORD: Final = "Fewer values than columns"
"""The reason of a record without its last cells."""

_BESIDE_FRAGMENT: Final = Issue(
    None,
    "The record next to it has far too few values, and may be a part of this one",
    "Check the first and the last value of the record.",
    Severity.WARNING,
)
_ABOVE_HEADER: Final = Issue(
    None,
    "The record is above a header with the columns in another order",
    "Check the order of its values, and move it below the header.",
)
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

_STANDARD_HEADER: Final = tuple(field.header for field in FIELDS)

Item = CleanRowBatch | Row


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
        lacks_line_end: whether the last value may be incomplete, because it has no line end.
    """

    def __init__(self, source: Iterator[LineBlock], dialect: Dialect) -> None:
        self._rows = Rows(source, dialect.delimiter, dialect.encoding_name)
        self.header: Row | None = None
        self.skipped: list[int] = []
        self.repeated: list[int] = []
        self.marked = self._rows.marked
        self.short = 0
        self.incomplete = ""
        self.lacks_line_end = False
        self._above: list[Row] = []
        self.header_cells: list[str] = []
        self._names: set[str] = set()
        """The normalized names by which a header is found further down."""
        self._probe = 0
        """The index of a column, of flags if possible, in which records have no such name."""
        self._is_in_standard_order = True
        self._width = self._extra = 0
        self._may_lack_last = False
        self._change: Issue | None = None
        """Why the records from here on are rejected: another header is above them."""
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
                self.header_cells = [from_text_formula(trim(cell)) for cell in row.cells]
                return
            if is_record_above_header(row):
                self._above.append(row)
            else:
                self.skipped.append(row.line)

    def expect(self, columns: Columns) -> None:
        """Set the columns, which determine the number of cells of a record."""
        self._rows.width = self._width = columns.width
        self._rows.extra = self._extra = columns.extra
        self._may_lack_last = columns.may_lack_last
        self._names = known_names().union(map(normalize_header, columns.header)) - {""}
        named = [(field, at) for at, field in enumerate(columns.fields) if field is not None]
        flags = (at for field, at in named if field.kind is Kind.FLAG)
        self._probe = next(flags, named[0][1] if named else 0)
        self._is_in_standard_order = columns.are_in_file_order and columns.width == len(FIELDS)

    def __iter__(self) -> Iterator[Item]:
        before = self.header.end if self.header is not None and not self._above else ""
        order = None if self._is_in_standard_order else _ABOVE_HEADER
        above = [
            row._replace(error=row.error or self._rows.long_issue(row.cells) or order)
            for row in self._above
        ]
        items = _with_line_end_warnings(chain(above, self._rows), before)
        for item in self._with_fragment_problems(items):
            if isinstance(item, Row):
                yield from self._checked(item)
            elif self._change is not None or self._may_hold_header(item):
                for row in item.single_rows():
                    yield from self._checked(row)
            else:
                if not self._has_last_values:
                    self._has_last_values = any(row[-1] for row in item.rows)
                yield item

    def _may_hold_header(self, batch: CleanRowBatch) -> bool:
        """Return whether one of the rows may be a header."""
        probed = set(map(itemgetter(self._probe), batch.rows))
        found = {cell for cell in probed if normalize_header(cell) in self._names}
        if not found:
            return False
        # a value may be a name, too: a column "No", and "no" in a flag
        suspects = (row for row in batch.single_rows() if row.cells[self._probe] in found)
        return any(map(self._is_header, suspects))

    def _is_header(self, row: Row) -> bool:
        """Return whether a row is a header, the same as before or another one."""
        cells = row.cells
        if not cells:
            return False
        if [from_text_formula(trim(cell)) for cell in cells] == self.header_cells:
            return True
        probed = (cells[0], cells[len(cells) // 2], cells[-1])
        return (
            len(cells) > 1
            and any(normalize_header(cell) in self._names for cell in probed)
            and is_header(row, self._names, self._width)
        )

    def _checked(self, row: Row) -> Iterator[Row]:
        """Yield the row with what its number of cells says about it, unless it is the header.

        Behind a header with other columns, all records are rejected.
        """
        cells = row.cells
        if self._change is None and self._is_header(row):
            header = [from_text_formula(trim(cell)) for cell in cells]
            if not have_same_columns(header, self.header_cells or _STANDARD_HEADER):
                self._change = _change_issue(row.line)
            elif self.header_cells:
                self.repeated.append(row.line)
                return
        if self._change is not None:
            yield row._replace(error=self._change)
            return
        is_cut = not row.end and row.line > 1
        is_short = len(cells) < self._width and not self._lacks_only_last(cells)
        if is_cut and (row.error is UNCLOSED or is_short):
            yield row._replace(error=self._incomplete_issue(len(cells)))
        elif row.error is not None:
            yield row
        else:
            if is_short:
                self.short += 1
                row = _warned(row, self._short_issue(len(cells)))
            elif is_cut and (cells[-1] or self._has_last_values):
                row = _warned(row, _INCOMPLETE_VALUE)
                self.lacks_line_end = True
            self._has_last_values = self._has_last_values or bool(cells[-1])
            yield row

    def _lacks_only_last(self, cells: Sequence[str]) -> bool:
        is_one_less = len(cells) == self._width - 1
        return self._may_lack_last and is_one_less and parse_flag(cells[-1]) is not None

    def _with_fragment_problems(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the rows; reject those with less than half of the values next to complete ones.

        If a line is broken in the first or last cell of a record, one of its parts has all values,
        so the records next to such a row have a warning (our choice).
        """
        held: Item | None = None
        is_after_fragment = is_after_complete = False
        for item in chain(items, (None,)):
            if held is None:
                held = item
                continue
            is_before_fragment = self._is_fragment(item)
            is_beside = is_after_fragment or is_before_fragment
            if isinstance(held, CleanRowBatch) and not is_beside:
                yield held
            elif isinstance(held, CleanRowBatch):
                first, *others = held.single_rows()
                rows = [_warned(first, _BESIDE_FRAGMENT) if is_after_fragment else first, *others]
                if is_before_fragment and (others or not is_after_fragment):
                    rows[-1] = _warned(rows[-1], _BESIDE_FRAGMENT)
                yield from rows
            elif not self._is_fragment(held):
                yield _warned(held, _BESIDE_FRAGMENT) if is_beside else held
            elif is_after_complete or self._is_complete(item):
                yield held._replace(error=held.error or self._fragment_issue(len(held.cells)))
            else:
                yield held
            is_after_fragment, is_after_complete = self._is_fragment(held), self._is_complete(held)
            held = item

    def _is_fragment(self, item: Item | None) -> bool:
        # how many cells a row with a wrong quote has is unknown
        return (
            isinstance(item, Row)
            and item.error not in (UNCLOSED, TEXT_AFTER_QUOTE)
            and 0 < len(item.cells) * 2 < self._columns
        )

    def _is_complete(self, item: Item | None) -> bool:
        return isinstance(item, CleanRowBatch) or (
            item is not None and not item.error and len(item.cells) >= self._columns
        )

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

    def _count_text(self, count: int) -> str:
        # where empty cells at the end are no columns, a record that lost one still has too few
        values = max(1, count - self._extra)
        return f"{pluralize(values, 'value')} for {pluralize(self._columns, 'column')}"

    def _fragment_issue(self, count: int) -> Issue:
        return Issue(
            None,
            f"{self._count_text(count)}: the record may be a part of the one before or after it",
            "Join the parts of the record to one line, or complete the record.",
            reason="Far fewer values than columns",
        )

    def _short_issue(self, count: int) -> Issue:
        return Issue(
            None,
            self._count_text(count),
            "Check that each value is in the right field.",
            Severity.WARNING,
            SHORT_RECORD,
        )


def _change_issue(line: int) -> Issue:
    return Issue(
        None,
        f"The columns change in line {line:,}, which is another header",
        "Split the file before that line, and import both parts.",
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
    return _warned(row, _ODD_LINE_END) if is_suspect else row


def _warned(row: Row, warning: Issue) -> Row:
    return row._replace(warnings=(*row.warnings, warning))
