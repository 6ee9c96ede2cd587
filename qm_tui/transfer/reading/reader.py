"""A users file, read record by record.

Source: the users file, section 2. Reading knows nothing of the store: what a record means is
found out by planning.
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
from qm_tui.transfer.reading.open_file import named, opened
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
"""The 26 values of a record in file order; None where the file or the record has no such cell."""


class Record(NamedTuple):
    """One record of a users file.

    Attributes:
        number: its number among the records, from 1.
        line: the line of the file on which it starts, from 1.
        values: its values.
        faults: why it cannot be used, whatever the store holds; empty where it can.
    """

    number: int
    line: int
    values: Values
    faults: tuple[Fault, ...]


class CleanRecords(NamedTuple):
    """Records of all the file's columns, without a fault, one on each line.

    Attributes:
        number: the number of the first.
        line: the line of the first.
        values: the 26 values of each in file order; None in all of them for a field without a
            column.
    """

    number: int
    line: int
    values: Sequence[Sequence[str | None]]

    def one_by_one(self) -> Iterator[Record]:
        """The records by themselves."""
        for at, values in enumerate(self.values):
            yield Record(self.number + at, self.line + at, [*values], ())


@dataclass
class Findings:
    """What was found out about a file, and what was chosen, all of it to be said to the admin.

    Attributes:
        dialect: encoding, delimiter and header.
        columns: which field stands where.
        read_as: what the admin chose.
        header_line: the line of the header; 0 without one.
        sample_values: up to three values of each column that the header names; never what is or
            may be a secret.
        samples: words beyond ASCII, to judge an encoding by. Never of a secret.
        blank: the blank rows passed over so far.
        short: the records so far whose last cells are missing.
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
        """Whether mandatory fields have no column, and the header names some that are no field."""
        columns = self.columns
        return bool(columns.ignored) and any(field.mandatory for field in columns.absent)

    @property
    def sentences(self) -> list[str]:
        """The findings in words, one sentence each, safe for a terminal."""
        said = [how_it_is_read(self.dialect, self.read_as, self.header_line)]
        if self.samples:
            said.append(f"Look right? {'  '.join(map(visible, self.samples))}")
        if self.dialect.has_header:
            mapping = self.read_as.mapping
            said += which_columns(self.columns, mapping.name if mapping else "")
        if self.blank:
            said.append(f"{counted(self.blank, 'blank line')} skipped.")
        if self.short:
            said.append(
                f"{counted(self.short, 'record')} with fewer values than the file has columns: the "
                "missing ones count as absent."
            )
        return said


