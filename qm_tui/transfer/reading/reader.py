"""Reading of a users file, record by record.

Source: the users file, section 2. The reader knows nothing of the store: the effect of a record is
determined by planning.
"""

import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

from qm_tui.errors import UserError, os_error_text
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.text import sanitize, trim
from qm_tui.transfer.reading.columns import (
    Columns,
    UnusableHeader,
    columns_in_file_order,
    columns_of,
)
from qm_tui.transfer.reading.csv_rows import CleanRowBatch, Row
from qm_tui.transfer.reading.dialect import Dialect, binary_file_type, detect_dialect, first_rows
from qm_tui.transfer.reading.file_report import report_on
from qm_tui.transfer.reading.lines import LineBlock, raw_lines, read_lines, with_byte_order
from qm_tui.transfer.reading.odd_symbols import SymbolCheck
from qm_tui.transfer.reading.read_options import SUFFIX, ReadOptions
from qm_tui.transfer.reading.record_rows import RecordRows
from qm_tui.transfer.reading.spreadsheet import from_text_formula, unescape_formula
from qm_tui.users.fields import FIELDS, SECRETS, Field
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.validation import character_issue, parse_flag

_SAMPLES: Final = 3
_START: Final = 8192
_HASH_CHUNK: Final = 1024 * 1024
_SECRET_INDEXES: Final = frozenset(secret.index for secret in SECRETS)
_DAMAGE: Final = re.compile("[\v\f\x85]")
"""White space that no program writes around a value: the remains of a letter (our choice)."""
_WORD_BEYOND_ASCII: Final = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")


Values = list[str | None]
"""The values of a record in file order; None if the file or the record has no such cell."""


class Record(NamedTuple):
    """One record of a users file.

    Attributes:
        number: its number among the records, from 1.
        line: the line on which it starts, from 1.
        values: its values.
        issues: the problems that do not depend on the store; empty if there are none. An error
            without a field means that the record cannot be parsed, and has no values.
    """

    number: int
    line: int
    values: Values
    issues: tuple[Issue, ...]

    @property
    def is_parsed(self) -> bool:
        """Whether the record has values."""
        return not any(
            issue.field is None and issue.severity is Severity.ERROR for issue in self.issues
        )


