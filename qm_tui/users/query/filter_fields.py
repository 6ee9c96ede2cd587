"""The filter names: `department:`, `active:`, `license:`, `changed:` and so on."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from qm_tui.users.fields import FIELDS, SECRETS, Field, Kind
from qm_tui.users.query.licenses import License


class Asks(Enum):
    """The type of a filter name."""

    TEXT = auto()
    """The text of a field."""
    FLAG = auto()
    """The value of a yes/no field."""
    LICENSE = auto()
    """The licenses of a user."""
    CHANGED = auto()
    """The days on which a user was added or changed."""
    IMPORT = auto()
    """The imports that added or changed a user."""
    MARKED = auto()
    """Whether a user is marked."""
    DUPLICATE = auto()
    """Whether another user has the same value in a field."""


@dataclass(frozen=True, slots=True)
class Name:
    """A filter name: the part of a term before the colon.

    Attributes:
        name: the full name.
        asks: its type.
        meaning: what it matches, in a few words.
        field: the field, or None if it does not belong to a single one.
        values: the possible values, if there are few; otherwise examples or nothing.
    """

    name: str
    asks: Asks
    meaning: str
    field: Field | None = None
    values: tuple[str, ...] = ()


YES_NO: Final = ("yes", "no")
TODAY: Final = "today"
YESTERDAY: Final = "yesterday"
LAST: Final = "last"

_ALIKE: Final = 0.55
"""The minimum similarity, from 0 to 1, for one name to be suggested for another."""


def _name_of(field: Field) -> Name:
    if field.kind is Kind.FLAG:
        return Name(field.filter_name, Asks.FLAG, f"{field.name}: yes or no", field, YES_NO)
    return Name(field.filter_name, Asks.TEXT, f"text in {field.name}", field)


NAMES: Final[dict[str, Name]] = {
    name.name: name
    for name in (
        *(_name_of(field) for field in FIELDS if not field.is_secret),
        Name("license", Asks.LICENSE, "a license, or none", None, (*License,)),
        Name(
            "changed",
            Asks.CHANGED,
            "added or changed on: today, yesterday, 7d, 2026-11-20, 2026-11-20..2026-11-23",
            None,
            (TODAY, YESTERDAY, "7d", "30d"),
        ),
        Name(
            "import",
            Asks.IMPORT,
            "added or changed by the last import, or by import number N",
            None,
            (LAST,),
        ),
        Name("marked", Asks.MARKED, "marked: yes or no", None, YES_NO),
        Name(
            "duplicate",
            Asks.DUPLICATE,
            "value shared with another user",
            None,
            ("extension", "additional-extensions", "windows-login", "phone-ip", "agent-id"),
        ),
    )
}
"""The filter names by name: those of the fields in file order, then the others."""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _names_of(field: Field) -> tuple[str, ...]:
    return field.key, field.name, field.short, *field.aliases


_OWN: Final = {_plain(name.name): name for name in NAMES.values()}
_ALSO: Final = {
    _plain(written): name
    for name in NAMES.values()
    for written in (_names_of(name.field) if name.field else ())
    if len(_plain(written)) > 1
}
_SECRET: Final = {_plain(written): field for field in SECRETS for written in _names_of(field)}


def names_for(written: str) -> list[Name]:
    """Return the filter names for a typed name: one, several if ambiguous, or none if unknown.

    Case, spaces, hyphens and underscores are ignored. The name, the short name and the aliases of a
    field are accepted, too, and so is the beginning of a name if it is unambiguous.
    """
    plain = _plain(written)
    if not plain:
        return []
    exact = _OWN.get(plain) or _ALSO.get(plain)
    if exact is not None:
        return [exact]
    for names in (_OWN, _ALSO):
        matches = {name.name: name for key, name in names.items() if key.startswith(plain)}
        if matches:
            return list(matches.values())
    return []


def secret_meant(written: str) -> Field | None:
    """Return the secret field with this name, or None."""
    return _SECRET.get(_plain(written))


def nearest_name(written: str) -> str:
    """Return the filter name most similar to an unknown one, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - most filters are valid

    near = get_close_matches(written.casefold().replace("_", "-"), NAMES, n=1, cutoff=_ALIKE)
    return near[0] if near else ""
