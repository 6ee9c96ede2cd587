"""What a transaction did to each user, as it stands in the journal: a row for each.

    ["+",17,["Anna", ... 26 values]]
    ["~","u7kqm2xw4zp3",{"location":["Oslo","Bergen"]}]
    ["-",9,["Tom", ... 26 values]]

The numbers behind `+` and `-` are TinyDB's document IDs. A fourth member holds what another program
kept in that user's document beside our fields.

A frame's CRC says that it is as it was written, not that this program wrote it. So `rows_in` looks
at every row before anything is made of it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from qm_tui.store.interface import Done
from qm_tui.users.fields import FIELD, KEYS, User

ADDED: Final = "+"
CHANGED: Final = "~"
DELETED: Final = "-"

Row = list[Any]

OWN_MEMBERS: Final = 3
"""Members of a row that holds our fields alone."""

_USER_ID: Final = "user_id"
_USER_ID_AT: Final = FIELD[_USER_ID].index

_DIGITS: Final = 18

NUMBERS: Final = range(10**_DIGITS)
"""What a document ID may be, and the number of a transaction."""

DOCUMENT_ID: Final = re.compile(f"0|[1-9][0-9]{{0,{_DIGITS - 1}}}")
"""A document ID as TinyDB writes it; `01` would be the same document as `1`."""


def row_of_change(stored: User, user: User) -> Row:
    """What a change did to a user."""
    fields = {
        key: (before, after)
        for key, before, after in zip(KEYS, stored, user, strict=True)
        if before != after
    }
    return [CHANGED, stored.user_id, fields]


def row_of_whole(sign: str, number: int, user: User, extras: dict[str, Any] | None) -> Row:
    """A user that was added or deleted."""
    row: Row = [sign, number, [*user]]
    if extras:
        row.append(extras)
    return row


def rows_in(said: Mapping[str, Any]) -> list[Row]:
    """The rows of a frame, each of them sound.

    Raises:
        ValueError: one of them is none. The text holds no value of a user.
    """
    rows = said.get("users", [])
    if not isinstance(rows, list):
        msg = "a frame holds no list of users"
        raise ValueError(msg)
    if not _are_plain_additions(rows):
        for row in rows:
            require_sound(row)
    return rows


def _are_plain_additions(rows: list[Row]) -> bool:
    """Whether all rows are sound and add a user of our fields alone.

    Asked of all at once, column by column, which takes a fraction of the time of one by one.
    """
    try:
        signs, numbers, users = zip(*rows, strict=True)
        columns = list(zip(*users, strict=True))
        for column in columns:
            "".join(column)  # fails on anything but text
    except (TypeError, ValueError):
        return False
    return (
        len(columns) == len(KEYS)
        and set(signs) == {ADDED}
        and set(map(type, numbers)) == {int}
        and set(map(type, users)) == {list}
        and min(numbers) in NUMBERS
        and max(numbers) in NUMBERS
        and "" not in columns[_USER_ID_AT]
    )


def require_sound(row: object) -> None:
    """Make sure that a row is as this program writes it.

    Raises:
        ValueError: it is not. The text holds no value of a user.
    """
    if isinstance(row, list) and len(row) in (OWN_MEMBERS, OWN_MEMBERS + 1):
        sign, what, values, *extras = row
        if sign == CHANGED and not extras and _is_text(what) and what and _are_changes(values):
            return
        is_whole = sign in (ADDED, DELETED) and type(what) is int and what in NUMBERS
        if is_whole and _are_values(values) and all(isinstance(one, dict) for one in extras):
            return
    msg = "what it did to a user cannot be read"
    raise ValueError(msg)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_values(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) == len(KEYS)
        and all(map(_is_text, values))
        and bool(values[_USER_ID_AT])
    )


def _are_changes(changes: object) -> bool:
    return isinstance(changes, dict) and all(
        key in FIELD
        and key != _USER_ID
        and isinstance(pair, list)
        and len(pair) == 2
        and all(map(_is_text, pair))
        for key, pair in changes.items()
    )


def has_extras(row: object) -> bool:
    """Whether a row holds what another program kept in a user's document."""
    return isinstance(row, list) and len(row) > OWN_MEMBERS


def user_id_of(row: Row) -> str:
    """The user that a sound row is about."""
    sign, what, values, *_ = row
    return str(what if sign == CHANGED else values[_USER_ID_AT])


def extras_of(row: Row) -> dict[str, Any]:
    """What another program kept in the document of a user who was added or deleted."""
    return dict(row[OWN_MEMBERS]) if has_extras(row) else {}


def done_of(row: Row) -> Done:
    """What a sound row says was done to a user."""
    sign, what, values, *_ = row
    if sign == CHANGED:
        return Done(
            what,
            {key: pair[0] for key, pair in values.items()},
            {key: pair[1] for key, pair in values.items()},
        )
    whole = dict(zip(KEYS, values, strict=True))
    user_id = values[_USER_ID_AT]
    return Done(user_id, None, whole) if sign == ADDED else Done(user_id, whole, None)


def user_after(row: Row, before: User | None) -> User | None:
    """The user that a sound row leaves behind.

    Args:
        row: what was done.
        before: the user before it; None where there was none.

    Raises:
        ValueError: the row does not fit.
    """
    sign, _, values, *_ = row
    if (before is None) is not (sign == ADDED):
        does = {ADDED: "adds", CHANGED: "changes", DELETED: "deletes"}[sign]
        there = "is not there" if before is None else "is there"
        msg = f"a transaction {does} a user who {there}"
        raise ValueError(msg)
    if sign == DELETED:
        return None
    if before is None:
        return tuple.__new__(User, values)
    after = list(before)
    for key, pair in values.items():
        after[FIELD[key].index] = pair[1]
    return tuple.__new__(User, after)
