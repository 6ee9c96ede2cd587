"""The order of a list of users.

Names stand as the locale has them, numbers by their value (2 before 10), addresses by theirs, and
what has no value last, in either direction. Users who are alike stay in the order they were in.
"""

import locale
import re
import socket
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from operator import itemgetter
from typing import Final, TypeVar

from qm_tui.users.fields import FIELD, Kind, User
from qm_tui.users.query.columns import LICENSE
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.text_matching import unaccented
from qm_tui.users.query.views import SortKey

Rest = Callable[[], object]
"""Called each millisecond or less by work that takes long, so that others have their turn."""

_RUN: Final = 5000
"""Users sorted in one step; a few milliseconds. What they make is sorted again, and since sorting
finds the runs that are in order already, that is one pass over all."""

_FEW: Final = 10
"""Users that share a value on average where it is quicker to sort the values than the users."""

_STEP: Final = 1000
"""Users whose keys are made between two rests."""

_DIGITS: Final = 24
"""Digits up to which numbers are compared by their value."""

_NUMBER: Final = re.compile(r"\d+")
_NUMBERED: Final = frozenset(
    {"extension", "agent_id", "user_id", "additional_extensions", "private_extensions"}
)
_ADDRESSES: Final = frozenset({"phone_ip", "secondary_phone_ip", "recording_service"})
_MAC: Final = re.compile(r"[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}", re.IGNORECASE)
_packed, _IPV4, _IPV6 = socket.inet_pton, socket.AF_INET, socket.AF_INET6
_LICENSES: Final = tuple(License)

V = TypeVar("V", bound=Hashable)


def _padded(found: re.Match[str]) -> str:
    return found[0].rjust(_DIGITS, "0")


def number_key(value: str) -> str:
    """What makes `2` come before `10`, and `a2` before `a10`."""
    if value.isascii() and value.isdigit():
        return value.rjust(_DIGITS, "0")
    return _NUMBER.sub(_padded, value.casefold())


def address_key(value: str) -> str:
    """What makes addresses stand by their value: IPv4, IPv6, then MAC addresses, then names."""
    if not value:
        return ""
    has_colon = ":" in value
    if not has_colon:
        try:
            return f"4{_packed(_IPV4, value).decode('latin-1')}"
        except (OSError, ValueError):
            pass  # `suppress` would take longer than all of it
    if _MAC.fullmatch(value):
        bare = value.replace(":", "").replace("-", "").replace(".", "")
        return f"8{bare.casefold()}"
    if has_colon:
        try:
            return f"6{_packed(_IPV6, value).decode('latin-1')}"
        except (OSError, ValueError):
            pass
    return f"9{number_key(value)}"


def use_own_locale() -> None:
    """Let names stand as the locale of whoever runs this process has them.

    A locale that this machine does not have leaves the order as it is.
    """
    with suppress(locale.Error):
        locale.setlocale(locale.LC_COLLATE, "")


def name_key_of_locale() -> Callable[[str], str]:
    """What makes names stand as the locale of this process has them.

    In a locale that has no order of its own (`C`, `POSIX`) letters stand together whatever their
    case and their accents.
    """
    ordered = locale.setlocale(locale.LC_COLLATE).partition(".")[0] not in ("C", "POSIX")
    return _locale_key if ordered else _plain_key


def _locale_key(value: str) -> str:
    try:
        return locale.strxfrm(value) or value
    except (ValueError, OSError):  # of characters that no name holds, as NUL
        return locale.strxfrm(ascii(value))


def _plain_key(value: str) -> str:
    plain = value.casefold()
    return plain if plain.isascii() else unaccented(plain) or plain


def _license_key(flags: tuple[str, ...]) -> str:
    return "".join(str(_LICENSES.index(one)) for one in licenses_in(flags))


def sort_keys(users: Sequence[User], column: str, rest: Rest) -> list[str]:
    """What users are compared by in a column; the empty string where they have no value."""
    if column == LICENSE:
        return _made_once(map(license_flags, users), _license_key, rest)
    field = FIELD[column]
    values = map(itemgetter(field.index), users)
    if field.is_secret:  # whether there is one is all that may be seen of it
        return ["1" if value else "" for value in values]
    if field.kind is Kind.FLAG:
        return list(values)
    key_of = _key_function(column)
    first = [user[field.index] for user in users[:_RUN]]
    if _are_few(first):
        return _made_once(values, key_of, rest)
    return [key for some in _steps(values, rest) for key in map(key_of, some)]


def _are_few(values: Sequence[str]) -> bool:
    """Whether many users share each value, as far as these say."""
    return len(set(values)) * _FEW <= len(values)


def _made_once(values: Iterable[V], key_of: Callable[[V], str], rest: Rest) -> list[str]:
    """The keys of values that many users share, each made once; that of no value is empty."""
    known: dict[V | str, str] = {"": ""}
    keys: list[str] = []
    for some in _steps(values, rest):
        for value in some:
            key = known.get(value)
            if key is None:
                key = known[value] = key_of(value)
            keys.append(key)
    return keys


def _key_function(column: str) -> Callable[[str], str]:
    if column in _ADDRESSES:
        return address_key
    return number_key if column in _NUMBERED else name_key_of_locale()


def _steps(values: Iterable[V], rest: Rest) -> Iterator[list[V]]:
    waiting = iter(values)
    while some := list(islice(waiting, _STEP)):
        yield some
        rest()


def order(
    users: Sequence[User],
    sort: Sequence[SortKey],
    rest: Rest,
    keys_of: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """The places of the users in the order that is asked for.

    Args:
        users: the users, in the order that those keep who are alike.
        sort: what to sort by, the first before the second.
        rest: called each few milliseconds.
        keys_of: gives what `sort_keys` makes of the users for a column, where that is kept.
    """
    places = list(range(len(users)))
    for key in reversed(sort):
        keys = keys_of(key.column) if keys_of else sort_keys(users, key.column, rest)
        empty = [place for place in places if not keys[place]]
        places = [place for place in places if keys[place]]
        places = _sorted(places, keys, rest, is_descending=key.descending)
        places += empty
    return places


def _sorted(places: list[int], keys: list[str], rest: Rest, *, is_descending: bool) -> list[int]:
    """The places in the order of their keys, those of equal keys as they were."""
    buckets = _buckets(places, keys, rest)
    if buckets is not None:
        inside = sorted(buckets, reverse=is_descending)
        return [place for key in inside for place in buckets[key]]
    key_of = keys.__getitem__
    made: list[int] = []
    waiting = iter(places)
    while run := list(islice(waiting, _RUN)):
        run.sort(key=key_of, reverse=is_descending)
        made += run
        rest()
    made.sort(key=key_of, reverse=is_descending)
    return made


def _buckets(places: list[int], keys: list[str], rest: Rest) -> dict[str, list[int]] | None:
    """The places of each key, where there are far fewer keys than places; else None."""
    if not _are_few(keys[:_RUN]):
        return None
    buckets: dict[str, list[int]] = {}
    for some in _steps(places, rest):
        for place in some:
            buckets.setdefault(keys[place], []).append(place)
    return buckets if len(buckets) <= _RUN else None
