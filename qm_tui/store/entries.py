"""A transaction as the journal holds it: who, when, where, why, and what each field was and is.

    {"number":42,"time":"...","who":"mheller","from":"10.1.2.3","why":"edit",
     "added":1,"changed":1,"deleted":1,"users":[
       ["+",17,["Anna", ... 26 values]],
       ["~","u7kqm2xw4zp3",{"location":["Oslo","Bergen"]}],
       ["-",9,["Tom", ... 26 values]]],
     "tables":{"notes":{"set":{"1":{...}},"gone":["2"]},"old":null}}

The numbers behind `+` and `-` are TinyDB's document IDs. A fourth member holds what another program
kept in that user's document beside our fields. Of a large transaction the users come first, in
parts: `{"part":1,"number":42,"users":[...]}`; the closing frame says how many there are.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson

from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.store.interface import Done, Entry
from qm_tui.users.fields import FIELD, KEYS, User

ADDED: Final = "+"
CHANGED: Final = "~"
DELETED: Final = "-"

Row = list[Any]
"""What was done to one user, as it stands in the journal."""

TableChange = dict[str, Any] | None
"""What was done to a table other than users: documents set and gone; None where it was dropped."""

_OWN_MEMBERS: Final = 3

ROWS_IN_A_PART: Final = 500
"""Users in one frame: a few milliseconds of work to write or to read."""


@dataclass(slots=True)
class Recorded:
    """A transaction as it was read from the journal.

    Attributes:
        facts: who, when, why, and the counts.
        parts: the payloads of its parts; none of a small one.
        tables: what was done to tables other than users.
        end: where the next one begins.
    """

    facts: Entry
    rows_within: list[Row]
    parts: list[bytes] = field(default_factory=list)
    tables: dict[str, TableChange] = field(default_factory=dict)
    end: int = 0

    def rows(self, tick: Tick = no_tick) -> Iterator[Row]:
        """What was done to each user."""
        yield from self.rows_within
        for at, part in enumerate(self.parts):
            tick(Phase.OPENING, at, len(self.parts))
            yield from parsed(part)["users"]


def encoded(value: object) -> bytes:
    """A value as JSON, as exactly as Python holds it.

    Half surrogate pairs, whole numbers beyond 64 bits, and what is no number, all of which other
    programs' documents may hold, go the slower way.
    """
    try:
        text = orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()
    if b"null" in text:  # which may have been no number
        return json.dumps(value, separators=(",", ":")).encode()
    return text


def parsed(payload: bytes) -> dict[str, Any]:
    """The JSON object of a payload.

    Raises:
        ValueError: it is none.
    """
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        found = None
    if found is None or _holds_foreign_documents(found):
        # the exact parser: orjson refuses half surrogate pairs, and makes whole numbers beyond
        # 64 bits floats, both of which documents of another program may hold
        found = json.loads(payload)
    if not isinstance(found, dict):
        msg = "not an object"
        raise ValueError(msg)
    return found


def _holds_foreign_documents(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    return "tables" in found or any(len(row) > _OWN_MEMBERS for row in found.get("users", ()))


def facts_json(entry: Entry) -> dict[str, Any]:
    """The facts of a transaction as the journal holds them."""
    said: dict[str, Any] = {
        "number": entry.number,
        "time": entry.time.isoformat(),
        "who": entry.who,
        "from": entry.address,
        "why": entry.why,
        "added": entry.added,
        "changed": entry.changed,
        "deleted": entry.deleted,
    }
    if entry.token:
        said["token"] = entry.token
    return said


def facts_of(said: Mapping[str, Any]) -> Entry:
    """The facts that a closing frame holds.

    Raises:
        KeyError, TypeError, ValueError: it does not hold them.
    """
    return Entry(
        int(said["number"]),
        datetime.fromisoformat(said["time"]),
        str(said["who"]),
        str(said["from"]),
        str(said["why"]),
        int(said["added"]),
        int(said["changed"]),
        int(said["deleted"]),
        str(said.get("token", "")),
    )


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


def payloads(
    rows: Iterable[Row],
    at_most: int,
    facts: Callable[[], Entry],
    tables: Mapping[str, TableChange] | None = None,
) -> Iterator[bytes]:
    """The payloads of a transaction's frames: parts, if it is a large one, and the closing one.

    Nothing at all where there are neither rows nor tables.

    Args:
        rows: what is done to each user; made while they are written.
        at_most: how many rows there may be.
        facts: asked for the facts once all rows were made.
        tables: what is done to other tables.
    """
    rest = iter(rows)
    own: list[Row] = []
    part = 0
    if at_most <= ROWS_IN_A_PART:
        own = list(rest)
    else:
        while some := list(islice(rest, ROWS_IN_A_PART)):
            part += 1
            yield encoded({"part": part, "number": facts().number, "users": some})
    if not own and not part and not tables:
        return
    closing = facts_json(facts())
    if part:
        closing["parts"] = part
    else:
        closing["users"] = own
    if tables:
        closing["tables"] = tables
    yield encoded(closing)


def done_of(row: Row) -> Done:
    """What a row says was done to a user."""
    sign, what, values, *_ = row
    if sign == CHANGED:
        return Done(
            what,
            {key: pair[0] for key, pair in values.items()},
            {key: pair[1] for key, pair in values.items()},
        )
    whole = dict(zip(KEYS, values, strict=True))
    user_id = values[FIELD["user_id"].index]
    return Done(user_id, None, whole) if sign == ADDED else Done(user_id, whole, None)


def user_after(row: Row, stored: Callable[[str], User | None]) -> User | None:
    """The user that a row leaves behind.

    Args:
        row: what was done.
        stored: asked for the user before it.

    Raises:
        ValueError: the row does not fit.
    """
    sign, what, values, *_ = row
    if sign == ADDED:
        return tuple.__new__(User, values)
    if sign == DELETED:
        return None
    before = stored(what)
    if before is None:
        msg = f"transaction changes a user that is not there ({what})"
        raise ValueError(msg)
    after = list(before)
    for key, pair in values.items():
        after[FIELD[key].index] = pair[1]
    return tuple.__new__(User, after)