class UsersFile:
    """A users file, open for reading.

    A context manager. What `read_as` does not choose is found out. `signature` stays the same as
    long as nobody writes to the file. `findings` is known from the start, but for its samples and
    counts, which grow while `records` is read.

    Raises:
        Refused: it is no users file, or cannot be read; on opening, and while reading.
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
            what = not_a_text_file(start, self._read_as.encoding)
            if what:
                msg = (
                    f"{named(path)} is {what}, not a CSV text file: choose another file. A "
                    "workbook must be saved as CSV first."
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
            msg = f"{named(path)} cannot be read: {reason(error)}."
            raise Refused(msg) from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def sha256(self, tick: Tick = no_tick) -> str:
        """The file's SHA-256, by which it is known again.

        Raises:
            Refused: it could not be read.
        """
        digest = sha256()
        try:
            self._file.seek(0)
            while block := self._file.read(_HASHED_AT_ONCE):
                digest.update(block)
                tick(Phase.READING, self.size, self.size)
        except OSError as error:
            msg = f"{named(self.path)} could not be read to its end: {reason(error)}."
            raise Refused(msg) from error
        return digest.hexdigest()

    def pause(self) -> None:
        """Tick once more, for whoever takes long over what was read."""
        self._tick(Phase.READING, self._done, self.size)

    def _new_rows(self, dialect: Dialect) -> Rows:
        self._file.seek(0)
        return Rows(self._lines(dialect.encoding), dialect.delimiter, dialect.encoding_name)

    def _lines(self, encoding: str) -> Iterator[Lines]:
        for lines in lines_of(self._file, encoding):
            self._done = lines.done
            self._tick(Phase.READING, self._done, self.size)
            yield lines

    def _found(self, dialect: Dialect) -> Findings:
        """What is found out before the first record is read.

        Raises:
            Refused: the header cannot be used.
        """
        if dialect.has_sep_line:
            self._rows.next_row()
        header = self._rows.next_row() if dialect.has_header else None
        if header is None:
            return Findings(dialect, self._columns_without_header(), self._read_as)
        if header.fault:
            what, remedy = header.fault
            raise self._header_refused(header, f"the header cannot be read. {what}. {remedy}")
        cells = [unwrapped(cell.strip(BLANKS)) for cell in header.cells]
        try:
            columns = columns_of(cells, self._read_as.mapping)
        except MappingDoesNotFit as misfit:
            raise self._header_refused(header, str(misfit)) from None
        except ColumnNamedTwice as twice:
            what = f"columns {twice.first + 1} and {twice.second + 1} both mean "
            remedy = "Remove or rename one of them."
            name = visible(twice.name, 60)
            raise self._header_refused(header, f"{what}{name}. {remedy}") from None
        return Findings(dialect, columns, self._read_as, header.line)

    def _columns_without_header(self) -> Columns:
        if self._read_as.mapping and self._read_as.header is False:
            msg = (
                f"{named(self.path)} is to be read without a header, and a mapping pairs columns "
                "by their names: choose one of the two."
            )
            raise Refused(msg)
        return columns_in_file_order()

    def _header_refused(self, header: Row, why: str) -> Refused:
        return Refused(f"{named(self.path)}, line {header.line}: {why}")

    def records(self, tick: Tick = no_tick) -> Iterator[Record]:
        """The records of the file, in order, once.

        Raises:
            Refused: there is no record in the file, or reading it failed.
        """
        for found in self.read(tick):
            if isinstance(found, CleanRecords):
                yield from found.one_by_one()
            else:
                yield found

    def read(self, tick: Tick = no_tick) -> Iterator[Record | CleanRecords]:
        """The records of the file, in order, once: many at a time while they are clean.

        Raises:
            Refused: there is no record in the file, or reading it failed.
        """
        self._tick = tick
        try:
            yield from self._read()
        except OSError as error:
            msg = f"{named(self.path)} could not be read to its end: {reason(error)}."
            raise Refused(msg) from error

    def _read(self) -> Iterator[Record | CleanRecords]:
        findings = self.findings
        arranged = _arrangement(findings.columns)
        number = 1
        for found in self._rows:
            if not isinstance(found, CleanRows):
                yield self._record(number, found)
                number += 1
                continue
            rows = arranged(found.rows)
            for values in rows if self._wants_samples else ():
                self._note_samples(values)
            yield CleanRecords(number, found.line, rows)
            number += len(rows)
        findings.blank = self._rows.blank
        self._tick(Phase.READING, self.size, self.size)
        if number == 1:
            what = "a header and no records" if findings.dialect.has_header else "no records"
            if not self.size:
                what = "no records: it is empty"
            msg = f"{named(self.path)} holds {what}."
            raise Refused(msg)

    def _record(self, number: int, row: Row) -> Record:
        """The record of a row that is not clean."""
        if row.fault:
            return Record(number, row.line, [None] * len(FIELDS), (Fault(None, *row.fault),))
        values = self._in_file_order(row.cells)
        if not row.tight:
            _tidy(values, may_be_dressed=row.may_be_dressed)
        if self._wants_samples:
            self._note_samples(values)
        return Record(number, row.line, values, () if row.printable else _control_faults(values))

    def _in_file_order(self, cells: list[str]) -> Values:
        """The cells as 26 values in file order; cells missing at the end are counted."""
        columns, count = self.findings.columns, len(cells)
        self.findings.short += count < columns.width
        return [None if at is None or at >= count else cells[at] for at in columns.places]

    def _note_samples(self, values: Sequence[str | None]) -> None:
        """Note words beyond ASCII until there are enough to judge a guessed encoding by."""
        samples = self.findings.samples
        for place, value in enumerate(values):
            if value and not value.isascii() and place not in _SECRET_PLACES:
                found = _WORD_BEYOND_ASCII.search(value)
                if found and found.group() not in samples:
                    samples.append(found.group())
        del samples[_SAMPLES:]
        self._wants_samples = len(samples) < _SAMPLES


def _arrangement(
    columns: Columns,
) -> Callable[[list[list[str]]], Sequence[Sequence[str | None]]]:
    """What makes 26 values in file order of rows that have all columns of the file."""
    if columns.are_in_file_order and columns.width == len(FIELDS):
        return lambda rows: rows
    nowhere = columns.width
    values_of = itemgetter(*(nowhere if at is None else at for at in columns.places))
    return lambda rows: [values_of([*row, None]) for row in rows]


def _tidy(values: Values, *, may_be_dressed: bool) -> None:
    """Trim all values but secrets; take off what was put on for a spreadsheet: `="0123"`, `'`."""
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
    faults = (control_fault(one, value) for one, value in zip(FIELDS, values, strict=True) if value)
    return tuple(fault for fault in faults if fault)
