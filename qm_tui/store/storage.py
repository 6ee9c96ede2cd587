"""TinyDB's storage seam on the journal: other programs' tables beside the users.

    from tinydb import TinyDB

    with TinyDB(path, storage=JournalStorage) as db:
        db.table("notes").insert({"text": "call back"})

A write is one transaction, durable when it returns. It holds what differs from what was read
before: what others did to other documents meanwhile stays, and what they did to the same ones is
not overwritten.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock, local
from typing import Any, Final, NamedTuple

from tinydb.storages import Storage

from qm_tui.store.contents import Contents
from qm_tui.store.copies import (
    DEEPEST,
    Copies,
    Documents,
    UsersTable,
    as_json,
    is_same,
    is_too_deep,
)
from qm_tui.store.database import Database
from qm_tui.store.entries import TableChange
from qm_tui.store.errors import StoreError
from qm_tui.store.lock import WAIT
from qm_tui.store.rows import DOCUMENT_ID
from qm_tui.store.snapshot import META, USERS
from qm_tui.text import visible

_NONE: Final[Documents] = {}


class ChangedMeanwhile(StoreError):
    """Somebody else changed the same document after it was read. Nothing was changed."""


class _Seen(NamedTuple):
    """What the contents were at one moment. The tables and documents are never changed.

    Attributes:
        contents: the contents.
        generation: the number of the last transaction.
        tables: the tables, without that of the users.
    """

    contents: Contents
    generation: int
    tables: dict[str, dict[str, dict[str, Any]]]


class _Given(local):
    """What each thread was given last, and has changed since."""

    tables: Mapping[str, Documents] | None = None
    users: UsersTable | None = None


class JournalStorage(Storage):
    """A TinyDB storage: `TinyDB(path, storage=JournalStorage)`.

    The table `users` can be read but not written: users are changed through `UserStore`, which
    checks them. The table `_meta` is the store's own and not shown.

    Args:
        path: the store's file.
        wait: the seconds to wait for another writer.
        read_only: whether it shall only be looked at.
    """

    def __init__(self, path: str | Path, *, wait: float = WAIT, read_only: bool = False) -> None:
        super().__init__()
        self._database = Database(Path(path), wait=wait, read_only=read_only)
        self._threads = RLock()
        self._held = 0
        self._is_closed = False
        self._seen: _Seen | None = None
        self._given = _Given()

    # Reading

    def read(self) -> dict[str, Any] | None:
        """All tables as copies, by name and document ID; None where there are none.

        Raises:
            StoreError: they cannot be read.
        """
        with self._threads:
            seen = self._now()
            tables: dict[str, Any] = {name: Copies(table) for name, table in seen.tables.items()}
            users = None
            if seen.contents.state.users:
                users = UsersTable(seen.contents, self._threads)
            self._given.tables, self._given.users = seen.tables, users
            if users is not None:
                tables[USERS] = users
            return tables or None

    @property
    def version(self) -> tuple[object, int]:
        """Another one whenever anybody has changed anything.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._threads:
            seen = self._now()
            return seen.contents, seen.generation

    def _now(self) -> _Seen:
        """What the store holds now, others' commits included."""
        self._require_open()
        if not self._held:
            self._database.load()
        contents, seen = self._database.contents, self._seen
        generation = contents.state.generation
        if seen is None or seen.contents is not contents or seen.generation != generation:
            tables = {name: dict(table) for name, table in contents.tables.items()}
            self._seen = seen = _Seen(contents, generation, tables)
        return seen

    def _require_open(self) -> None:
        if self._is_closed:
            msg = f"The store {self._database.named} was closed: open it again."
            raise StoreError(msg)

    # Writing

    @contextmanager
    def held(self, why: str = "change of tables") -> Iterator[None]:
        """Keep others from writing between a read and the write that follows from it.

        Raises:
            StoreBusy: somebody else is writing and does not finish in time.
            StoreReadOnly: the store may not be written.
            StoreError: it cannot be read or locked.
        """
        with self._threads:
            if self._held:
                yield
                return
            self._require_open()
            with self._database.writing(why):
                self._held += 1
                try:
                    yield
                finally:
                    self._held -= 1

    def write(self, data: Mapping[str, Any]) -> None:
        """Save what differs from what this thread was given last, wholly or not at all.

        Raises:
            ChangedMeanwhile: somebody else changed the same document, or took the same ID.
            StoreError: it could not be written, or may not be; all is as it was.
            TypeError: a document holds something that JSON has no form for.
        """
        with self.held():
            now = self._now()
            given = self._given.tables
            if given is None:
                self.read()
                given = now.tables
            self._require_users_kept(data.get(USERS))
            change = _Change(self._database.named, given, now.tables)
            for name, table in data.items():
                if name != USERS:
                    change.set_table(name, table)
            for name in given.keys() - data.keys():
                change.drop_table(name)
            known = change.known if given is not now.tables else None
            if change.tables:
                names = ", ".join(visible(name, 40) for name in change.tables)
                self._database.commit({}, f"change of {names}", tables=change.tables)
            # what others did to other documents is not known to the writer before the next read
            self._given.tables = self._now().tables if known is None else known()

    def _require_users_kept(self, table: object) -> None:
        """Refuse to change users past the checks.

        Raises:
            StoreError: they would not be as they were.
        """
        users = self._given.users
        if table is users or (not table and not users):
            return
        if users and isinstance(table, Mapping) and is_same(dict(table), dict(users)):
            return
        msg = (
            f"The table {USERS} of {self._database.named} cannot be changed through TinyDB, past "
            "the checks: nothing was changed. Use qm-tui, or UserStore in a program."
        )
        raise StoreError(msg)

    def close(self) -> None:
        """Close the files. Nothing can be read or written after that."""
        with self._threads:
            self._is_closed = True
            self._database.close()


