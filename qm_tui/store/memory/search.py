"""Search in the users of a store in memory: those that match a filter, in order.

Words are searched in a text that is built once for each user, and in each value that many users
share, such as a department. So a search in 100,000 users takes some hundredths of a second; other
threads can run between its steps.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from threading import Lock
from typing import Any, Final, TypeVar

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.memory.maps import EMPTY, UserMaps
from qm_tui.users.fields import FIELD, FIELDS, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.counts import count_values
from qm_tui.users.query.predicates import (
    ActivitySource,
    DuplicateCondition,
    Predicate,
    SearchWord,
    TextCondition,
    ValidCondition,
    compile_term,
)
from qm_tui.users.query.query import Query
from qm_tui.users.query.sorting import sort_keys, sort_users
from qm_tui.users.query.text_matching import fold_fields
from qm_tui.users.query.views import SortKey
from qm_tui.users.screening import invalid_stored_rows

_CHUNK: Final = 1000
"""The number of users between two calls of `rest`: a millisecond at most."""

_WAIT: Final = 0.01
"""Seconds to wait for another search before `rest` is called again."""

_FEW: Final = 200
"""The number of users whose texts are built, or that are checked, between two of these calls."""

_USER_ID_AT: Final = FIELD["user_id"].index
_SEARCHED: Final = tuple(field for field in FIELDS if field.kind in (Kind.TEXT, Kind.IP, Kind.LIST))
"""The fields in which words are searched. Secrets are never searched. The User ID must be typed
completely, since short words occur in its random letters by chance."""

_SHARED: Final = tuple(field for field in _SEARCHED if field.repeats)
"""Fields with few distinct values. Each value is searched once."""

_NAMES: Final = (FIELD["first_name"].index, FIELD["last_name"].index)
_names = itemgetter(*_NAMES)
_own_values = itemgetter(*(field.index for field in _SEARCHED if not field.repeats))
_codes = itemgetter(
    *(field.index for field in _SEARCHED if not (field.repeats or field.index in _NAMES))
)
"""The values that are not names, and mostly ASCII."""

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")
_Places = Collection[int]
"""Indexes of users."""

_Narrowing = Callable[[_Places], _Places]


class Finder:
    """Searches in the users of a store, with caches for the next search.

    It may be used by several threads; they wait for each other.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._rest: YieldControl = no_rest
        self._maps: UserMaps = EMPTY
        self._users: list[User] = []
        self._ids: list[str] = []
        self._texts: list[str] = []
        """The texts of the first users for word search, without the values of `_SHARED`."""
        self._shared: dict[str, Counter[str]] = {}
        """The values of the fields of `_SHARED`, by key."""
        self._order: tuple[tuple[SortKey, ...], list[int]] | None = None
        self._keys: dict[str, list[str]] = {}
        """The sort keys of the columns of the last sort order."""
        self._invalid: set[int] | None = None

    def prepare(self, maps: UserMaps, rest: YieldControl) -> None:
        """Build the texts of users, so that the first search for a word is fast, too."""
        with self._searching(maps, rest):
            self._prepare_words()

    def find(
        self,
        maps: UserMaps,
        query: Query,
        activity: ActivitySource,
        rest: YieldControl,
    ) -> Sequence[str]:
        """Return the User IDs of the users that a query finds, in order, among all users.

        Args:
            maps: the users.
            query: the query.
            activity: the activity of the store, and the marked users.
            rest: called about every millisecond.

        Raises:
            FilterSyntaxError: a value is invalid, or requires activity that is no longer available.
        """
        predicates = [compile_term(term, activity) for term in query.terms]
        with self._searching(maps, rest):
            places = self._sorted_positions(query.sort)
            hits = self._matches(predicates) if predicates else None
            ids = self._ids
            user_ids: list[str] = []
            for start in range(0, len(places), _CHUNK):
                batch = places[start : start + _CHUNK]
                user_ids += [ids[place] for place in batch if hits is None or hits[place]]
                self._rest()
        return user_ids

    @contextmanager
    def _searching(self, maps: UserMaps, rest: YieldControl) -> Iterator[None]:
        """Search in these users from now on; forget what was built for others."""
        while not self._lock.acquire(timeout=_WAIT):
            rest()  # which may say that the answer is no longer needed
        try:
            self._rest = rest
            if maps is not self._maps:
                self._maps, self._users, self._ids = maps, list(maps.users.values()), [*maps.users]
                self._texts, self._shared, self._keys = [], {}, {}
                self._order = self._invalid = None
            yield
        finally:
            self._rest = no_rest
            self._lock.release()

    def _prepare_words(self) -> None:
        texts, users = self._texts, self._users
        names = _ResultCache[str, str](lambda name: fold_fields([name]))
        while len(texts) < len(users):
            batch = users[len(texts) : len(texts) + _FEW]
            texts += [
                f"{names[first]}{names[last]}{fold_fields(codes)}"
                for (first, last), codes in zip(map(_names, batch), map(_codes, batch), strict=True)
            ]
            self._rest()
        for field in _SHARED:
            if field.key not in self._shared:
                values = map(itemgetter(field.index), users)
                self._shared[field.key] = count_values(values, self._rest)

    def _sorted_positions(self, sort: tuple[SortKey, ...]) -> Sequence[int]:
        if not sort:
            return range(len(self._users))
        if self._order is None or self._order[0] != sort:
            columns = [key.column for key in sort]
            self._keys = {column: self._keys[column] for column in columns if column in self._keys}
            self._order = sort, sort_users(self._users, sort, self._rest, self._keys_of)
        return self._order[1]

    def _keys_of(self, column: str) -> list[str]:
        """Return the sort keys of a column; cached, since a sort order is often changed."""
        if column not in self._keys:
            self._keys[column] = sort_keys(self._users, column, self._rest)
        return self._keys[column]

    def _matches(self, predicates: Sequence[Predicate]) -> bytearray:
        """Return for each index whether the user matches all terms."""
        narrows = [self._narrowing(predicate) for predicate in predicates]
        hits = bytearray(len(self._users))
        for start in range(0, len(hits), _CHUNK):
            places: Collection[int] = range(start, min(start + _CHUNK, len(hits)))
            for narrow in narrows:
                places = narrow(places)
            for place in places:
                hits[place] = 1
            self._rest()
        return hits

    def _narrowing(self, predicate: Predicate) -> _Narrowing:
        """Return a function that reduces indexes to those of matching users."""
        condition, wanted = predicate
        users = self._users
        if isinstance(condition, TextCondition):
            having = self._having_words(condition)
            return having if wanted else lambda places: set(places).difference(having(places))
        if isinstance(condition, ValidCondition):
            invalid, results = self._invalid_places(), condition.wanted
            return lambda places: [n for n in places if ((n not in invalid) in results) is wanted]
        if isinstance(condition, DuplicateCondition):
            value_of: Callable[[User], Any] = itemgetter(condition.field_index)
            matches: Callable[[Any], bool] = self._shared_values(condition.field_index).__contains__
        else:
            value_of, matches = condition.value_of, condition.matches
            if condition.repeats:
                matches = _ResultCache(matches).__getitem__
        return lambda places: [n for n in places if matches(value_of(users[n])) is wanted]

    def _having_words(self, condition: TextCondition) -> _Narrowing:
        """Return a function that reduces indexes to those of users with any of the words."""
        users, by_id = self._users, self._maps.users
        self._prepare_words()
        searches = list(map(self._having_word, condition.words))
        ids = {typed for typed in condition.typed if typed in by_id}

        def having(places: _Places) -> _Places:
            found = set().union(*(search(places) for search in searches))
            return found.union(n for n in places if users[n][_USER_ID_AT] in ids)

        return having if ids or len(searches) > 1 else searches[0]

    def _having_word(self, word: SearchWord) -> _Narrowing:
        users, texts = self._users, self._texts
        part, pattern, exact = word
        shared = []
        for field in _SHARED:
            values = set()
            for value in self._shared[field.key]:
                if exact is None:
                    text = fold_fields([value])
                    if part in text and (pattern is None or pattern.matches_any(text)):
                        values.add(value)
                elif value == exact:
                    values.add(value)
            if values:
                shared.append((field.index, values))

        def having(places: _Places) -> list[int]:
            found = [n for n in places if part in texts[n]]
            if pattern is not None:
                found = [n for n in found if pattern.matches_any(texts[n])]
            elif exact is not None:
                found = [n for n in found if exact in _own_values(users[n])]
            others = set(places).difference(found) if shared else set[int]()
            for index, values in shared:
                more = [n for n in others if users[n][index] in values]
                others.difference_update(more)
                found += more
            return found

        return having

    def _invalid_places(self) -> set[int]:
        """Return the indexes of users who break a rule or have the User Name of an earlier user."""
        if self._invalid is None:
            invalid: set[int] = set()
            names: set[str] = set()
            for start in range(0, len(self._users), _FEW):
                batch = self._users[start : start + _FEW]
                invalid.update(start + row for row in invalid_stored_rows(batch))
                keys = [normalize_user_name(user.user_name) for user in batch]
                for place, key in enumerate(keys, start):
                    if key in names:
                        invalid.add(place)
                    names.add(key)
                self._rest()
            self._invalid = invalid
        return self._invalid

    def _shared_values(self, index: int) -> frozenset[str]:
        """Return the values of a field that more than one user has, except the empty value."""
        once: set[str] = set()
        shared: set[str] = set()
        for start in range(0, len(self._users), _CHUNK):
            for user in self._users[start : start + _CHUNK]:
                value = user[index]
                (shared if value in once else once).add(value)
            self._rest()
        shared.discard("")
        return frozenset(shared)


class _ResultCache(dict[Key, Result]):
    """A cache of the results of a function.

    Args:
        function: the function.
    """

    def __init__(self, function: Callable[[Key], Result]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, value: Key) -> Result:
        answer = self[value] = self._function(value)
        return answer
