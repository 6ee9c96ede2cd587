"""Warnings of a user: values that are valid, but probably not intended.

Source: the users file, section 3, "Warnings", for combinations of values; section 2, for signs of
shifted or badly quoted records in single values. The import finds warnings that concern several
users, and `qm_tui.users.new_values` those of values not in use yet.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, FIELDS, SECRETS, Field, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, Severity, field_number, truncate
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
    return user not in (user_name, extension) and (
        normalize_user_name(user) != normalize_user_name(user_name)
    )


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


_combined_values: Final = itemgetter(
    *sorted({field.index for fields, _, _ in _WARNINGS for field in fields})
)


class _ValueWarning(NamedTuple):
    """A warning about single values.

    Attributes:
        fields: the fields.
        sign: whether one of the `column_texts` may contain such a value. A single character is
            found a hundred times faster than a pattern.
        applies: the condition.
        text: the end of the message, after the field and the value.
        fix: the fix.
    """

    fields: tuple[Field, ...]
    sign: Callable[[str], object]
    applies: Callable[[str], object]
    text: str
    fix: str

    def issue(self, field: Field, value: str) -> Issue:
        """Return the warning of a value."""
        reason = f"{field.name} {self.text}"
        if field.is_secret:
            return _warning_issue(field, reason, self.fix)
        message = f"{field.name} '{truncate(value)}' {self.text}"
        return Issue(field, message, self.fix, Severity.WARNING, reason)


_MISPLACED_QUOTE: Final = re.compile(r'^"|\w"\w')
_BLANK: Final = re.compile(r"[^\S\n]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_FLAG: Final = re.compile(r"\n[01]\n")
_ONLY_DIGITS: Final = re.compile(r"\n\d+$", re.MULTILINE)
_LEADING_HYPHEN: Final = re.compile(r"-(?<=\n-)")  # a pattern that begins with - is faster

_NEVER_QUOTED: Final = tuple(
    field
    for field in FIELDS
    if field in (_EXTENSION, _USER_NAME) or field.kind in (Kind.ID, Kind.SECRET, Kind.FLAG)
)
_QUOTABLE: Final = tuple(
    field for field in FIELDS if field.kind in (Kind.TEXT, Kind.LIST) and field not in _NEVER_QUOTED
)
_REMOVE_QUOTE: Final = "Remove the quotation mark if it is not part of the value."
_CHECK_FIELD: Final = "Check that the value belongs in this field."


def _has_quote(text: str) -> bool:
    return '"' in text


def _may_have_blank(text: str) -> bool:
    return " " in text or "\t" in text or (not text.isascii() and bool(_BLANK.search(text)))


def _may_have_letter(text: str) -> bool:
    return text.lower() != text.upper() if text.isascii() else bool(_LETTER.search(text))


def _may_begin_with_hyphen(text: str) -> bool:
    return "-" in text and bool(_LEADING_HYPHEN.search(text))


def _has_odd_quotes(value: str) -> bool:
    return value.count('"') % 2 == 1


def _has_misplaced_quote(value: str) -> bool:
    """Return whether a quote begins the value or is inside a word, but not `_has_odd_quotes`."""
    return _MISPLACED_QUOTE.search(value) is not None and not _has_odd_quotes(value)


def _has_outer_blank(value: str) -> bool:
    return value[:1].isspace() or value[-1:].isspace()


def _begins_with_hyphen(value: str) -> bool:
    return value.startswith("-")


_VALUE_WARNINGS: Final = (
    _ValueWarning(
        _NEVER_QUOTED,
        _has_quote,
        _has_quote,
        "contains a quotation mark",
        _REMOVE_QUOTE,
    ),
    _ValueWarning(
        _QUOTABLE,
        _has_quote,
        _has_odd_quotes,
        "contains an unpaired quotation mark",
        _REMOVE_QUOTE,
    ),
    _ValueWarning(
        _QUOTABLE,
        _has_quote,
        _has_misplaced_quote,
        "contains a misplaced quotation mark",
        "Remove the quotation marks if they are not part of the value.",
    ),
    _ValueWarning(
        SECRETS,
        _may_have_blank,
        _has_outer_blank,
        "begins or ends with a blank",
        "Remove the blank if it is not part of the value.",
    ),
    _ValueWarning(
        tuple(field for field in FIELDS if field.kind is Kind.LIST),
        _may_have_letter,
        _LETTER.search,
        "contains letters",
        "Enter extensions, separated by commas.",
    ),
    _ValueWarning(
        tuple(field for field in FIELDS if field.kind is Kind.LIST),
        _FLAG.search,
        ("0", "1").__contains__,
        "looks like the value of a yes/no field",
        _CHECK_FIELD,
    ),
    _ValueWarning(
        (FIELD["department"], FIELD["location"]),
        _ONLY_DIGITS.search,
        str.isdecimal,
        "contains only digits",
        _CHECK_FIELD,
    ),
    _ValueWarning(
        (_USER_NAME,),
        _may_begin_with_hyphen,
        _begins_with_hyphen,
        "begins with a hyphen",
        f"Use another {_USER_NAME.name}: a command line would read it as an option.",
    ),
)


_VALUE_CHECKS: Final = tuple(
    (field, tuple(warning for warning in _VALUE_WARNINGS if field in warning.fields))
    for field in FIELDS
    if field.kind is not Kind.IP
)
"""The fields with their warnings about single values."""


def user_warnings(user: User, stored: User | None = None) -> list[Issue]:
    """Return the warnings of a user, in field order.

    Args:
        user: the user.
        stored: the stored user, if any; warnings about unchanged values are omitted.
    """
    issues = list(combined_warnings(user, stored))
    for field, warnings in _VALUE_CHECKS:
        value = user[field.index]
        if not value or (stored is not None and value == stored[field.index]):
            continue
        for warning in warnings:
            if warning.applies(value):
                issues.append(warning.issue(field, value))
    return sorted(issues, key=field_number)


def combined_warnings(user: User, stored: User | None = None) -> Iterator[Issue]:
    """Yield the warnings of a user that depend on several values.

    Args:
        user: the user.
        stored: the stored user, if any; warnings about unchanged values are omitted.
    """
    if stored is not None and _combined_values(user) == _combined_values(stored):
        return
    for fields, applies, issue in _WARNINGS:
        values = [user[field.index] for field in fields]
        if applies(*values) and (
            stored is None or values != [stored[field.index] for field in fields]
        ):
            yield issue


def value_warnings(field: Field, value: str) -> list[Issue]:
    """Return the warnings of a single value of a field."""
    return [
        warning.issue(field, value)
        for warning in _VALUE_WARNINGS
        if field in warning.fields and warning.applies(value)
    ]


def column_texts(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return for each field a text of the values of many users, to search all of them at once.

    Each value has a line break before and after it. Values that many users share are there once,
    and the text of flags is empty.

    Args:
        columns: for each field in file order, the values of all users.
    """
    return [
        ""
        if field.kind is Kind.FLAG
        else "\n" + "\n".join(set(column) if field.repeats else column) + "\n"
        for field, column in zip(FIELDS, columns, strict=True)
    ]


def rows_with_warnings(columns: Sequence[Sequence[str]], texts: Sequence[str]) -> set[int]:
    """Return the indexes of new users with warnings, checking all users together.

    Agrees with `user_warnings` for users without errors (`qm_tui.users.validation.invalid_rows`).

    Args:
        columns: for each field in file order, the values of all users.
        texts: the `column_texts` of these columns.
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
    for field, warnings in _VALUE_CHECKS:
        if field.kind is Kind.FLAG:
            continue  # no valid flag has a warning
        column, text = columns[field.index], texts[field.index]
        for warning in warnings:
            if warning.sign(text):
                found = {value for value in set(column) if warning.applies(value)}
                if found:
                    rows.update(row for row, value in enumerate(column) if value in found)
    return rows
