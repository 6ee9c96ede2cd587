"""Which column of a file holds which field.

Source: the users file, section 2, "Header row". Names are matched without case, blanks or
punctuation. Of the columns named `Phone IP` the first is field 11 and the second field 26.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, FIELDS, Field

PROBLEMS_HEADER: Final = "Problems"
"""The first column of a file of rejected records: known, and left out without a word."""

_PRIMARY_PHONE = FIELD["phone_ip"]
_SECONDARY_PHONE = FIELD["secondary_phone_ip"]


class ColumnNamedTwice(Exception):
    """Two columns bear one name, or names that mean one field."""

    def __init__(self, first: int, second: int, name: str) -> None:
        super().__init__(name)
        self.first = first
        self.second = second
        self.name = name


class Columns(NamedTuple):
    """Where the fields stand in a file.

    Attributes:
        width: how many columns the file has.
        places: for each of the 26 fields in file order, the column it stands in, or None.
        ignored: the names of the columns that are no field, as the file writes them.
    """

    width: int
    places: tuple[int | None, ...]
    ignored: tuple[str, ...]

    @property
    def absent(self) -> list[Field]:
        """The fields that have no column."""
        return [field for field in FIELDS if self.places[field.index] is None]

    @property
    def are_in_file_order(self) -> bool:
        """Whether all 26 columns stand as the field table has them."""
        return self.places == tuple(range(len(FIELDS)))


def plain(name: str) -> str:
    """A column's name as it is compared: letters and digits alone, without case."""
    return "".join(filter(str.isalnum, name.casefold()))


_FIELDS_BY_NAME: Final = {
    plain(name): field for field in FIELDS for name in (field.name, *field.aliases)
}
_PROBLEMS: Final = plain(PROBLEMS_HEADER)


def known_names(cells: Sequence[str]) -> int:
    """How many of the cells are names of columns."""
    names = {plain(cell) for cell in cells}
    return len(names & _FIELDS_BY_NAME.keys()) + (_PROBLEMS in names)


def is_header(cells: Sequence[str]) -> bool:
    """Whether a file's first row names columns, and is no record.

    Three names of columns are no accident; in a narrow file half of the cells are enough.
    """
    known = known_names(cells)
    filled = sum(1 for cell in cells if cell.strip())
    return known >= min(3, max(1, (filled + 1) // 2))


def columns_in_file_order() -> Columns:
    """The columns of a file without a header."""
    return Columns(len(FIELDS), tuple(range(len(FIELDS))), ())


def columns_of(header: Sequence[str]) -> Columns:
    """The columns that a header names.

    Raises:
        ColumnNamedTwice: a name, or a field under two names, stands twice.
    """
    width = len(header)
    while width and not plain(header[width - 1]):
        width -= 1
    places: list[int | None] = [None] * len(FIELDS)
    ignored: list[str] = []
    met: dict[str, int] = {}
    for column, name in enumerate(header[:width]):
        key = plain(name)
        field = _FIELDS_BY_NAME.get(key)
        if field is _PRIMARY_PHONE and places[field.index] is not None:
            field = _SECONDARY_PHONE
        if field is None:
            if key != _PROBLEMS:
                ignored.append(name.strip() or f"(column {column + 1} has no name)")
            if key and key in met:
                raise ColumnNamedTwice(met[key], column, name.strip())
            met[key] = column
            continue
        first = places[field.index]
        if first is not None:
            raise ColumnNamedTwice(first, column, field.name)
        places[field.index] = column
    return Columns(width, tuple(places), tuple(ignored))
