"""The TinyDB store: users in a JSON file, written whole and safely at each commit."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO, Final, cast

from tinydb import TinyDB

from qm_tui.files import NotDurable, make_private_folder
from qm_tui.garbage import no_garbage_collection
from qm_tui.progress import Tick, no_tick
from qm_tui.refusal import reason
from qm_tui.store import snapshot
from qm_tui.store.documents import NotAUser, Reader, UserDocuments
from qm_tui.store.interface import (
    EMPTY,
    Changes,
    Found,
    State,
    StoreRefused,
    Transaction,
    UserStore,
    no_found,
)
from qm_tui.store.lock import WAIT, locked
from qm_tui.store.storage import SnapshotStorage
from qm_tui.text import visible
from qm_tui.users.fields import User
from qm_tui.users.identity import name_key

FORMAT: Final = 1
"""The version of the file format. A file of a later one is refused."""

_USERS: Final = "users"
_META: Final = "_meta"

_Signature = tuple[int, int, int] | None


class TinyDBUserStore(UserStore):
    """A store in a TinyDB file.

    A missing file is an empty store; it is made, and its folder, by the first commit.
    """

    def __init__(self, path: Path, *, wait: float = WAIT) -> None:
        """Nothing is read yet.

        Args:
            path: the file.
            wait: the seconds to wait for another writer.
        """
        self._given = path
        # all who write must meet at one lock, whichever link leads them here
        self._path = Path(os.path.realpath(path))
        self._wait = wait
        self._db = TinyDB(self._path, storage=SnapshotStorage)
        self._storage = cast("SnapshotStorage", self._db.storage)
        self._state = EMPTY
        self._numbers: dict[str, int] = {}
        self._others: dict[str, Any] = {}
        self._extras: dict[int, dict[str, Any]] = {}
        self._signature: _Signature = None

    @property
    def location(self) -> str:
        """The path of its file."""
        return str(self._given)

    @property
    def state(self) -> State:
        """What it held when it was last read or written by this program."""
        return self._state

    def load(self, tick: Tick = no_tick, found: Found = no_found) -> State:
        """Read what the file holds now, if that is not known already."""
        try:
            with _opened(self._path) as file:
                signature = _signature(os.fstat(file.fileno()))
                if signature != self._signature:
                    with no_garbage_collection():
                        self._read(snapshot.documents_in(file, tick), found)
                    self._signature = signature
        except FileNotFoundError as error:
            if self._signature is not None:
                msg = (
                    f"The store {self._named} is gone: it was there when it was opened. Put it "
                    "back, or open qm-tui again to start an empty one."
                )
                raise StoreRefused(msg) from error
        except snapshot.NotASnapshot as error:
            msg = (
                f"The store {self._named} cannot be used: {error}. Nothing was changed; put a "
                "copy from a backup in its place, or choose another file with --store."
            )
            raise StoreRefused(msg) from error
        except OSError as error:
            msg = f"The store {self._named} cannot be read: {reason(error)}."
            raise StoreRefused(msg) from error
        return self._state

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the lock over read, change and write."""
        try:
            make_private_folder(self._path.parent)
        except OSError as error:
            msg = f"The store's folder {visible(str(self._path.parent))} cannot be made: " + (
                f"{reason(error)}."
            )
            raise StoreRefused(msg) from error
        with locked(self._path.with_name(self._path.name + ".lock"), self._wait):
            self.load()
            transaction = _TinyDBTransaction(self)
            try:
                yield transaction
            finally:
                transaction.is_open = False

    @property
    def _named(self) -> str:
        return visible(self.location)

    def _read(self, parts: Iterator[tuple[str, dict[str, dict[str, Any]]]], found: Found) -> None:
        users: dict[str, User] = {}
        names: dict[str, str] = {}
        numbers: dict[str, int] = {}
        others: dict[str, Any] = {}
        extras: dict[int, dict[str, Any]] = {}
        reader = Reader()
        generation = 0
        for table, documents in parts:
            if table == _META:
                # it stands first: a later version's users may look different
                generation = _generation_in(documents.get("1", {}))
                continue
            if table != _USERS:
                others.setdefault(table, {}).update(documents)
                continue
            batch = []
            for number, document in documents.items():
                try:
                    user, more = reader.user(document)
                except NotAUser as error:
                    msg = f"document {number} of its table users {error}"
                    raise snapshot.NotASnapshot(msg) from error
                user_id = user.user_id
                if user_id in users:
                    msg = (
                        f"documents {numbers[user_id]} and {number} of its table users have the "
                        "same User ID"
                    )
                    raise snapshot.NotASnapshot(msg)
                batch.append(user)
                users[user_id] = user
                numbers[user_id] = int(number)
                names.setdefault(name_key(user.user_name), user_id)
                if more:
                    extras[int(number)] = more
            found(batch)
        self._numbers, self._others, self._extras = numbers, others, extras
        self._state = State(generation, MappingProxyType(users), MappingProxyType(names))

    def _commit(self, changes: Changes, tick: Tick) -> State:
        after = _after(self._state, changes)
        numbers = dict(self._numbers)
        for user_id, user in changes.items():
            if user is None:
                del numbers[user_id]
        fresh = [user_id for user_id in changes if user_id not in self._numbers]
        numbers.update(zip(fresh, count(max(self._numbers.values(), default=0) + 1), strict=False))
        users = {numbers[user_id]: user for user_id, user in after.users.items()}
        extras = {number: self._extras[number] for number in self._extras if number in users}
        tables: dict[str, Mapping[Any, Any]] = {
            _META: {1: {"format": FORMAT, "generation": after.generation}},
            _USERS: UserDocuments(users, extras),
            **self._others,
        }
        try:
            self._storage.write(tables, tick)
        except NotDurable as error:
            msg = (
                f"It is not known whether the change of {self._named} outlasts a power cut: the "
                f"system could not sync its folder ({reason(error)}). Look at the store again."
            )
            raise StoreRefused(msg) from error
        except OSError as error:
            msg = f"The store {self._named} could not be written: {reason(error)}. It is as it was."
            raise StoreRefused(msg) from error
        self._numbers, self._extras, self._state = numbers, extras, after
        self._signature = _signature(self._path.stat())
        return after