class _Change:
    """What a write does to each table.

    Args:
        named: the store, for a sentence.
        given: the tables as the writer read them.
        now: the tables as they are.

    Attributes:
        tables: the changes.
    """

    def __init__(
        self, named: str, given: Mapping[str, Documents], now: Mapping[str, Documents]
    ) -> None:
        self._named = named
        self._given = given
        self._now = now
        self._wanted: dict[str, list[str]] = {}
        self.tables: dict[str, TableChange] = {}

    def known(self) -> dict[str, Documents]:
        """The tables as the writer knows them once the change is made."""
        tables: dict[str, Documents] = {}
        for name, numbers in self._wanted.items():
            change = self.tables.get(name)
            documents = {**self._given.get(name, _NONE), **(change["set"] if change else _NONE)}
            tables[name] = {number: documents[number] for number in numbers}
        return tables

    def set_table(self, name: str, table: Mapping[Any, Any]) -> None:
        """Take a table as it shall be."""
        self._require_name(name)
        given, now = self._given.get(name, _NONE), self._now.get(name, _NONE)
        if isinstance(table, Copies) and table.source is given:
            wanted: Mapping[Any, Any] = table
            looked_at = list(table.touched)
        else:
            wanted = {str(number): document for number, document in table.items()}
            looked_at = [*wanted, *(number for number in given if number not in wanted)]
        documents: dict[str, dict[str, Any]] = {}
        gone: list[str] = []
        for number in looked_at:
            before = given.get(number)
            if number not in wanted:
                if before is not None and number in now:
                    self._require_unchanged(name, number, before, now.get(number))
                    gone.append(number)
                continue
            after = wanted[number]
            if before is None or not is_same(before, after):
                after = self._document(name, number, after)
            if before is None or not is_same(before, after):
                self._require_unchanged(name, number, before, now.get(number))
                documents[number] = after
        if documents or gone or (name not in self._given and name not in self._now):
            self.tables[name] = {"set": documents, "gone": gone}
        self._wanted[name] = list(wanted)

    def drop_table(self, name: str) -> None:
        """Take note that a table shall go."""
        given, now = self._given[name], self._now.get(name)
        if now is None:
            return
        for number in {**given, **now}:
            if number in now:
                self._require_unchanged(name, number, given.get(number), now[number])
        self.tables[name] = None

    def _require_unchanged(self, name: str, number: str, before: object, now: object) -> None:
        if is_same(before, now):
            return
        what = "was added" if before is None else "was deleted" if now is None else "was changed"
        msg = (
            f"Document {number} of the table {visible(name)} in {self._named} {what} by somebody "
            "else meanwhile. Nothing was changed; read it again, and make the change once more."
        )
        raise ChangedMeanwhile(msg)

    def _require_name(self, name: object) -> None:
        if not isinstance(name, str):
            msg = f"The name of a table must be text, not {type(name).__name__}."
            raise TypeError(msg)
        if name == META:
            msg = f"The table {META} of {self._named} is the store's own. Nothing was changed."
            raise StoreError(msg)

    def _document(self, name: str, number: str, document: object) -> dict[str, Any]:
        """A document as the store keeps it.

        Raises:
            StoreError: the store could not read it back.
            TypeError: it is none.
        """
        where = f"Document {visible(number, 40)} of the table {visible(name)}"
        if not isinstance(document, Mapping):
            msg = f"{where} must be a mapping, not {type(document).__name__}."
            raise TypeError(msg)
        if not DOCUMENT_ID.fullmatch(number):
            msg = f"{where} cannot be saved: an ID is a number from 0. Nothing was changed."
            raise StoreError(msg)
        if is_too_deep(document):
            msg = (
                f"{where} cannot be saved: more than {DEEPEST} lists and mappings stand inside one "
                "another. Nothing was changed."
            )
            raise StoreError(msg)
        try:
            return as_json(document)
        except ValueError as error:
            msg = (
                f"{where} cannot be saved: it holds a number that JSON does not have (infinity, or "
                "not a number). Nothing was changed."
            )
            raise StoreError(msg) from error
