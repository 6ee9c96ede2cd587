"""`NAME=VALUE`: what a field of a user shall be, as it is written on the command line."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from qm_tui.errors import Refused
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.users.fields import Field

_SHOWN: Final = 60
_YES_NO: Final = {"yes": "1", "1": "1", "no": "0", "0": "0", "": ""}
_LICENSE: Final = "license"


def assigned_names() -> list[str]:
    """The names that can be given a value: those of the fields but User ID, and `license`."""
    from qm_tui.users.fields import Kind
    from qm_tui.users.query.filter_fields import NAMES

    fields = [one.name for one in NAMES.values() if one.field and one.field.kind is not Kind.ID]
    return [*fields, _LICENSE]


def is_assignment(argument: str) -> bool:
    """Whether an argument gives a field a value: the name of a field stands before its `=`."""
    from qm_tui.users.query.filter_fields import names_for, secret_meant

    name, sign, _ = argument.partition("=")
    return bool(sign) and bool(names_for(name) or secret_meant(name))


def assignments(arguments: Iterable[str]) -> dict[str, str]:
    """The values that users shall be given, by field key.

    Args:
        arguments: as `department=Sales`, `active=no`, `license=on-demand`, `location=`. Blanks
            around a value are left out, as the import does.

    Raises:
        Refused: a name is not clear, cannot be set, or stands twice; a flag is neither yes nor no.
    """
    values: dict[str, str] = {}
    for argument in arguments:
        name, _, written = argument.partition("=")
        for key, value in _values_of(name, written).items():
            if values.get(key, value) != value:
                msg = f"{visible(name, _SHOWN)} is given twice. Give it once."
                raise Refused(msg)
            values[key] = value
    return values


def _values_of(name: str, written: str) -> dict[str, str]:
    from qm_tui.transfer.reading.csv_rows import BLANKS
    from qm_tui.users.fields import Kind
    from qm_tui.users.query.filter_fields import Asks, names_for, secret_meant

    secret = secret_meant(name)
    if secret is not None:
        msg = f"{secret.name} is not given on the command line. Use qm-tui passwd USER."
        raise Refused(msg)
    found = [one for one in names_for(name) if one.field or one.asks is Asks.LICENSE]
    if len(found) != 1:
        raise _unclear(name, [one.name for one in found])
    (meant,) = found
    value = written.strip(BLANKS)
    if meant.field is None:
        return _license(value)
    if meant.field.kind is Kind.ID:
        msg = f"{meant.field.name} is given by the store and cannot be set."
        raise Refused(msg)
    return {meant.field.key: _flag(meant.field, value) if meant.values else value}


def _unclear(name: str, names: list[str]) -> Refused:
    from qm_tui.users.query.filter_fields import nearest_name

    shown = visible(name, _SHOWN)
    if names:
        return Refused(
            f"{shown} may mean {', '.join(names[:-1])} or {names[-1]}. Write more of it."
        )
    near = nearest_name(name)
    meant = f" Did you mean {near}?" if near in assigned_names() else ""
    return Refused(f"{shown} is no field.{meant} There are {', '.join(assigned_names())}.")


def _flag(field: "Field", value: str) -> str:
    flag = _YES_NO.get(value.casefold())
    if flag is None:
        msg = f"{field.name} is yes or no, and not {visible(value, _SHOWN)}."
        raise Refused(msg)
    return flag


def _license(value: str) -> dict[str, str]:
    from qm_tui.users.query.licenses import CALL_LICENSES, call_license_values

    meant = next((one for one in CALL_LICENSES if one.value == value.casefold()), None)
    if meant is None:
        msg = (
            f"A license is {', '.join(CALL_LICENSES[:-1])} or {CALL_LICENSES[-1]}, and not "
            f"{visible(value, _SHOWN) or 'empty'}. For the other one write "
            "computer-recording-license=yes."
        )
        raise Refused(msg)
    return call_license_values(meant)
