"""The header of a file: which of its first rows contains the names of the columns.

Source: the users file, section 2, "Header row".
"""

from collections.abc import Collection, Sequence
from typing import Final

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import is_problems_column, normalize_header
from qm_tui.transfer.reading.csv_rows import Row
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.spreadsheet import from_text_formula
from qm_tui.users.fields import FIELD, FIELDS
from qm_tui.users.validation import parse_flag

_SEARCHED: Final = 10
"""The number of rows in which the header is searched."""

_MIN_NAMES: Final = 8
_MIN_RECORD: Final = 20
_MIN_FILLED: Final = 4
"""Cells, and cells with a value, that make a row above the header a record (our choice)."""

_FLAGS: Final = tuple(
    FIELD[key].index for key in ("is_active", "unlimited_license", "on_demand_license")
)


def find_header(rows: Sequence[Row], known: Collection[str]) -> tuple[Row | None, int]:
    """Return the header among the first rows of a file, and the number of known names in it.

    A rejected-records file may have many columns that are ignored, so its first column is enough.

    Args:
        rows: the first rows.
        known: the normalized names that count.
    """
    width = max((len(row.cells) for row in rows), default=0)
    for row in rows[:_SEARCHED]:
        if is_header(row, known, width):
            return row, _count_known(row, known)
    return None, 0


def is_header(row: Row, known: Collection[str], width: int) -> bool:
    """Return whether the cells of a row are names of columns.

    Args:
        row: the row.
        known: the normalized names that count.
        width: the number of columns of the file.
    """
    names, filled = _count_known(row, known), _count_filled(row)
    has_enough = names == filled if width < _MIN_NAMES else names >= _MIN_NAMES
    return (names * 2 > filled and has_enough) or (names > 1 and is_problems_column(row.cells[0]))


def locate_header(
    rows: Sequence[Row], known: Collection[str], read_options: ReadOptions
) -> tuple[int, bool]:
    """Return the line of the header, and whether its columns have to be mapped.

    The line is 0 for a file without a header. A header that cannot be parsed is still a header, and
    not the first record; but a row that cannot be parsed does not tell whether its names are
    unknown.

    Args:
        rows: the first rows of the file.
        known: the normalized names that count.
        read_options: the options for reading it.
    """
    if read_options.header is False or not rows:
        return 0, False
    header, _ = find_header(rows, known)
    if header is not None:
        return header.line, False
    top = rows[0]
    if read_options.mapping is not None:
        return top.line, False
    if read_options.header:
        return top.line, _count_known(top, known) * 2 < _count_filled(top)
    first = next((row for row in rows if not row.error), None)
    if first is None:
        return 0, False
    if any(_flags_of(first)):
        return 0, False
    # a damaged record is no header if only records follow it
    others = [row for row in rows[:_SEARCHED] if row is not first and len(row.cells) == len(FIELDS)]
    is_damaged = len(first.cells) != len(FIELDS) and bool(others)
    if is_damaged and all(all(_flags_of(row)) for row in others):
        return 0, False
    return first.line, True


def _flags_of(row: Row) -> list[str | None]:
    """Return the flags of a record in standard order; None for what is no flag."""
    cells = [row.cells[index] for index in _FLAGS if index < len(row.cells)]
    return [parse_flag(trim(from_text_formula(trim(cell)))) for cell in cells]


def is_record_above_header(row: Row) -> bool:
    """Return whether a row above the header is a record, and no title (our choice)."""
    return len(row.cells) >= _MIN_RECORD and _count_filled(row) >= _MIN_FILLED


def _count_filled(row: Row) -> int:
    return sum(1 for cell in row.cells if trim(cell))


def _count_known(row: Row, known: Collection[str]) -> int:
    return sum(1 for cell in row.cells if normalize_header(from_text_formula(trim(cell))) in known)
