"""Search: the users that match a filter, in order.

Words are searched in a text that is built once for each user. Predicates of a shared value, such
as a department, are evaluated once per value. So a search in 100,000 users takes some hundredths
of a second; other threads can run between its steps.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeVar

from qm_tui.progress import YieldControl
from qm_tui.users.fields import FIELD, FIELDS, Kind, User
from qm_tui.users.identity import normalize_user_names
from qm_tui.users.query.filter_parser import Term
from qm_tui.users.query.licenses import license_flags, licenses_in
from qm_tui.users.query.predicates import (
    ActivitySource,
    DuplicateCondition,
    LicenseCondition,
    Predicate,
    SearchWord,
    TextCondition,
    UserCondition,
    ValidCondition,
    compile_term,
)
from qm_tui.users.query.sorting import sort_keys, sort_users
from qm_tui.users.query.text_matching import fold_fields
from qm_tui.users.query.views import SortKey
from qm_tui.users.screening import invalid_stored_rows

_CHUNK: Final = 1000
"""The number of users between two calls of `yield_control`: a millisecond at most."""

_FEW: Final = 200
"""The number of users whose texts are built between two calls of `yield_control`."""

_USER_ID_AT: Final = FIELD["user_id"].index
_SEARCHED: Final = tuple(field for field in FIELDS if field.kind in (Kind.TEXT, Kind.IP, Kind.LIST))
"""The fields in which words are searched. Secrets are never searched. The User ID must be typed
completely, since short words occur in its random letters by chance."""

_own_values = itemgetter(*(field.index for field in _SEARCHED if not field.repeats))
_common_values = itemgetter(*(field.index for field in _SEARCHED if field.repeats))
_searched_values = itemgetter(*(field.index for field in _SEARCHED))

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")
_Narrowing = Callable[[Collection[int]], Collection[int]]


class _SearchTextIndex:
    """The texts of users for word search, by the indexes of the users.

    Users with the same shared values, such as the department, share one text.

    Args:
        users: the users.

    Attributes:
        own: for each user, the text of the individual values.
        common: for each user, the text of the shared values.
    """

    def __init__(self, users: Sequence[User]) -> None:
        self._users = users
        self.own: list[str] = []
        self.common: list[str] = []
        self._shared = _ResultCache[tuple[str, ...], str](fold_fields)

    def add(self, count: int) -> bool:
        """Build the next texts, and return whether there are more to build."""
        batch = self._users[len(self.own) : len(self.own) + count]
        self.common += [self._shared[_common_values(user)] for user in batch]
        self.own += [fold_fields(_own_values(user)) for user in batch]
        return len(self.own) < len(self._users)

    def of(self, users: Sequence[User], yield_control: YieldControl) -> "_SearchTextIndex":
        """Return the texts of other users, reusing those of users in both lists."""
        texts = _SearchTextIndex(users)
        texts._shared = self._shared
        places: dict[int, int] = {}
        for start in range(0, len(self.own), _CHUNK):
            end = min(start + _CHUNK, len(self.own))
            places.update(zip(map(id, self._users[start:end]), range(start, end), strict=True))
            yield_control()
        for start in range(0, len(users), _CHUNK):
            for user in users[start : start + _CHUNK]:
                place = places.get(id(user))
                if place is None:
                    texts.add(1)
                else:
                    texts.own.append(self.own[place])
                    texts.common.append(self.common[place])
            yield_control()
        return texts


@dataclass(frozen=True, slots=True)
class Query:
    """A filter and a sort order.

    Attributes:
        terms: the filter; all users if empty.
        sort: the sort order; the order of the store if empty.
    """

    terms: tuple[Term, ...] = ()
    sort: tuple[SortKey, ...] = ()


class QueryExecutor:
    """A search in the users of a store, with caches for the next search.

    Not thread-safe.

    Args:
        yield_control: called about every millisecond.
    """

    def __init__(self, yield_control: YieldControl) -> None:
        self._yield_control = yield_control
        self._source: Mapping[str, User] | None = None
        self._users: list[User] = []
        self._ids: list[str] = []
        self._texts: _SearchTextIndex | None = None
        self._order: tuple[tuple[SortKey, ...], list[int]] | None = None
        self._keys: tuple[str, list[str]] | None = None
        self._invalid: set[int] | None = None

    def prepare(self, users: Mapping[str, User]) -> None:
        """Build the texts of users, so that the first search for a word is fast, too."""
        self._set_users(users)
        self._search_texts()

    def common_values(self) -> dict[str, list[str]]:
        """Return the values that many users share, by field key, most frequent first."""
        fields = [field for field in _SEARCHED if field.repeats]
        counts = [Counter[str]() for _ in fields]
        for start in range(0, len(self._users), _CHUNK):
            for field, count in zip(fields, counts, strict=True):
                batch = self._users[start : start + _CHUNK]
                count.update([user[field.index] for user in batch])
            self._yield_control()
        values = {}
        for field, count in zip(fields, counts, strict=True):
            del count[""]
            values[field.key] = [value for value, _ in count.most_common()]
        return values

    def execute(
        self, users: Mapping[str, User], query: Query, activity: ActivitySource
    ) -> Sequence[str]:
        """Return the User IDs of the users that match a query, in order.

        Raises:
            FilterSyntaxError: a value is invalid, or requires activity that is no longer available.
        """
        self._set_users(users)
        predicates = [compile_term(term, activity) for term in query.terms]
        places = self._sorted_positions(query.sort)
        hits = self._matches(predicates) if predicates else None
        ids = self._ids
        user_ids: list[str] = []
        for start in range(0, len(places), _CHUNK):
            batch = places[start : start + _CHUNK]
            user_ids += [ids[place] for place in batch if hits is None or hits[place]]
            self._yield_control()
        return user_ids

    def _set_users(self, users: Mapping[str, User]) -> None:
        """Use another state from now on."""
        if users is self._source:
            return
        in_order = list(users.values())
        if self._texts is not None:
            self._texts = self._texts.of(in_order, self._yield_control)
        self._source, self._users, self._ids, self._order = users, in_order, list(users), None
        self._keys = self._invalid = None

    def _search_texts(self) -> _SearchTextIndex:
        if self._texts is None:
            self._texts = _SearchTextIndex(self._users)
        while self._texts.add(_FEW):
            self._yield_control()
        return self._texts

    def _sorted_positions(self, sort: tuple[SortKey, ...]) -> Sequence[int]:
        if not sort:
            return range(len(self._users))
        if self._order is None or self._order[0] != sort:
            self._order = sort, sort_users(self._users, sort, self._yield_control, self._keys_of)
        return self._order[1]

    def _keys_of(self, column: str) -> list[str]:
        """Return the sort keys of a column; cached, since a sort order is often reversed."""
        if self._keys is None or self._keys[0] != column:
            self._keys = None  # frees memory before the new keys are built
            self._keys = column, sort_keys(self._users, column, self._yield_control)
        return self._keys[1]

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
            self._yield_control()
        return hits

    def _narrowing(self, predicate: Predicate) -> _Narrowing:
        """Return a function that reduces indexes to those of matching users."""
        condition, wanted = predicate
        users = self._users
        if isinstance(condition, TextCondition):
            return self._narrowing_by_words(condition, expected=wanted)
        if isinstance(condition, DuplicateCondition):
            index = condition.field_index
            shared = self._shared_values(index)
            return lambda places: [n for n in places if (users[n][index] in shared) is wanted]
        if isinstance(condition, LicenseCondition):
            licenses = condition.licenses
            has = _ResultCache[tuple[str, ...], bool](
                lambda flags: not licenses.isdisjoint(licenses_in(flags))
            )
            return lambda places: [n for n in places if has[license_flags(users[n])] is wanted]
        if isinstance(condition, ValidCondition):
            invalid, results = self._invalid_places(), condition.wanted
            return lambda places: [n for n in places if ((n not in invalid) in results) is wanted]
        if isinstance(condition, UserCondition):
            holds = condition.matches
            return lambda places: [n for n in places if holds(users[n]) is wanted]
        index, fits = condition.field_index, condition.matches
        if condition.repeats:
            fits = _ResultCache[str, bool](fits).__getitem__
        return lambda places: [n for n in places if fits(users[n][index]) is wanted]

    def _narrowing_by_words(self, condition: TextCondition, *, expected: bool) -> _Narrowing:
        users, by_id = self._users, self._source or {}
        ids = {typed for typed in condition.typed if typed in by_id}
        if len(condition.words) == 1 and not ids:
            return self._narrowing_by_word(condition.words[0], expected=expected)
        narrows = [self._narrowing_by_word(word, expected=False) for word in condition.words]

        def lacking(places: Collection[int]) -> Collection[int]:
            for narrow in narrows:
                places = narrow(places)
            return [n for n in places if users[n][_USER_ID_AT] not in ids] if ids else places

        if not expected:
            return lacking
        return lambda places: set(places).difference(lacking(places))

    def _narrowing_by_word(self, word: SearchWord, *, expected: bool) -> _Narrowing:
        users, texts = self._users, self._search_texts()
        own, common = texts.own, texts.common
        part, pattern, exact = word
        others = _ResultCache[str, bool](lambda text: part in text)

        def having(places: Collection[int]) -> Collection[int]:
            return [n for n in places if part in own[n] or others[common[n]]]

        def lacking(places: Collection[int]) -> Collection[int]:
            return [n for n in places if part not in own[n] and not others[common[n]]]

        if pattern is None and exact is None:
            return having if expected else lacking

        def fits(place: int) -> bool:
            if pattern is not None:
                return pattern.matches_any(own[place]) or pattern.matches_any(common[place])
            return exact in _searched_values(users[place])

        if expected:
            return lambda places: [n for n in having(places) if fits(n)]
        return lambda places: set(places).difference(n for n in having(places) if fits(n))

    def _invalid_places(self) -> set[int]:
        """Return the indexes of users who break a rule or have the User Name of an earlier user."""
        if self._invalid is None:
            invalid: set[int] = set()
            names: set[str] = set()
            for start in range(0, len(self._users), _FEW):
                batch = self._users[start : start + _FEW]
                invalid.update(start + row for row in invalid_stored_rows(batch))
                keys = normalize_user_names([user.user_name for user in batch])
                for place, key in enumerate(keys, start):
                    if key in names:
                        invalid.add(place)
                    names.add(key)
                self._yield_control()
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
            self._yield_control()
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
