"""Sorting of users.

Names sort by the locale, numbers by value (2 before 10), addresses by value; empty values always
come last. Sorting is stable.
"""

import locale
import re
import socket
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Final, TypeVar

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.users.fields import FIELD, Collation, Field, Kind, User
from qm_tui.users.query.columns import LICENSE
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.text_matching import strip_accents
from qm_tui.users.query.views import SortKey

_RUN: Final = 5000
"""The number of users sorted in one step: a few milliseconds. The result is sorted again, which is
a single pass because the sort detects sorted runs."""

_FEW: Final = 10
"""The average number of users per value from which sorting the values is faster."""

_CHUNK: Final = 1000
"""The number of users whose keys are built between two calls of `yield_control`."""

_DIGITS: Final = 24
"""The maximum number of digits of numbers that are compared by value."""

_NUMBER: Final = re.compile(r"\d+")
_MAC: Final = re.compile(r"[0-9a-f]{2}(?:[:.-]?[0-9a-f]{2}){5}", re.IGNORECASE)
_packed, _IPV4, _IPV6 = socket.inet_pton, socket.AF_INET, socket.AF_INET6
_LICENSES: Final = tuple(License)

V = TypeVar("V", bound=Hashable)


def _padded(number: re.Match[str]) -> str:
    return number[0].rjust(_DIGITS, "0")


def number_key(value: str) -> str:
    """Return a sort key by which `2` is before `10`, and `a2` before `a10`."""
    if value.isascii() and value.isdigit():
        return value.rjust(_DIGITS, "0")
    return _NUMBER.sub(_padded, value.casefold())


def address_key(value: str) -> str:
    """Return a sort key for addresses: IPv4, IPv6, MAC addresses, then names."""
    if not value:
        return ""
    has_colon = ":" in value
    if not has_colon:
        try:
            return f"4{_packed(_IPV4, value).hex()}"
        except (OSError, ValueError):
            pass  # `suppress` would take longer than everything else
    if _MAC.fullmatch(value):
        bare = value.replace(":", "").replace("-", "").replace(".", "")
        return f"8{bare.casefold()}"
    if has_colon:
        try:
            return f"6{_packed(_IPV6, value).hex()}"
        except (OSError, ValueError):
            pass
    return f"9{number_key(value)}"


def use_system_locale() -> None:
    """Sort names by the locale of the environment, if the system has it."""
    with suppress(locale.Error):
        locale.setlocale(locale.LC_COLLATE, "")


def name_key_of_locale() -> Callable[[str], str]:
    """Return a function that returns the sort key of a name in the locale of the process.

    In the locales `C` and `POSIX`, which sort by code, case and accents are ignored instead.
    """
    ordered = locale.setlocale(locale.LC_COLLATE).partition(".")[0] not in ("C", "POSIX")
    return _locale_key if ordered else plain_name_key


def _locale_key(value: str) -> str:
    try:
        return locale.strxfrm(value) or value
    except (ValueError, OSError):  # for characters that do not occur in names, such as NUL
        return locale.strxfrm(ascii(value))


def plain_name_key(value: str) -> str:
    """Return a sort key of a name that ignores case and accents."""
    plain = value.casefold()
    return plain if plain.isascii() else strip_accents(plain) or plain


def _license_key(flags: tuple[str, ...]) -> str:
    return "".join(str(_LICENSES.index(license)) for license in licenses_in(flags))


def sort_keys(users: Sequence[User], column: str, yield_control: YieldControl) -> list[str]:
    """Return the sort keys of users for a column; empty strings for empty values."""
    if column == LICENSE:
        return _cached_keys(map(license_flags, users), _license_key, yield_control)
    field = FIELD[column]
    values = map(itemgetter(field.index), users)
    if field.is_secret:  # only whether there is a value may be visible
        return ["1" if value else "" for value in values]
    if field.kind is Kind.FLAG:
        return list(values)
    key_of = key_function(field, name_key_of_locale())
    first = [user[field.index] for user in users[:_RUN]]
    if _has_few_values(first):
        return _cached_keys(values, key_of, yield_control)
    return [key for batch in in_chunks(values, yield_control, _CHUNK) for key in map(key_of, batch)]


def _has_few_values(values: Sequence[str]) -> bool:
    """Return whether many users share each of these values."""
    return len(set(values)) * _FEW <= len(values)


def _cached_keys(
    values: Iterable[V], key_of: Callable[[V], str], yield_control: YieldControl
) -> list[str]:
    """Return the keys of values, building the key of each distinct value once."""
    cache: dict[V | str, str] = {"": ""}
    keys: list[str] = []
    for batch in in_chunks(values, yield_control, _CHUNK):
        for value in batch:
            key = cache.get(value)
            if key is None:
                key = cache[value] = key_of(value)
            keys.append(key)
    return keys


def key_function(field: Field, name_key: Callable[[str], str]) -> Callable[[str], str]:
    """Return the function that returns the sort keys of a field; empty values have empty keys.

    Args:
        field: a field that is neither a flag nor a secret.
        name_key: returns the sort key of a name.
    """
    if field.collation is Collation.ADDRESS:
        return address_key
    return number_key if field.collation is Collation.NUMBER else name_key


def sort_users(
    users: Sequence[User],
    sort: Sequence[SortKey],
    yield_control: YieldControl,
    keys_of: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return the indexes of users in sorted order.

    Args:
        users: the users; users with equal keys keep their order.
        sort: the sort order, most significant column first.
        yield_control: called every few milliseconds.
        keys_of: returns cached results of `sort_keys` for a column.
    """
    places = list(range(len(users)))
    for key in reversed(sort):
        keys = keys_of(key.column) if keys_of else sort_keys(users, key.column, yield_control)
        empty = [place for place in places if not keys[place]]
        places = [place for place in places if keys[place]]
        places = _sorted(places, keys, yield_control, is_descending=key.descending)
        places += empty
    return places


def _sorted(
    positions: list[int], keys: list[str], yield_control: YieldControl, *, is_descending: bool
) -> list[int]:
    """Return indexes sorted by their keys; the sort is stable."""
    buckets = _buckets(positions, keys, yield_control)
    if buckets is not None:
        in_order = sorted(buckets, reverse=is_descending)
        return [place for key in in_order for place in buckets[key]]
    key_of = keys.__getitem__
    merged: list[int] = []
    for run in in_chunks(positions, yield_control, _RUN):
        merged += sorted(run, key=key_of, reverse=is_descending)
    merged.sort(key=key_of, reverse=is_descending)
    return merged


def _buckets(
    positions: list[int], keys: list[str], yield_control: YieldControl
) -> dict[str, list[int]] | None:
    """Return the indexes by key if there are far fewer keys than indexes; otherwise None."""
    if not _has_few_values(keys[:_RUN]):
        return None
    buckets: dict[str, list[int]] = {}
    for batch in in_chunks(positions, yield_control, _CHUNK):
        for place in batch:
            buckets.setdefault(keys[place], []).append(place)
    return buckets if len(buckets) <= _RUN else None
