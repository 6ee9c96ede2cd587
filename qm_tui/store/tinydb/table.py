"""The users as a TinyDB database.

    with UsersDB("users.json") as db:
        db.update({"location": "Oslo"}, where("user_name") == "aberg")

Every change is validated, is one transaction with an entry in Activity, and can be undone. A change
that deletes several users or is a mass change requires their number: `db.remove(..., confirm=12)`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager
from threading import local
from typing import Any, Final, cast

from tinydb import TinyDB
from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.action_text import noun_text
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.errors import ConfirmationRequired, StoreError
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.memory.state import MemoryState
from qm_tui.store.memory.states import States
from qm_tui.store.state import Changes, State
from qm_tui.store.tinydb.entries import LAST_ID
from qm_tui.store.tinydb.snapshot import USERS, InvalidSnapshot, user_of
from qm_tui.store.tinydb.storage import SMALL, LogStorage
from qm_tui.store.transaction import Transaction
from qm_tui.text import pluralize, sanitize
from qm_tui.users.fields import FIELD, KEYS, User
from qm_tui.users.identity import new_user_ids

Fields = Mapping[Any, Any] | Callable[[MutableMapping[Any, Any]], None]
_SCRIPT: Final = Action(TransactionKind.SCRIPT)


class TableTransaction(Transaction):
    """A transaction of the users table, while the lock is held.

    Args:
        storage: the store.
        states: makes its states.
        action: what it is.
        confirm: the number of users that its caller confirmed.

    Attributes:
        documents: the documents that it changes, by document ID: the user, and what else the
            document holds, as JSON; None for removed ones.
        next_id: the document ID of the next new one.
    """

    def __init__(
        self, storage: LogStorage, states: States, action: Action, confirm: int = 0
    ) -> None:
        self._storage, self._states = storage, states
        self._action, self.confirm = action, confirm
        self.documents: dict[int, tuple[User, str] | None] = {}
        self.next_id = storage.contents.next_id
        self._ids: dict[str, int] = {}
        self._extras: dict[str, str] = {}

    @property
    def state(self) -> MemoryState:
        """The newest state of the store."""
        return self._states.of(self._storage.contents.state)

    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        self._storage.commit(changes, self._action, progress, self._ids, self._extras)
        return self.state

    def add(self, document: Mapping[str, Any], number: int | None) -> int:
        """Add a new document; return its ID.

        Args:
            document: the document.
            number: the ID to use.

        Raises:
            ValueError: it cannot have this ID.
            StoreError: it is not a user.
        """
        if number is None:
            # a user that is removed and added again has the same document ID
            gone = self._storage.contents.ids.get(str(document.get("user_id")), -1)
            number = gone if self.documents.get(gone, gone) is None else self.next_id
        if type(number) is not int or not 0 <= number <= LAST_ID:
            raise ValueError(f"{number!r} is not a document ID")
        self.change(number, document, new_user_ids(1)[0])
        self.next_id = max(self.next_id, number + 1)
        return number

    def change(self, number: int, document: Mapping[str, Any], user_id: str) -> None:
        """Change a document.

        Args:
            number: its ID.
            document: the document.
            user_id: its User ID, if it holds none.

        Raises:
            StoreError: it is not a user.
        """
        try:
            user, extras = user_of(document, f"Document {number}")
        except InvalidSnapshot as error:
            raise StoreError(f"{error}. Nothing was changed.") from error
        if extras and extras != self._storage.contents.extras.get(number):
            _require_sound(extras, f"Document {number}")
        user = user if user.user_id else user._replace(user_id=user_id)
        self.documents[number] = user, extras or "{}"

    def commit_documents(self) -> None:
        """Write the documents, if they are valid and confirmed.

        Raises:
            ConfirmationRequired: they are a mass change, and it is not confirmed.
            StoreError: a document breaks a rule, or could not be written.
        """
        contents, users = self._storage.contents, self.state.maps.users
        stored = (contents.user_ids.get(str(number)) for number in self.documents)
        changes: dict[str, Any] = {user_id: None for user_id in stored if user_id is not None}
        for number, document in self.documents.items():
            if document is None:
                continue
            user, extras = document
            is_new = user.user_id not in users
            if changes.get(user.user_id) or not (is_new or contents.ids[user.user_id] == number):
                raise StoreError(
                    f"User ID {sanitize(user.user_id, 60)} belongs to another document. "
                    "Nothing was changed. Use another User ID, or leave it empty for a new one."
                )
            changes[user.user_id], self._ids[user.user_id] = user, number
            if extras != ("{}" if is_new else contents.extras.get(number, "{}")):
                self._extras[user.user_id] = extras
        deleted = sum(user is None for user in changes.values())
        needed = required_confirmation(changes, self.state) or (deleted if deleted > 1 else 0)
        if needed and needed != self.confirm:
            msg = (
                f"This would {'delete' if deleted == needed else 'affect'} "
                f"{pluralize(needed, 'user')} of {len(users):,}. Nothing was changed. To confirm, "
                f"add confirm={needed}."
            )
            raise ConfirmationRequired(msg, needed)
        self.commit(changes)


class UsersTable(Table):
    """TinyDB's table of the users. It sees the commits of other programs immediately.

    Args:
        storage: the store.
        name: its name.

    Attributes:
        states: makes the states of the store.
    """

    def __init__(self, storage: LogStorage, name: str, **_options: Any) -> None:  # noqa: ANN401
        super().__init__(storage, name, cache_size=0)  # the commits of other programs must be seen
        self._store, self._own, self.states = storage, local(), States(storage)

    @property
    def state(self) -> MemoryState:
        """What the store held when it was last read or written."""
        return self.states.of(self._store.contents.state)

    @property
    def _open(self) -> TableTransaction | None:
        """The transaction that this thread has open; all others wait for the lock."""
        return getattr(self._own, "open", None)

    # For the program: users as tuples, in transactions with actions of their own

    @contextmanager
    def transaction(self, action: Action = _SCRIPT, confirm: int = 0) -> Iterator[TableTransaction]:
        """Make one transaction of several calls: all of them are saved at the end, or none.

        Args:
            action: what it is, for Activity.
            confirm: the number of affected users, if it is a mass change.

        Raises:
            StoreError: the store cannot be written; nothing was changed.
        """
        if (outer := self._open) is not None:
            before, outer.confirm = dict(outer.documents), max(outer.confirm, confirm)
            try:
                yield outer
            except BaseException:
                outer.documents = before  # a call that fails changes nothing
                raise
            return
        with self._store.writing(noun_text(action)):
            self._own.open = opened = TableTransaction(self._store, self.states, action, confirm)
            try:
                yield opened
                if opened.documents:
                    opened.commit_documents()
            finally:
                opened.is_open, self._own.open = False, None
        if opened.documents and len(self._store.contents.state.users) <= SMALL:
            self._store.snapshots.flush()  # plain TinyDB sees it when the call returns

    # TinyDB's documented methods; `all`, `count` and `contains` call these

    def insert(self, document: Mapping[str, Any]) -> int:
        """Add a user; return its document ID."""
        return self.insert_multiple([document])[0]

    def insert_multiple(self, documents: Iterable[Mapping[str, Any]]) -> list[int]:
        """Add users; return their document IDs."""
        found = list(documents)  # the caller's generator runs without the lock
        if not all(isinstance(one, Mapping) for one in found):
            raise ValueError("Document is not a Mapping")
        with self.transaction() as transaction:
            numbers = []
            for one in found:
                number = one.doc_id if isinstance(one, self.document_class) else None
                if number is not None and self._get(number) is not None:
                    raise ValueError(f"Document with ID {number} already exists")
                numbers.append(transaction.add(one, number))
        return numbers

    def __iter__(self) -> Iterator[Document]:
        """Yield all users."""
        return self._matching_documents(None)

    def __len__(self) -> int:
        """Return the number of users."""
        if self._open:
            return sum(1 for _ in self)
        self._load()
        return len(self._store.contents.state.users)

    def search(self, cond: QueryLike) -> list[Document]:
        """Return the users that a query finds."""
        return list(self._matching_documents(cond))

    def get(  # type: ignore[override]
        self,
        cond: QueryLike | None = None,
        doc_id: int | None = None,
        doc_ids: list[int] | None = None,
    ) -> Document | list[Document] | None:
        """Return the user of a document ID, those of several, or the first that a query finds."""
        if doc_id is not None or doc_ids is not None:
            self._load()
            wanted = sorted(set(doc_ids or ())) if doc_id is None else [doc_id]
            found = ((number, self._get(number)) for number in wanted)
            documents = [self.document_class(one, at) for at, one in found if one is not None]
            return documents if doc_id is None else next(iter(documents), None)
        if cond is None:
            raise RuntimeError("You have to pass either cond or doc_id or doc_ids")
        return next(self._matching_documents(cond), None)

    def update(
        self,
        fields: Fields,
        cond: QueryLike | None = None,
        doc_ids: Iterable[int] | None = None,
        confirm: int = 0,
    ) -> list[int]:
        """Change users; return their document IDs."""
        with self.transaction(confirm=confirm) as transaction:
            numbers = self._matching(cond, doc_ids)
            for number in numbers:
                self._change(transaction, number, fields)
        return numbers

    def update_multiple(
        self, updates: Iterable[tuple[Fields, QueryLike]], confirm: int = 0
    ) -> list[int]:
        """Change users, each by all queries that find it; return their document IDs."""
        with self.transaction(confirm=confirm) as transaction:
            numbers, conditions = [], list(updates)
            for number in self._matching(None, None):
                for fields, cond in conditions:
                    if cond(self._get(number) or {}):
                        self._change(transaction, number, fields)
                        numbers.append(number)
        return numbers

    def upsert(
        self, document: Mapping[str, Any], cond: QueryLike | None = None, confirm: int = 0
    ) -> list[int]:
        """Change the users that a query finds, or the one of the document's ID, or add one."""
        with self.transaction(confirm=confirm):
            return super().upsert(document, cond)  # which calls `update` and `insert`

    def remove(
        self,
        cond: QueryLike | None = None,
        doc_ids: Iterable[int] | None = None,
        confirm: int = 0,
    ) -> list[int]:
        """Delete users; return their document IDs. Several need `confirm`, their number."""
        if cond is None and doc_ids is None:
            raise RuntimeError("Use truncate() to remove all documents")
        with self.transaction(confirm=confirm) as transaction:
            numbers = self._matching(cond, doc_ids)
            transaction.documents |= dict.fromkeys(numbers)
        return numbers

    def truncate(self, confirm: int = 0) -> None:
        """Delete all users. Several need `confirm`, their number."""
        with self.transaction(confirm=confirm) as transaction:
            transaction.documents |= dict.fromkeys(self._matching(None, None))

    # Documents

    def _load(self) -> None:
        """Read what other programs committed, unless they wait for this one."""
        if self._open is None:
            self._store.load()

    def _matching_documents(self, cond: QueryLike | None) -> Iterator[Document]:
        """Yield the documents that a query finds, as the open transaction has made them."""
        self._load()
        pending = dict(self._open.documents) if self._open else {}
        for number, stored in self._store.contents.documents():
            one = _document(pending.pop(number)) if number in pending else stored
            if one is not None and (cond is None or cond(one)):
                yield self.document_class(one, number)
        for number, added in pending.items():
            one = _document(added)
            if one is not None and (cond is None or cond(one)):
                yield self.document_class(one, number)

    def _get(self, number: int) -> dict[str, Any] | None:
        if self._open is not None and number in self._open.documents:
            return _document(self._open.documents[number])
        contents = self._store.contents
        user_id = contents.user_ids.get(str(number))
        return None if user_id is None else contents.document(contents.state.users[user_id])

    def _matching(self, cond: QueryLike | None, doc_ids: Iterable[int] | None) -> list[int]:
        if doc_ids is None:
            return [one.doc_id for one in self._matching_documents(cond)]
        numbers = [number for number in doc_ids if isinstance(number, int)]
        return [number for number in numbers if self._get(number) is not None]

    def _change(self, transaction: TableTransaction, number: int, fields: Fields) -> None:
        document = self._get(number) or {}
        user_id = document["user_id"]
        if callable(fields):
            fields(document)
        else:
            document.update(fields)
        transaction.change(number, document, user_id)


