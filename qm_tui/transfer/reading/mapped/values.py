"""What a mapping does to the values of records: other values, and values for new users.

Source: the users file, section 2, and our choice for files of other programs. Whether a record adds
a user is not known yet. So each record gets the values for an update and those for a new user. If
new users get a value for an empty cell, an update keeps the stored value, so that importing the
file again does not clear what the first import set.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.text import sanitize, trim
from qm_tui.transfer.reading.columns import (
    Columns,
    UnusableHeader,
    column_names,
    find_field,
    same_name,
)
from qm_tui.transfer.reading.mapped.templates import Placeholder, Template
from qm_tui.transfer.reading.read_options import ANY_VALUE, ColumnMapping
from qm_tui.transfer.reading.samples import is_called_secret
from qm_tui.transfer.reading.spreadsheet import from_text_formula
from qm_tui.users.fields import FIELDS, Field
from qm_tui.users.issues import Issue, value_issue

_MAX_REMEMBERED: Final = 10_000
"""The number of different values of a column whose translation is remembered."""

_UNLISTED: Final = "is not among the values of the mapping"

Row = Sequence[str | None]
_Column = Sequence[str | None]
_MakeColumn = Callable[[Sequence[Sequence[str]], Sequence[_Column]], Sequence[str]]
"""Returns the values of a column, given the cells and the values of records."""


class MappedRows(NamedTuple):
    """The values of records.

    Attributes:
        rows: their values in file order, for updates.
        new_rows: likewise, for records that add a user.
    """

    rows: Sequence[Row]
    new_rows: Sequence[Row]


class MappedRecord(NamedTuple):
    """The values of a record.

    Attributes:
        values: its values in file order, for an update.
        new_values: likewise, if it adds a user.
        issues: values that the mapping does not list.
    """

    values: list[str | None]
    new_values: list[str | None]
    issues: tuple[Issue, ...]


class _Translation(dict[str, str | None]):
    """The values for those of a file, without case; None if a value is not listed."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__()
        self._listed = {value.casefold(): to for value, to in values.items() if value != ANY_VALUE}
        self._listed.setdefault("", "")
        self._other = values.get(ANY_VALUE)

    def __missing__(self, value: str) -> str | None:
        to = self._listed.get(value.casefold(), self._other)
        if to == ANY_VALUE == self._other and value.casefold() not in self._listed:
            to = value
        if len(self) < _MAX_REMEMBERED:
            self[value] = to
        return to


