"""Reading of a users file, record by record.

Source: the users file, section 2. The reader knows nothing of the store: the effect of a record is
determined by planning.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, Self

from qm_tui.errors import UserError, os_error_text
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.text import pluralize, sanitize
from qm_tui.transfer.reading.columns import (
    Columns,
    DuplicateColumn,
    MappingMismatch,
    columns_in_file_order,
    columns_of,
)
from qm_tui.transfer.reading.csv_rows import BLANKS, CleanRowBatch, Row, Rows
from qm_tui.transfer.reading.dialect import Dialect, binary_file_type, detect_dialect, first_rows
from qm_tui.transfer.reading.findings_text import columns_text, dialect_text
from qm_tui.transfer.reading.lines import LineBlock, read_lines
from qm_tui.transfer.reading.open_file import cannot_read, open_users_file, quoted_path
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.samples import sample_values
from qm_tui.transfer.reading.spreadsheet import from_text_formula, unescape_formula
from qm_tui.users.fields import FIELDS, SECRETS
from qm_tui.users.issues import Issue
from qm_tui.users.validation import control_character_issue

_SAMPLES: Final = 3
_START: Final = 8192
_HASH_CHUNK: Final = 1024 * 1024
_SECRET_INDEXES: Final = frozenset(secret.index for secret in SECRETS)
_WORD_BEYOND_ASCII: Final = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")


Values = list[str | None]
"""The values of a record in file order; None if the file or the record has no such cell."""


class Record(NamedTuple):
    """One record of a users file.

    Attributes:
        number: its number among the records, from 1.
        line: the line on which it starts, from 1.
        values: its values.
        issues: the errors that do not depend on the store; empty if there are none.
    """

    number: int
    line: int
    values: Values
    issues: tuple[Issue, ...]


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


@dataclass
class FileReport:
    """What was detected in a file, and what was set by options, to be shown to the admin.

    Attributes:
        dialect: encoding, delimiter and header.
        columns: the columns of the fields.
        read_options: the options for reading the file.
        header_line: the line of the header; 0 without one.
        sample_values: up to three values of each column in the header; never what is or may be a
            secret.
        samples: words beyond ASCII, to check a detected encoding. Never of a secret.
        blank: the number of blank rows skipped so far.
        short: the number of records so far without their last cells.
    """

    dialect: Dialect
    columns: Columns
    read_options: ReadOptions = field(default_factory=ReadOptions)
    header_line: int = 0
    sample_values: tuple[tuple[str, ...], ...] = ()
    samples: list[str] = field(default_factory=list)
    blank: int = 0
    short: int = 0

    @property
    def needs_mapping(self) -> bool:
        """Whether required fields have no column, and the header has columns without a field."""
        columns = self.columns
        return bool(columns.ignored) and any(field.required for field in columns.absent)

    @property
    def messages(self) -> list[str]:
        """The findings as sentences, safe for a terminal."""
        sentences = [dialect_text(self.dialect, self.read_options, self.header_line)]
        if self.samples:
            sentences.append(f"Check these words: {'  '.join(map(sanitize, self.samples))}")
        if self.dialect.has_header:
            mapping = self.read_options.mapping
            sentences += columns_text(self.columns, mapping.name if mapping else "")
        if self.blank:
            sentences.append(f"Skipped {pluralize(self.blank, 'blank line')}.")
        if self.short:
            have = "has" if self.short == 1 else "have"
            sentences.append(
                f"{pluralize(self.short, 'record')} {have} fewer values than the file has columns. "
                "Missing values are treated like missing columns."
            )
        return sentences


class UsersFile:
    """A users file, open for reading.

    A context manager. What `read_options` does not set is detected. `signature` changes whenever
    the file is written. `file_report` is known from the start, except for its samples and counts,
    which grow while `records` is read.

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
            status = os.fstat(self._file.fileno())
            self.size = status.st_size
            self.signature = (status.st_ino, status.st_size, status.st_mtime_ns)
            start = self._file.read(_START)
            kind = binary_file_type(start, self._read_options.encoding)
            if kind:
                msg = (
                    f"{quoted_path(path)} is {kind}, not a CSV file. Choose another file. Save a "
                    "workbook as CSV first."
                )
                raise UserError(msg)
            dialect = detect_dialect(self._file, self._read_options)
            rows = first_rows(self._file, dialect)
            self._rows = self._new_rows(dialect)
            self.file_report = self._make_report(dialect)
            self.file_report.sample_values = sample_values(self.file_report.columns, rows[1:])
            self._rows.width = self.file_report.columns.width
            self._needs_samples = not dialect.encoding.startswith("utf")
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

    def report_progress(self) -> None:
        """Call the progress callback once more, while a consumer processes what was read."""
        self._progress(Phase.READING, self._done, self.size)

    def _cannot_read_to_end(self, error: OSError) -> UserError:
        return UserError(
            f"Cannot read {quoted_path(self.path)} to the end: {os_error_text(error)}."
        )

    def _new_rows(self, dialect: Dialect) -> Rows:
        self._file.seek(0)
        return Rows(self._lines(dialect.encoding), dialect.delimiter, dialect.encoding_name)

    def _lines(self, encoding: str) -> Iterator[LineBlock]:
        for lines in read_lines(self._file, encoding):
            self._done = lines.done
            self._progress(Phase.READING, self._done, self.size)
            yield lines

    def _make_report(self, dialect: Dialect) -> FileReport:
        """Return what is detected before the first record is read.

        Raises:
            UserError: the header cannot be used.
        """
        if dialect.has_sep_line:
            self._rows.next_row()
        header = self._rows.next_row() if dialect.has_header else None
        if header is None:
            return FileReport(dialect, self._columns_without_header(), self._read_options)
        if header.error:
            problem, fix = header.error
            raise self._invalid_header(header, f"the header cannot be parsed. {problem}. {fix}")
        cells = [from_text_formula(cell.strip(BLANKS)) for cell in header.cells]
        try:
            columns = columns_of(cells, self._read_options.mapping)
        except MappingMismatch as error:
            raise self._invalid_header(header, str(error)) from None
        except DuplicateColumn as twice:
            problem = (
                f"columns {twice.first + 1} and {twice.second + 1} both map to "
                f"{sanitize(twice.name, 60)}. Remove or rename one of them."
            )
            raise self._invalid_header(header, problem) from None
        return FileReport(dialect, columns, self._read_options, header.line)

    def _columns_without_header(self) -> Columns:
        if self._read_options.mapping and self._read_options.header is False:
            msg = (
                f"A mapping requires a header, but {quoted_path(self.path)} is read without one. "
                "Change one of the two options."
            )
            raise UserError(msg)
        return columns_in_file_order()

    def _invalid_header(self, header: Row, problem: str) -> UserError:
        return UserError(f"{quoted_path(self.path)}, line {header.line}: {problem}")

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
            rows = arranged(batch.rows)
            for values in rows if self._needs_samples else ():
                self._collect_samples(values)
            yield CleanRecordBatch(number, batch.line, rows)
            number += len(rows)
        file_report.blank = self._rows.blank
        self._progress(Phase.READING, self.size, self.size)
        if number == 1:
            if not self.size:
                msg = f"{quoted_path(self.path)} is empty."
            elif file_report.dialect.has_header:
                msg = f"{quoted_path(self.path)} contains only a header."
            else:
                msg = f"{quoted_path(self.path)} contains no records."
            raise UserError(msg)

    def _record(self, number: int, row: Row) -> Record:
        """Return the record of a row that is not clean."""
        if row.error:
            return Record(number, row.line, [None] * len(FIELDS), (Issue(None, *row.error),))
        values = self._in_file_order(row.cells)
        if not row.is_stripped:
            _normalize_cells(values, may_be_escaped=row.may_be_escaped)
        if self._needs_samples:
            self._collect_samples(values)
        return Record(
            number, row.line, values, () if row.is_printable else _control_character_issues(values)
        )

    def _in_file_order(self, cells: list[str]) -> Values:
        """Return the cells as values in file order; count records without their last cells."""
        columns, count = self.file_report.columns, len(cells)
        self.file_report.short += count < columns.width
        return [
            None if index is None or index >= count else cells[index]
            for index in columns.column_indexes
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
    """Trim all values except secrets, and undo what was added for a spreadsheet: `="0123"`, `'`."""
    for place, value in enumerate(values):
        if not value:
            continue
        if place in _SECRET_INDEXES:
            if may_be_escaped:
                values[place] = unescape_formula(from_text_formula(value))
            continue
        trimmed = value.strip(BLANKS)
        if may_be_escaped:
            trimmed = unescape_formula(from_text_formula(trimmed).strip(BLANKS)).strip(BLANKS)
        values[place] = trimmed


def _control_character_issues(values: Values) -> tuple[Issue, ...]:
    issues = (
        control_character_issue(field, value)
        for field, value in zip(FIELDS, values, strict=True)
        if value
    )
    return tuple(issue for issue in issues if issue)
