"""The format of mapping files, for files of other programs.

A mapping is TOML, so that it can be written by hand:

    header = ["Vorname", "Nachname", "Abteilung", "Bemerkung"]   # the header it was made for
    match = "Agent ID"                       # identifies users without User ID

    [columns]
    "Vorname" = "First Name"
    "Nachname" = "Last Name"
    "Abteilung" = "Department Name"
    "Bemerkung" = ""                         # ignored

    [values."Department Name"]
    "Vertrieb" = "Sales"
    "*" = "Other"                            # all other values; without it, they are rejected

    [defaults]                               # for new users
    "Recording Service IP Address" = "Any"

    [templates]                              # for new users
    "User Name" = "{Vorname|first|ascii|lower}.{Nachname|ascii|lower}"

Fields have the names that `find_field` knows, or those of filters.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from qm_tui.errors import UserError, os_error_text
from qm_tui.text import sanitize, trim
from qm_tui.toml_files import InvalidTomlFile, read_toml
from qm_tui.transfer.mapping.guess import nearest_field
from qm_tui.transfer.reading.columns import find_field, is_problems_column
from qm_tui.transfer.reading.mapped.templates import InvalidTemplate, Template, parse_template
from qm_tui.transfer.reading.read_options import ANY_VALUE, ColumnMapping
from qm_tui.users.fields import Field, Kind
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.validation import field_errors

V = TypeVar("V")

_BRACES: Final = re.compile(r"\{[^{}]+\}")

MAX_SIZE: Final = 512 * 1024
"""The maximum size of a mapping file, in bytes."""

_NAME, _HEADER, _MATCH = "name", "header", "match"
_COLUMNS, _VALUES, _DEFAULTS, _TEMPLATES = "columns", "values", "defaults", "templates"
_ENTRIES: Final = (_NAME, _HEADER, _MATCH, _COLUMNS, _VALUES, _DEFAULTS, _TEMPLATES)
_MEANINGFUL: Final = (_MATCH, _COLUMNS, _VALUES, _DEFAULTS, _TEMPLATES)
_VALID_ENTRIES: Final = "name, header, match, [columns], [values], [defaults], [templates]"


class SavedMapping(NamedTuple):
    """The content of a mapping file.

    Attributes:
        mapping: the mapping.
        header: the header of the file that it was made for; empty if it is not known.
    """

    mapping: ColumnMapping
    header: list[str]


class InvalidMapping(ValueError):
    """A mapping is invalid. The text is why, without a full stop."""


def read_mapping_file(path: Path) -> SavedMapping:
    """Return the content of a mapping file.

    Raises:
        UserError: the file cannot be read, or is not a mapping.
    """
    try:
        return _parse(path.stem, read_toml(path, MAX_SIZE))
    except (InvalidTomlFile, InvalidMapping) as error:
        raise _unreadable(path, str(error)) from error
    except (OSError, ValueError) as error:
        cause = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise _unreadable(path, cause) from error


def read_mapping(path: Path) -> ColumnMapping:
    """Return the mapping in a file.

    Raises:
        UserError: the file cannot be read, or is not a mapping.
    """
    return read_mapping_file(path).mapping


def content_of(mapping: ColumnMapping, header: Sequence[str]) -> dict[str, Any]:
    """Return the content of a mapping file, without its empty parts.

    Args:
        mapping: the mapping.
        header: the header of the file that it was made for.
    """
    content: dict[str, Any] = {
        _NAME: mapping.name,
        _HEADER: [cell for cell in header if not is_problems_column(cell)],
        _MATCH: mapping.match.name if mapping.match else "",
        _COLUMNS: {
            column: field.name if field else "" for column, field in mapping.columns.items()
        },
        _VALUES: {field.name: dict(values) for field, values in mapping.values.items()},
        _DEFAULTS: {field.name: value for field, value in mapping.defaults.items()},
        _TEMPLATES: {field.name: template.text for field, template in mapping.templates.items()},
    }
    return {entry: value for entry, value in content.items() if value or entry in (_NAME, _HEADER)}


def check_default(field: Field, value: str) -> str:
    """Return the default of a field for new users, trimmed.

    Raises:
        InvalidMapping: the field cannot have a default, or the value is invalid.
    """
    if _BRACES.search(value):
        msg = f"the default of {field.name} contains a column in braces; use a template for that"
        raise InvalidMapping(msg)
    return check_value(field, value)


def check_value(field: Field, value: str) -> str:
    """Return the value of a field for one of the file, trimmed.

    Raises:
        InvalidMapping: the field cannot have one, or the value is invalid.
    """
    _require_writable(field, "value")
    value = trim(value)
    for issue in field_errors(field, value):
        msg = f"{sanitize(issue.message)}. {sanitize(issue.fix)}".removesuffix(".")
        raise InvalidMapping(msg)
    return value


def check_template(field: Field, text: str) -> Template:
    """Return the template of a field.

    Raises:
        InvalidMapping: the field cannot have a template, or the template is invalid.
    """
    _require_writable(field, "template")
    try:
        return parse_template(text)
    except InvalidTemplate as error:
        msg = f"the template of {field.name} is invalid: {error}"
        raise InvalidMapping(msg) from error


def check_match(field: Field) -> Field:
    """Return a field that can identify users.

    Raises:
        InvalidMapping: it cannot.
    """
    if field.is_secret or field.kind in (Kind.FLAG, Kind.LIST):
        msg = f"{field.name} cannot identify users; use a field such as Agent ID"
        raise InvalidMapping(msg)
    return field


def _parse(stem: str, content: Mapping[str, Any]) -> SavedMapping:
    for entry in content:
        if entry not in _ENTRIES:
            msg = f"unknown key {sanitize(entry, 60)}; valid keys: {_VALID_ENTRIES}"
            raise InvalidMapping(msg)
    name, header, match = (
        content.get(_NAME, stem),
        content.get(_HEADER, []),
        content.get(_MATCH, ""),
    )
    if not isinstance(name, str):
        raise InvalidMapping("name must be a quoted text")
    if not isinstance(header, list) or not all(isinstance(cell, str) for cell in header):
        raise InvalidMapping("header must be a list of quoted column names")
    if not isinstance(match, str) or (_MATCH in content and not match.strip()):
        raise InvalidMapping("match must be a quoted field name")
    if not any(content.get(entry) for entry in _MEANINGFUL):
        msg = 'a table [columns] with lines like "Vorname" = "First Name" is required'
        raise InvalidMapping(msg)
    mapping = ColumnMapping(
        name,
        _columns(content),
        dict(_by_field(content, _VALUES, _values)),
        dict(_by_field(content, _DEFAULTS, _of_text(check_default))),
        dict(_by_field(content, _TEMPLATES, _of_text(check_template))),
        check_match(_field(_MATCH, match)) if match else None,
    )
    for field in mapping.defaults.keys() & mapping.templates.keys():
        raise InvalidMapping(f"{field.name} is in [{_DEFAULTS}] and in [{_TEMPLATES}]")
    return SavedMapping(mapping, header)


def _columns(content: Mapping[str, Any]) -> dict[str, Field | None]:
    fields: dict[str, Field | None] = {}
    holders: dict[Field, str] = {}
    for column, name in _table(content, _COLUMNS).items():
        entry = f'[{_COLUMNS}] "{sanitize(column, 60)}"'
        if not isinstance(name, str):
            raise InvalidMapping(f'{entry} must be a quoted field name, or "" to ignore the column')
        fields[column] = field = _field(entry, name) if name.strip() else None
        if field is not None and field in holders:
            msg = (
                f'[{_COLUMNS}] assigns both "{sanitize(holders[field], 60)}" and '
                f'"{sanitize(column, 60)}" to {field.name}'
            )
            raise InvalidMapping(msg)
        if field is not None:
            holders[field] = column
    return fields


def _by_field(
    content: Mapping[str, Any], table: str, check: Callable[[Field, object], V]
) -> Iterator[tuple[Field, V]]:
    """Yield the checked entries of a table by field.

    Raises:
        InvalidMapping: a field is unknown or has two entries, or an entry is invalid.
    """
    seen: set[Field] = set()
    for name, value in _table(content, table).items():
        field = _field(f"[{table}]", name)
        if field in seen:
            raise InvalidMapping(f"[{table}] has two entries for {field.name}")
        seen.add(field)
        try:
            yield field, check(field, value)
        except InvalidMapping as error:
            raise InvalidMapping(f"[{table}]: {error}") from None


def _of_text(check: Callable[[Field, str], V]) -> Callable[[Field, object], V]:
    """Return a check of an entry that must be a text."""
    return lambda field, value: check(field, _text(field, value))


def _table(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise InvalidMapping(f"{name} must be a table, [{name}]")
    return table


def _values(field: Field, table: object) -> dict[str, str]:
    _require_writable(field, "value")
    if not isinstance(table, dict):
        msg = f'{field.name} must be a table with lines like "yes" = "1"'
        raise InvalidMapping(msg)
    values: dict[str, str] = {}
    written: dict[str, str] = {}
    for value, to in table.items():
        same = written.setdefault(trim(value).casefold(), value)
        if same != value:
            msg = (
                f'{field.name} has "{sanitize(same, 60)}" and "{sanitize(value, 60)}", which are '
                "the same without case"
            )
            raise InvalidMapping(msg)
        keeps = trim(value) == to == ANY_VALUE
        values[trim(value)] = ANY_VALUE if keeps else check_value(field, _text(field, to))
    return values


def _text(field: Field, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidMapping(f'the value of {field.name} must be a quoted text, for example "1"')
    return value


def _require_writable(field: Field, what: str) -> None:
    """Raise InvalidMapping if a mapping may not set the values of a field."""
    if field.is_secret:
        msg = f"{field.name} is a secret, so a mapping contains no {what} for it"
        raise InvalidMapping(msg)
    if field.kind is Kind.ID:
        raise InvalidMapping(f"{field.name} is assigned automatically, so it has no {what}")


def _field(entry: str, name: str) -> Field:
    by_filter_name = FILTER_FIELDS.get(name.strip().casefold())
    field = find_field(name) or (by_filter_name.field if by_filter_name else None)
    if field is None:
        similar = nearest_field(name)
        hint = f' (did you mean "{similar.name}"?)' if similar else ""
        raise InvalidMapping(f'{entry}: unknown field "{sanitize(name, 60)}"{hint}')
    return field


def _unreadable(path: Path, problem: str) -> UserError:
    return UserError(
        f"Cannot read the mapping {sanitize(str(path))}: {problem}. Correct the file, or use "
        "another mapping."
    )
