"""What a mapping makes of the first records of a file, as a table."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from textual.widgets import Static

from qm_tui.errors import UserError
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.importing import ImportRequest
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.tui.text.safe_content import safe_lines
from qm_tui.tui.work.threads import run_in_thread, start_worker
from qm_tui.users.fields import FIELDS, Field
from qm_tui.users.issues import Severity

_SAMPLES: Final = 3
"""The number of records that are shown."""

_MAX_CELL: Final = 24
_GAP: Final = 2


class _Example(NamedTuple):
    """What a mapping makes of the first records, as if they were new users.

    Attributes:
        fields: the fields that are shown: those that the mapping sets come first.
        rows: the values of each record, or why it is rejected.
        error: why the mapping cannot be used with the file; empty if it can.
    """

    fields: Sequence[Field]
    rows: Sequence[Sequence[str] | str]
    error: str = ""


def _read_example(request: ImportRequest, mapping: ColumnMapping) -> _Example:
    """Return what a mapping makes of the first records of a file. Secrets are not part of it.

    Args:
        request: the import.
        mapping: the mapping.
    """
    options = replace(request.read_options, mapping=mapping)
    try:
        with UsersFile(request.path, options) as file:
            records = list(islice(file.records(), _SAMPLES))
    except UserError as error:
        return _Example((), (), str(error))
    changed = {*mapping.values, *mapping.given}
    shown = [
        field
        for field in sorted(FIELDS, key=lambda field: field not in changed)
        if not field.is_secret and any(record.new_values[field.index] for record in records)
    ]
    return _Example(shown, [_row(record, shown) for record in records])


def _row(record: Record, fields: Sequence[Field]) -> Sequence[str] | str:
    for issue in record.issues:
        if issue.severity is Severity.ERROR and not (issue.field and issue.field.is_secret):
            return f"Line {record.line}: {issue.message}"
    return [record.new_values[field.index] or "" for field in fields]


class MappingExample(Static):
    """Shows what a mapping makes of the first records of a file.

    Args:
        request: the import.
    """

    def __init__(self, request: ImportRequest) -> None:
        super().__init__(id="mapping-example")
        self._request = request
        self._example = _Example((), ())

    @property
    def error(self) -> str:
        """Why the mapping that was shown last cannot be used with the file, or an empty string."""
        return self._example.error

    def show(self, mapping: ColumnMapping) -> None:
        """Show what a mapping makes, as soon as the records are read."""

        async def read() -> None:
            self._example = await run_in_thread(lambda _: _read_example(self._request, mapping))
            self.on_resize()

        start_worker(self, read, "example of the mapping", exclusive=True)

    def on_resize(self) -> None:
        """Show as many fields as fit."""
        width = self.size.width
        self.update(safe_lines(_example_lines(self._example, width) if width else []))


def _example_lines(example: _Example, width: int) -> list[str]:
    """Return what the mapping makes of the first records, as a table with as many fields as fit."""
    if example.error or not example.rows:
        return [example.error]
    widths: list[int] = []
    left = width
    for index, field in enumerate(example.fields):
        cells = [row[index] for row in example.rows if not isinstance(row, str)]
        widest = min(_MAX_CELL, max(len(field.short), *map(len, (*cells, ""))))
        left -= widest + _GAP
        if left < 0:
            break
        widths.append(widest)
    heads = [field.short for field in example.fields]
    lines = [_line(heads, widths)]
    lines += [row if isinstance(row, str) else _line(row, widths) for row in example.rows]
    return [pad_or_truncate(sanitize(line), width) for line in lines]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    shown = zip(cells, widths, strict=False)
    return (" " * _GAP).join(pad_or_truncate(sanitize(cell), size) for cell, size in shown)
