"""The filter names: `department:`, `active:`, `license:`, `changed:` and so on."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from qm_tui.users.fields import FIELDS, SECRETS, Field, Kind
from qm_tui.users.query.licenses import License


class FilterKind(Enum):
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
    VALID = auto()
    """Whether the values of a user follow the rules."""
    PASSWORD = auto()
    """Whether a user has no password yet."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter name: the part of a term before the colon.

    Attributes:
        name: the full name.
        kind: its type.
        meaning: what it matches, in a few words.
        field: the field, or None if it does not belong to a single one.
        values: the possible values, if there are few; otherwise examples or nothing.
    """

    name: str
    kind: FilterKind
    meaning: str
    field: Field | None = None
    values: tuple[str, ...] = ()


YES_NO: Final = ("yes", "no")
TODAY: Final = "today"
YESTERDAY: Final = "yesterday"
LAST: Final = "last"
NONE_YET: Final = "none-yet"

_MIN_SIMILARITY: Final = 0.55
"""The minimum similarity, from 0 to 1, for one name to be suggested for another."""


def _name_of(field: Field) -> FilterField:
    if field.kind is Kind.FLAG:
        return FilterField(
            field.filter_name, FilterKind.FLAG, f"{field.name}: yes or no", field, YES_NO
        )
    return FilterField(field.filter_name, FilterKind.TEXT, f"text in {field.name}", field)


FILTER_FIELDS: Final[dict[str, FilterField]] = {
    name.name: name
    for name in (
        *(_name_of(field) for field in FIELDS if not field.is_secret),
        FilterField("license", FilterKind.LICENSE, "a license, or none", None, (*License,)),
        FilterField(
            "changed",
            FilterKind.CHANGED,
            "added or changed on: today, yesterday, 7d, 2026-11-20, 2026-11-20..2026-11-23",
            None,
            (TODAY, YESTERDAY, "7d", "30d"),
        ),
        FilterField(
            "import",
            FilterKind.IMPORT,
            "added or changed by the last import, or by import number N",
            None,
            (LAST,),
        ),
        FilterField("marked", FilterKind.MARKED, "marked: yes or no", None, YES_NO),
        FilterField(
            "duplicate",
            FilterKind.DUPLICATE,
            "value shared with another user",
            None,
            ("extension", "additional-extensions", "windows-login", "phone-ip", "agent-id"),
        ),
        FilterField("valid", FilterKind.VALID, "all values are valid: yes or no", None, YES_NO),
        FilterField("password", FilterKind.PASSWORD, "no password yet", None, (NONE_YET,)),
    )
}
"""The filter names by name: those of the fields in file order, then the others."""


def _normalize(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _names_of(field: Field) -> tuple[str, ...]:
    return field.key, field.name, field.short, *field.aliases


_BY_NAME: Final = {_normalize(name.name): name for name in FILTER_FIELDS.values()}
_BY_ALIAS: Final = {
    _normalize(written): name
    for name in FILTER_FIELDS.values()
    for written in (_names_of(name.field) if name.field else ())
    if len(_normalize(written)) > 1
}
_SECRET: Final = {_normalize(written): field for field in SECRETS for written in _names_of(field)}


def matching_fields(written: str) -> list[FilterField]:
    """Return the filter names for a typed name: one, several if ambiguous, or none if unknown.

    Case, spaces, hyphens and underscores are ignored. The name, the short name and the aliases of a
    field are accepted, too, and so is the beginning of a name if it is unambiguous.
    """
    plain = _normalize(written)
    if not plain:
        return []
    exact = _BY_NAME.get(plain) or _BY_ALIAS.get(plain)
    if exact is not None:
        return [exact]
    for names in (_BY_NAME, _BY_ALIAS):
        matches = {name.name: name for key, name in names.items() if key.startswith(plain)}
        if matches:
            return list(matches.values())
    return []


def secret_field_named(written: str) -> Field | None:
    """Return the secret field with this name, or None."""
    return _SECRET.get(_normalize(written))


def nearest_name(written: str) -> str:
    """Return the filter name most similar to an unknown one, or an empty string."""
    from difflib import get_close_matches  # noqa: PLC0415 - most filters are valid

    near = get_close_matches(
        written.casefold().replace("_", "-"), FILTER_FIELDS, n=1, cutoff=_MIN_SIMILARITY
    )
    return near[0] if near else ""
