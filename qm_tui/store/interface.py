"""Where users are kept, as everything above the store sees it.

No TinyDB type passes through here, so that a store of another make can stand behind it.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from qm_tui.progress import Tick, no_tick
from qm_tui.refusal import Refused
from qm_tui.users.fields import User


class StoreRefused(Refused):
    """The store could not be opened, read or written; it is as it was."""


class StoreBusy(StoreRefused):
    """Somebody else is writing, and did not finish in time."""


@dataclass(frozen=True, slots=True)
class State:
    """What a store holds at one moment. It never changes; a commit makes a new one.

    Attributes:
        generation: a number that grows with every commit.
        users: the users by User ID, in store order.
        names: the User ID of each user by User Name, as `name_key` makes it comparable.
    """

    generation: int
    users: Mapping[str, User]
    names: Mapping[str, str]


EMPTY = State(0, MappingProxyType({}), MappingProxyType({}))
"""The state of a store that holds nothing yet."""

Changes = Mapping[str, User | None]
"""By User ID: the user as it will be, or None to delete it."""


Found = Callable[[Sequence[User]], object]
"""Given some users that were read."""


def no_found(_users: Sequence[User]) -> None:
    """Users that were read, and nobody waits for them."""


class Transaction(Protocol):
    """A change of the store in the making, while nobody else can write."""

    @property
    def state(self) -> State:
        """The newest state of the store, others' commits included."""

    def commit(self, changes: Changes, tick: Tick = no_tick) -> State:
        """Write the changes, wholly or not at all, and return the state after them.

        Once it returns, the changes outlast a crash and a power cut. An exception raised by the
        tick leaves the store as it was.

        Raises:
            StoreRefused: the changes could not be written; the store is as it was.
            ValueError: two users would bear one User Name, a User ID does not match its user, or
                a user who is not there would be deleted: a fault of the caller.
        """


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

    @abstractmethod
    def load(self, tick: Tick = no_tick, found: Found = no_found) -> State:
        """Read what it holds now, others' commits included.

        Args:
            tick: told how much is read.
            found: given the users as they are read, some hundred at a time and in store order,
                so that the first can be shown before the last are there. Nothing is found where
                the store holds what it held before.

        Raises:
            StoreRefused: it cannot be read, or is no store.
        """

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """Keep others from writing, for a change made of the newest state.

        Raises:
            StoreBusy: somebody else is writing and does not finish in time.
            StoreRefused: it cannot be read or locked.
        """
