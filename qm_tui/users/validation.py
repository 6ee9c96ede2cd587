"""Validation of users: the valid values of each field, and rules for several fields.

Source: the users file, section 1. Every record of an import is validated. Therefore, values that
many users share (flags, recording service) are validated together, and the results are cached.
"""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final

from qm_tui.unicode_tables import IGNORABLE_RANGES
from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE, Field, Kind, User
from qm_tui.users.issues import Issue, Severity, field_number, truncate, value_issue

_inet_pton, _IPV4, _IPV6 = socket.inet_pton, socket.AF_INET, socket.AF_INET6

_UNLIMITED = FIELD["unlimited_license"]
_ON_DEMAND = FIELD["on_demand_license"]
_LICENSES = (_UNLIMITED, _ON_DEMAND)

NO_LICENSE_ASSIGNED: Final = (
    f"Neither {_UNLIMITED.name} nor {_ON_DEMAND.name} is assigned; exactly one is required"
)
"""The error of a user without either license."""
_BOTH_LICENSES = f"{_UNLIMITED.name} and {_ON_DEMAND.name} are both assigned; only one is allowed"
_ASSIGN_ONE = "Set one of them to 1 and the other to 0."

_CONTROL_CHARACTERS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_FORMAT_CHARACTERS = re.compile(
    "[{}\u2800\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u2028\u2029\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f]".format(
        "".join(f"{chr(first)}-{chr(last)}" for first, last in IGNORABLE_RANGES)
    )
)
"""Default-ignorable code points, other format characters, separators of lines, and the Braille
blank, which is drawn as nothing."""
_EXACT_FIELDS: Final = frozenset(
    ("extension", "user_name", "recording_service", "sip_uri", "windows_login")
)
_EXACT_KINDS: Final = frozenset((Kind.IP, Kind.LIST, Kind.FLAG))
"""Fields in which an invisible character is an error, by key and by kind."""

_MAC = re.compile(
    r"[0-9A-Fa-f]{12}|([0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\2){4}[0-9A-Fa-f]{2}"
    r"|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
)
_LIKE_IPV4 = re.compile(r"[\d.]*\.[\d.]*")
_NODE_NAME = re.compile(r"(?=.*[^\W\d_])[\w.-]+")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*\.?")
_SIP_URI = re.compile(r"sip:([^\s@:]+)@(\S+)", re.IGNORECASE)

_LINE_BREAK = ("a line break", "the line break")
_CONTROL_NAMES = {
    "\n": _LINE_BREAK,
    "\r": _LINE_BREAK,
    "\t": ("a tab", "the tab"),
    "\x00": ("a NUL character", "the NUL character"),
}
"""The names of control characters, with the indefinite and the definite article."""


def validate_user(user: Sequence[str], *, allow_unlicensed: bool = False) -> list[Issue]:
    """Return all errors of a user, in field order.

    Rules that concern several users are not checked: unique User IDs and User Names. Control
    characters are checked by `control_character_issue`, because the caller often knows that there
    are none.

    Args:
        user: a user, or the values of all fields in file order.
        allow_unlicensed: whether to accept users without the licenses 14 and 15 (our choice).
    """
    issues: list[Issue] = []
    for index, field, check in _INDIVIDUAL_CHECKS:
        value = user[index]
        if value:
            issue = check(field, value)
            if issue is not None:
                issues.append(issue)
    if "" in _required_values(user):
        issues += [_missing_issue(field) for field in _REQUIRED if not user[field.index]]
    together = _shared_field_issues(_shared_values(user))
    if together:
        issues += together
        if allow_unlicensed:
            issues = [issue for issue in issues if issue.kind != NO_LICENSE_ASSIGNED]
    if len(issues) > 1:
        issues.sort(key=field_number)
    return issues


def stored_user_issues(user: User) -> list[Issue]:
    """Return the errors of a stored user by today's rules, apart from missing licenses.

    A store keeps such values, since new rules judge only what changes (users file, section 4).
    """
    issues = validate_user(user, allow_unlicensed=True)
    for field, value in zip(FIELDS, user, strict=True):
        issues += value_errors(field, value)
    return issues


def validate_update(user: User, stored: User, *, allow_unlicensed: bool = False) -> list[Issue]:
    """Return the errors that an update of a user causes.

    An invalid stored value does not prevent a change of another field. However, all required
    fields must have a value; unchanged licenses are never an error (users file, section 3).
    """
    if _checked_values(user) == _checked_values(stored) and "" not in _required_values(user):
        return []
    issues = validate_user(user, allow_unlicensed=allow_unlicensed)
    return [issue for issue in issues if is_caused_by_update(issue, user, stored)]


