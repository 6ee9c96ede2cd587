"""The store that the program sees in the TinyDB database of its users."""

import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from qm_tui.errors import os_error_text
from qm_tui.network import network_file_system
from qm_tui.progress import ProgressCallback, YieldControl, ignore_progress, no_rest
from qm_tui.store import interface as api
from qm_tui.store.errors import StoreError
from qm_tui.store.memory.maps import changed_users
from qm_tui.store.memory.state import MemoryState
from qm_tui.store.memory.states import maps_of
from qm_tui.store.origin import current_origin
from qm_tui.store.state import State
from qm_tui.store.tinydb import entries
from qm_tui.store.tinydb.lock import WAIT
from qm_tui.store.tinydb.table import UsersDB
from qm_tui.store.transaction import Transaction
from qm_tui.text import sanitize


class TinyDBUserStore(api.UserStore):
    """A store of users in a TinyDB database.

    Args:
        path: its file. A missing one is an empty store; the first commit creates it.
        wait: the seconds to wait for another writer.
        read_only: whether it is opened read-only.
        retention: how long changes stay available.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: float = WAIT,
        read_only: bool = False,
        retention: api.RetentionPolicy | None = None,
    ) -> None:
        self._path = path
        self._db = UsersDB(path, wait=wait, read_only=read_only, retention=retention)
        self._files, self._table = self._db.files, self._db.users
        self._notices: list[str] | None = None
        self._interrupted: dict[str, str] = {}
        self._last_read: tuple[int, int, frozenset[str]] = (0, 0, frozenset())

    @property
    def location(self) -> str:
        """The path of its file."""
        return str(self._path)

    @property
    def exists(self) -> bool:
        """Whether there are files of it."""
        return self._files.exists

    @property
    def state(self) -> MemoryState:
        """What it held when it was last read or written."""
        return self._table.state

    @property
    def notices(self) -> list[str]:
        """What the admin should know about it."""
        return [*(self._notices or ()), *self._files.notices]

    def acknowledge_notices(self) -> None:
        """Remove the markers of interrupted imports, and forget what was read."""
        for token in self._interrupted:
            self._files.markers.remove(token)
        self._notices, self._files.notices = [], []

    @property
    def read_only_reason(self) -> str:
        """Why it cannot be changed, as a sentence; empty if it can."""
        return self._files.read_only_reason

    @property
    def warning(self) -> str:
        """Why plain TinyDB does not see the last changes; empty if it does."""
        return self._files.snapshots.failure

    @property
    def maintenance(self) -> api.Maintenance:
        """What can be done to its files."""
        from qm_tui.store.tinydb.maintenance import TinyDBMaintenance  # noqa: PLC0415 - rare

        return TinyDBMaintenance(self._files)

    @property
    def copier(self) -> api.Copier:
        """What copies its files."""
        from qm_tui.store.tinydb.copying import TinyDBCopier  # noqa: PLC0415 - rare

        return TinyDBCopier(self._files)

    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: api.UsersLoadedCallback = api.ignore_loaded_users,
    ) -> State:
        """Read what it holds now, if that is not known already."""
        if on_loaded is api.ignore_loaded_users:
            self._files.load(progress)
        else:
            self._files.load(progress, self._table.states.growing(on_loaded))
        if self._notices is None:
            self._notices = self._find_notices()
        return self.state

    def _find_notices(self) -> list[str]:
        found = []
        kind = network_file_system(self._files.directory.path)
        if kind:
            found.append(
                f"The store {self._files.shown} is on a network file system ({kind}): locks and "
                "syncs are less reliable there. Keep it on a disk of the host that all admins use."
            )
        if not self.read_only_reason and self._files.directory.exists:
            self._interrupted = self._files.markers.interrupted()
        numbers: dict[str, int] = {}
        if self._interrupted:
            transactions = self.transactions()
            numbers = {transaction.action.token: transaction.number for transaction in transactions}
        for token, message in self._interrupted.items():
            if token in numbers:
                found.append(f"{message} after it was saved as transaction {numbers[token]:,}.")
            else:
                found.append(f"{message}. Nothing was saved. Import the file again.")
        return found

    def has_external_changes(self) -> bool:
        """Whether other programs may have committed something."""
        return self._files.has_external_changes()

    def refresh(self, progress: ProgressCallback = ignore_progress) -> None:
        """Read what other programs committed."""
        before = self._files.contents.state
        user_ids = self._files.refresh(progress)
        if user_ids is not None and before.version != self.state.version:
            self._last_read = before.version, self.state.version, user_ids

    def changes_since(self, before: State, rest: YieldControl = no_rest) -> api.ChangedUsers:
        """Return what was committed since a state."""
        maps = maps_of(before)
        first, last, user_ids = self._last_read
        after = self._files.contents.state
        is_named = (first, last) == (maps.version, after.version)
        return changed_users(maps, after, user_ids if is_named else None, rest)

    def lock_free(self) -> AbstractContextManager[bool]:
        """Keep this program from locking the store for a moment."""
        return self._files.lock.free()

    def transaction(self, action: api.Action) -> AbstractContextManager[Transaction]:
        """Hold the lock over read, change and write."""
        return self._table.transaction(action)

    @contextmanager
    def import_in_progress(self, file_name: str) -> Iterator[str]:
        """Leave a marker in the folder of the store while an import is in progress."""
        if self.read_only_reason or not self._files.directory.exists:
            yield ""
            return
        with self._files.markers.marked(file_name, current_origin()) as token:
            yield token

    def transactions(self) -> list[api.TransactionSummary]:
        """Return all transactions, newest first."""
        return self._files.transactions()

    def transaction_changes(
        self, number: int, progress: ProgressCallback = ignore_progress
    ) -> Iterator[api.UserChange]:
        """Yield what a transaction did, user by user."""
        with self._files.translating_log_errors():
            for _, rows in self._files.log.rows_of(range(number, number + 1), progress):
                yield from map(entries.user_change, rows)

    def user_history(
        self, user_id: str, progress: ProgressCallback = ignore_progress
    ) -> Iterator[api.UserHistoryEntry]:
        """Yield what transactions did to a user, newest first."""
        with self._files.translating_log_errors():
            yield from self._files.log.user_history(user_id, progress)

    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        """Yield the User IDs of users that transactions added or changed."""
        return self._files.changed_user_ids(number, progress, last=last)

    def close(self) -> None:
        """Rewrite the snapshot if it is behind, and close the files."""
        self._files.close()


def open_tinydb_store(
    path: Path,
    *,
    wait: float = WAIT,
    read_only: bool = False,
    retention: api.RetentionPolicy | None = None,
) -> TinyDBUserStore:
    """Open the store at a path; nothing is read before `load`.

    Raises:
        StoreError: there can be no store.
    """
    mode = stat.S_IFREG
    try:
        with suppress(FileNotFoundError, NotADirectoryError):
            mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise StoreError(f"Cannot read the store {sanitize(str(path))}: {why}.") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        raise StoreError(
            f"{sanitize(str(path))} is {what}. Give the path of the store's file, users.json."
        )
    return TinyDBUserStore(path, wait=wait, read_only=read_only, retention=retention)
