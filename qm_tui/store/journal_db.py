"""TinyDB for several programs at once: the lock is held from each read to the write it leads to.

    with JournalDB(path) as db:
        db.table("notes").upsert({"text": "call back"}, where("user") == "u7kqm2xw4zp3")

With plain `TinyDB(path, storage=JournalStorage)` a change is refused where somebody else was
faster; here it waits for its turn. TinyDB itself has no hook for that, picks the ID of a new
document before it reads, and keeps the results of queries whatever others write: hence these
overrides, in part of private methods.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from qm_tui.store.copies import Copies, Numbered
from qm_tui.store.snapshot import USERS
from qm_tui.store.storage import JournalStorage


class JournalTable(Table):
    """A table that several programs may change at once."""

    _next_id: int | None  # type: ignore[assignment]

    def __init__(
        self,
        storage: JournalStorage,
        name: str,
        cache_size: int = Table.default_query_cache_capacity,
        persist_empty: bool = False,
    ) -> None:
        self._journal = storage
        self._version: tuple[object, int] | None = None
        super().__init__(storage, name, cache_size, persist_empty)

    def insert(self, document: Mapping[str, Any]) -> int:
        """Insert a document; no other program gets its ID.

        Raises:
            StoreError: it could not be saved; the table is as it was.
        """
        with self._journal.held(self._why):
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Insert documents, all or none; no other program gets their IDs.

        Raises:
            StoreError: they could not be saved; the table is as it was.
        """
        documents = list(documents)  # whatever makes them does not hold up the others
        with self._journal.held(self._why):
            return super().insert_multiple(documents)

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        """Update the documents that a query finds, or insert one; nobody comes in between.

        Raises:
            StoreError: it could not be saved.
        """
        with self._journal.held(self._why):
            return super().upsert(document, cond)

    def search(self, cond: QueryLike) -> list[Document]:
        """The documents that a query finds, others' changes included."""
        self._take_note_of_others()
        return super().search(cond)

    @property
    def _why(self) -> str:
        return f"change of {self.name}"

    def _take_note_of_others(self) -> None:
        """Forget what may no longer hold, if anybody has written since this table was looked at."""
        version = self._journal.version
        if version == self._version:
            return
        self._version = version
        self.clear_cache()
        if self._next_id is not None:
            numbers = map(int, self._read_table())
            self._next_id = max(self._next_id, 1 + max(numbers, default=0))

    def _get_next_id(self) -> int:
        self._take_note_of_others()
        return cast("int", super()._get_next_id())  # type: ignore[no-untyped-call]

    def _update_table(self, updater: Callable[[dict[int, Mapping[str, Any]]], None]) -> None:
        with self._journal.held(self._why):
            if self.name == USERS:
                super()._update_table(updater)
                return
            tables = self._journal.read() or {}
            table = tables.setdefault(self.name, Copies({}))
            updater(cast("dict[int, Mapping[str, Any]]", Numbered(table)))
            is_alone = self._version == self._journal.version
            self._journal.write(tables)
            if is_alone:
                self._version = self._journal.version
        self.clear_cache()


class JournalDB(TinyDB):
    """A TinyDB database on a journal, for several programs at once: `JournalDB(path)`."""

    default_storage_class = JournalStorage  # type: ignore[assignment]
    table_class = JournalTable  # type: ignore[assignment]

    def drop_table(self, name: str) -> None:
        """Drop a table.

        Raises:
            StoreError: it is that of the users, or could not be dropped.
        """
        with self._journal.held(f"drop of {name}"):
            super().drop_table(name)

    def drop_tables(self) -> None:
        """Drop all tables.

        Raises:
            StoreError: there are users, or they could not be dropped.
        """
        with self._journal.held("drop of all tables"):
            self._journal.read()  # those of others too, which are not known yet
            super().drop_tables()

    @property
    def _journal(self) -> JournalStorage:
        return cast("JournalStorage", self.storage)