def _require_sound(extras: str, what: str) -> None:
    """Refuse new members of a document that are misspelled fields, or that no other program reads.

    Raises:
        StoreError: with the reason.
    """
    members = json.loads(extras)
    for name in members:
        key = name.strip().lower().replace(" ", "_")
        if key in FIELD:
            msg = f"{what} has the unknown field {sanitize(repr(name), 60)}. Nothing was changed. "
            raise StoreError(msg + f"Use {key}.")
    try:
        json.dumps(members, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise StoreError(
            f"{what} contains a value that cannot be saved. Nothing was changed."
        ) from error


def _document(pending: tuple[User, str] | None) -> dict[str, Any] | None:
    return pending and dict(zip(KEYS, pending[0], strict=True)) | json.loads(pending[1])


class UsersDB(TinyDB):
    """A TinyDB database of users: `UsersDB(path)`.

    Args:
        path: its file.
        wait: the seconds to wait for another writer.
        read_only: whether it is opened read-only.
        retention: how long changes stay available.
    """

    default_table_name = USERS
    default_storage_class = LogStorage  # type: ignore[assignment]
    table_class = UsersTable  # type: ignore[assignment]

    @property
    def files(self) -> LogStorage:
        """Its storage."""
        return cast("LogStorage", self.storage)

    @property
    def users(self) -> UsersTable:
        """The table of the users."""
        return cast("UsersTable", self.table(USERS))

    def table(self, name: str, **options: Any) -> Table:  # noqa: ANN401 - as in TinyDB
        """Return a table. Only that of the users can be changed."""
        if name != USERS and name not in self._tables:
            self._tables[name] = Table(self.storage, name, **options)
        return super().table(name, **options)

    def transaction(
        self, reason_text: str = "", confirm: int = 0
    ) -> AbstractContextManager[TableTransaction]:
        """Make one transaction of several calls: all of them are saved at the end, or none.

        Args:
            reason_text: what the transaction is, for Activity.
            confirm: the number of affected users, if it is a mass change.
        """
        action = Action(TransactionKind.SCRIPT, sanitize(reason_text, 200))
        return self.users.transaction(action, confirm)

    def drop_table(self, name: str, confirm: int = 0) -> None:
        """Delete all users; other tables cannot be changed."""
        if name == USERS:
            self.users.truncate(confirm)
        else:
            super().drop_table(name)

    def drop_tables(self, confirm: int = 0) -> None:
        """Delete all users; other tables cannot be changed."""
        for name in self.tables() - {USERS}:
            self.drop_table(name)
        self.users.truncate(confirm)
