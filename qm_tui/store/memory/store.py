"""A store in memory, which is lost when the program ends."""

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple, final

from qm_tui.progress import (
    CHUNK_SIZE,
    Phase,
    ProgressCallback,
    YieldControl,
    ignore_progress,
    no_rest,
)
from qm_tui.store.action_subject import with_user
from qm_tui.store.errors import StoreError, StoreReadOnly
from qm_tui.store.interface import (
    Action,
    ChangedUsers,
    TransactionSummary,
    UserChange,
    UserHistoryEntry,
    UsersLoadedCallback,
    UserStore,
    ignore_loaded_users,
)
from qm_tui.store.memory.maps import (
    EMPTY,
    changed_users,
    check_consistency,
    next_maps,
)
from qm_tui.store.memory.state import MemoryState
from qm_tui.store.memory.states import States, maps_of
from qm_tui.store.origin import current_origin
from qm_tui.store.state import Changes, State
from qm_tui.store.thread_lock import ThreadLock
from qm_tui.store.transaction import Transaction
from qm_tui.users.fields import KEYS, User


class _Committed(NamedTuple):
    summary: TransactionSummary
    changes: Sequence[UserChange]


@final
class MemoryStore(UserStore):
    """A store in memory.

    Args:
        wait: the seconds to wait for another thread that is writing.
        read_only: whether it must not be changed.
    """

    def __init__(self, *, wait: float = 10.0, read_only: bool = False) -> None:
        self._is_read_only = read_only
        self._states, self._maps = States(self), EMPTY
        self._committed: list[_Committed] = []
        self._exists = False
        self._is_loaded = False
        self._lock = ThreadLock(wait)

    @property
    def location(self) -> str:
        """Where it is, for display only."""
        return ":memory:"

    @property
    def exists(self) -> bool:
        """Whether something was committed."""
        return self._exists

    @property
    def state(self) -> MemoryState:
        """Its state."""
        return self._states.of(self._maps)

    @property
    def read_only_reason(self) -> str:
        """Why it cannot be changed, as a sentence; empty if it can."""
        return "The store in memory is open read-only." if self._is_read_only else ""

    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: UsersLoadedCallback = ignore_loaded_users,
    ) -> State:
        """Pass the users to `on_loaded`, unless the store has been loaded."""
        state = self.state
        if not self._is_loaded:
            add, done = self._states.growing(on_loaded), 0
            for users in state.stream():
                progress(Phase.OPENING, done, state.total)
                add(users)
                done += len(users)
            self._is_loaded = True
        return state

    @contextmanager
    def transaction(self, action: Action) -> Iterator[Transaction]:
        """Keep other threads from writing."""
        if self._is_read_only:
            raise StoreReadOnly(self.read_only_reason)
        with self._lock.held():
            transaction = _MemoryTransaction(self, action)
            try:
                self._is_loaded = True
                yield transaction
            finally:
                transaction.is_open = False

    def lock_free(self) -> AbstractContextManager[bool]:
        """Keep other threads from writing for a moment; yield whether none is writing now."""
        return self._lock.free()

    @contextmanager
    def import_in_progress(self, file_name: str) -> Iterator[str]:
        """Yield a token. No marker is needed: the store does not survive the program."""
        yield os.urandom(8).hex()

    def transactions(self) -> list[TransactionSummary]:
        """Return all transactions, newest first."""
        return [committed.summary for committed in reversed(self._committed)]

    def transaction_changes(
        self, number: int, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserChange]:
        """Yield what a transaction did, user by user."""
        changes = self._numbered(number).changes
        for done, change in enumerate(changes):
            if not done % CHUNK_SIZE:
                progress(Phase.OPENING, done, len(changes))
            yield change

    def user_history(
        self, user_id: str, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserHistoryEntry]:
        """Yield what transactions did to a user, newest first."""
        committed = self._committed[::-1]
        for done, (summary, changes) in enumerate(committed):
            progress(Phase.OPENING, done, len(committed))
            for change in changes:
                if change.user_id == user_id:
                    yield UserHistoryEntry(summary, change)

    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        """Yield the User IDs of the users that transactions added or changed."""
        for transaction in range(number, max(number, last) + 1):
            for change in self.transaction_changes(transaction, progress):
                if change.after is not None:
                    yield change.user_id

    def changes_since(self, before: State, rest: YieldControl = no_rest) -> ChangedUsers:
        """Return what was committed since a state."""
        return changed_users(maps_of(before), self._maps, None, rest)

    def close(self) -> None:
        """Do nothing: there is nothing to write, and its users remain."""
        self._is_loaded = False

    def _numbered(self, number: int) -> _Committed:
        if not 0 < number <= len(self._committed):
            raise StoreError(f"There is no transaction {number:,} in {self.location}.")
        return self._committed[number - 1]

    def _commit(self, changes: Changes, action: Action, progress: ProgressCallback) -> State:
        before = self._maps
        names = check_consistency(before, changes)
        done: list[UserChange] = []
        for count, (user_id, user) in enumerate(changes.items()):
            if not count % CHUNK_SIZE:
                progress(Phase.CHANGING, count, len(changes))
            stored = before.users.get(user_id)
            if user != stored:
                done.append(_change_of(user_id, stored, user))
        self._exists = True
        if not done:
            return self.state
        progress(Phase.CHANGING, len(changes), len(changes))
        number, origin = before.number + 1, current_origin()
        added = sum(change.before is None for change in done)
        deleted = sum(change.after is None for change in done)
        summary = TransactionSummary(
            number,
            datetime.now(UTC),
            origin.login,
            origin.address,
            with_user(action, before.users, changes),
            added,
            len(done) - added - deleted,
            deleted,
        )
        self._maps = next_maps(before, changes, number, names)
        self._committed.append(_Committed(summary, done))
        return self.state


@final
class _MemoryTransaction(Transaction):
    """A change of a store in memory."""

    def __init__(self, store: MemoryStore, action: Action) -> None:
        self._store, self._action = store, action

    @property
    def state(self) -> State:
        return self._store.state

    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        return self._store._commit(changes, self._action, progress)


def _change_of(user_id: str, stored: User | None, user: User | None) -> UserChange:
    if stored is None or user is None:
        before = None if stored is None else stored._asdict()
        return UserChange(user_id, before, None if user is None else user._asdict())
    pairs = [
        (key, old, new) for key, old, new in zip(KEYS, stored, user, strict=True) if old != new
    ]
    return UserChange(
        user_id, {key: old for key, old, _ in pairs}, {key: new for key, _, new in pairs}
    )