class CleanRecordBatch(NamedTuple):
    """Records with all the file's columns, without errors, one on each line.

    Attributes:
        number: the number of the first.
        line: the line of the first.
        values: the values of each in file order; None in all of them for a field without a
            column.
    """

    number: int
    line: int
    values: Sequence[Sequence[str | None]]

    def records(self) -> Iterator[Record]:
        """Yield the single records."""
        for index, values in enumerate(self.values):
            yield Record(self.number + index, self.line + index, [*values], ())


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
        self._file = _open_users_file(path)
        try:
            self.size, self.signature = self._status()
            kind = binary_file_type(self._file.read(_START), self._read_options.encoding)
            if kind:
                msg = (
                    f"{_quoted_path(path)} is {kind}, not a CSV file. Choose another file. Save a "
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
            self._needs_samples = not dialect.encoding.startswith("utf")
            self._symbols = SymbolCheck("" if self._read_options.encoding else dialect.encoding)
        except OSError as error:
            self._file.close()
            raise _cannot_read(path, os_error_text(error)) from error
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
            f"Cannot read {_quoted_path(self.path)} to the end: {os_error_text(error)}."
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
            if mapping and self._read_options.header is False:
                msg = (
                    f"A mapping requires a header, but {_quoted_path(self.path)} is read without "
                    "one. Change one of the two options."
                )
                raise UserError(msg)
            return columns_in_file_order()
        place = f"{_quoted_path(self.path)}, line {header.line}"
        if header.error:
            msg = (
                f"{place}: the header cannot be parsed. {header.error.message}. {header.error.fix}"
            )
            raise UserError(msg)
        try:
            return columns_of([from_text_formula(trim(cell)) for cell in header.cells], mapping)
        except UnusableHeader as error:
            msg = f"{place}: {error}"
            raise UserError(msg) from None

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
        arranged = _column_picker(file_report.columns)
        number = 1
        for batch in self._rows:
            if not isinstance(batch, CleanRowBatch):
                yield self._record(number, batch)
                number += 1
                continue
            if batch.beyond_ascii and self._symbols.finds_any(batch):
                for row in batch.single_rows():
                    yield self._record(number, row)
                    number += 1
                continue
            rows = arranged(batch.rows)
            for values in rows if self._needs_samples else ():
                self._collect_samples(values)
            yield CleanRecordBatch(number, batch.line, rows)
            number += len(rows)
        file_report.blank, file_report.short = self._rows.blank, self._rows.short
        file_report.incomplete = self._rows.incomplete
        self._progress(Phase.READING, self.size, self.size)
        if number == 1:
            if not self.size:
                msg = f"{_quoted_path(self.path)} is empty."
            elif file_report.dialect.has_header:
                msg = f"{_quoted_path(self.path)} contains only a header."
            else:
                msg = f"{_quoted_path(self.path)} contains no records."
            raise UserError(msg)

    def _record(self, number: int, row: Row) -> Record:
        """Return the record of a row that is not clean."""
        if row.error:
            return Record(number, row.line, [None] * len(FIELDS), (row.error,))
        values = self._in_file_order(row.cells)
        if not row.is_stripped:
            _normalize_cells(values, may_be_escaped=row.may_be_escaped)
        if self._needs_samples:
            self._collect_samples(values)
        issues = row.warnings
        if not row.is_printable:
            issues += _issues(values, character_issue)
        if not "".join(row.cells).isascii():
            issues += _issues(values, self._symbols.issue)
        return Record(number, row.line, values, issues)

    def _in_file_order(self, cells: list[str]) -> Values:
        """Return the cells as values in file order."""
        count = len(cells)
        return [
            None if index is None or index >= count else cells[index]
            for index in self.file_report.columns.column_indexes
        ]

    def _collect_samples(self, values: Sequence[str | None]) -> None:
        """Collect words beyond ASCII until there are enough to check a detected encoding."""
        samples = self.file_report.samples
        for place, value in enumerate(values):
            if value and not value.isascii() and place not in _SECRET_INDEXES:
                word = _WORD_BEYOND_ASCII.search(value)
                if word and word.group() not in samples:
                    samples.append(word.group())
        del samples[_SAMPLES:]
        self._needs_samples = len(samples) < _SAMPLES


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


def _column_picker(
    columns: Columns,
) -> Callable[[list[list[str]]], Sequence[Sequence[str | None]]]:
    """Return a function from rows with all columns of the file to values in file order."""
    if columns.are_in_file_order and columns.width == len(FIELDS):
        return lambda rows: rows
    nowhere = columns.width
    values_of = itemgetter(
        *(nowhere if index is None else index for index in columns.column_indexes)
    )
    return lambda rows: [values_of([*row, None]) for row in rows]


def _normalize_cells(values: Values, *, may_be_escaped: bool) -> None:
    """Trim all values except secrets, and undo what was added for a spreadsheet: `="0123"`, `'`.

    Vertical tabs, form feeds and U+0085 are not trimmed.
    """
    for place, value in enumerate(values):
        if not value:
            continue
        if place in _SECRET_INDEXES:
            if may_be_escaped:
                values[place] = unescape_formula(from_text_formula(value))
            continue
        if _DAMAGE.search(value):
            continue  # a control character, which rejects the record
        trimmed = trim(value)
        if may_be_escaped:
            trimmed = trim(unescape_formula(trim(from_text_formula(trimmed))))
        values[place] = trimmed


def _issues(values: Values, check: Callable[[Field, str], Issue | None]) -> tuple[Issue, ...]:
    found = (check(FIELDS[place], value) for place, value in enumerate(values) if value)
    return tuple(issue for issue in found if issue is not None)


def _quoted_path(path: Path) -> str:
    """Return the path for a message."""
    return sanitize(str(path))


_NO_FILE: Final[list[tuple[Callable[[int], bool], str]]] = [
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
]


def _open_users_file(path: Path) -> BinaryIO:
    """Return the file, open for reading.

    Raises:
        UserError: the path does not exist, is not a regular file, cannot be read, or does not end
            in `.csv`.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            msg = f"{_quoted_path(path)} does not exist. Check the path."
            raise UserError(msg) from error
        cause = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise _cannot_read(path, cause) from error
    kind = next((kind for is_kind, kind in _NO_FILE if is_kind(mode)), None)
    if kind:
        msg = f"{_quoted_path(path)} is {kind}, not a CSV file. Choose a file that ends in .csv."
        raise UserError(msg)
    if not path.name.lower().endswith(SUFFIX):
        msg = f"{_quoted_path(path)} does not end in .csv. If it is a CSV file, rename it."
        raise UserError(msg)
    try:
        # not blocking: the file may have become a pipe since the check above
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot_read(path, os_error_text(error)) from error
    return os.fdopen(descriptor, "rb")


def _cannot_read(path: Path, cause: str) -> UserError:
    """Return the error for a file that cannot be read."""
    return UserError(f"Cannot read {_quoted_path(path)}: {cause}.")
