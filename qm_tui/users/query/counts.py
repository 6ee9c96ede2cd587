"""How many users there are of each department, each license and so on, and how to find them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.query.filter_fields import NAMES, Asks, Name
from qm_tui.users.query.filter_parser import quoted
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.sorting import Rest, name_key_of_locale

COUNTED_BY: Final[tuple[Name, ...]] = tuple(
    NAMES[name]
    for name in (
        "department",
        "location",
        "security-profile",
        "recording-profile",
        "recording-service",
        "license",
        "active",
    )
)
"""What users can be counted by: what a filter can ask for, and few values have in common."""

EMPTY: Final = "(empty)"
"""What stands for the value of a field without one."""

NO_FLAG: Final = "neither yes nor no"
"""What stands for all values of a flag that is none."""

_STEP: Final = 1000
"""Users, or values, that are looked at between two rests: a millisecond at most."""

_FLAGS: Final = {"1": "yes", "0": "no", "": EMPTY}

ACTIVE_AT: Final = FIELD["is_active"].index
"""Where in a `User` stands whether the user is active."""

INACTIVE: Final = "0"
"""What stands there of a user who is not: the one whom `active:no` finds."""

V = TypeVar("V")


class Count(NamedTuple):
    """How many users have a value.

    Attributes:
        value: the value as it is, or what stands for it.
        number: how many users have it.
        term: in the filter's language, what finds exactly those users.
    """

    value: str
    number: int
    term: str


class ValueCount(NamedTuple):
    """How many users have a value of a field, and how many of them are inactive.

    Attributes:
        value: the value as it is; empty for users without one.
        number: how many users have it.
        inactive: how many of them are inactive.
        term: in the filter's language, what finds exactly those users.
    """

    value: str
    number: int
    inactive: int
    term: str


@dataclass(frozen=True, slots=True)
class FieldValues:
    """The values that users have in a field with text.

    Attributes:
        by: the field, as a filter names it.
        counts: the values, those of most users first.
        rows: where in `counts` a value stands.
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
        """How many users have exactly this value."""
        row = self.rows.get(value)
        return 0 if row is None else self.counts[row].number


def counts_of(users: Iterable[User], by: Name, rest: Rest) -> tuple[Count, ...]:
    """How many users have each value, the most first, equally many by the value.

    A user who has several licenses is counted with each of them.

    Args:
        users: the users.
        by: what they are counted by, one of `COUNTED_BY`.
        rest: called each millisecond or so.
    """
    if by.field is None:
        return _of_licenses(tally_of(map(license_flags, users), rest), by, rest)
    tally = tally_of(map(itemgetter(by.field.index), users), rest)
    if by.asks is Asks.FLAG:
        return _of_flags(tally, by, rest)
    return tuple(
        Count(value or EMPTY, tally[value], term_of(by, value))
        for some in in_steps(most_first(tally, rest), rest)
        for value in some
    )


def values_of_field(users: Iterable[User], by: Name, rest: Rest) -> FieldValues:
    """How many users have each value of a field, in the order of `counts_of`.

    Args:
        users: the users.
        by: the field with text that they are counted by.
        rest: called each millisecond or so.
    """
    assert by.field is not None  # noqa: S101
    tally = tally_of(map(itemgetter(by.field.index, ACTIVE_AT), users), rest)
    numbers, inactive = Counter[str](), Counter[str]()
    for some in in_steps(tally.items(), rest):
        for (value, active), number in some:
            numbers[value] += number
            if active == INACTIVE:
                inactive[value] = number
    counts: list[ValueCount] = []
    for values in in_steps(most_first(numbers, rest), rest):
        counts += (
            ValueCount(value, numbers[value], inactive[value], term_of(by, value))
            for value in values
        )
    return FieldValues(by, counts, rows_of((one.value for one in counts), rest))


def rows_of(values: Iterable[V], rest: Rest) -> dict[V, int]:
    """Where values stand, of which each comes once."""
    rows: dict[V, int] = {}
    for some in in_steps(values, rest):
        rows.update(zip(some, range(len(rows), len(rows) + len(some)), strict=True))
    return rows


def term_of(by: Name, value: str) -> str:
    """What finds exactly the users who have a value of a field with text, none included."""
    return f"{by.name}:{'=' if value else ''}{quoted(value)}"


def _of_licenses(tally: Counter[tuple[str, ...]], by: Name, rest: Rest) -> tuple[Count, ...]:
    licenses = Counter[License]()
    for some in in_steps(tally.items(), rest):
        for flags, number in some:
            for license in licenses_in(flags):
                licenses[license] += number
    return tuple(
        Count(license, number, f"{by.name}:{license}") for license, number in _by_number(licenses)
    )


def _of_flags(tally: Counter[str], by: Name, rest: Rest) -> tuple[Count, ...]:
    words = Counter[str]()
    for some in in_steps(tally.items(), rest):
        for value, number in some:
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
    """Few values, the most frequent first, equally frequent ones by their names."""
    return sorted(counter.items(), key=lambda item: (-item[1], str(item[0])))


def tally_of(values: Iterable[V], rest: Rest) -> Counter[V]:
    """How often each value comes."""
    found = Counter[V]()
    for some in in_steps(values, rest):
        found.update(some)
    return found


def most_first(tally: Counter[str], rest: Rest) -> list[str]:
    """The values, the most frequent first, equally frequent ones as the locale has them."""
    key_of = name_key_of_locale()
    keys: dict[str, str] = {}
    for some in in_steps(tally, rest):
        keys.update(zip(some, map(key_of, some), strict=True))
    runs = [sorted(run, key=keys.__getitem__) for run in in_steps(tally, rest)]
    values: list[str] = []
    for some in in_steps(merge(*runs, key=keys.__getitem__), rest):
        values += some
    values.sort(key=tally.__getitem__, reverse=True)
    return values


def in_steps(values: Iterable[V], rest: Rest) -> Iterator[list[V]]:
    """The values, some at a time, with a rest after each step."""
    waiting = iter(values)
    while some := list(islice(waiting, _STEP)):
        yield some
        rest()
