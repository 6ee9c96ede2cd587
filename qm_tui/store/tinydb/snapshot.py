"""The snapshot: `users.json`, all users as plain TinyDB and `jq` read them.

A document has a line of its own, so that some hundred are written and parsed at a time: one call
over 100,000 users would hold the interpreter, and with it every key, for half a second.

    {
    "users":{
    "1":{"first_name":"Anna", ...},
    "2":{"first_name":"Björn", ...}
    },
    "_meta":{
    "1":{"format":3,"position":[2,18220,"8d1f...",42],"checksum":"5d4c1a90b7e2f013"}
    }
    }

`position` is the place in the log that the snapshot corresponds to: segment, byte, chain value and
number of the last transaction. The checksum covers every byte of the file but its own digits. A
file that plain TinyDB wrote, on one line, is read as well.
"""

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import accumulate, count, islice, repeat
from operator import itemgetter
from typing import Any, BinaryIO, Final, Self

import orjson

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, ignore_progress
from qm_tui.store.memory.maps import (
    EMPTY,
    NameChanges,
    UserMaps,
    UserNameInUse,
    check_consistency,
    name_changes,
    next_maps,
)
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.state import Changes
from qm_tui.store.tinydb import entries
from qm_tui.store.tinydb.entries import ADDED, CHANGED, DELETED, MAX_NUMBER, Row, encode
from qm_tui.store.tinydb.lock import Position
from qm_tui.store.tinydb.log import FORMAT
from qm_tui.text import sanitize
from qm_tui.users.fields import FIELD, FLAG_INDEXES, KEYS, SHARED_FIELD_INDEXES, User, values_of
from qm_tui.users.identity import normalize_user_name

USERS: Final = "users"
"""The table of the users."""

META: Final = "_meta"
"""The table of the store itself."""

Document = dict[str, Any]

UsersRead = Callable[[Sequence[User]], object]
"""Called with users that were read, some hundred at a time and in store order. A user that a later
transaction changed comes again; one that was deleted may have come before."""


def ignore_users(_users: Sequence[User]) -> None:
    """Ignore users that were read."""


_CHECKSUM: Final = b'"checksum":"'
_BATCH: Final = 64 * 1024
"""Bytes that are parsed in one call: less than a millisecond."""

_TAIL: Final = 1024
"""Bytes at the end of the file that hold `_meta`."""

_MAX_DEPTH: Final = 50
"""Levels of nesting in members of other programs: far fewer than Python can parse."""

_USER_ID: Final = FIELD["user_id"].index
_user_name_of: Final = itemgetter(FIELD["user_name"].index)
_SHARED: Final = (
    *SHARED_FIELD_INDEXES,
    *FLAG_INDEXES,
    *(FIELD[key].index for key in ("first_name", "last_name")),
)
"""The places of values that many users share: equal ones become one string."""

_BLANK: Final[Document] = dict.fromkeys(KEYS)


class InvalidSnapshot(entries.FilesUnusable):
    """The file is not TinyDB's JSON, or its users are none."""