def is_caused_by_update(issue: Issue, user: User, stored: User) -> bool:
    """Return whether an update causes an error, by the rules of `validate_update`."""
    field = issue.field
    if field is None:
        return True
    if field in _LICENSES:
        return any(user[license.index] != stored[license.index] for license in _LICENSES)
    return user[field.index] != stored[field.index] or not user[field.index]


def value_issues(field: Field, value: str) -> Iterator[Issue]:
    """Yield the problems that a value of any field may have: its characters and its length."""
    yield from filter(None, (character_issue(field, value), length_issue(field, value)))


def value_errors(field: Field, value: str) -> Iterator[Issue]:
    """Yield the errors among `value_issues`."""
    return (issue for issue in value_issues(field, value) if issue.severity is Severity.ERROR)


def control_character_issue(field: Field, value: str) -> Issue | None:
    """Return the error of a value with a control character or a lone surrogate, or None."""
    match = _CONTROL_CHARACTERS.search(value)
    if match is None:
        return None
    character = match.group()
    by_code = f"the control character U+{ord(character):04X}"
    indefinite, definite = _CONTROL_NAMES.get(character, (by_code, by_code))
    return Issue(
        field,
        f"{field.name} contains {indefinite}",
        f"Remove {definite} from {field.name}.",
    )


def format_character_issue(field: Field, value: str) -> Issue | None:
    """Return the problem of a value with an invisible character, or None.

    An error in fields whose values are compared or dialed, otherwise a warning that names the
    character (users file, section 2). Characters at the ends of a value are trimmed before.
    """
    match = _FORMAT_CHARACTERS.search(value)
    if match is None:
        return None
    is_error = field.kind in _EXACT_KINDS or field.key in _EXACT_FIELDS
    shown = "" if field.is_secret else f" {_quoted(value)}"
    return Issue(
        field,
        f"{field.name}{shown} contains the invisible character U+{ord(match.group()):04X}",
        f"Remove the character from {field.name}, or enter {field.name} again.",
        Severity.ERROR if is_error else Severity.WARNING,
        f"{field.name} contains an invisible character",
    )


def character_issue(field: Field, value: str) -> Issue | None:
    """Return the problem of a value with a control character or an invisible one, or None."""
    return control_character_issue(field, value) or format_character_issue(field, value)


def length_issue(field: Field, value: str) -> Issue | None:
    """Return the error of a value with more than `MAX_VALUE` characters, or None."""
    if len(value) <= MAX_VALUE:
        return None
    return Issue(
        field,
        f"{field.name} is too long: {len(value):,} characters (maximum {MAX_VALUE:,})",
        f"Shorten {field.name}.",
        reason=f"{field.name} is too long (maximum {MAX_VALUE:,} characters)",
    )


def is_ip_address(value: str) -> bool:
    """Return whether a value is an IPv4 or IPv6 address."""
    try:
        _inet_pton(_IPV6 if ":" in value else _IPV4, value)
    except (OSError, ValueError):
        return False
    return True


def sip_parts(value: str) -> tuple[str, str] | None:
    """Return the user and the host of a SIP URI `sip:x@y`, or None if it is invalid."""
    match = _SIP_URI.fullmatch(value)
    if match is None:
        return None
    user, host = match.groups()
    return (user, host) if _is_host(host) else None


@lru_cache(maxsize=4096)
def _is_host(host: str) -> bool:
    """Return whether the host of a SIP URI is valid: a domain or an IP address."""
    if host.startswith("[") and host.endswith("]"):
        return ":" in host and is_ip_address(host[1:-1])
    if ":" in host or _LIKE_IPV4.fullmatch(host):
        return is_ip_address(host)
    return _DOMAIN.fullmatch(host) is not None


def _quoted(value: str) -> str:
    return f"'{truncate(value)}'"


_ENTER_FLAG = "Enter 0 or 1."

_FLAG_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "1.0", "wahr", "ja", "1,0", "vrai", "oui"), "1"),
    **dict.fromkeys(("0", "false", "no", "0.0", "falsch", "nein", "0,0", "faux", "non"), "0"),
}
BOOLEAN_WORD: Final = "TRUE/FALSE, yes/no or 1.0, not 0 or 1"
"""The reason of a flag that `parse_flag` understands."""


