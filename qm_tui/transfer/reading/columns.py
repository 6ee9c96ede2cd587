"""The columns of a file and their fields.

Source: the users file, section 2, "Header row". Names are compared without case, blanks and
punctuation. Of the columns named `Phone IP`, the first is field 11 and the second is field 26. A
column mapping takes precedence over the names.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.text import sanitize, trim
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD, FIELDS, Field

PROBLEMS_HEADER: Final = "Problems"
"""The first column of a rejected-records file, which an import ignores silently."""

_PRIMARY_PHONE = FIELD["phone_ip"]
_SECONDARY_PHONE = FIELD["secondary_phone_ip"]


class UnusableHeader(Exception):
    """A header has no clear columns, alone or with a mapping. The text is a sentence for the admin.

    It begins in lower case, to follow the place of the header.
    """


class Columns(NamedTuple):
    """The columns of a file.

    Attributes:
        width: the number of cells of the header, or of a record without one.
        column_indexes: for each field in file order, the index of its column, or None.
        ignored: the names, as in the file, of columns without a field, or with a field that the
            mapping assigns to another column.
        unmapped: the names of the columns that the mapping ignores.
        header: the cells of the header, trimmed, without the empty ones at the end; none for a
            file without a header.
        extra: the number of empty cells at the end of the header; they are no columns.
        may_lack_last: whether a record without the last cell is complete if it ends with a flag: a
            spreadsheet dropped a column without any value.
    """

    width: int
    column_indexes: tuple[int | None, ...]
    ignored: tuple[str, ...]
    unmapped: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    extra: int = 0
    may_lack_last: bool = False

    @property
    def absent(self) -> list[Field]:
        """The fields without a column."""
        return [field for field in FIELDS if self.column_indexes[field.index] is None]

    @property
    def fields(self) -> list[Field | None]:
        """The field of each column."""
        by_column = {
            place: FIELDS[index]
            for index, place in enumerate(self.column_indexes)
            if place is not None
        }
        return [by_column.get(column) for column in range(self.width)]

    @property
    def are_in_file_order(self) -> bool:
        """Whether the file has all columns in standard order."""
        return self.column_indexes == tuple(range(len(FIELDS)))


def normalize_header(name: str) -> str:
    """Return a column name for comparison: only letters and digits, without case."""
    return "".join(filter(str.isalnum, name.casefold()))


_FIELDS_BY_NAME: Final = {
    normalize_header(name): field for field in FIELDS for name in (field.name, *field.aliases)
}
_FIELDS_BY_WORD: Final = _FIELDS_BY_NAME | {
    normalize_header(field.key): field
    for field in FIELDS
    if normalize_header(field.key) not in _FIELDS_BY_NAME
}
_PROBLEMS: Final = normalize_header(PROBLEMS_HEADER)


def field_for_column(name: str) -> Field | None:
    """Return the field for a column with this name; for `Phone IP`, the first of the two."""
    return _FIELDS_BY_NAME.get(normalize_header(name))


def find_field(word: str) -> Field | None:
    """Return the field with this name, header, alias or key, or None."""
    return _FIELDS_BY_WORD.get(normalize_header(word))


def column_names(header: Sequence[str]) -> list[str]:
    """Return unique names for the columns of a header.

    A column without a name is named by its number; the second `Phone IP` is the secondary one, and
    any other name that appears again is followed by the number of its column.
    """
    names: dict[str, str] = {}
    for column, cell in enumerate(header):
        # saved mappings contain these names
        name = trim(cell) or f"(column {column + 1} has no name)"
        if normalize_header(name) == normalize_header(_PRIMARY_PHONE.name) and (
            same_name(name) in names
        ):
            name = _SECONDARY_PHONE.name
        if same_name(name) in names:
            name = f"{name} (column {column + 1})"
        names[same_name(name)] = name
    return list(names.values())


def have_same_columns(header: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether two headers have the same fields and unknown columns in the same order."""
    return _meanings(header) == _meanings(other)


def _meanings(header: Sequence[str]) -> list[Field | str]:
    names = column_names(header)
    while names and not trim(header[len(names) - 1]):
        names.pop()
    return [field_for_column(name) or same_name(name) for name in names]


def same_name(name: str) -> str:
    """Return a value that is equal for names of the same column."""
    return normalize_header(name) or trim(name).casefold()


