"""The store's file: TinyDB's JSON, written with one document per line.

TinyDB and `jq` read it like any other. Because each document has a line of its own, it is encoded
and parsed some hundred documents at a time: one call over 100,000 users would hold the
interpreter, and with it every key, for half a second.

    {
    "_meta":{
    "1":{"format":1,"generation":7}
    },
    "users":{
    "1":{"first_name":"Anna", ...},
    "2":{"first_name":"Björn", ...}
    }
    }

A file that TinyDB itself wrote, on one line, is read as well.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO, Final, cast

import orjson

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.users.fields import KEYS

Document = Mapping[str, Any]
Tables = Mapping[str, Mapping[Any, Document]]
"""TinyDB's model: by table name, by document ID, the document."""

_BATCH: Final = 256 * 1024
"""Bytes parsed in one call: two to four milliseconds."""


_OPENS_TABLE: Final = b'":{\n'
_LONGEST_NAME: Final = 64 * 1024

_DOCUMENT_ID: Final = re.compile("0|[1-9][0-9]{0,17}")
"""As TinyDB writes it; `01` would be the same document as `1`."""


class NotASnapshot(Exception):
    """The file is not TinyDB's JSON. The text says where and why."""


def written(tables: Tables, file: BinaryIO, tick: Tick = no_tick) -> None:
    """Write the tables to a file.

    The tick is told of every document, and how many there are in all.
    """
    total = sum(map(len, tables.values()))
    done = 0
    before_table = b"{\n"
    for name, table in tables.items():
        file.write(before_table + _encoded(name) + b":{")
        before_table = b",\n"
        before = b"\n"
        documents = iter(table.items())
        while batch := list(map(_line, islice(documents, STEP))):
            file.write(before + b",\n".join(batch))
            before = b",\n"
            done += len(batch)
            tick(Phase.IMPORTING, done, total)
        file.write(b"\n}")
    file.write(b"\n}\n" if tables else b"{}\n")


def documents_in(
    file: BinaryIO, tick: Tick = no_tick
) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """The documents of a file, in order, as many at a time as are quickly parsed.

    Yields:
        The name of a table, and some of its documents by document ID.

    Raises:
        NotASnapshot: it is not TinyDB's JSON.
    """
    size = file.seek(0, 2)
    file.seek(0)
    is_ours = file.readline(16) == b"{\n" and file.readline(_LONGEST_NAME).endswith(_OPENS_TABLE)
    file.seek(0)
    parts = _in_lines(file) if is_ours else _in_one_piece(file, tick)
    for name, documents in parts:
        tick(Phase.OPENING, file.tell(), size)
        yield name, documents


def _encoded(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        # half surrogate pairs, which a file of another program may hold
        return json.dumps(value, separators=(",", ":")).encode()


def _line(entry: tuple[object, Document]) -> bytes:
    number, document = entry
    try:
        return b'"%b":%b' % (str(number).encode(), orjson.dumps(document))
    except TypeError:
        return b'"%b":%b' % (str(number).encode(), _encoded(document))


def _in_lines(file: BinaryIO) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """The documents of a file that this program wrote."""
    name: str | None = None
    is_closed = False
    number = 1
    file.readline()
    while lines := file.readlines(_BATCH):
        some: list[bytes] = []
        for line in lines:
            number += 1
            if name is not None and line.startswith(b'"') and not line.endswith(_OPENS_TABLE):
                some.append(line)
                continue
            if name is not None and some:
                yield name, _parsed(some, number - len(some))
                some = []
            if name is None and not is_closed and line.endswith(_OPENS_TABLE):
                name = _table_name(line, number)
                yield name, {}
            elif name is not None and line in (b"}\n", b"},\n"):
                name = None
            elif name is None and not is_closed and line == b"}\n":
                is_closed = True
            else:
                msg = f"line {number} is not TinyDB's JSON"
                raise NotASnapshot(msg)
        if name is not None and some:
            yield name, _parsed(some, number - len(some) + 1)
    if not is_closed:
        msg = f"it ends in the middle, at line {number}"
        raise NotASnapshot(msg)


def _table_name(line: bytes, number: int) -> str:
    try:
        return cast("str", json.loads(line[: -len(b":{\n")]))
    except ValueError as error:
        msg = f"line {number} is not TinyDB's JSON"
        raise NotASnapshot(msg) from error


def _parsed(lines: list[bytes], number: int) -> dict[str, dict[str, Any]]:
    text = b"{%b}" % b"".join(lines).rstrip(b",\n")
    try:
        documents = orjson.loads(text)
    except orjson.JSONDecodeError:
        documents = None
    if documents is None or not all(map(_is_a_user, documents.values())):
        # the exact parser: orjson refuses half surrogate pairs, and makes whole numbers beyond
        # 64 bits floats, both of which documents of another program may hold
        try:
            documents = json.loads(text)
        except (ValueError, RecursionError) as error:
            bad = next((at for at, one in enumerate(lines) if not _is_good(one)), 0)
            msg = f"line {number + bad} is not TinyDB's JSON"
            raise NotASnapshot(msg) from error
    _require_documents(documents)
    return cast("dict[str, dict[str, Any]]", documents)


def _is_a_user(document: object) -> bool:
    return isinstance(document, dict) and len(document) == len(KEYS)


def _is_good(line: bytes) -> bool:
    try:
        json.loads(b"{%b}" % line.rstrip(b",\n"))
    except (ValueError, RecursionError):
        return False
    return True


def _in_one_piece(file: BinaryIO, tick: Tick) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """The documents of a file that TinyDB wrote itself."""
    data = file.read()
    met = 0

    def parsed(mapping: dict[str, Any]) -> dict[str, Any]:
        # called for each document, so that the one long call is many short ones
        nonlocal met
        met += 1
        if not met % STEP:
            tick(Phase.OPENING, 0, len(data))
        return mapping

    if not data.strip():
        return
    try:
        tables = json.loads(data, object_hook=parsed)
    except (ValueError, RecursionError) as error:
        msg = "it is not JSON"
        if isinstance(error, json.JSONDecodeError):
            msg = f"line {error.lineno}, column {error.colno} is not JSON"
        raise NotASnapshot(msg) from error
    if not isinstance(tables, dict):
        msg = "it is JSON, but holds no tables"
        raise NotASnapshot(msg)
    for name, table in tables.items():
        if not isinstance(table, dict):
            msg = "it is JSON, but holds no tables"
            raise NotASnapshot(msg)
        _require_documents(table)
        yield name, table


def _require_documents(documents: dict[str, object]) -> None:
    are_numbered = all(map(_DOCUMENT_ID.fullmatch, documents))
    if not are_numbered or not all(isinstance(one, dict) for one in documents.values()):
        msg = "it is JSON, but holds something that is no TinyDB document"
        raise NotASnapshot(msg)


def merged(parts: Iterable[tuple[str, dict[str, dict[str, Any]]]]) -> dict[str, dict[str, Any]]:
    """The parts that `documents_in` yields, put together into tables."""
    tables: dict[str, dict[str, Any]] = {}
    for name, documents in parts:
        tables.setdefault(name, {}).update(documents)
    return tables