class _TinyDBTransaction:
    """A change in the making, under the lock."""

    def __init__(self, store: TinyDBUserStore) -> None:
        self._store = store
        self.is_open = True

    @property
    def state(self) -> State:
        return self._store.state

    def commit(self, changes: Changes, tick: Tick = no_tick) -> State:
        if not self.is_open:
            msg = "the transaction is over, and with it its lock"
            raise ValueError(msg)
        return self._store._commit(changes, tick)


def _generation_in(meta: dict[str, Any]) -> int:
    """The generation of a store's file; 0 where another program wrote it.

    Raises:
        NotASnapshot: a later version of this program wrote it.
    """
    version, generation = meta.get("format", FORMAT), meta.get("generation", 0)
    if not isinstance(version, int) or version > FORMAT:
        msg = "it was written by a later version of qm-tui"
        raise snapshot.NotASnapshot(msg)
    return generation if isinstance(generation, int) else 0


def _signature(status: os.stat_result) -> _Signature:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _after(state: State, changes: Changes) -> State:
    """The state that the changes lead to.

    Raises:
        ValueError: the changes do not fit the state or one another.
    """
    users, names = dict(state.users), dict(state.names)
    given_up = [users[user_id] for user_id in changes if user_id in users] if users else []
    for stored in given_up:
        key = name_key(stored.user_name)
        if names.get(key) == stored.user_id:
            del names[key]
    kept = {user_id: user for user_id, user in changes.items() if user is not None}
    for user_id in changes.keys() - kept.keys():
        if users.pop(user_id, None) is None:
            msg = "a user that is not there cannot be deleted"
            raise ValueError(msg)
    if not all(user_id and user_id == user.user_id for user_id, user in kept.items()):
        msg = "a change must bear the User ID of its user"
        raise ValueError(msg)
    claimed = {name_key(user.user_name): user_id for user_id, user in kept.items()}
    if len(claimed) < len(kept) or not names.keys().isdisjoint(claimed):
        msg = "two users would bear one User Name"
        raise ValueError(msg)
    users.update(kept)
    names.update(claimed)
    if len(names) < len(users):
        # another program gave two users one name: whoever comes first has it
        names = {}
        for user_id, user in users.items():
            names.setdefault(name_key(user.user_name), user_id)
    return State(state.generation + 1, MappingProxyType(users), MappingProxyType(names))


def open_store(path: Path, *, wait: float = WAIT) -> UserStore:
    """The store at a path; nothing is read before `load`.

    Raises:
        StoreRefused: no store can be there.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = stat.S_IFREG
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file has such a name"
        msg = f"The store {visible(str(path))} cannot be read: {why}."
        raise StoreRefused(msg) from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        msg = f"{visible(str(path))} is {what}: give the path of the store's file, users.json."
        raise StoreRefused(msg)
    return TinyDBUserStore(path, wait=wait)


def _opened(path: Path) -> BinaryIO:
    """The store's file, open for reading. Never waits, as a pipe would make it.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "it is not a file")
    return file
