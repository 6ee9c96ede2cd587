"""Which column of a file holds which field.

Source: the users file, section 2, "Header row". Names are matched without case, blanks or
punctuation. Of the columns named `Phone IP` the first is field 11 and the second field 26. What
the admin says in a mapping goes before what the names say.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.text import visible
from qm_tui.transfer.reading.read_options import ColumnMapping
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


class MappingDoesNotFit(Exception):
    """A mapping cannot be used with a file's header. The text is a sentence for the admin."""


class Columns(NamedTuple):
    """Where the fields stand in a file.

    Attributes:
        width: how many columns the file has.
        places: for each of the 26 fields in file order, the column it stands in, or None.
        ignored: the names of the columns that are no field, or whose field the mapping gave to
            another column, as the file writes them.
        left_out: the names of the columns that the mapping leaves out.
        header: the cells of the header, trimmed; empty for a file without one.
    """

    width: int
    places: tuple[int | None, ...]
    ignored: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    header: tuple[str, ...] = ()

    @property
    def absent(self) -> list[Field]:
        """The fields that have no column."""
        return [field for field in FIELDS if self.places[field.index] is None]

    @property
    def fields(self) -> list[Field | None]:
        """What each column of the file holds."""
        by_column = {place: FIELDS[at] for at, place in enumerate(self.places) if place is not None}
        return [by_column.get(column) for column in range(self.width)]

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
_FIELDS_BY_WORD: Final = _FIELDS_BY_NAME | {
    plain(field.key): field for field in FIELDS if plain(field.key) not in _FIELDS_BY_NAME
}
_PROBLEMS: Final = plain(PROBLEMS_HEADER)


def field_of_column(name: str) -> Field | None:
    """The field that a column of this name holds, the first `Phone IP` where it is that."""
    return _FIELDS_BY_NAME.get(plain(name))


def field_named(word: str) -> Field | None:
    """The field of this name, header, alias or key; None where there is none."""
    return _FIELDS_BY_WORD.get(plain(word))


def column_names(header: Sequence[str]) -> list[str]:
    """What the columns of a header are called, so that each has a name of its own.

    A column without a name is called by its number, the second `Phone IP` is the secondary one.
    """
    names: list[str] = []
    has_phone = False
    for column, cell in enumerate(header):
        name = cell.strip() or f"(column {column + 1} has no name)"
        if plain(name) == plain(_PRIMARY_PHONE.name):
            name, has_phone = _SECONDARY_PHONE.name if has_phone else name, True
        names.append(name)
    return names


def same_name(name: str) -> str:
    """What two names of columns have in common that mean one column."""
    return plain(name) or name.strip().casefold()


def is_problems_column(name: str) -> bool:
    """Whether a column is that of the problems in a file of rejected records."""
    return plain(name) == _PROBLEMS


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


def columns_of(header: Sequence[str], mapping: ColumnMapping | None = None) -> Columns:
    """The columns that a header names.

    Args:
        header: the cells of the header.
        mapping: what the admin says; the columns that it does not name mean what they are called.

    Raises:
        ColumnNamedTwice: a name, or a field under two names, stands twice.
        MappingDoesNotFit: the mapping names a column that the header has not, or gives one field
            to two columns.
    """
    width = len(header)
    while width and not plain(header[width - 1]):
        width -= 1
    header = [cell.strip() for cell in header[:width]]
    names = column_names(header)
    mapped = _mapped(names, mapping) if mapping else {}
    places: list[int | None] = [None] * len(FIELDS)
    for column, mapped_to in mapped.items():
        if mapped_to is not None:
            places[mapped_to.index] = column
    taken = {field for field in mapped.values() if field}
    ignored: list[str] = []
    met: dict[str, int] = {}
    has_phone = False
    for column, name in enumerate(header):
        key = plain(name)
        field = _FIELDS_BY_NAME.get(key)
        if field is _PRIMARY_PHONE:
            field, has_phone = _SECONDARY_PHONE if has_phone else field, True
        if column in mapped:
            continue
        if field is None:
            if key != _PROBLEMS:
                ignored.append(names[column])
            if key and key in met:
                raise ColumnNamedTwice(met[key], column, name)
            met[key] = column
            continue
        if field in taken:
            ignored.append(name)
            continue
        first = places[field.index]
        if first is not None:
            raise ColumnNamedTwice(first, column, field.name)
        places[field.index] = column
    left_out = tuple(names[column] for column, mapped_to in mapped.items() if mapped_to is None)
    return Columns(width, tuple(places), tuple(ignored), left_out, tuple(header))


def _mapped(names: list[str], mapping: ColumnMapping) -> dict[int, Field | None]:
    """What a mapping says of the columns that it names.

    Raises:
        MappingDoesNotFit: it names one that is not there or two of one name, or gives one field
            to two.
    """
    by_name: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        by_name.setdefault(same_name(name), []).append(column)
    mapped: dict[int, Field | None] = {}
    holders: dict[Field, str] = {}
    # in a file of rejected records each column bears its field's own name, and needs no mapping
    is_of_rejected = any(map(is_problems_column, names))
    own = {None, *map(field_of_column, names)} if is_of_rejected else set()
    for name, field in mapping.columns.items():
        columns = by_name.get(same_name(name), [])
        if not columns and field in own:
            continue
        shown = visible(name, 60)
        if len(columns) != 1 or columns[0] in mapped:
            problem = "two columns are named" if columns else "there is no column"
            msg = (
                f'{problem} "{shown}", which the mapping names. Choose the mapping that was made '
                "for this file, or pair the columns again."
            )
            raise MappingDoesNotFit(msg)
        if field is not None and field in holders:
            msg = (
                f'The mapping gives {field.name} to two columns, "{holders[field]}" and "{shown}". '
                "Leave one of them out."
            )
            raise MappingDoesNotFit(msg)
        mapped[columns[0]] = field
        if field is not None:
            holders[field] = shown
    return mapped
