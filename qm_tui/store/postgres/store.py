"""The store on a PostgreSQL server."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import final

from qm_tui.progress import Phase, ProgressCallback, YieldControl, ignore_progress, no_rest
from qm_tui.store.action_subject import USER_ACTIONS, with_user
from qm_tui.store.errors import StoreReadOnly
from qm_tui.store.interface import (
    Action,
    ChangedUsers,
    Copier,
    TransactionSummary,
    UserChange,
    UserHistoryEntry,
    UsersLoadedCallback,
    UserStore,
    ignore_loaded_users,
)
from qm_tui.store.memory.maps import UserMaps, owners_of_names
from qm_tui.store.memory.states import States
from qm_tui.store.postgres.history import History
from qm_tui.store.postgres.questions.state import EMPTY, Head, PostgresState
from qm_tui.store.postgres.server.connection import Server
from qm_tui.store.postgres.server.location import ServerLocation
from qm_tui.store.postgres.watcher import Watcher, read_head
from qm_tui.store.postgres.writing import Writer
from qm_tui.store.state import MOST_KEYS, Changes, State
from qm_tui.store.thread_lock import ThreadLock
from qm_tui.store.transaction import Transaction


@final
class PostgresStore(UserStore):
    """A store on a PostgreSQL server.

    Other programs can write while a transaction is open. If they changed the same users, `commit`
    raises `StoreConflict`.

    Args:
        location: where it is.
        wait: the seconds to wait for another writer.
        read_only: whether it must not be changed.
    """

    def __init__(self, location: ServerLocation, *, wait: float, read_only: bool = False) -> None:
        self._wait, self._is_read_only = wait, read_only
        self._server = Server(location)
        self._history = History(self._server)
        self._watcher = Watcher(self._server)
        self._writer = Writer(self._server, wait)
        self._lock = ThreadLock(wait)
        self._reading = Lock()
        """Held from reading the number of the last transaction until it is known to all threads."""
        self._state = self._state_of(EMPTY)

    def _state_of(self, head: Head) -> PostgresState:
        return PostgresState(self._server, head, self._history.until(head.number))

    @property
    def location(self) -> str:
        """The URL, for display only."""
        return self._server.shown

    @property
    def exists(self) -> bool:
        """True: `load` raises an error if the owner of the database made no store."""
        return True

    @property
    def state(self) -> PostgresState:
        """Its state when this program last read or wrote it."""
        return self._state

    @property
    def read_only_reason(self) -> str:
        """Why it cannot be changed at the moment, as a sentence; empty if it can."""
        if self._is_read_only:
            return f"The store {self.location} is open read-only."
        if self._server.failure:
            return f"The store {self.location} is not connected."
        if self._server.rights.is_read_only:
            return f"The server of {self.location} is read-only."
        if not self._server.rights.may_write:
            return f"Your role in {self.location} may only read."
        return ""

    @property
    def warning(self) -> str:
        """That the server cannot be reached, as a few words; empty if it can."""
        return "not connected, trying again" if self._server.failure else ""

    @property
    def copier(self) -> Copier:
        """What copies its tables."""
        from qm_tui.store.postgres.copying import PostgresCopier  # noqa: PLC0415 - rare

        return PostgresCopier(self._server, self._wait, lambda: self.read_only_reason)

    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: UsersLoadedCallback = ignore_loaded_users,
    ) -> State:
        """Connect, and read how many users and transactions there are."""
        progress(Phase.OPENING, 0, 1)
        self.refresh(progress)
        return self._state

    def has_external_changes(self) -> bool:
        """Whether other programs committed something, or the connection was lost or is back."""
        return self._watcher.differs_from(self._state.version)

    def refresh(self, progress: ProgressCallback = ignore_progress) -> None:
        """Read the number of the last transaction."""
        with self._reading, self._server.connection() as connection:
            is_distributed = self._server.rights.is_distributed
            self._take(read_head(connection, self._state.head, is_distributed=is_distributed))

    def _take(self, head: Head) -> PostgresState:
        """Make a state of what was read, unless it is the present one."""
        self._watcher.seen(head)
        if head.version != self._state.version:
            if head.number <= self._state.number:
                self._history.forget()  # an older copy was restored
            self._state = self._state_of(head)
        return self._state

    def changes_since(self, before: State, rest: YieldControl = no_rest) -> ChangedUsers:
        """Return what was committed since a state."""
        return self._history.changed_users(before.number, self._state.number, rest)

    def earlier(
        self, before: State, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> State:
        """Return some users as they were: as they are now, without the changes since then."""
        rest()
        users = {user.user_id: user for user in filter(None, self._state.users(user_ids))}
        self._history.revert(users, user_ids, before.number)
        maps = UserMaps(before.number, users, owners_of_names(users.values()))
        return States(self).of(maps)

    @contextmanager
    def transaction(self, action: Action) -> Iterator[Transaction]:
        """Keep other threads of this program from writing, and read the newest state."""
        if self._server.failure:
            self.refresh()  # it may be back
        reason = self.read_only_reason
        if reason:
            raise StoreReadOnly(reason)
        with self._lock.held():
            self.refresh()
            transaction = _PostgresTransaction(self, action, self._state.remembering())
            try:
                yield transaction
            finally:
                transaction.is_open = False

    def lock_free(self) -> AbstractContextManager[bool]:
        """Keep other threads from writing for a moment; yield whether none is writing now."""
        return self._lock.free()

    @contextmanager
    def import_in_progress(self, file_name: str) -> Iterator[str]:
        """Yield a token. No marker is needed: the server undoes what a program did not finish."""
        yield os.urandom(8).hex()

    def transactions(self) -> list[TransactionSummary]:
        """Return all transactions, newest first."""
        return self._history.transactions(self._state.number)

    def transaction_changes(
        self, number: int, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserChange]:
        """Yield what a transaction did, user by user."""
        return self._history.changes(number, progress)

    def user_history(
        self, user_id: str, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserHistoryEntry]:
        """Yield what transactions did to a user, newest first."""
        progress(Phase.OPENING, 0, 1)
        return self._history.of_user(user_id, self._state.number)

    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        """Yield the User IDs of the users that transactions added or changed."""
        return self._history.changed_user_ids(number, max(number, last), progress)

    def close(self) -> None:
        """Close the connections."""
        self._watcher.end()
        self._server.close()

    def _commit(
        self,
        changes: Changes,
        action: Action,
        state: PostgresState,
        progress: ProgressCallback,
    ) -> PostgresState:
        """Write changes that were planned on a state; return the state after them."""
        if not changes:
            return state
        if action.kind in USER_ACTIONS and not action.subject and len(changes) <= MOST_KEYS:
            stored = filter(None, state.users(list(changes)))
            action = with_user(action, {user.user_id: user for user in stored}, changes)
        written = self._writer.write(changes, action, state.head, progress)
        if written is None:
            return state
        with self._reading:
            return self._take(written)


@final
class _PostgresTransaction(Transaction):
    """A change of a store on a server: it is written when it is committed.

    Its state is that of its beginning, whatever other threads read in the meantime: what others
    committed since then is checked.
    """

    def __init__(self, store: PostgresStore, action: Action, state: PostgresState) -> None:
        self._store, self._action, self._state = store, action, state

    @property
    def state(self) -> PostgresState:
        return self._state

    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        self._state = self._store._commit(changes, self._action, self._state, progress)
        return self._state
