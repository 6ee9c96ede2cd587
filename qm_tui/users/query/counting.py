"""How many users there are of each department, each license and so on, and how to find them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import islice
from operator import itemgetter
from typing import Final, NamedTuple, TypeVar

from qm_tui.users.fields import User
from qm_tui.users.query.language import quoted
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.names import NAMES, Asks, Name
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


def counts_of(users: Iterable[User], by: Name, rest: Rest) -> tuple[Count, ...]:
    """How many users have each value, the most first, equally many by the value.

    A user who has several licenses is counted with each of them.

    Args:
        users: the users.
        by: what they are counted by, one of `COUNTED_BY`.
        rest: called each millisecond or so.
    """
    if by.field is None:
        return _of_licenses(_tally(map(license_flags, users), rest), by, rest)
    tally = _tally(map(itemgetter(by.field.index), users), rest)
    if by.asks is Asks.FLAG:
        return _of_flags(tally, by, rest)
    return tuple(
        Count(value or EMPTY, tally[value], f"{by.name}:{'=' if value else ''}{quoted(value)}")
        for some in _steps(_ordered(tally, rest), rest)
        for value in some
    )


def _of_licenses(tally: Counter[tuple[str, ...]], by: Name, rest: Rest) -> tuple[Count, ...]:
    licenses = Counter[License]()
    for some in _steps(tally.items(), rest):
        for flags, number in some:
            for license in licenses_in(flags):
                licenses[license] += number
    return tuple(
        Count(license, number, f"{by.name}:{license}") for license, number in _by_number(licenses)
    )


def _of_flags(tally: Counter[str], by: Name, rest: Rest) -> tuple[Count, ...]:
    words = Counter[str]()
    for some in _steps(tally.items(), rest):
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


def _tally(values: Iterable[V], rest: Rest) -> Counter[V]:
    found = Counter[V]()
    for some in _steps(values, rest):
        found.update(some)
    return found


def _ordered(tally: Counter[str], rest: Rest) -> list[str]:
    """The values, the most frequent first, equally frequent ones as the locale has them."""
    key_of = name_key_of_locale()
    keys: dict[str, str] = {}
    for some in _steps(tally, rest):
        keys.update(zip(some, map(key_of, some), strict=True))
    runs = [sorted(run, key=keys.__getitem__) for run in _steps(tally, rest)]
    values: list[str] = []
    for some in _steps(merge(*runs, key=keys.__getitem__), rest):
        values += some
    values.sort(key=tally.__getitem__, reverse=True)
    return values


def _steps(values: Iterable[V], rest: Rest) -> Iterator[list[V]]:
    waiting = iter(values)
    while some := list(islice(waiting, _STEP)):
        yield some
        rest()