def is_problems_column(name: str) -> bool:
    """Return whether a column is the Problems column of a rejected-records file."""
    return normalize_header(name) == _PROBLEMS


def known_names(mapping: ColumnMapping | None = None) -> set[str]:
    """Return the normalized names of all fields, and of the columns of a mapping."""
    mapped = mapping.columns if mapping is not None else ()
    return {*_FIELDS_BY_NAME, _PROBLEMS, *map(normalize_header, mapped)} - {""}


def columns_in_file_order() -> Columns:
    """Return the columns of a file without a header."""
    return Columns(len(FIELDS), tuple(range(len(FIELDS))), ())


def columns_of(header: Sequence[str], mapping: ColumnMapping | None = None) -> Columns:
    """Return the columns for a header.

    Args:
        header: the cells of the header.
        mapping: a column mapping; columns that it does not contain are mapped by their names.

    Raises:
        UnusableHeader: two columns have names of one field; or the mapping contains a column that
            is not in the header, or assigns two columns to one field.
    """
    width = len(header)
    header = [trim(cell) for cell in header]
    while header and not header[-1]:
        header.pop()
    names = column_names(header)
    mapped = _apply_mapping(names, mapping) if mapping else {}
    places: list[int | None] = [None] * len(FIELDS)
    for column, mapped_to in mapped.items():
        if mapped_to is not None:
            places[mapped_to.index] = column
    mapped_fields = {field for field in mapped.values() if field}
    ignored: list[str] = []
    has_phone = _has_only_second_phone(header)
    for column, name in enumerate(header):
        key = normalize_header(name)
        field = _FIELDS_BY_NAME.get(key)
        if field is _PRIMARY_PHONE:
            field, has_phone = _SECONDARY_PHONE if has_phone else field, True
        if column in mapped:
            continue
        if field is None:
            if key != _PROBLEMS:
                ignored.append(names[column])
            continue
        if field in mapped_fields:
            ignored.append(name)
            continue
        first = places[field.index]
        if first is not None:
            first_name, second_name = (
                f'{index + 1} ("{sanitize(header[index], 60)}")' for index in (first, column)
            )
            msg = (
                f"columns {first_name} and {second_name} both map to {field.name}. Remove or "
                "rename one of them."
            )
            raise UnusableHeader(msg)
        places[field.index] = column
    unmapped = tuple(names[column] for column, mapped_to in mapped.items() if mapped_to is None)
    extra = width - len(header)
    return Columns(width, tuple(places), tuple(ignored), unmapped, tuple(header), extra)


def _has_only_second_phone(header: Sequence[str]) -> bool:
    """Return whether only the name of the first `Phone IP` is unknown, by its place (our choice).

    All other columns are in standard order.
    """
    named = [field_for_column(name) for name in header if not is_problems_column(name)]
    expected: list[Field | None] = [field_for_column(field.header) for field in FIELDS]
    expected[_PRIMARY_PHONE.index] = None
    return named == expected


def _apply_mapping(names: list[str], mapping: ColumnMapping) -> dict[int, Field | None]:
    """Return the fields of the columns in a mapping.

    Raises:
        UnusableHeader: a column is missing or ambiguous, or two columns are assigned to one
            field.
    """
    by_name: dict[str, list[int]] = {}
    for column, name in enumerate(names):
        by_name.setdefault(same_name(name), []).append(column)
    mapped: dict[int, Field | None] = {}
    holders: dict[Field, str] = {}
    # in a rejected-records file, each column has the name of its field, and needs no mapping
    is_of_rejected = any(map(is_problems_column, names))
    fields_by_name = {None, *map(field_for_column, names)} if is_of_rejected else set()
    for name, field in mapping.columns.items():
        columns = by_name.get(same_name(name), [])
        if not columns and field in fields_by_name:
            continue
        shown = sanitize(name, 60)
        if len(columns) != 1 or columns[0] in mapped:
            problem = "two columns are named" if columns else "missing column"
            msg = (
                f'{problem} "{shown}", which the mapping requires. Use the mapping for this file, '
                "or map the columns again."
            )
            raise UnusableHeader(msg)
        if field is not None and field in holders:
            msg = (
                f'the mapping assigns two columns, "{holders[field]}" and "{shown}", to '
                f"{field.name}. Remove one of them."
            )
            raise UnusableHeader(msg)
        mapped[columns[0]] = field
        if field is not None:
            holders[field] = shown
    return mapped
