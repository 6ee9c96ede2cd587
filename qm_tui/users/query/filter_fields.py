"""What a filter can ask for by name: `department:`, `active:`, `license:`, `changed:`."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from qm_tui.users.fields import FIELDS, SECRETS, Field, Kind
from qm_tui.users.query.licenses import License


class Asks(Enum):
    """What a name asks for."""

    TEXT = auto()
    """What stands in a field."""
    FLAG = auto()
    """Whether a flag is set."""
    LICENSE = auto()
    """Which licenses a user has."""
    CHANGED = auto()
    """When a user was added or changed."""
    IMPORT = auto()
    """Which import added or changed a user."""
    MARKED = auto()
    """Whether a user is marked."""
    DUPLICATE = auto()
    """Whether another user has the same value in a field."""


@dataclass(frozen=True, slots=True)
class Name:
    """A name before the colon.

    Attributes:
        name: as it is written in full.
        asks: what it asks for.
        meaning: what comes after the colon, in a few words.
        field: the field that it is about, where it is about one.
        values: what can come after the colon, where that is known beforehand.
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
"""How alike two names are, from 0 to 1, of which one may be meant for the other."""

_WRITTEN: Final = {"is_active": "active"}
"""Names that are shorter than the field's key."""


def _name_of(field: Field) -> Name:
    name = _WRITTEN.get(field.key, field.key.replace("_", "-"))
    if field.kind is Kind.FLAG:
        return Name(name, Asks.FLAG, f"{field.name}: yes or no", field, YES_NO)
    return Name(name, Asks.TEXT, f"text in {field.name}", field)


NAMES: Final[dict[str, Name]] = {
    one.name: one
    for one in (
        *(_name_of(field) for field in FIELDS if not field.is_secret),
        Name("license", Asks.LICENSE, "a license, or none of the three", None, (*License,)),
        Name(
            "changed",
            Asks.CHANGED,
            "added or changed then: today, yesterday, 7d, 2026-11-20, 2026-11-20..2026-11-23",
            None,
            (TODAY, YESTERDAY, "7d", "30d"),
        ),
        Name(
            "import",
            Asks.IMPORT,
            "added or changed by the last import, or by that of a number",
            None,
            (LAST,),
        ),
        Name("marked", Asks.MARKED, "marked: yes or no", None, YES_NO),
        Name(
            "duplicate",
            Asks.DUPLICATE,
            "another user has the same, too",
            None,
            ("extension", "additional-extensions", "windows-login", "phone-ip", "agent-id"),
        ),
    )
}
"""The names by themselves: those of the fields in file order, then the others."""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _names_of(field: Field) -> tuple[str, ...]:
    return field.key, field.name, field.short, *field.aliases


_OWN: Final = {_plain(one.name): one for one in NAMES.values()}
_ALSO: Final = {
    _plain(written): one
    for one in NAMES.values()
    for written in (_names_of(one.field) if one.field else ())
    if len(_plain(written)) > 1
}
_SECRET: Final = {_plain(written): one for one in SECRETS for written in _names_of(one)}


def names_for(written: str) -> list[Name]:
    """The names that somebody may mean: one where it is clear, none where it is no name.

    Upper and lower case, blanks, hyphens and underscores make no difference; the field's name and
    its short name will do, and so will the beginning of a name that no other begins with.
    """
    plain = _plain(written)
    if not plain:
        return []
    exact = _OWN.get(plain) or _ALSO.get(plain)
    if exact is not None:
        return [exact]
    for names in (_OWN, _ALSO):
        found = {one.name: one for key, one in names.items() if key.startswith(plain)}
        if found:
            return list(found.values())
    return []


def secret_meant(written: str) -> Field | None:
    """The field that is never shown, where somebody writes its name."""
    return _SECRET.get(_plain(written))


def nearest_name(written: str) -> str:
    """The name that what was written looks most like; empty where it looks like none."""
    from difflib import get_close_matches  # noqa: PLC0415 - most filters are right

    near = get_close_matches(written.casefold().replace("_", "-"), NAMES, n=1, cutoff=_ALIKE)
    return near[0] if near else ""