class Contents:
    """What a store holds. It never changes; a transaction makes another one.

    Args:
        state: the users.
        ids: TinyDB's document ID of each user, by User ID.
        extras: the members of other programs in the documents of users, as JSON, by document ID.
        tables: the tables of other programs, as JSON; empty if there are none.
        next_id: the document ID of the next new user.
    """

    def __init__(
        self,
        state: UserMaps = EMPTY,
        ids: OverlayMapping[int] | None = None,
        extras: Mapping[int, str] | None = None,
        tables: str = "",
        next_id: int = 1,
    ) -> None:
        self.state, self.tables, self.next_id = state, tables, next_id
        self.ids: OverlayMapping[int] = OverlayMapping() if ids is None else ids
        self.extras: Mapping[int, str] = extras or {}
        self._user_ids: OverlayMapping[str] | None = None

    @property
    def user_ids(self) -> OverlayMapping[str]:
        """The User IDs by document ID as text. Built on first use, then updated."""
        if self._user_ids is None:
            found = {str(number): user_id for user_id, number in self.ids.items()}
            self._user_ids = OverlayMapping(found)
        return self._user_ids

    def numbered(self, number: int) -> "Contents":
        """Return the same contents after a transaction that changed nothing."""
        state = UserMaps(number, self.state.users, self.state.names)
        return Contents(state, self.ids, self.extras, self.tables, self.next_id)

    def name_changes(self, changes: Changes) -> NameChanges:
        """Check that changes fit the users and one another; return what they do to User Names.

        Raises:
            UserNameInUse: two users would have one User Name.
            ValueError: the changes do not fit.
        """
        return check_consistency(self.state, changes)

    def document(self, user: User) -> Document:
        """Return a user as a document."""
        document = _BLANK.copy()  # a copy has its final size from the start
        document.update(zip(KEYS, user))  # noqa: B905 - same length
        if self.extras:
            document |= json.loads(self.extras.get(self.ids[user.user_id], "{}"))
        return document

    def documents(self) -> Iterator[tuple[int, Document]]:
        """Yield all users as documents, with their IDs."""
        ids = self.ids
        for user_id, user in self.state.users.items():
            yield ids[user_id], self.document(user)

    def other_tables(self) -> dict[str, dict[str, Document]]:
        """Return the tables of other programs: by name, by document ID, the document."""
        found: dict[str, dict[str, Document]] = json.loads(self.tables or "{}")
        return found

    def row(self, operation: str, user: User) -> Row:
        """Return the row that adds or deletes a user of this store."""
        number = self.ids[user.user_id]
        extras = self.extras.get(number)
        return [operation, number, [*user], extras] if extras else [operation, number, [*user]]

    def rows(self) -> Iterator[list[Row]]:
        """Yield rows that add all users, some at a time."""
        rest = iter(self.state.users.values())
        while some := list(islice(rest, entries.ROWS_IN_A_PART)):
            yield [self.row(ADDED, user) for user in some]


