"""The rules of a user: what each field may hold, and what must fit together.

Source: the users file, section 1. The rules are asked for every record of an import, so the
values that many users share (flags, recording service) are judged together and remembered.
"""

import re
import socket
from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter, length_hint
from typing import Final

from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE, Field, Kind, User
from qm_tui.users.issues import Fault, shortened

_inet_pton, _IPV4, _IPV6 = socket.inet_pton, socket.AF_INET, socket.AF_INET6

_UNLIMITED = FIELD["unlimited_license"]
_ON_DEMAND = FIELD["on_demand_license"]
_LICENSES = (_UNLIMITED, _ON_DEMAND)

_CONVERSE = "each must be the converse of the other"
UNLICENSED: Final = f"{_UNLIMITED.name} and {_ON_DEMAND.name} are both not assigned: {_CONVERSE}"
"""What is wrong with a user who has neither license."""
_BOTH_LICENSES = f"{_UNLIMITED.name} and {_ON_DEMAND.name} are both assigned: {_CONVERSE}"

_EVERYWHERE: Final = range(len(FIELDS))

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_MAC = re.compile(
    r"[0-9A-Fa-f]{12}|([0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\2){4}[0-9A-Fa-f]{2}"
    r"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
)
_LIKE_IPV4 = re.compile(r"[\d.]*\.[\d.]*")
_NODE_NAME = re.compile(r"[\w.-]+")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_SIP_URI = re.compile(r"sip:([^\s@:]+)@(\S+)", re.IGNORECASE)

_CONTROL_NAMES = {"\n": "a line break", "\r": "a line break", "\t": "a tab", "\x00": "a NUL"}


def faults_of(user: Sequence[str], *, allow_unlicensed: bool = False) -> list[Fault]:
    """All faults of a user, in field order; an empty list where every rule is kept.

    Says nothing of what takes more than one user to see: unique User IDs and User Names.
    Control characters are asked for with `control_fault`, because a reader often knows
    already that there are none.

    Args:
        user: a user, or 26 values in file order that may become one.
        allow_unlicensed: whether neither of the licenses 14 and 15 is a fault (ours).
    """
    faults: list[Fault] = []
    for place, field, check in _ONE_BY_ONE:
        value = user[place]
        if value:
            fault = check(field, value)
            if fault is not None:
                faults.append(fault)
    if "" in _mandatory_values(user):
        faults += [_missing(field) for field in _MANDATORY if not user[field.index]]
    together = _faults_together(_shared_values(user))
    if together:
        faults += together
        if allow_unlicensed:
            faults = [fault for fault in faults if fault.kind != UNLICENSED]
    if len(faults) > 1:
        faults.sort(key=_place)
    return faults


def unsound_rows(
    columns: Sequence[Sequence[str]],
    *,
    allow_unlicensed: bool = False,
    places: Container[int] = _EVERYWHERE,
) -> set[int]:
    """Which of many users have a fault, asked of all of them at once.

    Says the same as `faults_of` of each, in a third of the time.

    Args:
        columns: for each of the 26 fields the values of all users.
        allow_unlicensed: as in `faults_of`.
        places: where in a user those values stand that are judged. Whether mandatory values are
            there is asked of all.

    Returns:
        The places in the columns.
    """
    unsound: set[int] = set()
    for field in _MANDATORY:
        column = columns[field.index]
        if not all(column):
            unsound.update(at for at, value in enumerate(column) if not value)
    shared: list[tuple[str, ...]] = []
    if any(field.index in places for field, _ in _TOGETHER):
        shared = list(zip(*(columns[field.index] for field, _ in _TOGETHER), strict=True))
    faulty = {
        values
        for values in set(shared)
        if any(
            not allow_unlicensed or fault.kind != UNLICENSED for fault in _faults_together(values)
        )
    }
    if faulty:
        unsound.update(at for at, values in enumerate(shared) if values in faulty)
    for place, field, check in _ONE_BY_ONE:
        column = columns[place]
        if place not in places:
            continue
        if field.kind is Kind.IP:
            unsound |= _no_addresses(column)
        elif any(column):
            unsound.update(
                at for at, value in enumerate(column) if value and check(field, value) is not None
            )
    return unsound


