"""A column mapping while it is edited, and what it makes of the file."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl
from qm_tui.transfer.importing import ImportRequest
from qm_tui.transfer.mapping.mapping_file import (
    check_default,
    check_match,
    check_template,
    check_value,
)
from qm_tui.transfer.reading.mapped.templates import InvalidTemplate, Template, parse_template
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import FIELD, FIELDS, Field, Kind
from qm_tui.users.validation import parse_flag

MAX_VALUES: Final = 200
"""The number of different values of a column that are listed."""

_MAX_READ: Final = 100_000
"""The number of records whose values are listed."""

_CHUNK: Final = 256
_BRACE: Final = "{"


class MappingDraft:
    """A mapping that an admin edits.

    Args:
        names: the names of the columns.
        fields: the field of each column; None if it is ignored.
        mapping: the mapping so far, if there is one.

    Attributes:
        names: the same.
        fields: the same, as it is now.
        values: by field, the values for those of the file.
        given: by field, the default or the template of new users.
        match: the field that identifies users if a record has no User ID; None for User Name.
    """

    def __init__(
        self, names: Sequence[str], fields: Sequence[Field | None], mapping: ColumnMapping | None
    ) -> None:
        before = mapping or ColumnMapping()
        self.names, self.fields = list(names), list(fields)
        self.values = {field: dict(values) for field, values in before.values.items()}
        self.given: dict[Field, str] = dict(before.defaults)
        self.given |= {field: template.text for field, template in before.templates.items()}
        self.match = before.match
        self._begun = self.mapping("")

    @property
    def is_edited(self) -> bool:
        """Whether it is another mapping than at first."""
        return self.mapping("") != self._begun

    @property
    def missing(self) -> list[Field]:
        """The required fields that new users would not have."""
        known = {*self.fields, *self.given}
        return [field for field in FIELDS if field.required and field not in known]

    @property
    def missing_text(self) -> str:
        """Which of them there are, as sentences with the IDs of keys."""
        names = [field.name for field in self.missing]
        if self.missing == [FIELD["password"]]:
            return (
                "Password has no column. In the preview, <preview.missing_password> adds users who "
                "have no password yet."
            )
        if names:
            missing = f"Required fields without a column or value: {', '.join(names)}."
            return f"{missing} This file can only update users."
        return "All required fields have a column or a value."

    @property
    def holders(self) -> dict[Field, str]:
        """By field, the name of the column that is mapped to it."""
        pairs = zip(self.fields, self.names, strict=True)
        return {field: name for field, name in pairs if field is not None}

    def mapping(self, name: str) -> ColumnMapping:
        """Return the mapping."""
        templates = {
            field: template
            for field, text in self.given.items()
            if (template := _template_in(text)) is not None
        }
        return ColumnMapping(
            name,
            dict(zip(self.names, self.fields, strict=True)),
            {field: values for field, values in self.values.items() if field in self.fields},
            {field: text for field, text in self.given.items() if field not in templates},
            templates,
            self.match,
        )

    def map_column(self, column: int, field: Field | None) -> None:
        """Map a column to a field; the column mapped to it before becomes ignored."""
        before = self.fields[column]
        if before is not None and before != field:
            self.values.pop(before, None)
        if field is not None:
            self.fields = [None if mapped == field else mapped for mapped in self.fields]
        self.fields[column] = field

    def set_values(self, field: Field, values: Mapping[str, str]) -> None:
        """Set the values of a field for those of the file; none if they stay as they are."""
        others = {value: to for value, to in values.items() if value != to}
        if others:
            self.values[field] = dict(values)
        else:
            self.values.pop(field, None)

    def give(self, field: Field, text: str) -> None:
        """Set the default or, with braces, the template of a field; nothing if it is empty.

        Raises:
            InvalidMapping: the text is invalid.
        """
        if not text:
            self.given.pop(field, None)
        elif _BRACE in text:
            self.given[field] = check_template(field, text).text
        else:
            self.given[field] = check_default(field, _flag_or(field, text))

    def match_by(self, field: Field) -> None:
        """Let a field identify users, or no longer.

        Raises:
            InvalidMapping: it cannot.
        """
        self.match = None if self.match == field else check_match(field)


def checked_value(field: Field, text: str) -> str:
    """Return the value that an admin typed; `yes` and `no` are 1 and 0.

    Raises:
        InvalidMapping: it is invalid.
    """
    return check_value(field, _flag_or(field, text))


def _flag_or(field: Field, text: str) -> str:
    return (parse_flag(text) if field.kind is Kind.FLAG else None) or text


def _template_in(text: str) -> Template | None:
    """Return the template that a text is, or None if it is a default."""
    try:
        return parse_template(text)
    except InvalidTemplate:
        return None


class ValuesOfColumn(NamedTuple):
    """The values of a column.

    Attributes:
        numbers: the number of records with each value, in the order of the file.
        are_all: whether there are no others.
    """

    numbers: Mapping[str, int]
    are_all: bool


def read_values(
    request: ImportRequest, mapping: ColumnMapping, field: Field, rest: YieldControl
) -> ValuesOfColumn:
    """Return the values of a field in a file, before the mapping changes them.

    Args:
        request: the import.
        mapping: the mapping.
        field: a field with a column.
        rest: called about every millisecond.

    Raises:
        UserError: the file cannot be read.
    """
    plain = ColumnMapping(columns=mapping.columns)
    numbers = Counter[str]()
    with UsersFile(request.path, replace(request.read_options, mapping=plain)) as file:
        for record in file.records():
            if not record.number % _CHUNK:
                rest()
            value = record.values[field.index]
            if value is not None:
                numbers[value] += 1
            if len(numbers) > MAX_VALUES or record.number == _MAX_READ:
                return ValuesOfColumn(dict(islice(numbers.items(), MAX_VALUES)), False)
    return ValuesOfColumn(numbers, True)
