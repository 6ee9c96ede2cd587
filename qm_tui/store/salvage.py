"""What can be read of a damaged snapshot, line by line.

Where the store refuses a file because of one bad line, this leaves out the line, says so, and goes
on with the next.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from qm_tui.refusal import reason
from qm_tui.store import snapshot
from qm_tui.store.contents import Contents
from qm_tui.store.documents import NotAUser, Reader
from qm_tui.store.snapshot import Head, LaterVersion, NotASnapshot
from qm_tui.text import visible
from qm_tui.users.fields import KEYS, User

_BLOCK: Final = 64 * 1024


class Loss(NamedTuple):
    """Something that could not be read, or does not fit.

    Attributes:
        file: the name of the file.
        what: what is wrong, without a full stop; it holds no value of a user.
        line: the line of the file; 0 where that says nothing.
        offset: the byte at which it begins; -1 where that says nothing.
        number: the transaction, where known; else 0.
        users: the User IDs, as far as known.
    """

    file: str
    what: str
    line: int = 0
    offset: int = -1
    number: int = 0
    users: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [visible(self.file)]
        if self.line:
            parts.append(f"line {self.line:,}")
        if self.offset >= 0:
            parts.append(f"byte {self.offset:,}")
        if self.number:
            parts.append(f"transaction {self.number:,}")
        if self.users:
            more = len(self.users) - _NAMED
            named = ", ".join(visible(one, 64) for one in self.users[:_NAMED])
            named += f" and {more:,} more" if more > 0 else ""
            parts.append(f"user{'s' if len(self.users) > 1 else ''} {named}")
        return f"{', '.join(parts)}: {visible(self.what)}."


_NAMED: Final = 5
"""Users that are named where many are lost together."""


def bytes_of(path: Path, losses: list[Loss]) -> bytes:
    """What a file holds; a block that the system cannot read is zeros.

    Raises:
        OSError: it cannot be opened.
    """
    found = bytearray()
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        while len(found) < size:
            count = min(_BLOCK, size - len(found))
            try:
                block = os.pread(descriptor, count, len(found))
            except OSError as error:
                losses.append(Loss(path.name, reason(error), offset=len(found)))
                block = bytes(count)
            if not block:
                break
            found += block
    finally:
        os.close(descriptor)
    return bytes(found)


# The snapshot


@dataclass(slots=True)
class Snapshot:
    """What could be read of a snapshot.

    Attributes:
        path: the file.
        head: what it says of itself, where that could be read.
        generation: the number of the last transaction in it; None where that is not known.
        users: the users, in store order.
        numbers: TinyDB's document ID of each.
        extras: by document ID, what another program keeps in a user's document.
        tables: the other tables.
        losses: what could not be read.
        is_readable: whether every line could be read, changed since or not.
    """

    path: Path
    head: Head | None = None
    generation: int | None = None
    users: dict[str, User] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    extras: dict[int, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    is_readable: bool = False


def snapshot_at(path: Path) -> Snapshot:
    """What can be read of a snapshot.

    Raises:
        LaterVersion: a later version of this program wrote it.
        OSError: it cannot be opened.
    """
    made = Snapshot(path)
    try:
        with path.open("rb") as file:
            return _whole(file, made)
    except LaterVersion:
        raise
    except FileNotFoundError:
        raise
    except (NotASnapshot, OSError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
    data = bytes_of(path, made.losses)
    _Lines(made).take(data)
    if not made.users:
        scanned = Snapshot(path)
        _scan(data, scanned)
        if scanned.users:
            made = scanned
    if not made.losses:
        made.losses.append(Loss(path.name, why))
    return made


def _whole(file: BinaryIO, made: Snapshot) -> Snapshot:
    """A snapshot that can be read as the store reads it."""
    reading = snapshot.Reading(file)
    contents = Contents.read(reading.parts())
    if not reading.size:
        made.losses.append(Loss(made.path.name, "it is empty"))
        return made
    made.is_readable = True
    made.head, made.generation = reading.head, reading.generation
    made.users, made.numbers = dict(contents.state.users), contents.numbers
    made.extras, made.tables = contents.extras, contents.tables
    if reading.head is not None and not reading.is_as_written:
        made.losses.append(
            Loss(
                made.path.name,
                "it was changed since qm-tui wrote it, by another program or by damage to values; "
                "each line can be read, and was taken as it stands",
            )
        )
    return made


_END: Final = b"}\n}\n"
_USER_ID: Final = re.compile(rb'"user_id":"([^"\\\x00-\x1f]{1,64})"')


class _Lines:
    """The documents of a snapshot that has a line for each."""

    def __init__(self, made: Snapshot) -> None:
        self._made = made
        self._table: str | None = None
        self._reader = Reader()

    def take(self, data: bytes) -> None:
        """Take all lines of a file."""
        for number, line in enumerate(data.split(b"\n"), start=1):
            if line in (b"", b"{"):
                continue
            if line in (b"}", b"},"):
                self._table = None
            elif line.endswith(b":{"):
                self._open(line[:-2], number)
            else:
                self._document(line, number)
        head = self._made.head
        begin = data.find(head.line) + len(head.line) if head else 0
        if head and len(data) < begin + head.length and not data.endswith(_END):
            missing = begin + head.length - len(data)
            self._lose(f"the file ends {missing:,} bytes too early", offset=len(data))

    def _lose(self, what: str, **where: Any) -> None:  # noqa: ANN401 - as a Loss takes it
        self._made.losses.append(Loss(self._made.path.name, what, **where))

    def _open(self, name: bytes, number: int) -> None:
        try:
            self._table = str(json.loads(name))
        except ValueError:
            self._table = None
            self._lose("the name of a table cannot be read", line=number)

    def _document(self, line: bytes, number: int) -> None:
        found = _USER_ID.search(line)
        users = (found[1].decode(errors="replace"),) if found else ()
        try:
            ((key, document),) = json.loads(b"{%b}" % line.rstrip(b",")).items()
            if not isinstance(document, dict):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            what = "it cannot be read" if self._table != "_meta" else "the head cannot be read"
            self._lose(what, line=number, users=users)
            return
        if self._table == "_meta":
            self._head(document)
        elif self._table == snapshot.USERS or (self._table is None and _is_like_a_user(document)):
            try:
                _add(self._made, key, document, self._reader)
            except NotAUser as error:
                self._lose(f"it {error}", line=number, users=users)
        elif self._table is not None:
            self._made.tables.setdefault(self._table, {})[key] = document
        else:
            self._lose("it is not known to which table it belongs", line=number)

    def _head(self, meta: Mapping[str, Any]) -> None:
        self._made.head = snapshot.head_of(meta)
        generation = meta.get("generation")
        self._made.generation = generation if isinstance(generation, int) else None


def _is_like_a_user(document: Mapping[str, Any]) -> bool:
    return len(document.keys() & set(KEYS)) > len(KEYS) // 2


def _add(made: Snapshot, key: str, document: dict[str, Any], reader: Reader) -> None:
    """Take in a user.

    Raises:
        NotAUser: it is none, or has the User ID of another.
    """
    user, extras = reader.user(document)
    if user.user_id in made.users:
        msg = "has the User ID of another user"
        raise NotAUser(msg)
    taken = set(made.numbers.values()) if not key.isdecimal() else ()
    number = int(key) if key.isdecimal() else max(taken, default=0) + 1
    made.users[user.user_id] = user
    made.numbers[user.user_id] = number
    if extras:
        made.extras[number] = extras


_DOCUMENT: Final = re.compile(r'"([0-9]{1,18})"\s*:\s*(?=\{)')
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")


def _scan(data: bytes, made: Snapshot) -> None:
    """Find the users of a file that TinyDB itself wrote, in one piece."""
    text = data.decode("utf-8", "surrogateescape")
    decoder, reader = json.JSONDecoder(), Reader()
    at = 0
    while found := _DOCUMENT.search(text, at):
        offset = found.start()
        at = found.end()
        try:
            document, end = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            document, end = None, at
        is_read = document is not None and not _NOT_UTF8.search(text, offset, end)
        if is_read and not _is_like_a_user(document):
            continue
        at = end
        try:
            if not is_read:
                msg = "cannot be read"
                raise NotAUser(msg)
            _add(made, found[1], document, reader)
        except NotAUser as error:
            byte = len(text[:offset].encode("utf-8", "surrogateescape"))
            what = f"document {found[1]} {error}"
            made.losses.append(Loss(made.path.name, what, offset=byte))
