"""The store's main file: TinyDB's JSON, written with one document per line.

TinyDB and `jq` read it like any other. Because each document has a line of its own, it is encoded
and parsed some hundred documents at a time: one call over 100,000 users would hold the
interpreter, and with it every key, for half a second.

    {
    "_meta":{
    "1":{"format":2,"uid":"...","generation":42,"journal":"...","length":"...","crc32":"..."}
    },
    "users":{
    "1":{"first_name":"Anna", ...},
    "2":{"first_name":"Björn", ...}
    }
    }

Length and CRC-32 are those of all that follows the line of `_meta`. Where they do not fit, another
program has changed the file. A file that TinyDB itself wrote, on one line, is read as well.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any, BinaryIO, Final, cast
from zlib import crc32

import orjson

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.entries import encoded, number_in
from qm_tui.store.rows import DOCUMENT_ID, NUMBERS
from qm_tui.users.fields import KEYS

FORMAT: Final = 2
"""The version of the file format. A file of a later one is refused."""

USERS: Final = "users"
"""The table that holds the users."""

META: Final = "_meta"

Document = Mapping[str, Any]
Tables = Mapping[str, Mapping[Any, Document]]
"""TinyDB's model: by table name, by document ID, the document."""

_BATCH: Final = 64 * 1024
"""Bytes parsed in one call: less than a millisecond, and what they make stays in the cache."""

_OPENS_TABLE: Final = b":{\n"

_OWN_KEYS: Final = frozenset(KEYS)

_START: Final = b'{\n"_meta":{\n'


class NotASnapshot(Exception):
    """The file is not TinyDB's JSON, or not of a version that is known. The text says why."""


class LaterVersion(NotASnapshot):
    """A later version of this program wrote the file."""

    def __init__(self) -> None:
        super().__init__("it was written by a later version of qm-tui")


class Inexact(NotASnapshot):
    """It holds documents of another program that have to be read the exact and slower way."""

    def __init__(self) -> None:
        super().__init__("it holds another program's documents")


@dataclass(frozen=True, slots=True)
class Head:
    """What a snapshot says of itself.

    Attributes:
        uid: the snapshot's own name: its journal bears it too.
        generation: the number of the last transaction that is in it.
        journal: the journal that it took in: the uid that one bears.
        offset: how far of that journal is in it.
        length: the bytes that follow the head.
        crc: their CRC-32.
    """

    uid: str
    generation: int
    journal: str = ""
    offset: int = 0
    length: int = 0
    crc: int = 0

    @property
    def line(self) -> bytes:
        """The line of the file that holds it: as long for one length and CRC as for another."""
        said = {
            "format": FORMAT,
            "uid": self.uid,
            "generation": self.generation,
            "journal": self.journal,
            "offset": self.offset,
            "length": f"{self.length:016}",
            "crc32": f"{self.crc:08x}",
        }
        return b'"1":%b\n' % orjson.dumps(said)


def head_of(meta: Mapping[str, Any]) -> Head | None:
    """The head that the document of a `_meta` table describes; None where another program wrote it.

    Raises:
        LaterVersion: a later version of this program wrote it.
    """
    version = meta.get("format", FORMAT)
    if not isinstance(version, int) or version > FORMAT:
        raise LaterVersion
    try:
        head = Head(
            str(meta["uid"]),
            int(meta["generation"]),
            str(meta["journal"]),
            int(meta["offset"]),
            int(meta["length"]),
            int(meta["crc32"], 16),
        )
        are_numbers = all(one in NUMBERS for one in (head.generation, head.offset, head.length))
        return head if are_numbers and head.line else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None  # or it could not have been written so


def head_in(file: BinaryIO) -> Head | None:
    """The head of a file that this program wrote; None where it did not.

    Raises:
        LaterVersion: a later version of this program wrote it.
        OSError: it cannot be read.
    """
    file.seek(0)
    if file.read(len(_START)) != _START:
        return None
    try:
        meta = json.loads(b"{%b}" % file.readline(4096))["1"]
    except (ValueError, KeyError, RecursionError):
        return None
    return head_of(meta) if isinstance(meta, dict) else None


