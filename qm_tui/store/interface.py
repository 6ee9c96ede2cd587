"""The interface of a store, which hides its files and its backend.

`qm_tui.store.open_store` opens a store. `tests/store/test_store_contract.py` checks that every kind
of store fulfills this contract.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from qm_tui.progress import ProgressCallback, YieldControl, ignore_progress, no_rest
from qm_tui.store.state import State
from qm_tui.store.transaction import Transaction
from qm_tui.users.fields import User


class TransactionKind(StrEnum):
    """What a transaction was. `store.changes.action_text` has the words for it."""

    ADD = "add"
    EDIT = "edit"
    ACTIVATE = "activate"
    INACTIVATE = "inactivate"
    SET = "set"
    """A bulk change of one or more fields."""
    RENAME = "rename"
    """A new name for a department, a location, a profile or a recording service."""
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    DELETE = "delete"
    IMPORT = "import"
    UNDO = "undo"
    REDO = "redo"
    """The undo of an undo."""
    SCRIPT = "script"
    """A change by a program that the admin wrote."""
    TAKEOVER = "takeover"
    """The first transaction of a store that another program had filled."""
    UNREADABLE = "unreadable"
    """Its entry in the log is damaged; only its number is known."""


class Action(NamedTuple):
    """What a transaction does, as it is recorded.

    Attributes:
        kind: what kind of action it is.
        subject: what it is about: the user's name, the names of the fields, the name of the file,
            the number of the undone or redone transaction, or the text that a script gives.
        details: more about it, for people.
        digest: the SHA-256 of the file, in hexadecimal digits, if it is an import or a takeover.
        token: the token of `UserStore.import_in_progress`, if it is an import.
    """

    kind: TransactionKind
    subject: str = ""
    details: str = ""
    digest: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class TransactionSummary:
    """A transaction, as the activity log lists it.

    Attributes:
        number: its number, from 1.
        time: when it was committed.
        login: the login of the admin who made it.
        address: the address of that admin's SSH client; empty if there was none.
        action: what it was.
        added: the number of users it added.
        changed: the number of users it changed.
        deleted: the number of users it deleted.
        is_available: whether its changes of each user are still available.
    """

    number: int
    time: datetime
    login: str
    address: str
    action: Action
    added: int
    changed: int
    deleted: int
    is_available: bool = True

    @property
    def kind(self) -> TransactionKind:
        """What kind of action it was."""
        return self.action.kind

    @property
    def users(self) -> int:
        """The number of affected users."""
        return self.added + self.changed + self.deleted

    @property
    def is_import(self) -> bool:
        """Whether it was an import."""
        return self.kind is TransactionKind.IMPORT

    @property
    def can_undo(self) -> bool:
        """Whether it can be undone, unless its values have been changed since."""
        return self.is_available and self.users > 0


class UserChange(NamedTuple):
    """What a transaction did to one user.

    Attributes:
        user_id: the user.
        before: by field key, the values before; all of a deleted user, the changed ones of a
            changed user, and None for an added one.
        after: the values after, likewise; None for a deleted user.
    """

    user_id: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None


class UserHistoryEntry(NamedTuple):
    """What one transaction did to one user.

    Attributes:
        transaction: the transaction.
        change: what it did to the user.
    """

    transaction: TransactionSummary
    change: UserChange


@dataclass(frozen=True, slots=True)
class ChangedUsers:
    """What was committed between two states of a store.

    Attributes:
        added: the User IDs of new users.
        changed: those of changed users.
        deleted: those of deleted users.
    """

    added: frozenset[str]
    changed: frozenset[str]
    deleted: frozenset[str]


class StoreIssueSeverity(StrEnum):
    """How bad a finding of `Maintenance.check` is."""

    WARNING = "warning"
    DAMAGE = "damage"


class StoreIssue(NamedTuple):
    """Something that `Maintenance.check` found.

    Attributes:
        severity: how bad it is.
        message: a sentence, with the file and the transaction or the byte.
    """

    severity: StoreIssueSeverity
    message: str


class RecoveryReport(NamedTuple):
    """What `Maintenance.recover` wrote.

    Attributes:
        users: the number of users in the new store.
        number: the number of the last transaction in the new store.
        losses: what could not be recovered; sentences.
    """

    users: int
    number: int
    losses: Sequence[str]


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """How long the changes of each user are available; the list of transactions stays for good.

    Attributes:
        days: for how many days.
        bytes: how many bytes of them; the oldest are removed first.
        segment_bytes: the bytes above which a new part of the log is begun,
        segment_ratio: if they also exceed so many times those of all users,
        segment_days: or after so many days.
    """

    days: float = 90
    bytes: int = 1024**3
    segment_bytes: int = 32 * 1024**2
    segment_ratio: float = 4
    segment_days: float = 30


UsersLoadedCallback = Callable[[State], object]
"""Called with the users that have been read so far."""


def ignore_loaded_users(_state: State) -> None:
    """Ignore users that were read."""


class Maintenance(ABC):
    """Maintenance of a store that consists of files. The store need not be open."""

    @abstractmethod
    def create(self) -> None:
        """Create an empty store.

        Raises:
            StoreError: there is one already, or it could not be created.
        """

    @abstractmethod
    def share(self, group: str) -> int:
        """Share the store with a group of this machine; create an empty one if there is none.

        Returns:
            The number of files that were there before.

        Raises:
            StoreError: it could not be done.
        """

    @abstractmethod
    def files(self) -> Sequence[tuple[str, int]]:
        """Return the path and the size in bytes of each file of the store."""

    @abstractmethod
    def backup(self, file: Path, progress: ProgressCallback = ignore_progress) -> int:
        """Write the whole store to one new file, consistent while others write.

        Returns:
            The number of the last transaction in it.

        Raises:
            StoreError: the file exists, or it could not be written.
        """

    @abstractmethod
    def check(self, progress: ProgressCallback = ignore_progress) -> Sequence[StoreIssue]:
        """Check everything that can be checked: checksums, chain, rules, modes, leftovers.

        Raises:
            StoreError: there is no store, or another version of this program wrote it.
        """

    @abstractmethod
    def recover(self, target: Path, progress: ProgressCallback = ignore_progress) -> RecoveryReport:
        """Write what can be read of a damaged store, or of a backup, to a new store.

        Raises:
            StoreError: nothing could be read, or the new store exists or could not be written.
        """


class StoreContents(ABC):
    """All that a store holds at one moment, whatever other programs write in the meantime.

    Attributes:
        location: where the store is, for display only.
        number: the number of the last transaction.
        total: the number of all users.
        names_in_use: the User IDs of the users whose User Name belongs to an earlier user, by the
            comparable name.
        other_tables: the tables of other programs, as JSON by name; empty if there are none.
    """

    location: str
    number: int
    total: int
    names_in_use: Mapping[str, Sequence[str]]
    other_tables: str

    @abstractmethod
    def users(self) -> Iterator[Sequence[tuple[User, str]]]:
        """Yield all users in store order, some hundred at a time.

        Each comes with the members that other programs added to it, as JSON; empty if there are
        none.
        """

    @abstractmethod
    def transactions(self) -> Iterator[TransactionSummary]:
        """Yield all transactions, oldest first."""

    @abstractmethod
    def changes(self, first: int) -> Iterator[tuple[int, Sequence[UserChange]]]:
        """Yield what transactions did, oldest first, some users at a time.

        Transactions whose changes are not available are skipped.

        Args:
            first: the number of the first transaction.

        Yields:
            The number of a transaction, and what it did to some users.

        Raises:
            StoreError: they cannot be read.
        """


class CopiedParts(NamedTuple):
    """What of the contents of a store another one was filled with.

    Attributes:
        first: the number of the first transaction whose changes were copied.
        losses: what could not be copied; sentences.
    """

    first: int
    losses: Sequence[str]


class Copier(ABC):
    """Reads all that a store holds, or fills a new store. The store need not be loaded."""

    @abstractmethod
    def contents(self, rest: YieldControl = no_rest) -> AbstractContextManager[StoreContents]:
        """Return what the store holds now.

        Args:
            rest: called while a server works.

        Raises:
            StoreError: it cannot be read, or not all of it may be read.
        """

    @abstractmethod
    def fill(
        self, contents: StoreContents, progress: ProgressCallback = ignore_progress
    ) -> CopiedParts:
        """Write to the store all that another one holds, or nothing.

        Args:
            contents: what the other one holds.
            progress: the progress; it may raise `Cancelled`.

        Raises:
            StoreError: the store is not new, cannot hold this, or could not be written.
            CommitOutcomeUnknown: the connection was lost; it may have been written.
        """


class UserStore(ABC):
    """A store of users.

    While the server of a store cannot be reached, all that asks it raises `StoreDisconnected`;
    `read_only_reason` says why, and `warning` that it is not connected. Both become empty when it
    is connected again, which `refresh` tries. The properties never ask, and never raise.
    """

    @property
    @abstractmethod
    def location(self) -> str:
        """Where it is, for display only."""

    @property
    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a store yet; the first commit creates it."""

    @property
    @abstractmethod
    def state(self) -> State:
        """Its state when this program last read or wrote it."""

    @property
    def notices(self) -> Sequence[str]:
        """What the admin should know about the store, found by `load` and `refresh`; sentences."""
        return ()

    def acknowledge_notices(self) -> None:  # noqa: B027 - a store without notices
        """Do not repeat, at the next start, what the admin has read."""

    @property
    @abstractmethod
    def read_only_reason(self) -> str:
        """Why it cannot be changed, as a sentence; empty if it can."""

    @property
    def warning(self) -> str:
        """What is wrong at the moment although all is saved, as a few words; empty if nothing."""
        return ""

    @property
    def maintenance(self) -> Maintenance | None:
        """The maintenance of its files; None if it has no files."""
        return None

    @property
    def copier(self) -> Copier | None:
        """What copies all of it; None if that is not possible."""
        return None

    @abstractmethod
    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: UsersLoadedCallback = ignore_loaded_users,
    ) -> State:
        """Read what it holds now, including the commits of other programs.

        Args:
            progress: the progress.
            on_loaded: called each time more users have been read, so that the first can be shown
                before the last are read. It always gets the same state, which grows; a user that
                a later transaction deletes may be in it. Not called if the store is loaded already.

        Raises:
            StoreError: it cannot be read, or is not a store.
        """

    def has_external_changes(self) -> bool:
        """Whether other programs may have committed something. Takes microseconds.

        Never raises: a store on a server answers what it has been told last.
        """
        return False

    def refresh(self, progress: ProgressCallback = ignore_progress) -> None:  # noqa: B027
        """Read what other programs committed. Never waits for a writer.

        It is called again and again while a server cannot be reached, and tries to connect unless
        the last attempt was too short a time ago.

        Args:
            progress: the progress; it must not raise.

        Raises:
            StoreDisconnected: the server cannot be reached at the moment.
            StoreError: it can no longer be read.
        """

    @abstractmethod
    def changes_since(self, before: State, rest: YieldControl = no_rest) -> ChangedUsers:
        """Return what was committed since a state, by this program or others.

        Args:
            before: an earlier state of this store.
            rest: called about every millisecond.
        """

    def earlier(
        self, before: State, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> State:
        """Return a state with some users as they were, for questions about them alone.

        Args:
            before: an earlier state of this store.
            user_ids: at most `MOST_KEYS` User IDs.
            rest: called about every millisecond.

        Raises:
            StoreError: the transactions since then cannot be read.
        """
        return before

    @abstractmethod
    def transaction(self, action: Action) -> AbstractContextManager[Transaction]:
        """Lock the store for a change of its newest state.

        Args:
            action: what the change is. If it is about users, changes one and has no subject, it is
                recorded with the user's name.

        Raises:
            StoreBusy: another program is writing and does not finish in time.
            StoreReadOnly: the store was opened read-only, or may not be written.
            StoreError: it cannot be read or locked.
        """

    @abstractmethod
    def lock_free(self) -> AbstractContextManager[bool]:
        """Keep this program from locking the store for a moment, as when it is suspended.

        Returns:
            A context manager that gives whether that is so: nothing is being written or read now.
        """

    @abstractmethod
    def import_in_progress(self, file_name: str) -> AbstractContextManager[str]:
        """Leave a marker that the next start finds if the import is interrupted.

        Returns:
            A context manager with a token for `Action`.
        """

    @abstractmethod
    def transactions(self) -> list[TransactionSummary]:
        """Return all transactions, newest first, as far as this program has read the store.

        Raises:
            StoreError: they cannot be read.
        """

    @abstractmethod
    def transaction_changes(
        self, number: int, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserChange]:
        """Yield what a transaction did, user by user.

        Raises:
            StoreError: there is no such transaction, or its changes are no longer available or
                cannot be read.
        """

    @abstractmethod
    def user_history(
        self, user_id: str, progress: ProgressCallback = ignore_progress
    ) -> Iterator[UserHistoryEntry]:
        """Yield what transactions did to a user, newest first, as far as it is available.

        Older transactions are read only when they are asked for.

        Args:
            user_id: the user; it may have been deleted.
            progress: the progress; it may raise `Cancelled`.

        Raises:
            StoreError: the transactions cannot be read.
        """

    def history_removed_until(self) -> datetime | None:
        """Return the time of the last transaction whose changes are no longer available.

        None if those of all known transactions are available.

        Raises:
            StoreError: the transactions cannot be read.
        """
        gone = (
            one
            for one in self.transactions()
            if not one.is_available and one.kind is not TransactionKind.UNREADABLE
        )
        return next((one.time for one in gone), None)

    @abstractmethod
    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        """Yield the User IDs of the users that transactions added or changed.

        Deleted users are not among them. Takes little longer than reading the log.

        Args:
            number: the transaction.
            progress: the progress; it may raise `Cancelled`.
            last: the last of several consecutive transactions; a user comes once for each of them,
                and may have been deleted since.

        Raises:
            StoreError: there is no such transaction, or its changes are no longer available or
                cannot be read. Some User IDs may have been yielded before.
        """

    @abstractmethod
    def close(self) -> None:
        """Write what is still to be written for other programs, and close the store.

        Commits are durable without it. It may be loaded again.
        """