class Changeset:
    """A transaction in the making: what it does to the contents of a store.

    Args:
        contents: what it changes.
        is_lenient: whether to skip invalid rows, as when a store is recovered.

    Attributes:
        losses: the skipped rows; sentences.
        users: the users as they will be, by User ID; None for deleted ones.
        changed: the number of users that it changes.
        is_applied: whether it was applied.
    """

    def __init__(self, contents: Contents, *, is_lenient: bool = False) -> None:
        self._before, self._is_lenient = contents, is_lenient
        self.losses: list[str] = []
        self._ids: dict[str, int | None] = {}
        self._extras: dict[int, str] = {}
        self._values = _SharedValues()
        self.users: dict[str, User | None] = {}
        self.changed = 0
        self.is_applied = False

    @property
    def deleted(self) -> int:
        """The number of users that it deletes."""
        return sum(number is None for number in self._ids.values())

    @property
    def added(self) -> int:
        """The number of users that it adds."""
        return len(self._ids) - self.deleted

    def rows(
        self, changes: Changes, ids: Mapping[str, int], extras: Mapping[str, str]
    ) -> Iterator[Row]:
        """Yield the rows of changes. Unchanged users get none.

        Args:
            changes: the users as they will be.
            ids: the document IDs of new users, by User ID; the next free ones by default.
            extras: the members of other programs in the documents of users, by User ID, as far as
                they change.
        """
        before = self._before
        find = before.state.users.get
        fresh = count(max(before.next_id, max(ids.values(), default=0) + 1))
        self.users = changes  # type: ignore[assignment]
        for user_id, user in changes.items():
            stored = find(user_id)
            if stored is None:
                if user is not None:
                    number = ids[user_id] if user_id in ids else next(fresh)
                    self._ids[user_id] = number
                    row: Row = [ADDED, number, [*user]]
                    if user_id in extras:
                        self._extras[number] = extras[user_id]
                        row.append(extras[user_id])
                    yield row
            elif user is None:
                self._ids[user_id] = None
                yield before.row(DELETED, stored)
            elif user != stored or user_id in extras:
                self.changed += 1
                pairs = {
                    key: (old, new)
                    for key, old, new in zip(KEYS, stored, user, strict=True)
                    if old != new
                }
                row = [CHANGED, user_id, pairs]
                if user_id in extras:
                    self._extras[before.ids[user_id]] = extras[user_id]
                    row.append(extras[user_id])
                yield row

    def add(self, rows: object) -> list[User]:
        """Take over rows that were read; return the users that are added or changed.

        Raises:
            ValueError, TypeError, LookupError: a row is none, or does not fit.
        """
        if not isinstance(rows, list):
            raise ValueError("there is no list of users")
        found = [self._add_one(*row) for row in rows]
        return [user for user in found if user is not None]

    def _add_one(self, operation: str, subject: Any, values: Any, extras: str = "") -> User | None:  # noqa: ANN401
        user_id = subject if operation == CHANGED else values[_USER_ID]
        in_store = self._before.state.users.get(user_id)
        stored = self.users.get(user_id, in_store)
        if (stored is None) is not (operation == ADDED):
            if not self._is_lenient:
                raise ValueError("a transaction does not fit")
            self.losses.append(f"A change of user {sanitize(str(user_id), 60)} is inconsistent.")
            return None
        if operation == DELETED:
            self.users[user_id] = self._ids[user_id] = None
            return None
        after = list(stored or entries.padded(values))
        if operation == CHANGED:
            for key, (old, new) in values.items():
                place = FIELD[key].index
                if (after[place] != old and not self._is_lenient) or key == "user_id":
                    raise ValueError("a transaction does not fit")
                after[place] = new
            given = self._ids.get(user_id)
            number = self._before.ids[user_id] if given is None else given
        else:
            number = self._ids[user_id] = subject
            if operation != ADDED or type(subject) is not int or not 0 <= subject < MAX_NUMBER:
                raise ValueError("a user cannot be added")
        "".join(after)  # fails on anything but text
        if len(after) != len(KEYS) or not user_id:
            raise ValueError("a user cannot be read")
        if extras:
            self._extras[number] = extras if isinstance(json.loads(extras), dict) else "{}"
        user = self.users[user_id] = self._values.shared(after)
        return user

    def apply(self, number: int, tables: str = "", names: NameChanges | None = None) -> Contents:
        """Return the contents after the transaction.

        Args:
            number: its number.
            tables: the tables of other programs, if it brings some.
            names: what it does to User Names, if that is known.

        Raises:
            ValueError: it does not fit.
        """
        if tables and not isinstance(json.loads(tables), dict):
            raise ValueError("a table cannot be read")
        before, self.is_applied = self._before, True
        changes = self.users
        if None in changes.values():  # a user that was added and deleted again never existed
            stored = before.state.users
            changes = {key: user for key, user in changes.items() if user or key in stored}
        ids = {
            key: value for key, value in self._ids.items() if value is not None or key in before.ids
        }
        if names is None:
            with suppress(UserNameInUse):  # an earlier version or another program wrote it
                names = name_changes(before.state, changes)
        state = next_maps(before.state, changes, number, names)
        gone = {before.ids[key] for key, value in ids.items() if value is None}
        extras = before.extras
        if self._extras or (extras and gone):
            left = {key: value for key, value in extras.items() if key not in gone}
            extras = left | self._extras
        fresh = [value for value in ids.values() if value is not None]
        made = Contents(
            state,
            before.ids.with_changes(ids) if ids else before.ids,
            extras,
            tables or before.tables,
            max(before.next_id, max(fresh, default=0) + 1) if state.users else 1,
        )
        if before._user_ids is not None:
            users: dict[str, str | None] = dict.fromkeys(map(str, gone))
            users |= {str(value): key for key, value in ids.items() if value is not None}
            made._user_ids = before._user_ids.with_changes(users) if users else before._user_ids
        return made


# Writing