def written(tables: Tables, file: BinaryIO, head: Head, tick: Tick = no_tick) -> None:
    """Write the tables to a file.

    The tick is told of every document, and how many there are in all.

    Args:
        tables: the tables, without `_meta`.
        file: an empty file that can be sought in.
        head: what the file says of itself; length and CRC are found out here.
        tick: told how far it is.
    """
    length = crc = done = 0
    total = sum(map(len, tables.values()))

    def put(data: bytes) -> None:
        nonlocal length, crc
        file.write(data)
        length += len(data)
        crc = crc32(data, crc)

    file.write(_START + head.line)
    put(b"}")
    for name, table in tables.items():
        put(b",\n" + encoded(name) + b":{")
        before = b"\n"
        documents = iter(table.items())
        while batch := list(map(_line, islice(documents, STEP))):
            put(before + b",\n".join(batch))
            before = b",\n"
            done += len(batch)
            tick(Phase.SAVING, done, total)
        put(b"\n}")
    put(b"\n}\n")
    file.seek(len(_START))
    file.write(
        Head(head.uid, head.generation, head.journal, head.offset, length, crc).line,
    )


def _line(entry: tuple[object, Document]) -> bytes:
    number, document = entry
    return b'"%b":%b' % (str(number).encode(), encoded(document))


Part = tuple[str, dict[str, dict[str, Any]]]


class Reading:
    """The documents of a file, as many at a time as are quickly parsed.

    Args:
        file: the file, open for reading.
        tick: told how much is read.

    Attributes:
        head: what the file says of itself; None where another program wrote it.
        generation: the number of the last transaction in it; known once all is read.
        was_ours: whether this program wrote it at some time, whoever changed it since; known once
            all is read.
        is_as_written: whether nothing in it was changed since this program wrote it; known once
            all is read.
    """

    def __init__(self, file: BinaryIO, tick: Tick = no_tick) -> None:
        self._file = file
        self._tick = tick
        self.size = file.seek(0, 2)
        self.head = head_in(file)
        self.generation = 0
        self.was_ours = False
        self.is_as_written = False
        file.seek(0)

    def parts(self, *, exactly: bool = False) -> Iterator[Part]:
        """The name of a table, and some of its documents by document ID; again and again.

        Args:
            exactly: whether to read users' documents the slower way, which keeps whole numbers
                beyond 64 bits. Those of other tables always are.

        Raises:
            NotASnapshot: it is not TinyDB's JSON.
        """
        file = self._file
        file.seek(0)
        is_ours = file.readline(16) == b"{\n" and file.readline(64 * 1024).endswith(_OPENS_TABLE)
        file.seek(0)
        for name, documents in self._in_lines(exactly) if is_ours else self._in_one_piece():
            self._tick(Phase.OPENING, file.tell(), self.size)
            if name != META:
                yield name, documents
            elif documents:
                self._take_meta(documents.get("1", {}))

    def _take_meta(self, meta: Mapping[str, Any]) -> None:
        """Take what the file says of itself, even where another program wrote it since."""
        head_of(meta)  # not that of a later version
        try:
            self.generation = number_in(meta, "generation")
        except ValueError:
            self.generation = 0
        self.was_ours = "uid" in meta

    def _in_lines(self, exactly: bool) -> Iterator[Part]:
        """The documents of a file that has a line for each."""
        head = self.head
        uncounted = len(_START) + len(head.line) if head else 0
        length = crc = 0
        table = _Lines(exactly)
        while chunk := self._chunk():
            yield from table.taken(chunk)
            counted = chunk[uncounted:]
            uncounted = 0
            length += len(counted)
            crc = crc32(counted, crc)
        table.finish()
        self.is_as_written = head is not None and (length, crc) == (head.length, head.crc)

    def _chunk(self) -> bytes:
        """Some whole lines."""
        data = self._file.read(_BATCH)
        return data + self._file.readline() if data else data

    def _in_one_piece(self) -> Iterator[Part]:
        """The documents of a file that TinyDB wrote itself."""
        data = self._file.read()
        met = 0

        def met_one(mapping: dict[str, Any]) -> dict[str, Any]:
            # called for each document, so that the one long call is many short ones
            nonlocal met
            met += 1
            if not met % STEP:
                self._tick(Phase.OPENING, 0, len(data))
            return mapping

        if not data.strip():
            return
        try:
            tables = json.loads(data, object_hook=met_one)
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


