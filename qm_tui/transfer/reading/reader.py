"""Reading of a users file, record by record.

Source: the users file, section 2. The reader knows nothing of the store: the effect of a record is
determined by planning.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from qm_tui.errors import UserError, os_error_text
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.transfer.reading.columns import (
    Columns,
    UnusableHeader,
    columns_in_file_order,
    columns_of,
)
from qm_tui.transfer.reading.csv_rows import Row
from qm_tui.transfer.reading.dialect import Dialect, binary_file_type, detect_dialect, first_rows
from qm_tui.transfer.reading.file_report import report_on
from qm_tui.transfer.reading.lines import LineBlock, raw_lines, read_lines, with_byte_order
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.record_rows import RecordRows
from qm_tui.transfer.reading.records import CleanRecordBatch, Record, RecordBuilder
from qm_tui.transfer.reading.source import cannot_read, open_users_file, quoted_path
from qm_tui.users.validation import parse_flag

_START: Final = 8192
_HASH_CHUNK: Final = 1024 * 1024


class UsersFile:
    """A users file, open for reading.

    A context manager. What `read_options` does not set is detected. `signature` changes whenever
    the file is written. `file_report` is known from the start, except for its samples and counts,
    which grow while `records` is read. `codec` is its encoding; for UTF-16 with a byte order mark,
    the variant that the mark means.

    Raises:
        UserError: the file is not a users file, or cannot be read; on opening, and while reading.
    """

    def __init__(self, path: Path, read_options: ReadOptions | None = None) -> None:
        self.path = path
        self._read_options = read_options or ReadOptions()
        self._progress: ProgressCallback = ignore_progress
        self._done = 0
        self._file = open_users_file(path)
        try:
            self.size, self.signature = self._status()
            start = self._file.read(_START)
            if not start:
                raise UserError(f"{quoted_path(path)} is empty.")
            kind = binary_file_type(start, self._read_options.encoding)
            if kind:
                msg = (
                    f"{quoted_path(path)} is {kind}, not a CSV file. Choose another file. Save a "
                    "workbook as CSV first."
                )
                raise UserError(msg)
            dialect = detect_dialect(self._file, self._read_options)
            self.codec = with_byte_order(dialect.encoding, self._file)
            first = first_rows(self._file, dialect)
            self._rows = RecordRows(self._lines(dialect), dialect)
            columns = _with_usual_width(
                self._columns(), [row.cells for row in first], has_header=dialect.has_header
            )
            self._rows.expect(columns)
            self.file_report = report_on(self._rows, dialect, columns, self._read_options, first)
            self._builder = self._record_builder()
        except OSError as error:
            self._file.close()
            raise cannot_read(path, os_error_text(error)) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def sha256(self, progress: ProgressCallback = ignore_progress) -> str:
        """Return the file's SHA-256, for the activity log.

        Raises:
            UserError: the file cannot be read.
        """
        digest = sha256()
        try:
            self._file.seek(0)
            while block := self._file.read(_HASH_CHUNK):
                digest.update(block)
                progress(Phase.READING, self.size, self.size)
        except OSError as error:
            raise self._cannot_read_to_end(error) from error
        return digest.hexdigest()

    @property
    def mapping(self) -> ColumnMapping | None:
        """The column mapping; None if columns are mapped by their names."""
        return self._read_options.mapping

    @property
    def header(self) -> Row | None:
        """The header; None if the file has none."""
        return self._rows.header

    @property
    def has_changed(self) -> bool:
        """Whether the file was written since it was opened."""
        return self._status()[1] != self.signature

    def _status(self) -> tuple[int, tuple[int, ...]]:
        """Return the size of the file, and what changes whenever it is written."""
        status = os.fstat(self._file.fileno())
        return status.st_size, (status.st_ino, status.st_size, status.st_mtime_ns)

    def report_progress(self) -> None:
        """Call the progress callback once more, while a consumer processes what was read."""
        self._progress(Phase.READING, self._done, self.size)

    def _cannot_read_to_end(self, error: OSError) -> UserError:
        return UserError(
            f"Cannot read {quoted_path(self.path)} to the end: {os_error_text(error)}."
        )

    def _lines(self, dialect: Dialect) -> Iterator[LineBlock]:
        for lines in read_lines(self._file, dialect.encoding, dialect.end):
            self._done = lines.done
            self._progress(Phase.READING, self._done, self.size)
            yield lines

    def _columns(self) -> Columns:
        """Return the columns by the header, or those of a file without one.

        Raises:
            UserError: the header cannot be used.
        """
        header, mapping = self._rows.header, self._read_options.mapping
        if header is None:
            if mapping and mapping.columns and self._read_options.header is False:
                msg = (
                    f"A mapping requires a header, but {quoted_path(self.path)} is read without "
                    "one. Change one of the two options."
                )
                raise UserError(msg)
            return columns_in_file_order()
        if header.error:
            place = self._place(header)
            msg = (
                f"{place}: the header cannot be parsed. {header.error.message}. {header.error.fix}"
            )
            raise UserError(msg)
        try:
            return columns_of(self._rows.header_cells, mapping)
        except UnusableHeader as error:
            raise self._unusable(error) from None

    def _record_builder(self) -> RecordBuilder:
        """Return what makes the records.

        Raises:
            UserError: the header cannot be used with the mapping.
        """
        report, options = self.file_report, self._read_options
        encoding = report.dialect.encoding
        samples = None if encoding.startswith("utf") else report.samples
        try:
            return RecordBuilder(
                report.columns, options.mapping, "" if options.encoding else encoding, samples
            )
        except UnusableHeader as error:
            raise self._unusable(error) from None

    def _unusable(self, error: UnusableHeader) -> UserError:
        header = self._rows.header
        place = quoted_path(self.path) if header is None else self._place(header)
        return UserError(f"{place}: {error}")

    def _place(self, header: Row) -> str:
        return f"{quoted_path(self.path)}, line {header.line}"

    def rows(
        self, wanted: Collection[int], progress: ProgressCallback = ignore_progress
    ) -> Iterator[tuple[int, Row]]:
        """Yield the rows of some records as they are in the file, with the records' numbers.

        Reads from where `records` or `read` would, and instead of them.

        Raises:
            OSError: the file cannot be read.
        """
        self._progress = progress
        number = 1
        for item in self._rows:
            if isinstance(item, Row):
                if number in wanted:
                    yield number, item
                number += 1
                continue
            numbers = range(number, number + len(item.rows))
            if any(map(wanted.__contains__, numbers)):
                pairs = zip(numbers, item.single_rows(), strict=True)
                yield from (pair for pair in pairs if pair[0] in wanted)
            number += len(item.rows)

    def raw_lines(
        self, wanted: Collection[int], progress: ProgressCallback = ignore_progress
    ) -> Iterator[bytes]:
        """Yield some lines byte for byte, in parts of at most a block, given their numbers.

        Raises:
            OSError: the file cannot be read.
        """
        for part in raw_lines(self._file, self.file_report.dialect.encoding, wanted):
            yield part
            progress(Phase.READING, self._file.tell(), self.size)

    def records(self, progress: ProgressCallback = ignore_progress) -> Iterator[Record]:
        """Yield the records of the file, in order, once.

        Raises:
            UserError: the file contains no record, or cannot be read.
        """
        for batch in self.read(progress):
            if isinstance(batch, CleanRecordBatch):
                yield from batch.records()
            else:
                yield batch

    def read(
        self, progress: ProgressCallback = ignore_progress
    ) -> Iterator[Record | CleanRecordBatch]:
        """Yield the records of the file, in order, once: many at a time while they are clean.

        Raises:
            UserError: the file contains no record, or cannot be read.
        """
        self._progress = progress
        try:
            yield from self._read()
        except OSError as error:
            raise self._cannot_read_to_end(error) from error

    def _read(self) -> Iterator[Record | CleanRecordBatch]:
        file_report = self.file_report
        number = 1
        for rows in self._rows:
            yield from self._builder.build(number, rows)
            number += 1 if isinstance(rows, Row) else len(rows.rows)
        file_report.blank, file_report.short = self._rows.blank, self._rows.short
        file_report.incomplete = self._rows.incomplete
        file_report.lacks_line_end = self._rows.lacks_line_end
        self._progress(Phase.READING, self.size, self.size)
        if number == 1:
            if file_report.dialect.has_header:
                msg = f"{quoted_path(self.path)} contains only a header."
            else:
                msg = f"{quoted_path(self.path)} contains no records."
            raise UserError(msg)


def _with_usual_width(
    columns: Columns, records: Sequence[Sequence[str]], *, has_header: bool
) -> Columns:
    """Return the columns with the number of cells that the first records have (our choice).

    Empty cells at the end of the header alone mean nothing. A spreadsheet drops a last column
    without any value if it has no name; then all records end with the flag before it.

    Args:
        columns: the columns by the header, or those of a file without one.
        records: the cells of the first records.
        has_header: whether the file has a header.
    """
    if not records:
        return columns
    if not has_header:
        lacks_last = all(
            len(cells) == columns.width - 1 and parse_flag(cells[-1]) for cells in records
        )
        return columns._replace(may_lack_last=lacks_last)
    width = columns.width - columns.extra
    if columns.extra and max(map(len, records)) <= width:
        return columns._replace(width=width, extra=0)
    return columns