def write_snapshot(
    file: BinaryIO,
    contents: Contents,
    position: Position,
    progress: ProgressCallback = ignore_progress,
) -> None:
    """Write what a store holds to an empty file.

    Args:
        file: the file.
        contents: what the store holds.
        position: the place in the log that this corresponds to.
        progress: told of every thousand documents.
    """
    digest, total = sha256(), len(contents.state.users)

    def put(data: bytes) -> None:
        file.write(data)
        digest.update(data)

    put(b"{\n")
    tables: dict[str, Iterator[bytes]] = {USERS: _user_lines(contents)}
    tables |= {name: map(_line, table.items()) for name, table in contents.other_tables().items()}
    for name, lines in tables.items():
        put(b"%b:{\n" % encode(name))
        before, done = b"", 0
        while batch := list(islice(lines, CHUNK_SIZE)):
            put(before + b",\n".join(batch))
            before, done = b",\n", done + len(batch)
            progress(Phase.SAVING, done, total)
        put(b"\n},\n" if before else b"},\n")
    meta = encode({"format": FORMAT, "position": position, "checksum": ""})
    put(b'%b:{\n"1":%b' % (encode(META), meta[:-2]))
    after = b'"}\n}\n}\n'
    digest.update(after)
    file.write(_digits(digest.hexdigest()) + after)


def _digits(digest: str) -> bytes:
    return digest[: len(entries.START)].encode("ascii")


def _user_lines(contents: Contents) -> Iterator[bytes]:
    """Yield the lines of the users; in one loop, since it is done after every change."""
    ids, is_plain, dumps = contents.ids, not contents.extras, orjson.dumps
    for user_id, user in contents.state.users.items():
        try:
            document = dict(zip(KEYS, user)) if is_plain else contents.document(user)  # noqa: B905
            yield b'"%d":%b' % (ids[user_id], dumps(document))
        except TypeError:
            yield _line((ids[user_id], contents.document(user)))


def _line(entry: tuple[object, Document]) -> bytes:
    number, document = entry
    return b'"%b":%b' % (str(number).encode("ascii"), encode(document))


# Reading


