"""The TinyDB store: users in a database on a journal, behind the interface of all stores."""

import stat
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path

from qm_tui.progress import Tick, no_tick
from qm_tui.refusal import reason
from qm_tui.store.cut_off import CutOff, found_beside, noted
from qm_tui.store.database import LARGE, Database
from qm_tui.store.errors import StoreError
from qm_tui.store.following import Touched
from qm_tui.store.history import Limits
from qm_tui.store.interface import Done, Entry, Found, Touch, Update, UserStore, no_found
from qm_tui.store.lock import WAIT
from qm_tui.store.network import network_file_system
from qm_tui.store.origin import origin
from qm_tui.store.rows import done_of
from qm_tui.store.state import Changes, State
from qm_tui.store.transaction import Transaction
from qm_tui.text import visible


class TinyDBUserStore(UserStore):
    """A store in a TinyDB file and its journal.

    A missing file is an empty store; it is made, and its folder, by the first commit.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: float = WAIT,
        read_only: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """Nothing is read yet.

        Args:
            path: the file.
            wait: the seconds to wait for another writer.
            read_only: whether it is opened for looking only.
            limits: how long the history may grow.
        """
        self._given = path
        self._database = Database(path, wait=wait, read_only=read_only, limits=limits)
        self._notices: list[str] | None = None
        self._cut_off: list[CutOff] = []

    @property
    def location(self) -> str:
        """The path of its file."""
        return str(self._given)

    @property
    def state(self) -> State:
        """What it held when it was last read or written by this program."""
        return self._database.contents.state

    @property
    def notices(self) -> Sequence[str]:
        """What the admin should know about the store."""
        return (*(self._notices or ()), *self._database.notices)

    def acknowledge_notices(self) -> None:
        """Keep what a person has read from being said at the next start again."""
        for one in self._cut_off:
            one.forget()

    @property
    def read_only(self) -> str:
        """Why it cannot be changed, as a sentence; empty where it can."""
        return self._database.read_only

    def load(self, tick: Tick = no_tick, found: Found = no_found) -> State:
        """Read what the store holds now, if that is not known already."""
        self._database.load(tick, found)
        if self._notices is None:
            self._notices = self._what_to_say()
        return self.state

    def _what_to_say(self) -> list[str]:
        said = []
        kind = network_file_system(self._database.path)
        if kind:
            said.append(
                f"The store {visible(self.location)} lies on a network file system ({kind}): locks "
                "and syncs promise less there. Keep it on a disk of one host that all log in to."
            )
        if self.read_only:
            return said
        self._cut_off = found_beside(self._database.path)
        for one in self._cut_off:
            number = self._number_of(one.token)
            if number:
                said.append(f"{one.sentence} after it was saved, as transaction {number:,}.")
            else:
                said.append(f"{one.sentence}: nothing of it was saved. Import the file again.")
        return said

    def _number_of(self, token: str) -> int | None:
        return next((one.number for one in self.activity() if one.token == token), None)

    def has_external_changes(self) -> bool:
        """Whether others may have committed something."""
        return self._database.has_external_changes()

    def refresh(self, tick: Tick = no_tick) -> Update | None:
        """Read what others committed since."""
        touched = self._database.refresh(tick)
        return _update(touched, self.state) if touched else None

    def let_go(self) -> AbstractContextManager[bool]:
        """Keep this program from holding the lock for a moment."""
        return self._database.let_go()

    @contextmanager
    def transaction(self, why: str, token: str = "") -> Iterator[Transaction]:
        """Hold the lock over read, change and write."""
        with self._database.writing(why):
            transaction = _TinyDBTransaction(self._database, why, token)
            try:
                yield transaction
            finally:
                transaction.is_open = False

    @contextmanager
    def import_in_progress(self, what: str) -> Iterator[str]:
        """Leave a note beside the store while an import is under way."""
        can_note = self._database.path.parent.is_dir() and not self.read_only
        note = noted(self._database.path, what, origin()) if can_note else nullcontext("")
        with note as token:
            yield token

    def activity(self) -> list[Entry]:
        """All transactions, newest first."""
        return self._database.entries()

    def transaction_changes(self, number: int, tick: Tick = no_tick) -> Iterator[Done]:
        """What a transaction did, user by user."""
        with self._database.rows_of(number) as rows:
            yield from map(done_of, rows)

    def user_history(self, user_id: str, tick: Tick = no_tick) -> Iterator[Touch]:
        """What became of a user, newest first."""
        return self._database.user_history(user_id, tick)

    def history_removed_until(self) -> datetime | None:
        """When the last transaction was of which it is no longer kept what it did."""
        return self._database.history_removed_until()

    def changed_user_ids(
        self, number: int, tick: Tick = no_tick, *, last: int = 0
    ) -> Iterator[str]:
        """The User IDs of those whom a transaction, or several in a row, added or changed."""
        return self._database.changed_user_ids(range(number, max(number, last) + 1), tick)

    def checkpoint(self, tick: Tick = no_tick, *, only_if_large: bool = False) -> bool:
        """Write all users into the store's file, and move the journal into the history."""
        if only_if_large and self._database.journal_size < LARGE:
            return False
        with self._database.writing("checkpoint"):
            return self._database.checkpoint(tick)


class _TinyDBTransaction(Transaction):
    """A change in the making, under the lock."""

    def __init__(self, database: Database, why: str, token: str) -> None:
        self._database = database
        self._why = why
        self._token = token
        self.is_open = True

    @property
    def state(self) -> State:
        return self._database.contents.state

    def _write_checked(self, changes: Changes, tick: Tick) -> State:
        if not self.is_open:
            msg = "the transaction is over, and with it its lock"
            raise ValueError(msg)
        return self._database.commit(changes, self._why, token=self._token, tick=tick)


def _update(touched: Touched, after: State) -> Update | None:
    """What became of each user; None where nothing is other than it was."""
    before = touched.before
    if before is after:
        return None
    old, new = before.users, after.users
    user_ids = touched.user_ids
    if user_ids is None:
        user_ids = {*old, *new}
    added, changed, deleted = set(), set(), set()
    for user_id in user_ids:
        stored, user = old.get(user_id), new.get(user_id)
        if user is None:
            if stored is not None:
                deleted.add(user_id)
        elif stored is None:
            added.add(user_id)
        elif stored != user:
            changed.add(user_id)
    return Update(after, frozenset(added), frozenset(changed), frozenset(deleted))


def open_store(
    path: Path,
    *,
    wait: float = WAIT,
    read_only: bool = False,
    limits: Limits | None = None,
) -> UserStore:
    """The store at a path; nothing is read before `load`.

    Args:
        path: the file.
        wait: the seconds to wait for another writer.
        read_only: whether it is opened for looking only.
        limits: how long the history may grow.

    Raises:
        StoreError: no store can be there.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = stat.S_IFREG
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file has such a name"
        msg = f"The store {visible(str(path))} cannot be read: {why}."
        raise StoreError(msg) from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        msg = f"{visible(str(path))} is {what}: give the path of the store's file, users.json."
        raise StoreError(msg)
    return TinyDBUserStore(path, wait=wait, read_only=read_only, limits=limits)
