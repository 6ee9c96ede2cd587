"""The first lines of a users file, safe to show next to its name.

A folder also contains other files, for example passwords exported from a browser. So only values
of known fields are shown, never a secret, and no record with values in the wrong columns: a value
that shifted into the next column may be a password.
"""

from itertools import islice
from pathlib import Path
from typing import Final

from qm_tui.errors import Refused
from qm_tui.text import visible
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import Findings, Record, UsersFile
from qm_tui.users.fields import FIELDS, Field, Kind

RECORDS: Final = 2
"""Number of records shown."""

_NOT_SHOWN: Final = "(not shown)"
_LONGEST_VALUE: Final = 60
_FLAG_VALUES: Final = frozenset(("0", "1", "", None))
_FLAGS: Final = tuple(field.index for field in FIELDS if field.kind is Kind.FLAG)


def first_lines(path: Path, read_as: ReadAs | None = None) -> list[str]:
    """Return how a file is read, its fields and first records, as lines safe for a terminal.

    Only the start of the records is read.

    Args:
        path: the file.
        read_as: the options for reading it.

    Returns:
        What was detected, the names of the fields if the file has a header, and up to two records;
        if no column is known, that; if the file cannot be read, the error message.
    """
    try:
        with UsersFile(path, read_as) as file:
            records = list(islice(file.records(), RECORDS))
            findings = file.findings
            sentences = findings.sentences
    except Refused as error:
        return [visible(str(error))]
    shown = _fields_in_column_order(findings)
    if not shown:
        return [sentences[0], sentences[-1]]
    lines = [sentences[0]]
    if findings.dialect.has_header:
        lines.append(", ".join(field.name for field in shown))
    lines += [_line(record, shown, findings) for record in records]
    return [visible(line) for line in lines]


def _fields_in_column_order(findings: Findings) -> list[Field]:
    places = findings.columns.places
    present = [(place, index) for index, place in enumerate(places) if place is not None]
    return [FIELDS[index] for _, index in sorted(present)]


def _line(record: Record, shown: list[Field], findings: Findings) -> str:
    if record.faults and not any(record.values):
        return f"Line {record.line} cannot be parsed: {record.faults[0].message}."
    if not _values_stand_in_place(record, findings):
        return f"Line {record.line} is hidden: its values seem to be in the wrong columns."
    return ", ".join(_cell(field, record.values[field.index]) for field in shown)


def _values_stand_in_place(record: Record, findings: Findings) -> bool:
    """Return whether flags are in flag columns; without flags, whether no value is missing."""
    flags = [record.values[index] for index in _FLAGS]
    if findings.dialect.has_header and any(flags):
        return _FLAG_VALUES.issuperset(flags)
    places = zip(record.values, findings.columns.places, strict=True)
    is_complete = all(value is not None for value, place in places if place is not None)
    return is_complete and _FLAG_VALUES.issuperset(flags)


def _cell(field: Field, value: str | None) -> str:
    if not value:
        return ""
    return _NOT_SHOWN if field.is_secret else visible(value, _LONGEST_VALUE)
