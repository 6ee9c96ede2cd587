"""The first lines of a users file, fit to be shown beside its name.

A folder holds other files too, passwords exported from a browser among them. So only values of
fields that the table of fields knows are shown, never a secret, and nothing of a record whose
values do not stand where its file says: a value that slid into the next column may be a password.
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
"""Records that are shown."""

_NOT_SHOWN: Final = "(not shown)"
_LONGEST_VALUE: Final = 60
_FLAG_VALUES: Final = frozenset(("0", "1", "", None))
_FLAGS: Final = tuple(field.index for field in FIELDS if field.kind is Kind.FLAG)


def first_lines(path: Path, read_as: ReadAs | None = None) -> list[str]:
    """How a file is read, its fields and its first records, each in a line safe for a terminal.

    Only the beginning of the records is read.

    Args:
        path: the file.
        read_as: what the admin says of it.

    Returns:
        What was found out, the names of the fields if the file has a header, and up to two
        records; that no column is known, where none is; or one sentence, where the file is
        refused.
    """
    try:
        with UsersFile(path, read_as) as file:
            records = list(islice(file.records(), RECORDS))
            findings = file.findings
            said = findings.sentences
    except Refused as refused:
        return [visible(str(refused))]
    shown = _fields_in_column_order(findings)
    if not shown:
        return [said[0], said[-1]]
    lines = [said[0]]
    if findings.dialect.has_header:
        lines.append(", ".join(field.name for field in shown))
    lines += [_line(record, shown, findings) for record in records]
    return [visible(line) for line in lines]


def _fields_in_column_order(findings: Findings) -> list[Field]:
    places = findings.columns.places
    present = [(place, at) for at, place in enumerate(places) if place is not None]
    return [FIELDS[at] for _, at in sorted(present)]


def _line(record: Record, shown: list[Field], findings: Findings) -> str:
    if record.faults and not any(record.values):
        return f"Line {record.line} cannot be read: {record.faults[0].message}."
    if not _values_stand_in_place(record, findings):
        return f"Line {record.line} is not shown: its values seem to stand in the wrong columns."
    return ", ".join(_cell(field, record.values[field.index]) for field in shown)


def _values_stand_in_place(record: Record, findings: Findings) -> bool:
    """Whether flags are where flags belong; where there are none, whether no value is missing."""
    flags = [record.values[at] for at in _FLAGS]
    if findings.dialect.has_header and any(flags):
        return _FLAG_VALUES.issuperset(flags)
    places = zip(record.values, findings.columns.places, strict=True)
    is_complete = all(value is not None for value, place in places if place is not None)
    return is_complete and _FLAG_VALUES.issuperset(flags)


def _cell(field: Field, value: str | None) -> str:
    if not value:
        return ""
    return _NOT_SHOWN if field.is_secret else visible(value, _LONGEST_VALUE)
