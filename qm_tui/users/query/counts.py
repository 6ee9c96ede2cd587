"""Counts of users by department, license and so on, and the filters that find them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Final, NamedTuple, TypeVar

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.users.fields import CATEGORICAL, Field
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterField, FilterKind
from qm_tui.users.query.filter_parser import quote_value
from qm_tui.users.query.licenses import LICENSE_KEYS, License, licenses_in
from qm_tui.users.query.sorting import name_key_of_locale

COUNTABLE_FIELDS: Final[tuple[FilterField, ...]] = tuple(
    FILTER_FIELDS[name]
    for name in (*(field.filter_name for field in CATEGORICAL), "license", "active")
)
"""The filter fields by which users can be counted: those with few distinct values."""

EMPTY: Final = "(empty)"
"""The placeholder for an empty value."""

NO_FLAG: Final = "neither yes nor no"
"""The placeholder for all invalid values of a yes/no field."""

_FLAGS: Final = {"1": "yes", "0": "no", "": EMPTY}

INACTIVE: Final = "0"
"""The value of an inactive user, as `active:no` finds it."""

Groups = Mapping[tuple[str, ...], int]
"""The number of users by their values of several fields, as `State.groups` returns it."""

V = TypeVar("V")


class Count(NamedTuple):
    """The number of users with a value.

    Attributes:
        value: the value, or its placeholder.
        number: the number of users.
        term: the filter term that matches exactly these users.
    """

    value: str
    number: int
    term: str


class ValueCount(NamedTuple):
    """The number of users with a value of a field, and how many of them are inactive.

    Attributes:
        value: the value; empty for users without one.
        number: the number of users.
        inactive: how many of them are inactive.
        term: the filter term that matches exactly these users.
    """

    value: str
    number: int
    inactive: int
    term: str


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values of a text field.

    Attributes:
        by: the filter field.
        counts: the values, most frequent first.
        rows: the index of each value in `counts`.
    """

    by: FilterField
    counts: Sequence[ValueCount]
    rows: Mapping[str, int]

    @property
    def field(self) -> Field:
        """The field."""
        assert self.by.field is not None  # noqa: S101
        return self.by.field

    def number_of(self, value: str) -> int:
        """Return the number of users with exactly this value."""
        row = self.rows.get(value)
        return 0 if row is None else self.counts[row].number


def keys_to_count(by: FilterField) -> tuple[str, ...]:
    """Return the keys of the fields by which users must be grouped for `count_by`."""
    return LICENSE_KEYS if by.field is None else (by.field.key,)


def count_by(groups: Groups, by: FilterField, yield_control: YieldControl) -> tuple[Count, ...]:
    """Count users by value, most frequent first; equally frequent values are sorted.

    Users with several licenses are counted once per license.

    Args:
        groups: the number of users by their values of the fields of `keys_to_count`.
        by: one of `COUNTABLE_FIELDS`.
        yield_control: called about every millisecond.
    """
    if by.field is None:
        return _license_counts(groups, by, yield_control)
    totals = _by_single_value(groups, yield_control)
    if by.kind is FilterKind.FLAG:
        return _flag_counts(totals, by, yield_control)
    return tuple(
        Count(value or EMPTY, totals[value], term_for(by, value))
        for values in in_chunks(sort_by_count(totals, yield_control), yield_control)
        for value in values
    )


def count_field_values(groups: Groups, by: FilterField, yield_control: YieldControl) -> FieldValues:
    """Count the values of a text field, in the order of `count_by`.

    Args:
        groups: the number of users by their value of the field, and whether they are active.
        by: the filter field.
        yield_control: called about every millisecond.
    """
    numbers, inactive = Counter[str](), Counter[str]()
    for items in in_chunks(groups.items(), yield_control):
        for (value, active), number in items:
            numbers[value] += number
            if active == INACTIVE:
                inactive[value] = number
    counts: list[ValueCount] = []
    for values in in_chunks(sort_by_count(numbers, yield_control), yield_control):
        counts += (
            ValueCount(value, numbers[value], inactive[value], term_for(by, value))
            for value in values
        )
    return FieldValues(by, counts, positions_of((count.value for count in counts), yield_control))


def _by_single_value(groups: Groups, yield_control: YieldControl) -> Counter[str]:
    totals = Counter[str]()
    for items in in_chunks(groups.items(), yield_control):
        totals.update({value: number for (value,), number in items})
    return totals


def values_by_count(groups: Groups, yield_control: YieldControl) -> list[tuple[str, int]]:
    """Return the values of one field with their numbers, as `count_by` sorts them, but not empty.

    Args:
        groups: the number of users by their value of the field.
        yield_control: called about every millisecond.
    """
    totals = _by_single_value(groups, yield_control)
    totals.pop("", None)
    return [(value, totals[value]) for value in sort_by_count(totals, yield_control)]


def positions_of(values: Iterable[V], yield_control: YieldControl) -> dict[V, int]:
    """Return the index of each value; the values are distinct."""
    rows: dict[V, int] = {}
    for batch in in_chunks(values, yield_control):
        rows.update(zip(batch, range(len(rows), len(rows) + len(batch)), strict=True))
    return rows


def term_for(by: FilterField, value: str) -> str:
    """Return the filter term for exactly a value of a text field, which may be empty."""
    return f"{by.name}:{'=' if value else ''}{quote_value(value)}"


def _license_counts(
    totals: Groups, by: FilterField, yield_control: YieldControl
) -> tuple[Count, ...]:
    licenses = Counter[License]()
    for items in in_chunks(totals.items(), yield_control):
        for flags, number in items:
            for license in licenses_in(flags):
                licenses[license] += number
    return tuple(
        Count(license, number, f"{by.name}:{license}")
        for license, number in _sorted_by_count(licenses)
    )


def _flag_counts(
    totals: Counter[str], by: FilterField, yield_control: YieldControl
) -> tuple[Count, ...]:
    words = Counter[str]()
    for items in in_chunks(totals.items(), yield_control):
        for value, number in items:
            words[_FLAGS.get(value, NO_FLAG)] += number
    terms = {
        EMPTY: f'{by.name}:""',
        NO_FLAG: f'-{by.name}:{"|".join(by.values)}|""',
    }
    return tuple(
        Count(word, number, terms.get(word, f"{by.name}:{word}"))
        for word, number in _sorted_by_count(words)
    )


def _sorted_by_count(counter: Counter[V]) -> list[tuple[V, int]]:
    """Return the values, most frequent first; equally frequent values are sorted by name."""
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))


def count_values(values: Iterable[V], yield_control: YieldControl) -> Counter[V]:
    """Count how often each value occurs."""
    tally = Counter[V]()
    for batch in in_chunks(values, yield_control):
        tally.update(batch)
    return tally


def sort_by_count(totals: Counter[str], yield_control: YieldControl) -> list[str]:
    """Return the values, most frequent first; equally frequent values are sorted by locale."""
    key_of = name_key_of_locale()
    keys: dict[str, str] = {}
    for batch in in_chunks(totals, yield_control):
        keys.update(zip(batch, map(key_of, batch), strict=True))
    runs = [sorted(run, key=keys.__getitem__) for run in in_chunks(totals, yield_control)]
    values: list[str] = []
    for batch in in_chunks(merge(*runs, key=keys.__getitem__), yield_control):
        values += batch
    values.sort(key=totals.__getitem__, reverse=True)
    return values
