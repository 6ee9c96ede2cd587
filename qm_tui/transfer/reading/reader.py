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

from qm_tui.errors import Refused, reason
from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.text import counted, visible
from qm_tui.transfer.reading.columns import (
    ColumnNamedTwice,
    Columns,
    MappingDoesNotFit,
    columns_in_file_order,
    columns_of,
)
from qm_tui.transfer.reading.csv_rows import BLANKS, CleanRows, Row, Rows
from qm_tui.transfer.reading.dialect import Dialect, dialect_of, first_rows, not_a_text_file
from qm_tui.transfer.reading.findings_text import how_it_is_read, which_columns
from qm_tui.transfer.reading.lines import Lines, lines_of
from qm_tui.transfer.reading.open_file import cannot_read, named, opened
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.samples import sample_values
from qm_tui.transfer.reading.spreadsheet import unguarded, unwrapped
from qm_tui.users.fields import FIELDS, SECRETS
from qm_tui.users.issues import Fault
from qm_tui.users.validation import control_fault

_SAMPLES: Final = 3
_START: Final = 8192
_HASHED_AT_ONCE: Final = 1024 * 1024
_SECRET_PLACES: Final = frozenset(secret.index for secret in SECRETS)
_WORD_BEYOND_ASCII: Final = re.compile(r"[^\W\d_]*[^\W\d_\x00-\x7f][^\W\d_]*")


Values = list[str | None]
"""The values of a record in file order; None if the file or the record has no such cell."""


class Record(NamedTuple):
    """One record of a users file.

    Attributes:
        number: its number among the records, from 1.
        line: the line on which it starts, from 1.
        values: its values.
        faults: the errors that do not depend on the store; empty if there are none.
    """

    number: int
    line: int
    values: Values
    faults: tuple[Fault, ...]


class CleanRecords(NamedTuple):
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

    def one_by_one(self) -> Iterator[Record]:
        """Yield the single records."""
        for index, values in enumerate(self.values):
            yield Record(self.number + index, self.line + index, [*values], ())


@dataclass
class Findings:
    """What was detected in a file, and what was set by options, to be shown to the admin.

    Attributes:
        dialect: encoding, delimiter and header.
        columns: the columns of the fields.
        read_as: the options for reading the file.
        header_line: the line of the header; 0 without one.
        sample_values: up to three values of each column in the header; never what is or may be a
            secret.
        samples: words beyond ASCII, to check a detected encoding. Never of a secret.
        blank: the number of blank rows skipped so far.
        short: the number of records so far without their last cells.
    """

    dialect: Dialect
    columns: Columns
    read_as: ReadAs = field(default_factory=ReadAs)
    header_line: int = 0
    sample_values: tuple[tuple[str, ...], ...] = ()
    samples: list[str] = field(default_factory=list)
    blank: int = 0
    short: int = 0

    @property
    def needs_mapping(self) -> bool:
        """Whether required fields have no column, and the header has columns without a field."""
        columns = self.columns
        return bool(columns.ignored) and any(field.mandatory for field in columns.absent)

    @property
    def sentences(self) -> list[str]:
        """The findings as sentences, safe for a terminal."""
        sentences = [how_it_is_read(self.dialect, self.read_as, self.header_line)]
        if self.samples:
            sentences.append(f"Check these words: {'  '.join(map(visible, self.samples))}")
        if self.dialect.has_header:
            mapping = self.read_as.mapping
            sentences += which_columns(self.columns, mapping.name if mapping else "")
        if self.blank:
            sentences.append(f"Skipped {counted(self.blank, 'blank line')}.")
        if self.short:
            have = "has" if self.short == 1 else "have"
            sentences.append(
                f"{counted(self.short, 'record')} {have} fewer values than the file has columns. "
                "Missing values are treated like missing columns."
            )
        return sentences


