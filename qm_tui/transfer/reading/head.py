"""The first lines of a users file, safe to show next to its name.

A folder also contains other files, for example passwords exported from a browser. So only values
of known fields are shown, never a secret, and no record with values in the wrong columns: a value
that shifted into the next column may be a password.
"""

from itertools import islice
from pathlib import Path
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.transfer.reading.file_report import NO_NAMES, FileReport
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELDS, FLAG_INDEXES, Field

RECORDS: Final = 2
"""Number of records shown."""

_REDACTED: Final = "(not shown)"
_MAX_VALUE: Final = 60
_FLAG_VALUES: Final = frozenset(("0", "1", "", None))


def peek_lines(path: Path, read_options: ReadOptions | None = None) -> list[str]:
    """Return how a file is read, its fields and first records, as lines safe for a terminal.

    Only the start of the records is read.

    Args:
        path: the file.
        read_options: the options for reading it.

    Returns:
        What was detected, the names of the fields if the file has a header, and up to two records;
        if no column is known, that; if the file cannot be read, the error message.
    """
    try:
        with UsersFile(path, read_options) as file:
            records = list(islice(file.records(), RECORDS))
            file_report = file.file_report
    except UserError as error:
        return [sanitize(str(error))]
    shown = _fields_in_column_order(file_report)
    if not shown:
        return [file_report.dialect_text, NO_NAMES]
    lines = [file_report.dialect_text]
    if file_report.dialect.has_header:
        lines.append(", ".join(field.name for field in shown))
    lines += [_line(record, shown, file_report) for record in records]
    return [sanitize(line) for line in lines]


def _fields_in_column_order(file_report: FileReport) -> list[Field]:
    places = file_report.columns.column_indexes
    present = [(place, index) for index, place in enumerate(places) if place is not None]
    return [FIELDS[index] for _, index in sorted(present)]


def _line(record: Record, shown: list[Field], file_report: FileReport) -> str:
    if not record.is_parsed:
        return f"Line {record.line} cannot be parsed: {record.issues[0].message}."
    if not _values_match_columns(record, file_report):
        return f"Line {record.line} is hidden: its values seem to be in the wrong columns."
    return ", ".join(_cell(field, record.values[field.index]) for field in shown)


def _values_match_columns(record: Record, file_report: FileReport) -> bool:
    """Return whether flags are in flag columns; without flags, whether no value is missing."""
    flags = [record.values[index] for index in FLAG_INDEXES]
    if file_report.dialect.has_header and any(flags):
        return _FLAG_VALUES.issuperset(flags)
    places = zip(record.values, file_report.columns.column_indexes, strict=True)
    is_complete = all(value is not None for value, place in places if place is not None)
    return is_complete and _FLAG_VALUES.issuperset(flags)


def _cell(field: Field, value: str | None) -> str:
    if not value:
        return ""
    return _REDACTED if field.is_secret else sanitize(value, _MAX_VALUE)
