"""Where users are kept, as everything above the store sees it.

No TinyDB type passes through here, so that a store of another make can stand behind it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from qm_tui.progress import Tick, no_tick
from qm_tui.store.state import State
from qm_tui.store.transaction import Transaction
from qm_tui.users.fields import User

IMPORT_OF: Final = "import of "
"""What the reason of an import begins with."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A transaction, as the activity log lists it.

    Attributes:
        number: its number, from 1.
        time: when it was committed.
        who: the login of the person who made it.
        address: where that person's SSH line came from; empty where there was none.
        why: what it was: "import of sales.csv, ...", "edit", "undo of 41".
        added: how many users it added.
        changed: how many it changed.
        deleted: how many it deleted.
        token: that of the import that made it; empty where it was none.
        is_kept: whether what it did to each user is still known.
    """

    number: int
    time: datetime
    who: str
    address: str
    why: str
    added: int
    changed: int
    deleted: int
    token: str = ""
    is_kept: bool = True

    @property
    def users(self) -> int:
        """How many users it was about."""
        return self.added + self.changed + self.deleted

    @property
    def is_import(self) -> bool:
        """Whether it was an import."""
        return self.why.startswith(IMPORT_OF)

    @property
    def can_undo(self) -> bool:
        """Whether it can be taken back, as far as nothing else has changed since."""
        return self.is_kept and self.users > 0


class Done(NamedTuple):
    """What a transaction did to one user.

    Attributes:
        user_id: the user.
        before: by field key, the values before; all 26 of a user that was deleted, those that
            changed of a user that was changed, and None of one that was added.
        after: the values after, likewise; None of a user that was deleted.
    """

    user_id: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None


class Touch(NamedTuple):
    """What one transaction did to one user.

    Attributes:
        entry: the transaction.
        done: what it did to the user.
    """

    entry: Entry
    done: Done


@dataclass(frozen=True, slots=True)
class Update:
    """What other processes committed since the store was last looked at.

    Attributes:
        state: the state after it.
        added: the User IDs of users who are new.
        changed: those of users who are not as they were.
        deleted: those of users who are gone.
    """

    state: State
    added: frozenset[str]
    changed: frozenset[str]
    deleted: frozenset[str]


Found = Callable[[Sequence[User]], object]
"""Given some users that were read."""


def no_found(_users: Sequence[User]) -> None:
    """Users that were read, and nobody waits for them."""


class UserStore(ABC):
    """A place where users are kept."""

    @property
    @abstractmethod
    def location(self) -> str:
        """Where it is, for people."""

    @property
    @abstractmethod
    def state(self) -> State:
        """What it held when it was last read or written by this program."""

    @property
    @abstractmethod
    def notices(self) -> Sequence[str]:
        """What the admin should know about the store, found out by loading it; sentences."""

    @abstractmethod
    def acknowledge_notices(self) -> None:
        """Keep what a person has read from being said at the next start again."""

    @property
    @abstractmethod
    def read_only(self) -> str:
        """Why it cannot be changed, as a sentence; empty where it can."""

    @abstractmethod
    def load(self, tick: Tick = no_tick, found: Found = no_found) -> State:
        """Read what it holds now, others' commits included.

        Args:
            tick: told how much is read.
            found: given the users as they are read, some hundred at a time and in store order,
                so that the first can be shown before the last are there. A user that a later
                transaction changed is found again, as it is after that; one that was deleted may
                have been found before. Nothing is found where the store is loaded already.

        Raises:
            StoreError: it cannot be read, or is no store.
        """

    @abstractmethod
    def has_external_changes(self) -> bool:
        """Whether others may have committed something. Asks the system, and takes no time."""

    @abstractmethod
    def refresh(self, tick: Tick = no_tick) -> Update | None:
        """Read what others committed since; None where that is nothing, or somebody is writing.

        Never waits for another writer.

        Args:
            tick: told how much is read; it must not raise.

        Raises:
            StoreError: it cannot be read any more.
        """

    @abstractmethod
    def transaction(self, why: str, token: str = "") -> AbstractContextManager[Transaction]:
        """Keep others from writing, for a change made of the newest state.

        Args:
            why: what the change is, for the activity log.
            token: that of the `import_in_progress`, if it is one.

        Raises:
            StoreBusy: somebody else is writing and does not finish in time.
            StoreReadOnly: the store was opened for looking only, or may not be written.
            StoreError: it cannot be read or locked.
        """

    @abstractmethod
    def let_go(self) -> AbstractContextManager[bool]:
        """Keep this program from holding up all others for a moment, as when it is stopped.

        Returns:
            A context manager that gives whether that is so: nothing is being written or read now.
        """

    @abstractmethod
    def import_in_progress(self, what: str) -> AbstractContextManager[str]:
        """Leave a note that an import is under way, which the next start finds if it is cut off.

        Args:
            what: the file that is imported.

        Returns:
            A context manager with a token for `transaction`.
        """

    @abstractmethod
    def activity(self) -> list[Entry]:
        """All transactions, newest first, as far as this program has read the store.

        Raises:
            StoreError: the history cannot be read.
        """

    @abstractmethod
    def transaction_changes(self, number: int, tick: Tick = no_tick) -> Iterator[Done]:
        """What a transaction did, user by user.

        Raises:
            StoreError: there is no such transaction, what it did is no longer kept, or the
                history cannot be read.
        """

    @abstractmethod
    def user_history(self, user_id: str, tick: Tick = no_tick) -> Iterator[Touch]:
        """What became of a user, newest first, as far as it is kept.

        What is older is looked for only when it is asked for.

        Args:
            user_id: the user; it may be gone.
            tick: told how much is read; it may raise `Cancelled`.

        Raises:
            StoreError: the history cannot be read.
        """

    @abstractmethod
    def history_removed_until(self) -> datetime | None:
        """When the last transaction was of which it is no longer kept what it did to each user.

        None where that is kept of all transactions that are known.

        Raises:
            StoreError: the history cannot be read.
        """

    @abstractmethod
    def changed_user_ids(
        self, number: int, tick: Tick = no_tick, *, last: int = 0
    ) -> Iterator[str]:
        """The User IDs of those whom a transaction added or changed.

        Those whom it deleted are not among them. Makes no `Done` of each user, so that it takes
        little longer than reading the journal.

        Args:
            number: the transaction.
            tick: told how much is read; it may raise `Cancelled`.
            last: the last of several transactions in a row that are asked about at once; a user
                comes once for each of them, and may be gone.

        Raises:
            StoreError: there is no such transaction, what it did is no longer kept, or the
                history cannot be read. Some users may have come by then.
        """

    @abstractmethod
    def checkpoint(self, tick: Tick = no_tick, *, only_if_large: bool = False) -> bool:
        """Write all users into the store's main file, and move what led to it into the history.

        Args:
            tick: told how far it is; it may raise `Cancelled`.
            only_if_large: whether to do nothing while there is little to move.

        Returns:
            Whether anything was done.

        Raises:
            StoreError: it could not be done; no user is lost.
        """
