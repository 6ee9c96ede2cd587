"""What a store can be asked about its users, whatever engine it has.

A store may hold millions of users on another machine. So nothing above it holds all of them: it
asks. Each question is answered for a `State`. `tests/store/test_questions_contract.py` and
`tests/store/test_windows_contract.py` check that every kind of store answers all questions alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from qm_tui.progress import CHUNK_SIZE, YieldControl, no_rest
from qm_tui.users.fields import User
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection

Changes = Mapping[str, User | None]
"""By User ID: the user as it will be, or None to delete it."""

MOST_KEYS: Final = CHUNK_SIZE
"""The keys, values or texts in one question at most: what `in_chunks` yields is one question."""


class UserCount(NamedTuple):
    """A number of users.

    Attributes:
        number: the number.
        is_exact: whether there are no more; otherwise there are at least so many.
    """

    number: int
    is_exact: bool = True

    @property
    def text(self) -> str:
        """The number as text: `1,204`, or `more than 10,000` if there are at least 10,001."""
        return f"{self.number:,}" if self.is_exact else f"more than {self.number - 1:,}"


class Side(Enum):
    """Where a window is."""

    FIRST = auto()
    """The first users."""
    LAST = auto()
    """The last users."""
    AFTER = auto()
    """The users after a user, without it."""
    BEFORE = auto()
    """The users before a user, without it."""
    AROUND = auto()
    """A user in the middle, with those before and after it."""


class Place(NamedTuple):
    """The place of a window of the users that a query finds.

    Attributes:
        side: where it is.
        user_ids: the users that it refers to, for `AFTER`, `BEFORE` and `AROUND`: the first of them
            that the query finds counts. If it finds none of them, the window is where the row would
            be, if there is one, else at the beginning.
        row: the row of the first of them when it was seen last, which makes the answer faster.
    """

    side: Side
    user_ids: Sequence[str] = ()
    row: int | None = None


FIRST: Final = Place(Side.FIRST)
LAST: Final = Place(Side.LAST)


class Window(NamedTuple):
    """Consecutive users of a query.

    Attributes:
        users: the users, in the order of the query. Fewer than asked for if there are no more, or
            if the store answers in smaller parts; none only if there are none at that place.
        row: the row of the first of them, from 0; None if the store does not know it.
        user_id: the User ID of the user that it is around, after or before; empty if the query
            finds none of those that were given.
    """

    users: Sequence[User]
    row: int | None = 0
    user_id: str = ""


NO_USERS: Final = Window(())
"""The window of a query that finds nothing."""


class State(ABC):
    """The users of a store when it was last read or written, as answers to questions.

    A state of a store in memory is immutable, and a thread can ask it while another one makes the
    next. A server answers from what it holds when it is asked; what an answer was used for is then
    checked when it is committed.

    A store in memory answers every question. A question of a state on a server may raise
    `StoreError`: `StoreDisconnected` if the server cannot be reached at the moment; then the same
    question can be asked again later. So may the iterators that it returns, also after some users.

    Several questions take a `rest`, which is called about every millisecond of work. It lets other
    threads run, and may raise an exception that ends the question. While a server works, it is
    called from time to time, too; the exception cancels the question on the server.
    """

    is_at_hand: bool = False
    """Whether users by ID, owners of names, and windows and counts of a query that was answered
    before are answered immediately, so that the event loop may wait for the answer."""

    @property
    def hides_secrets(self) -> bool:
        """Whether the admin may not read passwords and salts: they are empty in all users."""
        return False

    @property
    @abstractmethod
    def number(self) -> int:
        """The number of the last transaction; it grows with every commit."""

    @property
    @abstractmethod
    def version(self) -> int:
        """Differs between any two states of a program. Two states of one version are one state.

        A number may come twice, if an older copy of the store is restored.
        """

    @property
    @abstractmethod
    def total(self) -> int:
        """The number of all users."""

    # Users by their keys

    @abstractmethod
    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs, each None if there is none.

        Args:
            user_ids: at most `MOST_KEYS` User IDs; the same may come several times.
        """

    def user(self, user_id: str) -> User | None:
        """Return the user with a User ID, or None."""
        return self.users((user_id,))[0]

    @abstractmethod
    def owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the User ID of the user who has each User Name, or None.

        If several users have one name, because an earlier version or another program wrote them,
        the first of them has it.

        Args:
            names: at most `MOST_KEYS` User Names, as `normalize_user_name` makes them comparable.
        """

    def owner(self, name: str) -> str | None:
        """Return the User ID of the user who has a comparable User Name, or None."""
        return self.owners((name,))[0]

    @abstractmethod
    def users_without_own_name(self) -> Mapping[str, Sequence[str]]:
        """Return the users whose User Name belongs to an earlier user, by the comparable name.

        There are none in a store that only this version has written.
        """

    @abstractmethod
    def look_alikes(self, keys: Sequence[str]) -> list[str | None]:
        """Return the first user with a User Name of another script that looks like each key.

        Args:
            keys: at most `MOST_KEYS` results of `look_alike_key`.

        Returns:
            User IDs. The names are those with letters that look like others.
        """

    # Users by query

    @abstractmethod
    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        """Return consecutive users of a query.

        Args:
            query: the query.
            place: where.
            rows: how many users at most.
            rest: called about every millisecond.

        Raises:
            FilterSyntaxError: a value of the filter is invalid, or requires activity that is no
                longer available.
        """

    @abstractmethod
    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        """Return how many users a query finds.

        Args:
            query: the query.
            rest: called about every millisecond.
            enough: a number from which on the store need not count any further.

        Raises:
            FilterSyntaxError: as `window`.
        """

    @abstractmethod
    def selected(
        self, selection: Selection, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> set[str]:
        """Return which of some users a selection has.

        Args:
            selection: the selection.
            user_ids: at most `MOST_KEYS` User IDs.
            rest: called about every millisecond.

        Raises:
            FilterSyntaxError: as `window`.
        """

    @abstractmethod
    def groups(
        self, keys: Sequence[str], query: Query = ALL, rest: YieldControl = no_rest
    ) -> Mapping[tuple[str, ...], int]:
        """Return how many users of a query have each combination of values.

        Args:
            keys: the keys of the fields, at least one.
            query: the query.
            rest: called about every millisecond.

        Raises:
            FilterSyntaxError: as `window`.
        """

    @abstractmethod
    def numbers(
        self, key: str, values: Sequence[str], rest: YieldControl = no_rest
    ) -> Mapping[str, int]:
        """Return how many users have each value of a field; values that no user has are missing.

        Args:
            key: the key of the field.
            values: at most `MOST_KEYS` values.
            rest: called about every millisecond.
        """

    @abstractmethod
    def holders(
        self, key: str, values: Sequence[str], at_most: int, rest: YieldControl = no_rest
    ) -> Mapping[str, Sequence[str]]:
        """Return the User IDs of the first users with each value of a field, in store order.

        Args:
            key: the key of the field.
            values: at most `MOST_KEYS` values.
            at_most: the number of users of each value that are wanted.
            rest: called about every millisecond.

        Returns:
            For each value; empty if no user has it.
        """

    @abstractmethod
    def ids(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[str]]:
        """Yield the User IDs of a query in its order, some hundred at a time.

        Raises:
            FilterSyntaxError: as `window`.
        """

    @abstractmethod
    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        """Yield the users of a query in its order, some hundred at a time.

        Raises:
            FilterSyntaxError: as `window`.
        """

    # Users by what an admin wrote

    @abstractmethod
    def lookup(
        self, texts: Sequence[str], rest: YieldControl = no_rest, *, only_names: bool = False
    ) -> list[LookupResult]:
        """Return the users of each text, as `qm_tui.users.query.lookup` describes it.

        Args:
            texts: at most `MOST_KEYS` texts.
            rest: called about every millisecond.
            only_names: whether only first and last names are compared.
        """

    def prepare_lookup(self, rest: YieldControl = no_rest) -> object:
        """Prepare what `lookup` needs, if it is needed several times.

        Args:
            rest: called about every millisecond.

        Returns:
            What is prepared; it is forgotten with this object.
        """
        return None

    @abstractmethod
    def nearest_name(self, name: str) -> str | None:
        """Return the user whose comparable User Name is most similar to a text.

        Returns:
            The User ID; None if none is similar enough to be meant.
        """

    @abstractmethod
    def names_beginning(self, beginning: str) -> Iterator[Sequence[str]]:
        """Yield the User IDs of the owners of comparable User Names that begin with a text."""

    def prepare(self, rest: YieldControl = no_rest) -> None:  # noqa: B027 - others need nothing
        """Prepare what the first filter needs; what is done when it is ended by `rest` is kept."""