def faults_of_update(user: User, stored: User, *, allow_unlicensed: bool = False) -> list[Fault]:
    """The faults of a user after an update, but for those that the update did not make.

    A stored value that breaks a rule is no reason to refuse a change of another field. Every
    mandatory field must have a value all the same, except that licenses left as stored are
    never a fault (users file, section 3).
    """
    if _checked_values(user) == _checked_values(stored) and "" not in _mandatory_values(user):
        return []
    faults = faults_of(user, allow_unlicensed=allow_unlicensed)
    return [fault for fault in faults if is_of_update(fault, user, stored)]


def is_of_update(fault: Fault, user: User, stored: User) -> bool:
    """Whether an update made a fault, as said of `faults_of_update`."""
    field = fault.field
    if field is None:
        return True
    if field in _LICENSES:
        return any(user[one.index] != stored[one.index] for one in _LICENSES)
    return user[field.index] != stored[field.index] or not user[field.index]


def unprintable_rows(columns: Sequence[Sequence[str]]) -> set[int]:
    """Which of many users have a value that holds a control character, or is too long.

    Args:
        columns: the values of all users, field by field; any of the fields.

    Returns:
        The places in the columns.
    """
    found: set[int] = set()
    for column in columns:
        text = "".join(column)
        if not text.isprintable() and _UNPRINTABLE.search(text):  # the quick question first
            found.update(at for at, value in enumerate(column) if _UNPRINTABLE.search(value))
        if len(text) > MAX_VALUE and max(map(len, column)) > MAX_VALUE:
            found.update(at for at, value in enumerate(column) if len(value) > MAX_VALUE)
    return found


def control_fault(field: Field, value: str) -> Fault | None:
    """The fault of a value that holds a control character or half a surrogate pair, or None."""
    found = _UNPRINTABLE.search(value)
    if found is None:
        return None
    character = found.group()
    what = _CONTROL_NAMES.get(character) or f"the control character U+{ord(character):04X}"
    return Fault(
        field,
        f"{field.name} contains {what}",
        f"Remove {what.replace('a ', 'the ', 1)} from {field.name}.",
    )


def length_fault(field: Field, value: str) -> Fault | None:
    """The fault of a value of more than `MAX_VALUE` characters, or None."""
    if len(value) <= MAX_VALUE:
        return None
    return Fault(
        field,
        f"{field.name} has {len(value):,} characters, {MAX_VALUE:,} at most are allowed",
        f"Shorten {field.name}.",
        reason=f"{field.name} has more than {MAX_VALUE:,} characters",
    )


def is_ip_address(value: str) -> bool:
    """Whether the value is an IPv4 or IPv6 address."""
    try:
        _inet_pton(_IPV6 if ":" in value else _IPV4, value)
    except (OSError, ValueError):
        return False
    return True


def _no_addresses(values: Sequence[str]) -> set[int]:
    """Where values stand that are no address of a phone. Most are IPv4, and asked at once."""
    filled = [value for value in values if value]
    dotted = [value for value in filled if ":" not in value]
    suspects = [value for value in filled if ":" in value] if len(dotted) < len(filled) else []
    waiting = iter(dotted)
    while length_hint(waiting):
        try:
            deque(map(_inet_pton, repeat(_IPV4), waiting), maxlen=0)
        except (OSError, ValueError):
            suspects.append(dotted[-1 - length_hint(waiting)])  # the one that was asked last
    bad = {value for value in suspects if not _is_phone_address(value)}
    return {at for at, value in enumerate(values) if value in bad} if bad else set()


def sip_parts(value: str) -> tuple[str, str] | None:
    """The user and the host of a SIP URI `sip:x@y`, or None where the value is none."""
    found = _SIP_URI.fullmatch(value)
    if found is None:
        return None
    user, host = found.groups()
    return (user, host) if _is_host(host) else None


@lru_cache(maxsize=4096)
def _is_host(host: str) -> bool:
    """Whether a SIP URI may name it: a domain or an IP address."""
    if host.startswith("[") and host.endswith("]"):
        return ":" in host and is_ip_address(host[1:-1])
    if ":" in host or _LIKE_IPV4.fullmatch(host):
        return is_ip_address(host)
    return _DOMAIN.fullmatch(host) is not None


def _quoted(value: str) -> str:
    return f"'{shortened(value)}'"


def _place(fault: Fault) -> int:
    return fault.field.number if fault.field else 0


