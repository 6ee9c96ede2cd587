"""A store that answers as slowly as a server, and no more than a server does."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Final, TypeVar

from qm_tui.progress import ProgressCallback, YieldControl, ignore_progress, no_rest
from qm_tui.store.errors import StoreDisconnected
from qm_tui.store.interface import (
    Action,
    ChangedUsers,
    Maintenance,
    TransactionSummary,
    UserChange,
    UserHistoryEntry,
    UsersLoadedCallback,
    UserStore,
    ignore_loaded_users,
)
from qm_tui.store.state import MOST_KEYS, Changes, Place, State, UserCount, Window
from qm_tui.store.transaction import Transaction
from qm_tui.users.fields import User
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection

MOST_USERS: Final = 50
"""The users in one answer at most."""

DISCONNECTED: Final = "The server cannot be reached. Nothing was changed. qm-tui connects again."

_HELD: Final = 0.005
"""Seconds between two looks whether an answer is still held."""

V = TypeVar("V")


class Line:
    """The line to the server.

    Args:
        delay: the seconds until an answer.
        asked: how many questions of each kind were asked; each batch is a question.

    Attributes:
        is_down: whether the server cannot be reached.
        is_unnoticed: whether the store does not know it yet; the next question finds out.
        held: the kinds of questions that are not answered for now.
        ended: how many of these were ended by who had asked.
    """

    def __init__(self, delay: float, asked: Counter[str]) -> None:
        self.delay, self.asked = delay, asked
        self.is_down = self.is_unnoticed = False
        self.held: set[str] = set()
        self.ended: Counter[str] = Counter()

    def check(self) -> None:
        """Raise an exception if the server cannot be reached."""
        if self.is_down:
            self.is_unnoticed = False
            raise StoreDisconnected(DISCONNECTED)

    @property
    def is_known_down(self) -> bool:
        """Whether the store knows that the server cannot be reached."""
        return self.is_down and not self.is_unnoticed

    def wait(self, kind: str, keys: Sequence[str] = (), rest: YieldControl = no_rest) -> None:
        """Ask a question.

        Args:
            kind: its kind.
            keys: what is asked for.
            rest: called while the answer is held.

        Raises:
            StoreDisconnected: the server cannot be reached.
            AssertionError: there are too many keys, or the event loop would wait for the answer.
        """
        assert len(keys) <= MOST_KEYS, f"{kind}: {len(keys)} keys in one question"
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass  # in a thread, nothing else waits
        else:
            raise AssertionError(f"{kind}: the event loop waits for a server")
        self.asked[kind] += 1
        self.check()
        if self.delay:
            time.sleep(self.delay)
        while kind in self.held:
            time.sleep(_HELD)
            self._rest(kind, rest)
        self.check()

    def _rest(self, kind: str, rest: YieldControl) -> None:
        try:
            rest()
        except Exception:
            self.ended[kind] += 1
            raise

    def batches(self, kind: str, answers: Iterable[Sequence[V]]) -> Iterator[Sequence[V]]:
        """Yield answers in small batches, each after a while."""
        self.wait(kind)
        starts = ((some, start) for some in answers for start in range(0, len(some), MOST_USERS))
        for number, (some, start) in enumerate(starts):
            if number:
                self.wait(kind)
            yield some[start : start + MOST_USERS]


class SlowState(State):
    """A state whose answers take a while.

    Args:
        state: gives the answers.
        line: the line to it.
    """

    is_at_hand = False

    def __init__(self, state: State, line: Line) -> None:
        self._answers, self.line = state, line

    @property
    def number(self) -> int:
        return self._answers.number

    @property
    def version(self) -> int:
        return self._answers.version

    @property
    def total(self) -> int:
        return self._answers.total

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        self.line.wait("users", user_ids)
        return self._answers.users(user_ids)

    def owners(self, names: Sequence[str]) -> list[str | None]:
        self.line.wait("owners", names)
        return self._answers.owners(names)

    def users_without_own_name(self) -> Mapping[str, Sequence[str]]:
        self.line.wait("users_without_own_name")
        return self._answers.users_without_own_name()

    def look_alikes(self, keys: Sequence[str]) -> list[str | None]:
        self.line.wait("look_alikes", keys)
        return self._answers.look_alikes(keys)

    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        rows = min(rows, MOST_USERS)
        self.line.wait("window", rest=rest)
        return self._answers.window(query, place, rows, rest)

    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        self.line.wait("count" if enough is None else "first count", rest=rest)
        exact = self._answers.count(query, rest)
        if enough is not None and exact.number >= enough:
            return UserCount(enough, is_exact=False)
        return exact

    def selected(
        self, selection: Selection, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> set[str]:
        self.line.wait("selected", user_ids, rest=rest)
        return self._answers.selected(selection, user_ids, rest)

    def groups(
        self, keys: Sequence[str], query: Query = ALL, rest: YieldControl = no_rest
    ) -> Mapping[tuple[str, ...], int]:
        self.line.wait("groups", rest=rest)
        return self._answers.groups(keys, query, rest)

    def numbers(
        self, key: str, values: Sequence[str], rest: YieldControl = no_rest
    ) -> Mapping[str, int]:
        self.line.wait("numbers", values, rest=rest)
        return self._answers.numbers(key, values, rest)

    def holders(
        self, key: str, values: Sequence[str], at_most: int, rest: YieldControl = no_rest
    ) -> Mapping[str, Sequence[str]]:
        self.line.wait("holders", values, rest=rest)
        return self._answers.holders(key, values, at_most, rest)

    def ids(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[str]]:
        return self.line.batches("ids", self._answers.ids(query, rest))

    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        return self.line.batches("stream", self._answers.stream(query, rest))

    def lookup(
        self, texts: Sequence[str], rest: YieldControl = no_rest, *, only_names: bool = False
    ) -> list[LookupResult]:
        self.line.wait("lookup", texts, rest=rest)
        return self._answers.lookup(texts, rest, only_names=only_names)

    def prepare_lookup(self, rest: YieldControl = no_rest) -> object:
        return self._answers.prepare_lookup(rest)

    def nearest_name(self, name: str) -> str | None:
        self.line.wait("nearest_name")
        return self._answers.nearest_name(name)

    def names_beginning(self, beginning: str) -> Iterator[Sequence[str]]:
        return self.line.batches("names_beginning", self._answers.names_beginning(beginning))


class SlowStore(UserStore):
    """A store whose states answer slowly. Everything else is as fast as in the store inside.

    While its line is down, nothing is answered or changed.

    Args:
        store: the store inside.
        delay: the seconds until an answer.

    Attributes:
        asked: how many questions of each kind were asked; each batch is a question.
        line: the line to the server.
    """

    def __init__(self, store: UserStore, delay: float = 0.05) -> None:
        self._store = store
        self.asked: Counter[str] = Counter()
        self.line = Line(delay, self.asked)
        self._inside = store.state
        self._state = SlowState(self._inside, self.line)

    def _slow(self, state: State) -> SlowState:
        """Return a state of the store inside as it is seen from here."""
        if state is not self._inside:
            self._inside, self._state = state, SlowState(state, self.line)
        return self._state

    @property
    def location(self) -> str:
        return self._store.location

    @property
    def exists(self) -> bool:
        return self._store.exists

    @property
    def state(self) -> SlowState:
        return self._slow(self._store.state)

    @property
    def notices(self) -> Sequence[str]:
        return self._store.notices

    def acknowledge_notices(self) -> None:
        self._store.acknowledge_notices()

    @property
    def read_only_reason(self) -> str:
        return DISCONNECTED if self.line.is_known_down else self._store.read_only_reason

    @property
    def warning(self) -> str:
        return "not connected" if self.line.is_known_down else self._store.warning

    @property
    def maintenance(self) -> Maintenance | None:
        return self._store.maintenance

    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: UsersLoadedCallback = ignore_loaded_users,
    ) -> State:
        growing: list[SlowState] = []

        def found(state: State) -> None:
            if not growing:
                growing.append(SlowState(state, self.line))
            on_loaded(growing[0])

        return self._slow(self._store.load(progress, found))

    def has_external_changes(self) -> bool:
        return not self.line.is_down and self._store.has_external_changes()

    def refresh(self, progress: ProgressCallback = ignore_progress) -> None:
        self.line.check()
        self._store.refresh(progress)

    def changes_since(self, before: State, rest: YieldControl = no_rest) -> ChangedUsers:
        assert isinstance(before, SlowState)
        self.line.check()
        return self._store.changes_since(before._answers, rest)

    def earlier(
        self, before: State, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> State:
        assert isinstance(before, SlowState)
        return SlowState(self._store.earlier(before._answers, user_ids, rest), self.line)

    @contextmanager
    def transaction(self, action: Action) -> Iterator[Transaction]:
        self.line.check()
        with self._store.transaction(action) as transaction:
            opened = _SlowTransaction(transaction, self._slow, self.line)
            try:
                yield opened
            finally:
                opened.is_open = False

    def lock_free(self) -> AbstractContextManager[bool]:
        return self._store.lock_free()

    def import_in_progress(self, file_name: str) -> AbstractContextManager[str]:
        self.line.check()
        return self._store.import_in_progress(file_name)

    def transactions(self) -> list[TransactionSummary]:
        self.line.check()
        return self._store.transactions()

    def transaction_changes(
        self, number: int, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserChange]:
        self.line.check()
        return self._store.transaction_changes(number, progress)

    def user_history(
        self, user_id: str, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserHistoryEntry]:
        self.line.check()
        return self._store.user_history(user_id, progress)

    def history_removed_until(self) -> datetime | None:
        self.line.check()
        return self._store.history_removed_until()

    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        self.line.check()
        return self._store.changed_user_ids(number, progress, last=last)

    def close(self) -> None:
        self._store.close()


class _SlowTransaction(Transaction):
    """A transaction of the store inside, with the state as it is seen from outside."""

    def __init__(
        self, transaction: Transaction, slow: Callable[[State], SlowState], line: Line
    ) -> None:
        self._transaction, self._slow, self._line = transaction, slow, line

    @property
    def state(self) -> State:
        return self._slow(self._transaction.state)

    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        self._line.check()
        return self._slow(self._transaction._write_checked(changes, progress))
