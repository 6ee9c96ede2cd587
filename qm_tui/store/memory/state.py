"""A state of a store whose users are in memory: it answers all questions from there."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from functools import cached_property
from itertools import islice
from operator import itemgetter
from threading import Lock
from typing import Final, Generic, TypeVar
from weakref import ref

from qm_tui.progress import CHUNK_SIZE, YieldControl, in_chunks, no_rest
from qm_tui.store.activity_filters import today
from qm_tui.store.memory.activity_index import ActivityIndex
from qm_tui.store.memory.lookup import UserLookup
from qm_tui.store.memory.maps import UserMaps, lookup_in, users_without_own_name
from qm_tui.store.memory.search import Finder
from qm_tui.store.state import Place, Side, State, UserCount, Window
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import look_alike_key
from qm_tui.users.query.counts import count_values
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection, Step

K = TypeVar("K")
V = TypeVar("V")

_LISTINGS: Final = 8
"""Queries whose users are remembered: that of the table, and those of its counts."""

_SELECTIONS: Final = 2
"""Selections by queries whose users are remembered: the marked users, and those among which others
are searched."""

_MIN_SIMILARITY: Final = 70
"""The minimum similarity of a User Name that may be meant, from 0 to 100."""


class MemoryState(State):
    """A state of a store in memory. It is immutable, apart from what it remembers.

    Args:
        maps: the users.
        finder: searches in them.
        activity: what the store did before.
    """

    is_at_hand = True

    def __init__(self, maps: UserMaps, finder: Finder, activity: ActivityIndex) -> None:
        self._maps, self._finder, self._activity = maps, finder, activity
        self._user_of, self._owner_of = lookup_in(maps.users), lookup_in(maps.names)
        self._listings = _Recent[Query, Sequence[str]](_LISTINGS)
        self._once = _Recent[Query, Sequence[str]](1)
        self._selected = _Recent[tuple[Step, ...], set[str]](_SELECTIONS)
        self._numbers: dict[str, Counter[str]] = {}
        self._lookup: ref[UserLookup] | None = None

    @property
    def maps(self) -> UserMaps:
        """The users, for the store alone."""
        return self._maps

    @property
    def number(self) -> int:
        """The number of the last transaction."""
        return self._maps.number

    @property
    def version(self) -> int:
        """Differs between any two states of a program."""
        return self._maps.version

    @property
    def total(self) -> int:
        """The number of all users."""
        return len(self._maps.users)

    # Users by their keys

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs."""
        return list(map(self._user_of, user_ids))

    def user(self, user_id: str) -> User | None:
        """Return the user with a User ID, or None."""
        return self._user_of(user_id)

    def owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the User ID of the user who has each comparable User Name."""
        return list(map(self._owner_of, names))

    def owner(self, name: str) -> str | None:
        """Return the User ID of the user who has a comparable User Name."""
        return self._owner_of(name)

    def users_without_own_name(self) -> Mapping[str, Sequence[str]]:
        """Return the users whose User Name belongs to an earlier user."""
        return self._without_own_name

    @cached_property
    def _without_own_name(self) -> Mapping[str, Sequence[str]]:
        return users_without_own_name(self._maps)

    def look_alikes(self, keys: Sequence[str]) -> list[str | None]:
        """Return the first user with a User Name of another script that looks like each key."""
        return list(map(self._look_alikes.get, keys))

    @cached_property
    def _look_alikes(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        users, names = self._maps.users, self._maps.names
        if "".join(names).isascii():
            return found
        for name, user_id in names.items():
            if not name.isascii():
                key = look_alike_key(users[user_id].user_name)
                if key != name:
                    found.setdefault(key, user_id)
        return found

    # Users by query

    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        """Return consecutive users of a query."""
        return window_of(self._maps.users, self._listing(query, rest), place, rows, rest)

    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        """Return how many users a query finds; always exactly."""
        within = query.within
        if query.terms or (within and within.steps and not within.has_all):
            return UserCount(len(self._listing(query, rest)))
        if within is None:
            return UserCount(self.total)
        users = self._maps.users
        named = in_chunks(within.exceptions, rest)
        number = sum(user_id in users for user_ids in named for user_id in user_ids)
        return UserCount(self.total - number if within.has_all else number)

    def selected(
        self, selection: Selection, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> set[str]:
        """Return which of some users a selection has."""
        user_of, exceptions = self._user_of, selection.exceptions
        existing = {user_id for user_id in user_ids if user_of(user_id) is not None}
        if not selection.steps:
            return existing & exceptions
        if selection.has_all:
            return existing - exceptions
        by_steps = existing & self._found_by(selection.steps, rest)
        return by_steps ^ (existing & exceptions)

    def groups(
        self, keys: Sequence[str], query: Query = ALL, rest: YieldControl = no_rest
    ) -> Mapping[tuple[str, ...], int]:
        """Return how many users of a query have each combination of values."""
        if query.is_all and len(keys) == 1:
            return {(value,): number for value, number in self._numbers_of(keys[0], rest).items()}
        values_of = itemgetter(*(FIELD[key].index for key in keys))
        values = map(values_of, self._users_of(query, rest))
        return count_values(zip(values, strict=True) if len(keys) == 1 else values, rest)

    def numbers(
        self, key: str, values: Sequence[str], rest: YieldControl = no_rest
    ) -> Mapping[str, int]:
        """Return how many users have each value of a field."""
        known = self._numbers_of(key, rest)
        return {value: known[value] for value in values if value in known}

    def _numbers_of(self, key: str, rest: YieldControl) -> Counter[str]:
        known = self._numbers.get(key)
        if known is None:
            stored = map(itemgetter(FIELD[key].index), self._maps.users.values())
            known = self._numbers[key] = count_values(stored, rest)
        return known

    def holders(
        self, key: str, values: Sequence[str], at_most: int, rest: YieldControl = no_rest
    ) -> Mapping[str, Sequence[str]]:
        """Return the User IDs of the first users with each value of a field."""
        found: dict[str, list[str]] = {value: [] for value in values}
        numbers = self.numbers(key, values, rest)
        missing = sum(min(number, at_most) for number in numbers.values())
        index = FIELD[key].index
        for batch in in_chunks(self._maps.users.values(), rest) if missing else ():
            for user in batch:
                holders = found.get(user[index])
                if holders is not None and len(holders) < at_most:
                    holders.append(user.user_id)
                    missing -= 1
            if not missing:
                break
        return found

    def ids(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[str]]:
        """Yield the User IDs of a query in its order."""
        return in_chunks(self._maps.users if query.is_all else self._listing(query, rest), rest)

    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        """Yield the users of a query in its order."""
        return in_chunks(self._users_of(query, rest), rest)

    def _users_of(self, query: Query, rest: YieldControl) -> Iterator[User]:
        if query.is_all:
            return iter(self._maps.users.values())
        return filter(None, map(self._user_of, self._listing(query, rest)))

    def _listing(self, query: Query, rest: YieldControl) -> Sequence[str]:
        """Return the User IDs of a query in its order; the last ones are remembered."""
        # tomorrow, other users are those changed today
        asked = replace(query, day=query.day or today()).relevant
        within = asked.within
        # others are asked only once
        remembered = self._listings if within is None or within.steps else self._once
        user_ids = remembered.get(asked)
        if user_ids is None:
            user_ids = self._find(asked, rest)
            remembered.add(asked, user_ids)
        return user_ids

    def _find(self, query: Query, rest: YieldControl) -> Sequence[str]:
        if query.within is not None:
            listed = in_chunks(self._listing(replace(query, within=None), rest), rest)
            if query.within.has_all:
                without = query.within.exceptions
                return [user_id for batch in listed for user_id in batch if user_id not in without]
            within = self._selected_by(query.within, rest)
            return [user_id for batch in listed for user_id in batch if user_id in within]
        if query.is_all:
            return list(self._maps.users)
        marked = self._selected_by(query.marked, rest)
        # a state that grows does not know its last transaction yet
        log = self._activity
        activity = _ActivityAndMarks(log, self._maps.number or None, marked, query.day)
        return self._finder.find(self._maps, query, activity, rest)

    def _selected_by(self, selection: Selection, rest: YieldControl) -> Container[str]:
        """Return the User IDs of the users of a selection."""
        steps, exceptions = selection.steps, selection.exceptions
        if not steps:
            return exceptions
        if selection.has_all:
            return _Except(exceptions)
        return self._found_by(steps, rest) ^ exceptions

    def _found_by(self, steps: tuple[Step, ...], rest: YieldControl) -> Set[str]:
        """Return the User IDs of the users that steps select."""
        found = self._selected.get(steps)
        if found is None:
            found = set()
            for step in steps:
                change = found.update if step.adds else found.difference_update
                for user_ids in in_chunks(self._listing(step.query, rest), rest):
                    change(user_ids)
            self._selected.add(steps, found)
        return found

    # Users by what an admin wrote

    def lookup(
        self, texts: Sequence[str], rest: YieldControl = no_rest, *, only_names: bool = False
    ) -> list[LookupResult]:
        """Return the users of each text."""
        index = self.prepare_lookup(rest)
        find = index.find_by_name if only_names else index.find
        return [result for batch in in_chunks(texts, rest, 50) for result in map(find, batch)]

    def prepare_lookup(self, rest: YieldControl = no_rest) -> UserLookup:
        """Return an index, which takes much memory and is not kept here."""
        index = self._lookup() if self._lookup is not None else None
        if index is None:
            index = UserLookup(self._maps, self._without_own_name, rest)
            self._lookup = ref(index)
        return index

    def nearest_name(self, name: str) -> str | None:
        """Return the User ID of the user with the most similar User Name."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - takes 15 ms, and is rarely needed

        names = self._maps.names
        near = process.extractOne(
            name, names.keys(), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY
        )
        return None if near is None else names[near[0]]

    def names_beginning(self, beginning: str) -> Iterator[Sequence[str]]:
        """Yield the User IDs of the owners of User Names that begin with a text."""
        found = (key for key in self._maps.names.items() if key[0].startswith(beginning))
        while batch := [user_id for _, user_id in islice(found, CHUNK_SIZE)]:
            yield batch

    def prepare(self, rest: YieldControl = no_rest) -> None:
        """Build what a search for words needs."""
        self._finder.prepare(self._maps, rest)