def _missing(field: Field) -> Fault:
    remedy = f"Fill in {field.name}."
    if field.kind is Kind.FLAG:
        remedy = f"Write 0 or 1 into {field.name}."
    message = f"{field.name} is empty: every user needs one"
    return Fault(field, message, remedy, is_missing=True)


def _is_phone_address(value: str) -> bool:
    return is_ip_address(value) or _MAC.fullmatch(value) is not None


def _check_address(field: Field, value: str) -> Fault | None:
    if _is_phone_address(value):
        return None
    return Fault(
        field,
        f"{field.name} {_quoted(value)} is no address of a phone",
        f"Write an IPv4, IPv6 or MAC address into {field.name}, or leave it empty.",
        reason=f"{field.name} is no address of a phone",
    )


def _check_flag(field: Field, value: str) -> Fault | None:
    if value in ("0", "1"):
        return None
    return Fault(
        field,
        f"{field.name} is {_quoted(value)}; it must be 0 or 1",
        f"Write 0 or 1 into {field.name}.",
        reason=f"{field.name} is neither 0 nor 1",
    )


def _check_recording_service(field: Field, value: str) -> Fault | None:
    if is_ip_address(value):
        return None
    if _NODE_NAME.fullmatch(value) and not _LIKE_IPV4.fullmatch(value):
        return None
    return Fault(
        field,
        f"{field.name} {_quoted(value)} is no recording service",
        "Write an IP address, Any, or the name of a high-availability node "
        f"(letters, digits, - _ .) into {field.name}.",
        reason=f"{field.name} is no recording service",
    )


def _check_windows_login(field: Field, value: str) -> Fault | None:
    domain, _, user_name = value.partition("\\")
    if domain and user_name and "\\" not in user_name:
        return None
    return Fault(
        field,
        f"{field.name} {_quoted(value)} is no Windows login",
        f"Write {field.name} as DOMAIN\\Username, or leave it empty.",
        reason=f"{field.name} is no Windows login",
    )


def _check_sip_uri(field: Field, value: str) -> Fault | None:
    if sip_parts(value):
        return None
    return Fault(
        field,
        f"{field.name} {_quoted(value)} is no SIP URI",
        f"Write {field.name} as sip:x@y, where x is the user name or the extension and y the "
        "domain or the IP address of the host, or leave it empty.",
        reason=f"{field.name} is no SIP URI",
    )


Check = Callable[[Field, str], Fault | None]

_CHECKS: Final[dict[str, Check]] = {
    "recording_service": _check_recording_service,
    "windows_login": _check_windows_login,
    "sip_uri": _check_sip_uri,
}


def _check_for(field: Field) -> Check | None:
    by_kind = {Kind.FLAG: _check_flag, Kind.IP: _check_address}
    return _CHECKS.get(field.key) or by_kind.get(field.kind)


_CHECKED: Final = [(field, check) for field in FIELDS if (check := _check_for(field))]
_ONE_BY_ONE: Final = [(field.index, field, check) for field, check in _CHECKED if not field.repeats]
_TOGETHER: Final = [(field, check) for field, check in _CHECKED if field.repeats]
_MANDATORY: Final = [field for field in FIELDS if field.mandatory]

_mandatory_values = itemgetter(*[field.index for field in _MANDATORY])
_checked_values = itemgetter(*[field.index for field, _ in _CHECKED])
_shared_values = itemgetter(*[field.index for field, _ in _TOGETHER])


@lru_cache(maxsize=4096)
def _faults_together(values: tuple[str, ...]) -> tuple[Fault, ...]:
    """The faults of the fields whose values many users share, the license rule included."""
    faults = []
    by_key = {}
    for (field, check), value in zip(_TOGETHER, values, strict=True):
        by_key[field.key] = value
        fault = check(field, value) if value else None
        if fault is not None:
            faults.append(fault)
    faults += _license_faults(by_key[_UNLIMITED.key], by_key[_ON_DEMAND.key])
    return tuple(faults)


def _license_faults(unlimited: str, on_demand: str) -> Iterator[Fault]:
    """Exactly one of the two licenses is 1 (users file, fields 14 and 15)."""
    if unlimited == on_demand and unlimited in ("0", "1"):
        yield Fault(
            _ON_DEMAND,
            UNLICENSED if unlimited == "0" else _BOTH_LICENSES,
            f"Write 1 into one of {_UNLIMITED.name} and {_ON_DEMAND.name}, and 0 into the other.",
        )
