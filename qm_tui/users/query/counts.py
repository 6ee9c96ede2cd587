"""Counts of users by department, license and so on, and the filters that find them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from qm_tui.users.fields import CATEGORICAL, FIELD, Field, User
from qm_tui.users.query.filter_fields import NAMES, Asks, Name
from qm_tui.users.query.filter_parser import quoted
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.sorting import Rest, name_key_of_locale

COUNTED_BY: Final[tuple[Name, ...]] = tuple(
    NAMES[name] for name in (*(field.filter_name for field in CATEGORICAL), "license", "active")
)
"""The filter fields by which users can be counted: those with few distinct values."""

EMPTY: Final = "(empty)"
"""The placeholder for an empty value."""

NO_FLAG: Final = "neither yes nor no"
"""The placeholder for all invalid values of a yes/no field."""

_STEP: Final = 1000
"""The number of users, or values, between two calls of `rest`: a millisecond at most."""

_FLAGS: Final = {"1": "yes", "0": "no", "": EMPTY}

ACTIVE_AT: Final = FIELD["is_active"].index
"""The index in a `User` of whether the user is active."""

INACTIVE: Final = "0"
"""The value of an inactive user, as `active:no` finds it."""

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

    by: Name
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


def counts_of(users: Iterable[User], by: Name, rest: Rest) -> tuple[Count, ...]:
    """Count users by value, most frequent first; equally frequent values are sorted.

    Users with several licenses are counted once per license.

    Args:
        users: the users.
        by: one of `COUNTED_BY`.
        rest: called about every millisecond.
    """
    if by.field is None:
        return _of_licenses(tally_of(map(license_flags, users), rest), by, rest)
    tally = tally_of(map(itemgetter(by.field.index), users), rest)
    if by.asks is Asks.FLAG:
        return _of_flags(tally, by, rest)
    return tuple(
        Count(value or EMPTY, tally[value], term_of(by, value))
        for values in in_steps(most_first(tally, rest), rest)
        for value in values
    )


def values_of_field(users: Iterable[User], by: Name, rest: Rest) -> FieldValues:
    """Count the values of a text field, in the order of `counts_of`.

    Args:
        users: the users.
        by: the filter field.
        rest: called about every millisecond.
    """
    assert by.field is not None  # noqa: S101
    tally = tally_of(map(itemgetter(by.field.index, ACTIVE_AT), users), rest)
    numbers, inactive = Counter[str](), Counter[str]()
    for items in in_steps(tally.items(), rest):
        for (value, active), number in items:
            numbers[value] += number
            if active == INACTIVE:
                inactive[value] = number
    counts: list[ValueCount] = []
    for values in in_steps(most_first(numbers, rest), rest):
        counts += (
            ValueCount(value, numbers[value], inactive[value], term_of(by, value))
            for value in values
        )
    return FieldValues(by, counts, rows_of((count.value for count in counts), rest))


def rows_of(values: Iterable[V], rest: Rest) -> dict[V, int]:
    """Return the index of each value; the values are distinct."""
    rows: dict[V, int] = {}
    for batch in in_steps(values, rest):
        rows.update(zip(batch, range(len(rows), len(rows) + len(batch)), strict=True))
    return rows


def term_of(by: Name, value: str) -> str:
    """Return the filter term for exactly a value of a text field, which may be empty."""
    return f"{by.name}:{'=' if value else ''}{quoted(value)}"


def _of_licenses(tally: Counter[tuple[str, ...]], by: Name, rest: Rest) -> tuple[Count, ...]:
    licenses = Counter[License]()
    for items in in_steps(tally.items(), rest):
        for flags, number in items:
            for license in licenses_in(flags):
                licenses[license] += number
    return tuple(
        Count(license, number, f"{by.name}:{license}") for license, number in _by_number(licenses)
    )


def _of_flags(tally: Counter[str], by: Name, rest: Rest) -> tuple[Count, ...]:
    words = Counter[str]()
    for items in in_steps(tally.items(), rest):
        for value, number in items:
            words[_FLAGS.get(value, NO_FLAG)] += number
    terms = {
        EMPTY: f'{by.name}:""',
        NO_FLAG: f'-{by.name}:{"|".join(by.values)}|""',
    }
    return tuple(
        Count(word, number, terms.get(word, f"{by.name}:{word}"))
        for word, number in _by_number(words)
    )


def _by_number(counter: Counter[V]) -> list[tuple[V, int]]:
    """Return the values, most frequent first; equally frequent values are sorted by name."""
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))


def tally_of(values: Iterable[V], rest: Rest) -> Counter[V]:
    """Count how often each value occurs."""
    tally = Counter[V]()
    for batch in in_steps(values, rest):
        tally.update(batch)
    return tally


def most_first(tally: Counter[str], rest: Rest) -> list[str]:
    """Return the values, most frequent first; equally frequent values are sorted by locale."""
    key_of = name_key_of_locale()
    keys: dict[str, str] = {}
    for batch in in_steps(tally, rest):
        keys.update(zip(batch, map(key_of, batch), strict=True))
    runs = [sorted(run, key=keys.__getitem__) for run in in_steps(tally, rest)]
    values: list[str] = []
    for batch in in_steps(merge(*runs, key=keys.__getitem__), rest):
        values += batch
    values.sort(key=tally.__getitem__, reverse=True)
    return values


def in_steps(values: Iterable[V], rest: Rest) -> Iterator[list[V]]:
    """Yield the values in batches, and call `rest` after each."""
    iterator = iter(values)
    while batch := list(islice(iterator, _STEP)):
        yield batch
        rest()