class _Recent(Generic[K, V]):
    """The last answers to questions. Several threads may use it.

    Args:
        most: how many answers are kept.
    """

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._answers: dict[K, V] = {}

    def get(self, question: K) -> V | None:
        """Return an answer, which is the last to be forgotten from now on; None if unknown."""
        with self._lock:
            answer = self._answers.pop(question, None)
            if answer is not None:
                self._answers[question] = answer
            return answer

    def add(self, question: K, answer: V) -> None:
        """Keep an answer."""
        with self._lock:
            self._answers[question] = answer
            if len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]


class _Except(Container[str]):
    """All User IDs with exceptions."""

    def __init__(self, exceptions: Set[str]) -> None:
        self._exceptions = exceptions

    def __contains__(self, user_id: object) -> bool:
        return user_id not in self._exceptions


class _ActivityAndMarks:
    """What filters need to know besides the users, as of a transaction."""

    def __init__(
        self,
        activity: ActivityIndex,
        until: int | None,
        marked: Container[str],
        day: date | None,
    ) -> None:
        self._activity, self._until, self._marked, self._day = activity, until, marked, day

    def today(self) -> date:
        return self._day or today()

    def changed(self, first: date, last: date) -> Container[str]:
        return self._activity.changed(first, last, self._until)

    def imported(self, number: int) -> Container[str]:
        return self._activity.imported(number, self._until)

    def marked(self) -> Container[str]:
        return self._marked


