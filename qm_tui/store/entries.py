"""A transaction as the journal holds it: who, when, where, why, and what each field was and is.

    {"number":42,"time":"...","who":"mheller","from":"10.1.2.3","why":"edit",
     "added":1,"changed":1,"deleted":1,"users":[
       ["+",17,["Anna", ... 26 values]],
       ["~","u7kqm2xw4zp3",{"location":["Oslo","Bergen"]}],
       ["-",9,["Tom", ... 26 values]]],
     "tables":{"notes":{"set":{"1":{...}},"gone":["2"]},"old":null}}

What stands in a row, `rows` says. Of a large transaction the users come first, in parts:
`{"part":1,"number":42,"users":[...]}`; the closing frame says how many there are.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson

from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.store.frames import Damaged
from qm_tui.store.interface import Entry
from qm_tui.store.rows import DOCUMENT_ID, NUMBERS, Row, has_extras, rows_in

TableChange = dict[str, Any] | None
"""What was done to a table other than users: documents set and gone; None where it was dropped."""

_YEARS: Final = range(1000, 9999)
"""Years whose times can be told in any zone, with four digits."""

ROWS_IN_A_PART: Final = 500
"""Users in one frame: a few milliseconds of work to write or to read."""


@dataclass(slots=True)
class Recorded:
    """A transaction as it was read from the journal.

    Attributes:
        facts: who, when, why, and the counts.
        parts: the payloads of its parts; none of a small one.
        tables: what was done to tables other than users.
        start: where it begins in the file.
        end: where the next one begins.
    """

    facts: Entry
    rows_within: list[Row]
    parts: list[bytes] = field(default_factory=list)
    tables: Mapping[str, TableChange] = field(default_factory=dict)
    start: int = 0
    end: int = 0

    def rows(self, tick: Tick = no_tick) -> Iterator[list[Row]]:
        """What was done to each user, some at a time.

        Raises:
            Damaged: a part holds something else.
        """
        if self.rows_within:
            yield self.rows_within
        for at, part in enumerate(self.parts):
            tick(Phase.OPENING, at, len(self.parts))
            try:
                rows = rows_in(parsed(part))
            except ValueError as error:
                raise Damaged(self.start) from error
            yield rows


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
        try:
            found = json.loads(payload)
        except RecursionError as error:
            msg = "nested too deeply"
            raise ValueError(msg) from error
    if not isinstance(found, dict):
        msg = "not an object"
        raise ValueError(msg)
    return found


def _holds_foreign_documents(found: object) -> bool:
    if not isinstance(found, dict):
        return False
    rows = found.get("users")
    return "tables" in found or (isinstance(rows, list) and any(map(has_extras, rows)))


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
        ValueError: it does not hold them.
    """
    return Entry(
        number_in(said, "number"),
        _time_in(said, "time"),
        _text_in(said, "who"),
        _text_in(said, "from"),
        _text_in(said, "why"),
        number_in(said, "added"),
        number_in(said, "changed"),
        number_in(said, "deleted"),
        _text_in({"token": "", **said}, "token"),
    )


def number_in(said: Mapping[str, Any], name: str) -> int:
    """A whole number of a frame, from 0.

    Raises:
        ValueError: it holds none of this name.
    """
    value = said.get(name)
    if type(value) is not int or value not in NUMBERS:
        msg = f"a frame holds no number as {name}"
        raise ValueError(msg)
    return value


def _text_in(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        msg = f"a frame holds no text as {name}"
        raise ValueError(msg)
    return value


def _time_in(said: Mapping[str, Any], name: str) -> datetime:
    time = datetime.fromisoformat(_text_in(said, name))
    if time.tzinfo is None or not _YEARS.start < time.year < _YEARS.stop:
        msg = f"a frame holds no time as {name}"
        raise ValueError(msg)
    return time


def tables_in(said: Mapping[str, Any]) -> Mapping[str, TableChange]:
    """What a closing frame says was done to tables other than users.

    Raises:
        ValueError: it says something else.
    """
    tables = said.get("tables", {})
    if not isinstance(tables, dict) or not all(map(_is_table_change, tables.values())):
        msg = "what it did to a table cannot be read"
        raise ValueError(msg)
    return tables


def _is_table_change(change: object) -> bool:
    if change is None:
        return True
    if not isinstance(change, dict) or change.keys() != {"set", "gone"}:
        return False
    documents, gone = change["set"], change["gone"]
    return (
        isinstance(documents, dict)
        and all(map(DOCUMENT_ID.fullmatch, documents))
        and all(isinstance(one, dict) for one in documents.values())
        and isinstance(gone, list)
        and all(isinstance(one, str) for one in gone)
    )


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