class SnapshotFile:
    """A file that may be a snapshot.

    Args:
        descriptor: the open file. It is closed with this.

    Attributes:
        position: the place in the log that it corresponds to; None if it has none.
        is_complete: whether its checksum fits; known once it was read or verified.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "rb")
        self.size = os.fstat(descriptor).st_size
        self.position: Position | None = None
        self.is_complete = False
        start = max(0, self.size - _TAIL)
        tail = os.pread(descriptor, _TAIL, start)
        checksum, meta = tail.rfind(_CHECKSUM), tail.rfind(b'"_meta":{')
        self._digits = start + checksum + len(_CHECKSUM)
        if 0 <= meta < checksum:
            try:
                found = json.loads(b"{" + tail[meta:])[META]["1"]
                if found["format"] > FORMAT:
                    self._file.close()
                    raise entries.VersionMismatch("a later version of qm-tui wrote it")
                self.position = Position.parse(found["position"])
            except (ValueError, LookupError, TypeError, RecursionError):
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _chunks(self) -> Iterator[bytes]:
        """Yield the file, some whole lines at a time, and find out whether it is whole."""
        digest, offset, found = sha256(), 0, b""
        self._file.seek(0)
        while data := self._file.read(_BATCH):
            data += self._file.readline()
            place = self._digits - offset
            if 0 <= place < len(data):
                found = data[place : place + len(entries.START)]
                digest.update(data[:place])
                digest.update(data[place + len(entries.START) :])
            else:
                digest.update(data)
            yield data
            offset += len(data)
        self.is_complete = self.position is not None and found == _digits(digest.hexdigest())

    def verify(self) -> bool:
        """Read the file; return whether it is as this program wrote it."""
        for _ in self._chunks():
            pass
        return self.is_complete

    def digest(self) -> str:
        """Return a digest of all of it."""
        self._file.seek(0)
        return sha256(self._file.read()).hexdigest()

    def read(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: UsersRead = ignore_users,
    ) -> Contents:
        """Return what it holds.

        Raises:
            VersionMismatch: another version wrote it.
            InvalidSnapshot: it is not TinyDB's JSON, or one of its users is none.
        """
        reader = _Reader(on_loaded)
        if self.position is None:
            self._read_plain(reader, progress)
            return reader.contents(0)
        name, done = "", 0
        for chunk in self._chunks():
            name = _read_lines(chunk, name, reader)
            done += len(chunk)
            progress(Phase.OPENING, done, self.size)
        return reader.contents(self.position.number)

    def salvage(self) -> tuple[Contents, list[str]]:
        """Return the documents of it that can be read, and what cannot; sentences."""
        reader, losses, name = _Reader(ignore_users), [], ""
        with suppress(entries.FilesUnusable):
            self._read_plain(reader, ignore_progress)
            return reader.contents(0), []
        reader = _Reader(ignore_users)
        self._file.seek(0)
        for number, line in enumerate(self._file, start=1):
            try:
                name = _read_lines(line, name, reader)
            except InvalidSnapshot as error:
                losses.append(f"Line {number:,} is lost: {sanitize(str(error))}.")
        return reader.contents(0), losses

    def _read_plain(self, reader: "_Reader", progress: ProgressCallback) -> None:
        """Read a file that plain TinyDB wrote."""
        self._file.seek(0)
        data = self._file.read()
        met = count(1)

        def met_one(mapping: Document) -> Document:
            # called for each document, so that the one long call is many short ones
            if not next(met) % CHUNK_SIZE:
                progress(Phase.OPENING, 0, len(data))
            return mapping

        try:
            tables = json.loads(data, object_hook=met_one) if data.strip() else {}
        except (ValueError, RecursionError) as error:
            where = ""
            if isinstance(error, json.JSONDecodeError):
                where = f"line {error.lineno}, column {error.colno} "
            raise InvalidSnapshot(f"{where or 'it '}is not JSON") from error
        if not isinstance(tables, dict) or not all(
            isinstance(one, dict) for one in tables.values()
        ):
            raise InvalidSnapshot("it is JSON, but not a TinyDB database")
        if any("uid" in document for document in tables.get(META, {}).values()):
            raise entries.VersionMismatch("a version of qm-tui before 0.2 wrote it")
        for name, table in tables.items():
            reader.add(name, table)


def _read_lines(chunk: bytes, name: str, reader: "_Reader") -> str:
    """Read some more lines of a table; return the name of the table in which they end."""
    opens = b":{\n"
    first = chunk[: chunk.find(b"\n") + 1]
    if first.startswith(b'"') and not first.endswith(opens):
        with_all = _parsed(chunk)
        if with_all is not None:
            reader.add(name, with_all)
            return name
    waiting: list[bytes] = []
    for line in (*chunk.splitlines(keepends=True), b"}"):
        if line.startswith(b'"') and not line.endswith(opens):
            waiting.append(line)
            continue
        if waiting:
            documents = _parsed(b"".join(waiting))
            if documents is None:
                raise InvalidSnapshot("a line of it is not TinyDB's JSON")
            reader.add(name, documents)
            waiting = []
        if line.endswith(opens):
            name = next(iter(_parsed(line[: -len(opens)] + b":0") or ("",)))
    return name


def _parsed(lines: bytes) -> dict[str, Any] | None:
    lines = b"{%b}" % lines.rstrip(b",\n")
    try:
        found: dict[str, Any] = orjson.loads(lines)
        if any(type(one) is not dict or len(one) != len(KEYS) for one in found.values()):
            found = json.loads(lines)  # exact, even if whole numbers exceed 64 bits
    except ValueError:
        try:
            found = json.loads(lines)  # half surrogate pairs
        except (ValueError, RecursionError):
            return None
    return found


class _SharedValues:
    """Makes users; equal values of fields that repeat become one string."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def users(self, columns: list[tuple[str, ...]]) -> list[User]:
        """Return users of the columns of their values."""
        for place in _SHARED:
            columns[place] = tuple(map(self._known.setdefault, columns[place], columns[place]))
        return list(map(tuple.__new__, repeat(User), zip(*columns, strict=True)))

    def shared(self, values: list[str]) -> User:
        """Return a user of its values."""
        for place in _SHARED:
            values[place] = self._known.setdefault(values[place], values[place])
        return tuple.__new__(User, values)