class UsersFile:
    """A users file, open for reading.

    A context manager. What `read_as` does not set is detected. `signature` changes whenever the
    file is written. `findings` is known from the start, except for its samples and counts, which
    grow while `records` is read.

    Raises:
        Refused: the file is not a users file, or cannot be read; on opening, and while reading.
    """

    def __init__(self, path: Path, read_as: ReadAs | None = None) -> None:
        self.path = path
        self._read_as = read_as or ReadAs()
        self._tick: Tick = no_tick
        self._done = 0
        self._file = opened(path)
        try:
            status = os.fstat(self._file.fileno())
            self.size = status.st_size
            self.signature = (status.st_ino, status.st_size, status.st_mtime_ns)
            start = self._file.read(_START)
            kind = not_a_text_file(start, self._read_as.encoding)
            if kind:
                msg = (
                    f"{named(path)} is {kind}, not a CSV file. Choose another file. Save a "
                    "workbook as CSV first."
                )
                raise Refused(msg)
            dialect = dialect_of(self._file, self._read_as)
            rows = first_rows(self._file, dialect)
            self._rows = self._new_rows(dialect)
            self.findings = self._found(dialect)
            self.findings.sample_values = sample_values(self.findings.columns, rows[1:])
            self._rows.width = self.findings.columns.width
            self._wants_samples = not dialect.encoding.startswith("utf")
        except OSError as error:
            self._file.close()
            raise cannot_read(path, reason(error)) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def sha256(self, tick: Tick = no_tick) -> str:
        """Return the file's SHA-256, for the activity log.

        Raises:
            Refused: the file cannot be read.
        """
        digest = sha256()
        try:
            self._file.seek(0)
            while block := self._file.read(_HASHED_AT_ONCE):
                digest.update(block)
                tick(Phase.READING, self.size, self.size)
        except OSError as error:
            raise self._cannot_read_to_end(error) from error
        return digest.hexdigest()

    def pause(self) -> None:
        """Call the progress callback once more, while a consumer processes what was read."""
        self._tick(Phase.READING, self._done, self.size)

    def _cannot_read_to_end(self, error: OSError) -> Refused:
        return Refused(f"Cannot read {named(self.path)} to the end: {reason(error)}.")

    def _new_rows(self, dialect: Dialect) -> Rows:
        self._file.seek(0)
        return Rows(self._lines(dialect.encoding), dialect.delimiter, dialect.encoding_name)

    def _lines(self, encoding: str) -> Iterator[Lines]:
        for lines in lines_of(self._file, encoding):
            self._done = lines.done
            self._tick(Phase.READING, self._done, self.size)
            yield lines

    def _found(self, dialect: Dialect) -> Findings:
        """Return what is detected before the first record is read.

        Raises:
            Refused: the header cannot be used.
        """
        if dialect.has_sep_line:
            self._rows.next_row()
        header = self._rows.next_row() if dialect.has_header else None
        if header is None:
            return Findings(dialect, self._columns_without_header(), self._read_as)
        if header.fault:
            problem, fix = header.fault
            raise self._header_refused(header, f"the header cannot be parsed. {problem}. {fix}")
        cells = [unwrapped(cell.strip(BLANKS)) for cell in header.cells]
        try:
            columns = columns_of(cells, self._read_as.mapping)
        except MappingDoesNotFit as error:
            raise self._header_refused(header, str(error)) from None
        except ColumnNamedTwice as twice:
            problem = (
                f"columns {twice.first + 1} and {twice.second + 1} both map to "
                f"{visible(twice.name, 60)}. Remove or rename one of them."
            )
            raise self._header_refused(header, problem) from None
        return Findings(dialect, columns, self._read_as, header.line)

    def _columns_without_header(self) -> Columns:
        if self._read_as.mapping and self._read_as.header is False:
            msg = (
                f"A mapping requires a header, but {named(self.path)} is read without one. Change "
                "one of the two options."
            )
            raise Refused(msg)
        return columns_in_file_order()

    def _header_refused(self, header: Row, problem: str) -> Refused:
        return Refused(f"{named(self.path)}, line {header.line}: {problem}")

    def records(self, tick: Tick = no_tick) -> Iterator[Record]:
        """Yield the records of the file, in order, once.

        Raises:
            Refused: the file contains no record, or cannot be read.
        """
        for batch in self.read(tick):
            if isinstance(batch, CleanRecords):
                yield from batch.one_by_one()
            else:
                yield batch

    def read(self, tick: Tick = no_tick) -> Iterator[Record | CleanRecords]:
        """Yield the records of the file, in order, once: many at a time while they are clean.

        Raises:
            Refused: the file contains no record, or cannot be read.
        """
        self._tick = tick
        try:
            yield from self._read()
        except OSError as error:
            raise self._cannot_read_to_end(error) from error

    def _read(self) -> Iterator[Record | CleanRecords]:
        findings = self.findings
        arranged = _arrangement(findings.columns)
        number = 1
        for batch in self._rows:
            if not isinstance(batch, CleanRows):
                yield self._record(number, batch)
                number += 1
                continue
            rows = arranged(batch.rows)
            for values in rows if self._wants_samples else ():
                self._note_samples(values)
            yield CleanRecords(number, batch.line, rows)
            number += len(rows)
        findings.blank = self._rows.blank
        self._tick(Phase.READING, self.size, self.size)
        if number == 1:
            if not self.size:
                msg = f"{named(self.path)} is empty."
            elif findings.dialect.has_header:
                msg = f"{named(self.path)} contains only a header."
            else:
                msg = f"{named(self.path)} contains no records."
            raise Refused(msg)

    def _record(self, number: int, row: Row) -> Record:
        """Return the record of a row that is not clean."""
        if row.fault:
            return Record(number, row.line, [None] * len(FIELDS), (Fault(None, *row.fault),))
        values = self._in_file_order(row.cells)
        if not row.tight:
            _tidy(values, may_be_dressed=row.may_be_dressed)
        if self._wants_samples:
            self._note_samples(values)
        return Record(number, row.line, values, () if row.printable else _control_faults(values))

    def _in_file_order(self, cells: list[str]) -> Values:
        """Return the cells as values in file order; count records without their last cells."""
        columns, count = self.findings.columns, len(cells)
        self.findings.short += count < columns.width
        return [
            None if index is None or index >= count else cells[index] for index in columns.places
        ]

    def _note_samples(self, values: Sequence[str | None]) -> None:
        """Collect words beyond ASCII until there are enough to check a detected encoding."""
        samples = self.findings.samples
        for place, value in enumerate(values):
            if value and not value.isascii() and place not in _SECRET_PLACES:
                word = _WORD_BEYOND_ASCII.search(value)
                if word and word.group() not in samples:
                    samples.append(word.group())
        del samples[_SAMPLES:]
        self._wants_samples = len(samples) < _SAMPLES


def _arrangement(
    columns: Columns,
) -> Callable[[list[list[str]]], Sequence[Sequence[str | None]]]:
    """Return a function from rows with all columns of the file to values in file order."""
    if columns.are_in_file_order and columns.width == len(FIELDS):
        return lambda rows: rows
    nowhere = columns.width
    values_of = itemgetter(*(nowhere if index is None else index for index in columns.places))
    return lambda rows: [values_of([*row, None]) for row in rows]


def _tidy(values: Values, *, may_be_dressed: bool) -> None:
    """Trim all values except secrets, and undo what was added for a spreadsheet: `="0123"`, `'`."""
    for place, value in enumerate(values):
        if not value:
            continue
        if place in _SECRET_PLACES:
            if may_be_dressed:
                values[place] = unguarded(unwrapped(value))
            continue
        trimmed = value.strip(BLANKS)
        if may_be_dressed:
            trimmed = unguarded(unwrapped(trimmed).strip(BLANKS)).strip(BLANKS)
        values[place] = trimmed


def _control_faults(values: Values) -> tuple[Fault, ...]:
    faults = (
        control_fault(field, value) for field, value in zip(FIELDS, values, strict=True) if value
    )
    return tuple(fault for fault in faults if fault)
