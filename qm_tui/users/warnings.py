"""Warnings of a user: values that are valid, but probably not intended.

Source: the users file, section 3, "Warnings". The import finds warnings that concern several
users.
"""

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, Field, Kind, User
from qm_tui.users.issues import Issue, Severity
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


def _has_profile(on_demand: str, profile: str | bool) -> bool:
    return bool(profile) and on_demand == "1"


def _has_no_login(computer: str, login: str | bool) -> bool:
    return computer == "1" and not login


def _has_no_second_phone(dual: str, phone: str | bool) -> bool:
    return dual == "1" and not phone


def _names_another_user(sip_uri: str, user_name: str, extension: str) -> bool:
    if not sip_uri or sip_uri.startswith(f"sip:{user_name}@"):
        return False
    parts = sip_parts(sip_uri)
    if parts is None:
        return False  # an invalid SIP URI is an error
    user = parts[0]
    return user not in (user_name, extension) and user.casefold() != user_name.casefold()


class _Warning(NamedTuple):
    """A warning: the fields that it depends on, its condition, and its text."""

    fields: tuple[Field, ...]
    applies: Callable[..., bool]
    issue: Issue


def _warning_issue(field: Field, message: str, fix: str) -> Issue:
    return Issue(field, message, fix, Severity.WARNING)


_WARNINGS: Final = (
    _Warning(
        (_ON_DEMAND, _RECORDING_PROFILE),
        _has_profile,
        _warning_issue(
            _RECORDING_PROFILE,
            f"{_RECORDING_PROFILE.name} is set, but the user has an {_ON_DEMAND.name}",
            f"Assign an {FIELD['unlimited_license'].name}, or remove the recording profile.",
        ),
    ),
    _Warning(
        (_COMPUTER, _WINDOWS_LOGIN),
        _has_no_login,
        _warning_issue(
            _WINDOWS_LOGIN,
            f"{_WINDOWS_LOGIN.name} is empty, but a {_COMPUTER.name} is assigned",
            f"Enter a {_WINDOWS_LOGIN.name} (DOMAIN\\Username); without it, the computer is not "
            "recorded.",
        ),
    ),
    _Warning(
        (_SIP_URI, _USER_NAME, _EXTENSION),
        _names_another_user,
        _warning_issue(
            _SIP_URI,
            f"{_SIP_URI.name} does not match {_USER_NAME.name} or {_EXTENSION.name}",
            f"Check the {_SIP_URI.name}: x in sip:x@y should be the user name or the extension.",
        ),
    ),
    _Warning(
        (_DUAL, _SECOND_PHONE),
        _has_no_second_phone,
        _warning_issue(
            _SECOND_PHONE,
            f"{_SECOND_PHONE.name} is empty, but dual endpoints are enabled",
            f"Enter a {_SECOND_PHONE.name}; without it, the second endpoint is not recorded.",
        ),
    ),
)


_watched_values: Final = itemgetter(
    *sorted({field.index for fields, _, _ in _WARNINGS for field in fields})
)


def user_warnings(user: User, stored: User | None = None) -> Iterator[Issue]:
    """Yield the warnings of a user, in field order.

    Args:
        user: the user.
        stored: the stored user, if any; warnings about unchanged values are omitted.
    """
    if stored is not None and _watched_values(user) == _watched_values(stored):
        return
    for fields, applies, issue in _WARNINGS:
        values = [user[field.index] for field in fields]
        if applies(*values) and (
            stored is None or values != [stored[field.index] for field in fields]
        ):
            yield issue


def rows_with_warnings(columns: Sequence[Sequence[str]]) -> set[int]:
    """Return the indexes of new users with warnings, checking all users together.

    Agrees with `user_warnings`.

    Args:
        columns: for each field in file order, the values of all users.
    """
    rows: set[int] = set()
    for fields, applies, _ in _WARNINGS:
        first, *others = (columns[field.index] for field in fields)
        if fields[0].kind is Kind.FLAG:
            # only whether the other value is empty matters: few distinct pairs, checked once each
            pairs = list(zip(first, map(bool, *others), strict=True))
            suspicious = {pair for pair in set(pairs) if applies(*pair)}
            if suspicious:
                rows.update(row for row, pair in enumerate(pairs) if pair in suspicious)
        else:
            filled = [row for row, value in enumerate(first) if value]
            rows.update(
                row for row in filled if applies(first[row], *(column[row] for column in others))
            )
    return rows
