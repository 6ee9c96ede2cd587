"""Records: rows of a file as values in file order, with the problems of their characters."""

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import Columns
from qm_tui.transfer.reading.csv_rows import CleanRowBatch, Row
from qm_tui.transfer.reading.mapped.values import MappedValues
from qm_tui.transfer.reading.odd_symbols import SymbolCheck
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.spreadsheet import from_text_formula, unescape_formula
from qm_tui.users.fields import FIELDS, SECRETS, Field
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.validation import character_issue

_SAMPLES: Final = 3
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
        mapped: its values if it adds a user; None if they are the same.
        cells: the cells of a record that cannot be parsed or has too few, as far as they are known.
    """

    number: int
    line: int
    values: Values
    issues: tuple[Issue, ...]
    mapped: Values | None = None
    cells: Sequence[str] = ()

    @property
    def new_values(self) -> Values:
        """Its values if it adds a user."""
        return self.values if self.mapped is None else self.mapped

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
        mapped: likewise, the values of each if it adds a user; None if they are the same.
    """

    number: int
    line: int
    values: Sequence[Sequence[str | None]]
    mapped: Sequence[Sequence[str | None]] | None = None

    @property
    def new_values(self) -> Sequence[Sequence[str | None]]:
        """The values of each if it adds a user."""
        return self.values if self.mapped is None else self.mapped

    def record(self, index: int) -> Record:
        """Return one of the records."""
        mapped = None if self.mapped is None else [*self.mapped[index]]
        number, line = self.number + index, self.line + index
        return Record(number, line, [*self.values[index]], (), mapped)

    def records(self) -> Iterator[Record]:
        """Yield the single records."""
        return map(self.record, range(len(self.values)))


class RecordBuilder:
    """Makes the records of a file from its rows.

    Args:
        columns: the columns of the file.
        mapping: the column mapping, if there is one.
        encoding: the encoding of the file if it was detected, so that its symbols are checked;
            empty if it was set.
        samples: the list to which words beyond ASCII are added; None if none are needed.

    Raises:
        UnusableHeader: the mapping cannot be used with these columns.
    """

    def __init__(
        self,
        columns: Columns,
        mapping: ColumnMapping | None,
        encoding: str,
        samples: list[str] | None,
    ) -> None:
        self._columns = columns
        self._arranged = _column_picker(columns)
        has_values = mapping is not None and mapping.changes_values
        self._mapped = MappedValues(mapping, columns) if mapping and has_values else None
        self._symbols = SymbolCheck(encoding)
        self._samples = samples

    def build(self, number: int, rows: Row | CleanRowBatch) -> Iterator[Record | CleanRecordBatch]:
        """Yield the records of rows.

        Args:
            number: the number of the first record.
            rows: the rows.
        """
        if isinstance(rows, Row):
            yield self._record(number, rows)
        elif rows.beyond_ascii and self._symbols.finds_any(rows):
            yield from self._single_records(number, rows)
        else:
            values = self._arranged(rows.rows)
            for row in values if self._samples is not None else ():
                self._collect_samples(row)
            yield from self._records_of(number, rows, values)

    def _single_records(self, number: int, batch: CleanRowBatch) -> Iterator[Record]:
        for index, row in enumerate(batch.single_rows()):
            yield self._record(number + index, row)

    def _records_of(
        self, number: int, batch: CleanRowBatch, rows: Sequence[Sequence[str | None]]
    ) -> Iterator[Record | CleanRecordBatch]:
        """Yield the records of clean rows, whose values in file order are given."""
        if self._mapped is None:
            yield CleanRecordBatch(number, batch.line, rows)
            return
        mapped = self._mapped.rows(batch.rows, rows)
        if mapped is not None:
            yield CleanRecordBatch(number, batch.line, mapped.rows, mapped.new_rows)
            return
        yield from self._single_records(number, batch)  # the mapping does not list a value

    def _record(self, number: int, row: Row) -> Record:
        """Return the record of a row that is not clean."""
        if row.error:
            nothing: Values = [None] * len(FIELDS)
            return Record(number, row.line, nothing, (row.error,), cells=row.cells)
        values = self._in_file_order(row.cells)
        cells = row.cells if len(row.cells) < self._columns.width else ()
        if not row.is_stripped:
            _normalize_cells(values, may_be_escaped=row.may_be_escaped)
        if self._samples is not None:
            self._collect_samples(values)
        issues = row.warnings
        if not row.is_printable:
            issues += _issues(values, character_issue)
        if not "".join(row.cells).isascii():
            issues += _issues(values, self._symbols.issue)
        if self._mapped is None:
            return Record(number, row.line, values, issues, cells=cells)
        mapped = self._mapped.record(row.cells, values)
        issues = (*issues, *mapped.issues)
        return Record(number, row.line, mapped.values, issues, mapped.new_values, cells)

    def _in_file_order(self, cells: list[str]) -> Values:
        """Return the cells as values in file order."""
        count = len(cells)
        return [
            None if index is None or index >= count else cells[index]
            for index in self._columns.column_indexes
        ]

    def _collect_samples(self, values: Sequence[str | None]) -> None:
        """Collect words beyond ASCII until there are enough to check a detected encoding."""
        samples = self._samples
        if samples is None:
            return
        for place, value in enumerate(values):
            if value and not value.isascii() and place not in _SECRET_INDEXES:
                word = _WORD_BEYOND_ASCII.search(value)
                if word and word.group() not in samples:
                    samples.append(word.group())
        del samples[_SAMPLES:]
        if len(samples) == _SAMPLES:
            self._samples = None


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
