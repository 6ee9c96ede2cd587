"""Screening of many users: which of them must be checked one by one.

Checking a user by all rules takes ten times as long as reading it from a file. But the rules treat
most values alike: a name of letters, a number, an IP address. So many users are screened column
by column, and only those with other values are checked one by one.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Final

from qm_tui.users.fields import CATEGORICAL, FIELD, FIELDS, NEW_USER, Kind, User
from qm_tui.users.validation import stored_user_issues, validate_user, value_errors

_LETTERS: Final = (
    "0-9A-Za-z\xc0-\u024f\u0300-\u0304\u0323\u0370-\u052f\u05d0-\u05ea\u0620-\u064a\u0900-\u0963"
    "\u0e01-\u0e4e\u1e00-\u1fff\u3041-\u30fe\u4e00-\u9fff\uac00-\ud7a3"
)
"""Letters and marks of common scripts, none of them invisible."""

_NAME: Final = rf"[{_LETTERS}][{_LETTERS} '.,()&/-]{{0,99}}+"
_CODE: Final = "[0-9A-Za-z]{1,60}+"
_LOGIN: Final = r"[0-9A-Za-z][0-9A-Za-z.-]{0,60}+\\[0-9A-Za-z._-]{1,99}+"
_SIP_URI: Final = r"sip:[0-9A-Za-z._-]{1,99}+@(?:[0-9A-Za-z._-]{1,99}+|\[[0-9A-Fa-f:.]{2,45}+\])"
_SECRET: Final = "[0-9Ee]{0,60}+(?:[A-DF-Za-df-z/$=_][0-9A-Za-z/$=_+.-]{0,200}+)?+"  # noqa: S105
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV6_PART: Final = "[0-9A-Fa-f]{1,4}"
_ADDRESS: Final = (
    rf"{_OCTET}(?:\.{_OCTET}){{3}}|(?:[0-9A-Fa-f]{{2}}:){{5}}[0-9A-Fa-f]{{2}}"
    rf"|(?:{_IPV6_PART}:){{1,4}}(?::{_IPV6_PART}){{1,3}}|(?:[0-9A-Fa-f]{{4}}\.){{2}}[0-9A-Fa-f]{{4}}"
)
_PLAIN: Final = {
    "first_name": _NAME,
    "last_name": _NAME,
    "extension": _CODE,
    "user_id": "[0-9A-Za-z_.-]{1,60}+",
    "agent_id": f"[A-Za-z][0-9A-Za-z_.-]{{0,60}}+|{_CODE}",
    "user_name": "[A-Za-z][0-9A-Za-z._@-]{0,99}+|[0-9]{1,60}+",
    "password": f"(?=.){_SECRET}",
    "phone_ip": _ADDRESS,
    "windows_login": _LOGIN,
    "sip_uri": _SIP_URI,
    "salt": _SECRET,
    "additional_extensions": "[0-9]{2,30}+(?:, ?[0-9]{2,30}+){0,50}+",
    "private_extensions": "[0-9]{2,30}+(?:, ?[0-9]{2,30}+){0,50}+",
    "secondary_phone_ip": _ADDRESS,
}
"""By field key, the values that the rules treat alike. An empty one is plain if it is optional."""

_PATTERNS: Final = [
    (field, re.compile(rf"(?:(?:{_PLAIN[field.key]}){'' if field.required else '?+'}\n)*+"))
    for field in FIELDS
    if field.key in _PLAIN
]

_EXAMPLE: Final = NEW_USER._replace(
    first_name="A",
    last_name="B",
    extension="04",
    user_name="a",
    password="A",  # noqa: S106
)
"""A user without any problem."""

_FLAGS: Final = [field.index for field in FIELDS if field.kind is Kind.FLAG]
_TOGETHER: Final = [*_FLAGS, FIELD["recording_profile"].index]
"""Fields that the rules check together, by their values."""

_PRESENT: Final = {
    FIELD["windows_login"].index: r"CORP\anna",
    FIELD["secondary_phone_ip"].index: "10.0.0.1",
}
"""Fields that the rules check together with flags: only whether there is a value; an example."""

_ALONE: Final = [field.index for field in CATEGORICAL if field.index not in _TOGETHER]
_USER_NAME, _EXTENSION, _SIP = (FIELD[key].index for key in ("user_name", "extension", "sip_uri"))
_EVERYWHERE: Final = range(len(FIELDS))

_MAX_CACHED: Final = 10_000
"""The number of cached results, so that a file of distinct values does not fill the memory."""


class Screening:
    """Finds the users that may have a problem: it never misses one.

    Args:
        has_problem: returns whether a user has one, by rules that depend only on the values of this
            user and treat plain values alike.
    """

    def __init__(self, has_problem: Callable[[User], object]) -> None:
        self._has_problem = has_problem
        self._cache: dict[tuple[str, ...], bool] = {}

    def rows_to_check(
        self, columns: Sequence[Sequence[str]], places: Collection[int] = _EVERYWHERE
    ) -> set[int]:
        """Return the indexes of users that may have a problem; all others have none.

        Args:
            columns: for each field in file order, the values of all users.
            places: the indexes of the fields to check. Required fields must always have a value.
        """
        if len(self._cache) > _MAX_CACHED:
            self._cache.clear()
        rows: set[int] = set()
        for field, lines in _PATTERNS:
            if field.index in places:
                rows.update(_unusual(columns[field.index], lines))
        for field in FIELDS:
            column = columns[field.index]
            if field.required and field.index not in places and not all(column):
                rows.update(row for row, value in enumerate(column) if not value)
        for place in _ALONE:
            if place in places:
                rows.update(self._faulty([(value,) for value in columns[place]], [place]))
        if not {*_TOGETHER, *_PRESENT}.isdisjoint(places):
            present = [
                [example if value else "" for value in columns[place]]
                for place, example in _PRESENT.items()
            ]
            combined = zip(*(columns[place] for place in _TOGETHER), *present, strict=True)
            rows.update(self._faulty(list(combined), [*_TOGETHER, *_PRESENT]))
        if not {_SIP, _USER_NAME, _EXTENSION}.isdisjoint(places):
            rows.update(self._rows_with_other_sip_uris(columns))
        return rows

    def _faulty(self, keys: Sequence[tuple[str, ...]], places: Sequence[int]) -> list[int]:
        """Return the indexes of users who would have a problem with these values alone."""
        faulty = {values for values in set(keys) if self._is_faulty(places, values)}
        return [row for row, values in enumerate(keys) if values in faulty] if faulty else []

    def _rows_with_other_sip_uris(self, columns: Sequence[Sequence[str]]) -> Iterator[int]:
        """Yield the indexes of users with a SIP URI of another user, or of an invalid host."""
        for row, uri in enumerate(columns[_SIP]):
            if uri:
                user, _, host = uri.removeprefix("sip:").partition("@")
                is_own = user in (columns[_USER_NAME][row], columns[_EXTENSION][row])
                if not is_own or self._is_faulty([_SIP], (f"sip:{_EXAMPLE.user_name}@{host}",)):
                    yield row

    def _is_faulty(self, places: Sequence[int], values: tuple[str, ...]) -> bool:
        key = (FIELDS[places[0]].key, *values)
        result = self._cache.get(key)
        if result is None:
            example = [*_EXAMPLE]
            for place, value in zip(places, values, strict=True):
                example[place] = value
            result = self._cache[key] = bool(self._has_problem(User(*example)))
        return result


def _unusual(column: Sequence[str], lines: re.Pattern[str]) -> Iterator[int]:
    """Yield the indexes of values that are not plain, given the pattern of lines of plain ones."""
    text = "\n".join((*column, ""))
    if text.count("\n") != len(column):  # a value with a line break
        for row, value in enumerate(column):
            if "\n" in value or not lines.fullmatch(f"{value}\n"):
                yield row
        return
    row = start = 0
    while match := lines.match(text, start):  # it matches everywhere: as many lines as are plain
        row += text.count("\n", start, match.end())
        if match.end() == len(text):
            break
        yield row
        row += 1
        start = text.index("\n", match.end()) + 1


@lru_cache
def error_screening(*, allow_unlicensed: bool) -> Screening:
    """Return a screening for errors of users, apart from their User Names among all User Names."""

    def has_error(user: User) -> bool:
        return bool(validate_user(user, allow_unlicensed=allow_unlicensed)) or any(
            any(value_errors(field, value)) for field, value in zip(FIELDS, user, strict=True)
        )

    return Screening(has_error)


def invalid_stored_rows(users: Sequence[User]) -> set[int]:
    """Return the indexes of users with `stored_user_issues`."""
    if not users:
        return set()
    suspects = error_screening(allow_unlicensed=True).rows_to_check(list(zip(*users, strict=True)))
    return {row for row in suspects if stored_user_issues(users[row])}