def parse_flag(value: str) -> str | None:
    """Return `0` or `1` for a flag or a boolean word in any case, for others None.

    Words are those of programs in English, German and French (our choice): TRUE/FALSE, yes/no and
    1.0/0.0.
    """
    return _FLAG_WORDS.get(value.casefold())


def _missing_issue(field: Field) -> Issue:
    fix = _ENTER_FLAG if field.kind is Kind.FLAG else f"Enter {field.name}."
    return Issue(field, f"{field.name} is required", fix, is_missing=True)


def _is_phone_address(value: str) -> bool:
    return is_ip_address(value) or _MAC.fullmatch(value) is not None


def _check_flag(field: Field, value: str) -> Issue | None:
    if value in ("0", "1"):
        return None
    return Issue(
        field,
        f"{field.name} must be 0 or 1, not {_quoted(value)}",
        _ENTER_FLAG,
        reason=BOOLEAN_WORD if parse_flag(value) else f"{field.name} is not 0 or 1",
    )


def _is_recording_service(value: str) -> bool:
    return is_ip_address(value) or _NODE_NAME.fullmatch(value) is not None


def _is_windows_login(value: str) -> bool:
    domain, _, user_name = value.partition("\\")
    return bool(domain and user_name) and "\\" not in user_name


Check = Callable[[Field, str], Issue | None]


def _rule(is_valid: Callable[[str], object], text: str, fix: str) -> Check:
    return lambda field, value: None if is_valid(value) else value_issue(field, value, text, fix)


_CHECK_OF: Final[dict[str, Check]] = {
    Kind.FLAG: _check_flag,
    Kind.IP: _rule(
        _is_phone_address,
        "is not a valid IP or MAC address",
        "Enter an IPv4, IPv6 or MAC address, or leave it empty.",
    ),
    "recording_service": _rule(
        _is_recording_service,
        "is not an IP address, Any or a valid node name",
        "Enter an IP address, Any, or the name of a high-availability node "
        "(letters, digits, - _ ., at least one letter).",
    ),
    "windows_login": _rule(
        _is_windows_login,
        "is not a valid Windows login",
        "Use the format DOMAIN\\Username, or leave it empty.",
    ),
    "sip_uri": _rule(
        sip_parts,
        "is not a valid SIP URI",
        "Use the format sip:x@y (x: user name or extension; y: domain or IP address of the host), "
        "or leave it empty.",
    ),
}
"""The checks of values, by kind or key of the field."""

_CHECKED: Final = [
    (field, check)
    for field in FIELDS
    if (check := _CHECK_OF.get(field.key) or _CHECK_OF.get(field.kind))
]
_CHECK_BY_FIELD: Final = dict(_CHECKED)
_INDIVIDUAL_CHECKS: Final = [
    (field.index, field, check) for field, check in _CHECKED if not field.repeats
]
_SHARED_CHECKS: Final = [(field, check) for field, check in _CHECKED if field.repeats]
_REQUIRED: Final = [field for field in FIELDS if field.required]


def field_errors(field: Field, value: str) -> Iterator[Issue]:
    """Yield the errors of a value that do not depend on other values of the user."""
    yield from value_errors(field, value)
    check = _CHECK_BY_FIELD.get(field)
    issue = check(field, value) if check is not None and value else None
    if issue is not None:
        yield issue


_required_values = itemgetter(*[field.index for field in _REQUIRED])
_checked_values = itemgetter(*[field.index for field, _ in _CHECKED])
_shared_values = itemgetter(*[field.index for field, _ in _SHARED_CHECKS])


@lru_cache(maxsize=4096)
def _shared_field_issues(values: tuple[str, ...]) -> tuple[Issue, ...]:
    """Return the errors of fields with shared values, including those of the license rule."""
    issues = []
    by_key = {}
    for (field, check), value in zip(_SHARED_CHECKS, values, strict=True):
        by_key[field.key] = value
        issue = check(field, value) if value else None
        if issue is not None:
            issues.append(issue)
    issues += _license_issues(by_key[_UNLIMITED.key], by_key[_ON_DEMAND.key])
    return tuple(issues)


def _license_issues(unlimited: str, on_demand: str) -> Iterator[Issue]:
    """Yield an error unless exactly one license is assigned (users file, fields 14 and 15)."""
    if unlimited == on_demand and unlimited in ("0", "1"):
        yield Issue(
            _ON_DEMAND,
            NO_LICENSE_ASSIGNED if unlimited == "0" else _BOTH_LICENSES,
            _ASSIGN_ONE,
        )