class MappedValues:
    """Makes the values of records, as a mapping says.

    Args:
        mapping: the mapping.
        columns: the columns of the file.

    Raises:
        UnusableHeader: a template names a column that is not in the file, or that may contain a
            secret.
    """

    def __init__(self, mapping: ColumnMapping, columns: Columns) -> None:
        self._columns = columns
        places = columns.column_indexes
        self._translations = [
            (field.index, _Translation(values))
            for field, values in mapping.values.items()
            if places[field.index] is not None
        ]
        self._given_values = {
            field: value for field, value in mapping.defaults.items() if places[field.index] is None
        }
        self._templates = [
            (field.index, self._made_by(field, template))
            for field, template in mapping.templates.items()
        ]
        self._defaults = [(field.index, value) for field, value in mapping.defaults.items()]
        self._given = [field.index for field in mapping.given if places[field.index] is not None]
        self._empty = [field.index for field in columns.absent if not field.required]

    def rows(self, cells: Sequence[Sequence[str]], rows: Sequence[Row]) -> MappedRows | None:
        """Return the values of complete records; None if one has a value that is not listed.

        Args:
            cells: their cells.
            rows: the same in file order; None in all of them for a field without a column.
        """
        columns: list[_Column] = list(zip(*rows, strict=True))
        is_changed = False
        for index, translation in self._translations:
            translated = [translation[value or ""] for value in columns[index]]
            if None in translated:
                return None
            columns[index], is_changed = translated, True
        new_rows = self._new_rows(cells, columns)
        for index in self._given:
            if not all(columns[index]):
                columns[index], is_changed = [value or None for value in columns[index]], True
        return MappedRows(list(zip(*columns, strict=True)) if is_changed else rows, new_rows)

    def record(self, cells: Sequence[str], values: Row) -> MappedRecord:
        """Return the values of a record.

        Args:
            cells: its cells; the last ones may be missing.
            values: its values in file order; None for those that it does not have.
        """
        translated, issues = [*values], list[Issue]()
        for index, translation in self._translations:
            value = values[index]
            to = value if value is None else translation[value]
            if to is None and value is not None:
                issues.append(_unlisted_issue(FIELDS[index], value))
            else:
                translated[index] = to
        all_cells = [trim(from_text_formula(trim(cell))) for cell in cells]
        all_cells += [""] * (self._columns.width - len(cells))
        (new,) = self._new_rows([all_cells], [(value,) for value in translated])
        for index in self._given:
            translated[index] = translated[index] or None
        return MappedRecord(translated, [*new], tuple(issues))

    def _new_rows(
        self, cells: Sequence[Sequence[str]], columns: Sequence[_Column]
    ) -> Sequence[Row]:
        new = [*columns]
        for index, make in self._templates:
            if not all(new[index]):
                new[index] = _filled(new[index], make(cells, columns))
        for index, value in self._defaults:
            if not all(new[index]):
                new[index] = _filled(new[index], repeat(value))
        for index in self._empty:
            new[index] = _filled(new[index], repeat(""))
        return list(zip(*new, strict=True))

    def _made_by(self, field: Field, template: Template) -> _MakeColumn:
        """Return a function for the values that a template makes; empty where a part is empty."""
        parts = [
            partial(_literal, part) if isinstance(part, str) else self._source(field, part)
            for part in template.parts
        ]

        def make(cells: Sequence[Sequence[str]], columns: Sequence[_Column]) -> Sequence[str]:
            values = zip(*(part(cells, columns) for part in parts), strict=True)
            return ["".join(texts) if all(texts) else "" for texts in values]

        return make

    def _source(self, field: Field, placeholder: Placeholder) -> _MakeColumn:
        """Return a function for the values of a placeholder: those of a column, or of a field."""
        columns, name = self._columns, placeholder.column
        names = [same_name(known) for known in column_names(columns.header)]
        if same_name(name) in names:
            index = names.index(same_name(name))
            source = columns.fields[index]
            is_secret = is_called_secret(name)
        else:
            source, is_secret = find_field(name), False
            if source is not None and source in self._given_values:
                (default,) = placeholder.apply([self._given_values[source]])
                return partial(_literal, default)
            if source is None or columns.column_indexes[source.index] is None:
                msg = (
                    f'missing column "{sanitize(name, 60)}", which the template of {field.name} '
                    "requires. Use the mapping for this file, or change the template."
                )
                raise UnusableHeader(msg)
        if is_secret or (source is not None and source.is_secret):
            msg = (
                f'the template of {field.name} uses the column "{sanitize(name, 60)}", which may '
                "contain a secret. Use another column."
            )
            raise UnusableHeader(msg)
        if source is not None:  # with its translation
            return partial(_column_of_field, source.index, placeholder)
        return partial(_column_of_cells, index, placeholder)


def _filled(column: _Column, fillers: Iterable[str]) -> _Column:
    return [value or filler for value, filler in zip(column, fillers, strict=False)]


def _literal(
    text: str, cells: Sequence[Sequence[str]], _columns: Sequence[_Column]
) -> Sequence[str]:
    return [text] * len(cells)


def _column_of_field(
    index: int,
    placeholder: Placeholder,
    _cells: Sequence[Sequence[str]],
    columns: Sequence[_Column],
) -> Sequence[str]:
    return placeholder.apply([value or "" for value in columns[index]])


def _column_of_cells(
    index: int,
    placeholder: Placeholder,
    cells: Sequence[Sequence[str]],
    _columns: Sequence[_Column],
) -> Sequence[str]:
    return placeholder.apply(list(map(itemgetter(index), cells)))


def _unlisted_issue(field: Field, value: str) -> Issue:
    fix = f"Correct {field.name}, or add this value to the mapping."
    return value_issue(field, value, _UNLISTED, fix)


def unlisted_kind(field: Field) -> str:
    """Return the kind of the error of a value that the mapping does not list."""
    return f"{field.name} {_UNLISTED}"