class _Lines:
    """Whole lines to documents."""

    def __init__(self, exactly: bool) -> None:
        self._exactly = exactly
        self._name: str | None = None
        self._is_closed = False
        self._number = 1

    def taken(self, chunk: bytes) -> Iterator[Part]:
        """The documents of some more lines."""
        if self._name is not None:
            documents = self._at_once(chunk)
            if documents is not None:
                yield self._name, documents
                self._number += len(documents)
                return
        some: list[bytes] = []
        for line in BytesIO(chunk):
            if self._name is not None and line.startswith(b'"') and not line.endswith(_OPENS_TABLE):
                some.append(line)
                continue
            if self._name is not None and some:
                yield self._name, _parsed(b"".join(some), self._number)
                self._number += len(some)
                some = []
            yield from self._structure(line)
            self._number += 1
        if self._name is not None and some:
            yield self._name, _parsed(b"".join(some), self._number)
            self._number += len(some)

    def _at_once(self, chunk: bytes) -> dict[str, dict[str, Any]] | None:
        """The documents of a chunk, if it holds nothing but documents that are plain to read."""
        if self._exactly or self._name != USERS:
            return None
        try:
            documents = orjson.loads(b"{%b}" % chunk.rstrip(b",\n"))
        except orjson.JSONDecodeError:
            return None
        if not _are_plain_ids(documents) or set(map(type, documents.values())) != {dict}:
            return None
        return documents if set(map(len, documents.values())) == {len(KEYS)} else None

    def _structure(self, line: bytes) -> Iterator[Part]:
        """Take note of a line that is no document."""
        number = self._number
        if number == 1 and line == b"{\n":
            return
        if self._name is None and not self._is_closed and line.endswith(_OPENS_TABLE):
            self._name = _table_name(line, number)
            yield self._name, {}
        elif self._name is not None and line in (b"}\n", b"},\n"):
            self._name = None
        elif self._name is None and not self._is_closed and line == b"}\n":
            self._is_closed = True
        else:
            msg = f"line {number} is not TinyDB's JSON"
            raise NotASnapshot(msg)

    def finish(self) -> None:
        """There are no more lines.

        Raises:
            NotASnapshot: they end in the middle.
        """
        if not self._is_closed:
            msg = f"it ends in the middle, at line {self._number - 1}"
            raise NotASnapshot(msg)


def _table_name(line: bytes, number: int) -> str:
    try:
        return cast("str", json.loads(line[: -len(_OPENS_TABLE)]))
    except ValueError as error:
        msg = f"line {number} is not TinyDB's JSON"
        raise NotASnapshot(msg) from error


def _parsed(lines: bytes, number: int) -> dict[str, dict[str, Any]]:
    # the exact parser: orjson refuses half surrogate pairs, and makes whole numbers beyond 64 bits
    # floats, both of which documents of another program may hold
    try:
        documents = json.loads(b"{%b}" % lines.rstrip(b",\n"))
    except (ValueError, RecursionError) as error:
        bad = next((at for at, one in enumerate(lines.splitlines()) if not _is_good(one)), 0)
        msg = f"line {number + bad} is not TinyDB's JSON"
        raise NotASnapshot(msg) from error
    _require_documents(documents)
    return cast("dict[str, dict[str, Any]]", documents)


def _are_plain_ids(numbers: Collection[str]) -> bool:
    """Whether all are document IDs above 0 as TinyDB writes them, asked of all at once."""
    joined = "\n" + "\n".join(numbers)
    digits = joined.replace("\n", "")
    return (
        joined.isascii()
        and digits.isdigit()
        and "\n0" not in joined
        and len(digits) + len(numbers) == len(joined)
        and min(map(len, numbers)) > 0
        and max(map(len, numbers)) < len(str(NUMBERS.stop))
    )


def may_be_inexact(document: dict[str, Any]) -> bool:
    """Whether a user's document may have lost something by being read the fast way."""
    return len(document) == len(KEYS) and document.keys() != _OWN_KEYS


def _is_good(line: bytes) -> bool:
    try:
        json.loads(b"{%b}" % line.rstrip(b",\n"))
    except (ValueError, RecursionError):
        return False
    return True


def _require_documents(documents: dict[str, object]) -> None:
    are_numbered = all(map(DOCUMENT_ID.fullmatch, documents))
    if not are_numbered or not all(isinstance(one, dict) for one in documents.values()):
        msg = "it is JSON, but holds something that is no TinyDB document"
        raise NotASnapshot(msg)


def merged(parts: Iterable[Part]) -> dict[str, dict[str, Any]]:
    """The parts of a `Reading`, put together into tables."""
    tables: dict[str, dict[str, Any]] = {}
    for name, documents in parts:
        tables.setdefault(name, {}).update(documents)
    return tables
