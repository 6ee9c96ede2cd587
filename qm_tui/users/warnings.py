"""Warnings of a user: values that are valid, but probably not intended.

Source: the users file, section 3, "Warnings", for combinations of values; section 2, for signs of
shifted or badly quoted records in single values. The import finds warnings that concern several
users, and `qm_tui.users.new_values` those of values not in use yet.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, FIELDS, Field, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, Severity, field_number, value_issue
from qm_tui.users.validation import sip_parts

_ON_DEMAND: Final = FIELD["on_demand_license"]
_RECORDING_PROFILE: Final = FIELD["recording_profile"]
_COMPUTER: Final = FIELD["computer_recording_license"]
_WINDOWS_LOGIN: Final = FIELD["windows_login"]
_DUAL: Final = FIELD["dual_endpoints_enabled"]
_SECOND_PHONE: Final = FIELD["secondary_phone_ip"]
_SIP_URI: Final = FIELD["sip_uri"]
_USER_NAME: Final = FIELD["user_name"]
_EXTENSION: Final = FIELD["extension"]


def _has_profile(on_demand: str, profile: str) -> bool:
    return bool(profile) and on_demand == "1"


def _has_no_value(flag: str, value: str) -> bool:
    return flag == "1" and not value


def _names_another_user(sip_uri: str, user_name: str, extension: str) -> bool:
    if not sip_uri or sip_uri.startswith(f"sip:{user_name}@"):
        return False
    parts = sip_parts(sip_uri)
    if parts is None:
        return False  # an invalid SIP URI is an error
    user = parts[0]
    return user not in (user_name, extension) and (
        normalize_user_name(user) != normalize_user_name(user_name)
    )


_WARNINGS: Final[Sequence[tuple[tuple[Field, ...], Callable[..., bool], Field, str, str]]] = (
    (
        (_ON_DEMAND, _RECORDING_PROFILE),
        _has_profile,
        _RECORDING_PROFILE,
        f"is set, but the user has an {_ON_DEMAND.name}",
        f"Assign an {FIELD['unlimited_license'].name}, or remove the recording profile.",
    ),
    (
        (_COMPUTER, _WINDOWS_LOGIN),
        _has_no_value,
        _WINDOWS_LOGIN,
        f"is empty, but a {_COMPUTER.name} is assigned",
        f"Enter a {_WINDOWS_LOGIN.name} (DOMAIN\\Username); without it, the computer is not "
        "recorded.",
    ),
    (
        (_SIP_URI, _USER_NAME, _EXTENSION),
        _names_another_user,
        _SIP_URI,
        f"does not match {_USER_NAME.name} or {_EXTENSION.name}",
        f"Check the {_SIP_URI.name}: x in sip:x@y should be the user name or the extension.",
    ),
    (
        (_DUAL, _SECOND_PHONE),
        _has_no_value,
        _SECOND_PHONE,
        "is empty, but dual endpoints are enabled",
        f"Enter a {_SECOND_PHONE.name}; without it, the second endpoint is not recorded.",
    ),
)
"""Warnings of several values: the fields that a warning depends on, its condition, its field, the
end of its message and its fix."""

_combined_values: Final = itemgetter(
    *sorted({field.index for fields, *_ in _WARNINGS for field in fields})
)

_MISPLACED_QUOTE: Final = re.compile(r'^"|\w"\w')
_LETTER: Final = re.compile(r"[^\W\d_]")
_NEVER_QUOTED: Final = (Kind.ID, Kind.SECRET, Kind.FLAG)
_REMOVE_QUOTE: Final = "Remove the quotation mark if it is not part of the value."
_CHECK_FIELD: Final = "Check that the value belongs in this field."


def _has_odd_quotes(value: str) -> bool:
    return value.count('"') % 2 == 1


def _has_misplaced_quote(value: str) -> bool:
    """Return whether a quote begins the value or is inside a word, but not `_has_odd_quotes`."""
    return _MISPLACED_QUOTE.search(value) is not None and not _has_odd_quotes(value)


class _ValueWarning(NamedTuple):
    """A warning about single values.

    Attributes:
        is_for: whether it concerns a field.
        applies: the condition.
        text: the end of the message, after the field and the value.
        fix: the fix.
    """

    is_for: Callable[[Field], bool]
    applies: Callable[[str], object]
    text: str
    fix: str


def _is_never_quoted(field: Field) -> bool:
    return field in (_EXTENSION, _USER_NAME) or field.kind in _NEVER_QUOTED


def _is_quotable(field: Field) -> bool:
    return field.kind in (Kind.TEXT, Kind.LIST) and not _is_never_quoted(field)


def _is_list(field: Field) -> bool:
    return field.kind is Kind.LIST


_VALUE_WARNINGS: Final = (
    _ValueWarning(
        _is_never_quoted, lambda value: '"' in value, "contains a quotation mark", _REMOVE_QUOTE
    ),
    _ValueWarning(
        _is_quotable, _has_odd_quotes, "contains an unpaired quotation mark", _REMOVE_QUOTE
    ),
    _ValueWarning(
        _is_quotable,
        _has_misplaced_quote,
        "contains a misplaced quotation mark",
        "Remove the quotation marks if they are not part of the value.",
    ),
    _ValueWarning(
        lambda field: field.is_secret,
        lambda value: value[:1].isspace() or value[-1:].isspace(),
        "begins or ends with a blank",
        "Remove the blank if it is not part of the value.",
    ),
    _ValueWarning(
        _is_list, _LETTER.search, "contains letters", "Enter extensions, separated by commas."
    ),
    _ValueWarning(
        _is_list, {"0", "1"}.__contains__, "looks like the value of a yes/no field", _CHECK_FIELD
    ),
    _ValueWarning(
        lambda field: field.key in ("department", "location"),
        str.isdecimal,
        "contains only digits",
        _CHECK_FIELD,
    ),
    _ValueWarning(
        lambda field: field is _USER_NAME,
        lambda value: value.startswith("-"),
        "begins with a hyphen",
        f"Use another {_USER_NAME.name}: a command line would read it as an option.",
    ),
)

_OF_FIELD: Final = [
    [warning for warning in _VALUE_WARNINGS if warning.is_for(field)] for field in FIELDS
]
"""The warnings about single values of each field."""


def user_warnings(user: User, stored: User | None = None) -> list[Issue]:
    """Return the warnings of a user, in field order.

    Args:
        user: the user.
        stored: the stored user, if any; warnings about unchanged values are omitted.
    """
    issues = list(combined_warnings(user, stored))
    for field in FIELDS:
        value = user[field.index]
        if value and (stored is None or value != stored[field.index]):
            issues += value_warnings(field, value)
    return sorted(issues, key=field_number)


def combined_warnings(user: User, stored: User | None = None) -> Iterator[Issue]:
    """Yield the warnings of a user that depend on several values.

    Args:
        user: the user.
        stored: the stored user, if any; warnings about unchanged values are omitted.
    """
    if stored is not None and _combined_values(user) == _combined_values(stored):
        return
    for fields, applies, field, text, fix in _WARNINGS:
        values = [user[field.index] for field in fields]
        if applies(*values) and (
            stored is None or values != [stored[field.index] for field in fields]
        ):
            yield Issue(field, f"{field.name} {text}", fix, Severity.WARNING)


def value_warnings(field: Field, value: str) -> list[Issue]:
    """Return the warnings of a single value of a field."""
    return [
        value_issue(field, value, warning.text, warning.fix, Severity.WARNING)
        for warning in _OF_FIELD[field.index]
        if warning.applies(value)
    ]