class _Reader:
    """Takes in documents, and makes the contents of them."""

    def __init__(self, on_loaded: UsersRead) -> None:
        self._on_loaded = on_loaded
        self._values = _SharedValues()
        self._users: dict[str, User] = {}
        self._names: dict[str, str] = {}
        self._ids: dict[str, int] = {}
        self._extras: dict[int, str] = {}
        self._tables: dict[str, dict[str, Document]] = {}

    def add(self, table: str, documents: Mapping[str, Document]) -> None:
        """Take in documents.

        Raises:
            InvalidSnapshot: one of them is none, or no user, or two have one User ID.
        """
        if table == META:
            return
        try:
            numbers = list(map(int, documents))
            are_numbers = (
                list(map(str, numbers)) == list(documents) and min(numbers, default=0) >= 0
            )
        except ValueError:
            are_numbers = False
        if not are_numbers or not set(map(type, documents.values())) <= {dict}:
            raise InvalidSnapshot("it is JSON, but contains a value that is not a TinyDB document")
        if table != USERS:
            self._tables.setdefault(table, {}).update(documents)
            return
        if max(numbers, default=0) > entries.LAST_ID:
            raise InvalidSnapshot("a document of its table users has an ID that is too large")
        batch = self._plain_users(documents.values()) or [
            self._user(number, document) for number, document in documents.items()
        ]
        user_ids, expected = [user[_USER_ID] for user in batch], len(self._ids) + len(batch)
        self._users.update(zip(user_ids, batch, strict=True))
        self._ids.update(zip(user_ids, numbers, strict=True))
        if len(self._ids) != expected:
            raise InvalidSnapshot("two documents of its table users have the same User ID")
        keys = list(map(normalize_user_name, map(_user_name_of, batch)))
        if self._names.keys().isdisjoint(keys) and len(set(keys)) == len(keys):
            self._names.update(zip(keys, user_ids, strict=True))
        else:  # two users have one name: the first of them has it
            for key, user_id in zip(keys, user_ids, strict=True):
                self._names.setdefault(key, user_id)
        self._on_loaded(batch)

    def _plain_users(self, documents: Collection[Document]) -> list[User]:
        """Return the users of documents; none if one of them has other members than ours."""
        try:
            columns = list(zip(*map(values_of, documents), strict=True))
            for column in columns:
                "".join(column)  # fails on anything but text
        except (KeyError, TypeError):
            return []
        if not columns or "" in columns[_USER_ID] or set(map(len, documents)) != {len(KEYS)}:
            return []
        return self._values.users(columns)

    def _user(self, number: str, document: Document) -> User:
        user, extras = user_of(document, f"document {number} of its table users")
        if not user.user_id:
            raise InvalidSnapshot(f"document {number} of its table users has no User ID (user_id)")
        if extras:
            self._extras[int(number)] = extras
        return self._values.shared(list(user))

    def contents(self, number: int) -> Contents:
        """Return what was read, as of a transaction."""
        state = UserMaps(number, OverlayMapping(self._users), OverlayMapping(self._names))
        next_id = max(self._ids.values(), default=0) + 1
        tables = encode(self._tables).decode() if self._tables else ""
        return Contents(state, OverlayMapping(self._ids), self._extras, tables, next_id)


def user_of(document: Mapping[str, Any], what: str) -> tuple[User, str]:
    """Return the user that a document describes, and what else it holds, as JSON.

    Args:
        document: the document; missing fields are empty.
        what: what it is, for the message.

    Raises:
        InvalidSnapshot: a value is neither text nor a whole number, or has no form in JSON.
    """
    values = ["" if document.get(key) is None else document[key] for key in KEYS]
    extras = {key: value for key, value in document.items() if key not in FIELD}
    try:
        for place, value in enumerate(values):
            if not isinstance(value, str | int):
                raise InvalidSnapshot(f"{what} contains a value that is not text in {KEYS[place]}")
            values[place] = value if isinstance(value, str) else str(int(value))
        text = json.dumps(extras, allow_nan=False, separators=(",", ":")) if extras else ""
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidSnapshot(f"{what} contains a value that cannot be saved") from error
    brackets = re.sub(r'"(?:[^"\\]|\\.)*"|[^][{}]', "", text)
    if max(accumulate(1 if one in "[{" else -1 for one in brackets), default=0) > _MAX_DEPTH:
        raise InvalidSnapshot(f"{what} is nested too deeply (maximum {_MAX_DEPTH} levels)")
    return tuple.__new__(User, values), text