def window_of(
    users: Mapping[str, User],
    user_ids: Sequence[str],
    place: Place,
    rows: int,
    rest: YieldControl,
) -> Window:
    """Return consecutive users of a list.

    Args:
        users: the users by User ID.
        user_ids: the list; it may become longer at any time.
        place: where.
        rows: how many users at most.
        rest: called about every millisecond.
    """
    number = len(user_ids)
    last = max(0, number - rows)
    row, found = 0, ""
    if place.side not in (Side.FIRST, Side.LAST):
        row, found = _row_of(place, user_ids, rest)
    start = min(row, number)
    if place.side is Side.LAST:
        start = last
    elif place.side is Side.AROUND:
        start = max(0, min(row - rows // 2, last))
    elif place.side is Side.AFTER and found:
        start = row + 1
    elif place.side is Side.BEFORE:
        start, rows = max(0, start - rows), min(rows, start)
    return Window([users[user_id] for user_id in user_ids[start : start + rows]], start, found)


def _row_of(place: Place, user_ids: Sequence[str], rest: YieldControl) -> tuple[int, str]:
    """Return the row of the first user of a place, and its User ID; empty if there is none."""
    row = place.row or 0
    if not place.user_ids:
        return row, ""
    first = place.user_ids[0]
    if place.row is not None and row < len(user_ids) and user_ids[row] == first:
        return row, first
    ranks = {user_id: rank for rank, user_id in reversed(list(enumerate(place.user_ids)))}
    best, done = len(place.user_ids), 0
    for batch in in_chunks(user_ids, rest):
        if not ranks.keys().isdisjoint(batch):
            for at, user_id in enumerate(batch, done):
                rank = ranks.get(user_id, best)
                if rank < best:
                    best, row = rank, at
            if not best:
                break
        done += len(batch)
    return row, place.user_ids[best] if best < len(place.user_ids) else ""
