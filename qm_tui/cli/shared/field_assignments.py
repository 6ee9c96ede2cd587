"""Parsing of `NAME=VALUE`, which sets a field on the command line."""

from collections.abc import Iterable
from typing import Final

from qm_tui.cli.shared.common import MAX_SHOWN
from qm_tui.errors import UserError
from qm_tui.text import listed, sanitize
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.users.fields import CATEGORICAL, Field, Kind
from qm_tui.users.query.filter_fields import (
    FILTER_FIELDS,
    FilterKind,
    matching_fields,
    nearest_name,
    secret_field_named,
)
from qm_tui.users.query.licenses import CALL_LICENSES, call_license_values

USE_ASSIGNMENT: Final = "Use NAME=VALUE, for example location=Oslo."

_YES_NO: Final = {"yes": "1", "1": "1", "no": "0", "0": "0", "": ""}
_LICENSE: Final = "license"


def renamable_names() -> list[str]:
    """Return the filter names of the fields whose values can be renamed."""
    return [field.filter_name for field in CATEGORICAL]


def assignable_names() -> list[str]:
    """Return the names that can be set: those of all fields but User ID, and `license`."""
    fields = [
        filter_field.name
        for filter_field in FILTER_FIELDS.values()
        if filter_field.field and filter_field.field.kind is not Kind.ID
    ]
    return [*fields, _LICENSE]


def is_assignment(argument: str) -> bool:
    """Whether an argument sets a field: the text before its `=` is the name of a field."""
    name, sign, _ = argument.partition("=")
    return bool(sign) and bool(matching_fields(name) or secret_field_named(name))


def parse_assignments(arguments: Iterable[str]) -> dict[str, str]:
    """Return the values to set by field key.

    Args:
        arguments: for example `department=Sales`, `active=no`, `license=on-demand`, `location=`.
            Spaces around a value are removed, as in an import.

    Raises:
        UserError: a name is unknown, ambiguous, cannot be set, or has two values; or a yes/no field
            has another value.
    """
    values: dict[str, str] = {}
    for argument in arguments:
        name, _, written = argument.partition("=")
        for key, value in _values_of(name, written).items():
            if values.get(key, value) != value:
                shown = sanitize(name, MAX_SHOWN)
                raise UserError(f"{shown} has more than one value. Use one value.")
            values[key] = value
    return values


def _values_of(name: str, written: str) -> dict[str, str]:
    secret = secret_field_named(name)
    if secret is not None:
        raise UserError(f"{secret.name} cannot be set on the command line. Run qm-tui passwd USER.")
    matches = [
        match for match in matching_fields(name) if match.field or match.kind is FilterKind.LICENSE
    ]
    if len(matches) != 1:
        raise _ambiguous_name(name, [match.name for match in matches])
    (meant,) = matches
    value = written.strip(BLANKS)
    if meant.field is None:
        return _license(value)
    if meant.field.kind is Kind.ID:
        raise UserError(f"{meant.field.name} is assigned automatically and cannot be set.")
    return {meant.field.key: _flag(meant.field, value) if meant.values else value}


def _ambiguous_name(name: str, names: list[str]) -> UserError:
    shown = sanitize(name, MAX_SHOWN)
    if names:
        return UserError(f"{shown} is ambiguous: {listed(names, 'or')}?")
    near = nearest_name(name)
    meant = f" Did you mean {near}?" if near in assignable_names() else ""
    return UserError(f"Unknown field {shown}.{meant} Valid fields: {listed(assignable_names())}.")


def _flag(field: Field, value: str) -> str:
    flag = _YES_NO.get(value.casefold())
    if flag is None:
        shown = sanitize(value, MAX_SHOWN)
        raise UserError(f"{field.name} '{shown}' is not valid. Use yes or no.")
    return flag


def _license(value: str) -> dict[str, str]:
    for license_ in CALL_LICENSES:
        if license_ == value.casefold():
            return call_license_values(license_)
    raise UserError(
        f"License '{sanitize(value, MAX_SHOWN)}' is not valid. Use {listed(CALL_LICENSES, 'or')}. "
        "For the Computer Recording License, use computer-recording-license=yes."
    )
