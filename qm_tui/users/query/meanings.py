"""What the terms of a filter mean: their values, checked and parsed.

A store in memory turns them into predicates, a database into conditions in SQL.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from qm_tui.text import sanitize
from qm_tui.users.fields import Field
from qm_tui.users.query.filter_fields import LAST, TODAY, YESTERDAY, FilterKind, matching_fields
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, Value, accepted_values_text
from qm_tui.users.query.licenses import License

_FLAGS: Final = {"yes": "1", "no": "0", "1": "1", "0": "0", "true": "1", "false": "0"}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_DAYS: Final = re.compile(r"([0-9]{1,5})d")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE: Final = ".."
_MAX_SHOWN: Final = 60

LAST_IMPORT: Final = 0
"""The number of an import that means the last one."""


@dataclass(frozen=True, slots=True)
class AnyField:
    """One of the words is in a text field, or is the User ID."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TextOf:
    """The text of a field matches one of the values."""

    field: Field
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FlagOf:
    """A yes/no field has one of the stored values."""

    field: Field
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class HasLicense:
    """The user has one of the licenses."""

    licenses: frozenset[License]


@dataclass(frozen=True, slots=True)
class SharesValue:
    """Another user has the same value in a field."""

    field: Field


@dataclass(frozen=True, slots=True)
class IsValid:
    """The values of the user follow the rules, or do not."""

    results: frozenset[bool]


@dataclass(frozen=True, slots=True)
class HasNoPassword:
    """The user has no password yet."""


@dataclass(frozen=True, slots=True)
class IsMarked:
    """The user is marked, or is not."""

    results: frozenset[bool]


@dataclass(frozen=True, slots=True)
class ChangedOn:
    """The user was added or changed from the first to the last day of one of these ranges."""

    days: tuple[tuple[date, date], ...]


@dataclass(frozen=True, slots=True)
class ImportedBy:
    """The user was added or changed by one of these imports; `LAST_IMPORT` is the last one."""

    numbers: tuple[int, ...]


Meaning = (
    AnyField
    | TextOf
    | FlagOf
    | HasLicense
    | SharesValue
    | IsValid
    | HasNoPassword
    | IsMarked
    | ChangedOn
    | ImportedBy
)


def meaning_of(term: Term, today: Callable[[], date]) -> Meaning:
    """Return what a term means, apart from whether it is negated.

    Args:
        term: the term.
        today: returns the present day, which is asked for only if the term needs it.

    Raises:
        FilterSyntaxError: a value is invalid.
    """
    name, values = term.name, term.values
    if name is None:
        return AnyField(values)
    match name.kind:
        case FilterKind.LICENSE:
            return HasLicense(frozenset(_license(term, value) for value in values))
        case FilterKind.DUPLICATE:
            return SharesValue(_field_of_duplicates(term))
        case FilterKind.VALID:
            return IsValid(frozenset(_flag(term, value) == "1" for value in values))
        case FilterKind.PASSWORD:
            return HasNoPassword()
        case FilterKind.MARKED:
            return IsMarked(frozenset(_flag(term, value) == "1" for value in values))
        case FilterKind.CHANGED:
            day = today()
            return ChangedOn(tuple(_days(term, value, day) for value in values))
        case FilterKind.IMPORT:
            return ImportedBy(tuple(_import_number(term, value) for value in values))
    assert name.field is not None  # noqa: S101 - the other kinds are about one field
    if name.kind is FilterKind.FLAG:
        return FlagOf(name.field, frozenset(_flag(term, value) for value in values))
    return TextOf(name.field, values)


def _flag(term: Term, value: Value) -> str:
    word = value.text.casefold()
    if not word and term.name and term.name.kind is FilterKind.FLAG:
        return ""
    flags = {flag for written, flag in _FLAGS.items() if word and written.startswith(word)}
    if len(flags) != 1:
        raise _no_value(term, value)
    return flags.pop()


def _license(term: Term, value: Value) -> License:
    word = "".join(filter(str.isalpha, value.text.casefold()))
    licenses = [
        license for license in License if word and license.replace("-", "").startswith(word)
    ]
    if len(licenses) != 1:
        raise _no_value(term, value)
    return licenses[0]


def _field_of_duplicates(term: Term) -> Field:
    if len(term.values) > 1:
        raise FilterSyntaxError("duplicate: takes one field. Remove the others.")
    fields = [
        name.field for name in matching_fields(term.values[0].text) if name.kind is FilterKind.TEXT
    ]
    if len(fields) != 1 or fields[0] is None:
        raise _no_value(term, term.values[0])
    return fields[0]


def _import_number(term: Term, value: Value) -> int:
    word = value.text.casefold()
    if word and LAST.startswith(word):
        return LAST_IMPORT
    if not _NUMBER.fullmatch(word):
        raise _no_value(term, value)
    return int(word)


def _days(term: Term, value: Value, today: date) -> tuple[date, date]:
    """Return the first and the last day of a value."""
    word = value.text.casefold()
    if word and TODAY.startswith(word):
        return today, today
    if word and YESTERDAY.startswith(word):
        return today - timedelta(1), today - timedelta(1)
    days = _DAYS.fullmatch(word)
    if days and 0 < int(days[1]) < today.toordinal():
        return today - timedelta(int(days[1]) - 1), today
    first, is_range, last = word.partition(_RANGE)
    try:
        begin = _day(first) if first or not last else date.min
        end = (_day(last) if last else date.max) if is_range else begin
    except ValueError:
        raise _no_value(term, value) from None
    if begin > end:
        msg = f"changed:{_shown(value)}: the end date is before the start date. Swap the dates."
        raise FilterSyntaxError(msg)
    return begin, end


def _day(word: str) -> date:
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _no_value(term: Term, value: Value) -> FilterSyntaxError:
    assert term.name is not None  # noqa: S101 - a word without a name may be anything
    name, values = term.name.name, accepted_values_text(term.name)
    return FilterSyntaxError(f"Invalid value {_shown(value)} for {name}: use {values}.")


def _shown(value: Value) -> str:
    return sanitize(value.text, _MAX_SHOWN) or '""'
