"""Finds the users that a filter asks for, among many, and in order.

Words are looked for in a text that is made of each user once. What is asked of a department is
asked once for each department. So 100,000 users take some hundredths of a second; between steps
of it others have their turn.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final, TypeVar

from qm_tui.users.fields import FIELD, FIELDS, Kind, User
from qm_tui.users.query.filter_parser import Term
from qm_tui.users.query.licenses import license_flags, licenses_in
from qm_tui.users.query.predicates import (
    Happenings,
    Judge,
    OfLicenses,
    OfOthers,
    OfUser,
    OfWords,
    Word,
    judge_of,
)
from qm_tui.users.query.sorting import Rest, order, sort_keys
from qm_tui.users.query.text_matching import folded_fields
from qm_tui.users.query.views import SortKey

_STEP: Final = 1000
"""Users that are looked at between two rests: a millisecond at most."""

_FEW: Final = 200
"""Users whose texts are made between two rests."""

_USER_ID_AT: Final = FIELD["user_id"].index
_SEARCHED: Final = tuple(field for field in FIELDS if field.kind in (Kind.TEXT, Kind.IP, Kind.LIST))
"""The fields in which words are looked for: never a secret's. Nor the User ID, which is random
letters, among which any short word is found by chance: it counts where it is typed whole."""

_own_values = itemgetter(*(field.index for field in _SEARCHED if not field.repeats))
_common_values = itemgetter(*(field.index for field in _SEARCHED if field.repeats))
_searched_values = itemgetter(*(field.index for field in _SEARCHED))

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")
_Narrowing = Callable[[Collection[int]], Collection[int]]


class _Texts:
    """The texts of users in which words are looked for, by the users' places.

    What many users share, as the name of a department, is one text for all of them.

    Args:
        users: the users.

    Attributes:
        own: the text of what is the user's own.
        common: the text of what others may share.
    """

    def __init__(self, users: Sequence[User]) -> None:
        self._users = users
        self.own: list[str] = []
        self.common: list[str] = []
        self._shared = _Answers[tuple[str, ...], str](folded_fields)

    def add(self, count: int) -> bool:
        """Make some more; whether there are more to be made."""
        some = self._users[len(self.own) : len(self.own) + count]
        self.common += [self._shared[_common_values(user)] for user in some]
        self.own += [folded_fields(_own_values(user)) for user in some]
        return len(self.own) < len(self._users)

    def of(self, users: Sequence[User], rest: Rest) -> "_Texts":
        """The texts of other users; those of users who are among these are kept."""
        made = _Texts(users)
        made._shared = self._shared
        places: dict[int, int] = {}
        for start in range(0, len(self.own), _STEP):
            end = min(start + _STEP, len(self.own))
            places.update(zip(map(id, self._users[start:end]), range(start, end), strict=True))
            rest()
        for start in range(0, len(users), _STEP):
            for user in users[start : start + _STEP]:
                place = places.get(id(user))
                if place is None:
                    made.add(1)
                else:
                    made.own.append(self.own[place])
                    made.common.append(self.common[place])
            rest()
        return made


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for.

    Attributes:
        terms: the filter; all users where there are none.
        sort: what to sort by; the store's order where there is nothing.
    """

    terms: tuple[Term, ...] = ()
    sort: tuple[SortKey, ...] = ()


class Finder:
    """Finds users in a store's state, and keeps what makes the next answer quicker.

    It is used by one thread at a time.

    Args:
        rest: called each millisecond or less of work.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._source: Mapping[str, User] | None = None
        self._users: list[User] = []
        self._ids: list[str] = []
        self._texts: _Texts | None = None
        self._order: tuple[tuple[SortKey, ...], list[int]] | None = None
        self._keys: tuple[str, list[str]] | None = None

    def prepare(self, users: Mapping[str, User]) -> None:
        """Make the texts of users, so that the first word is found as fast as the second."""
        self._take(users)
        self._made_texts()

    def common_values(self) -> dict[str, list[str]]:
        """By field key, the values that many users share, those of most users first."""
        fields = [field for field in _SEARCHED if field.repeats]
        counts = [Counter[str]() for _ in fields]
        for start in range(0, len(self._users), _STEP):
            for field, count in zip(fields, counts, strict=True):
                some = self._users[start : start + _STEP]
                count.update([user[field.index] for user in some])
            self._rest()
        found = {}
        for field, count in zip(fields, counts, strict=True):
            del count[""]
            found[field.key] = [value for value, _ in count.most_common()]
        return found

    def found(
        self, users: Mapping[str, User], query: Query, happenings: Happenings
    ) -> Sequence[str]:
        """The User IDs of the users that are asked for, in order.

        Raises:
            FilterFault: the filter asks for what makes no sense, or is no longer known.
        """
        self._take(users)
        judges = [judge_of(term, happenings) for term in query.terms]
        places = self._places(query.sort)
        hits = self._hits(judges) if judges else None
        ids = self._ids
        found: list[str] = []
        for start in range(0, len(places), _STEP):
            some = places[start : start + _STEP]
            found += [ids[at] for at in some if hits is None or hits[at]]
            self._rest()
        return found

    def _take(self, users: Mapping[str, User]) -> None:
        """Look at a state from now on."""
        if users is self._source:
            return
        taken = list(users.values())
        if self._texts is not None:
            self._texts = self._texts.of(taken, self._rest)
        self._source, self._users, self._ids, self._order = users, taken, list(users), None
        self._keys = None

    def _made_texts(self) -> _Texts:
        if self._texts is None:
            self._texts = _Texts(self._users)
        while self._texts.add(_FEW):
            self._rest()
        return self._texts

    def _places(self, sort: tuple[SortKey, ...]) -> Sequence[int]:
        if not sort:
            return range(len(self._users))
        if self._order is None or self._order[0] != sort:
            self._order = sort, order(self._users, sort, self._rest, self._keys_of)
        return self._order[1]

    def _keys_of(self, column: str) -> list[str]:
        """What users are compared by; kept, since an order is often reversed after it was made."""
        if self._keys is None or self._keys[0] != column:
            self._keys = None  # before the new ones are there
            self._keys = column, sort_keys(self._users, column, self._rest)
        return self._keys[1]

    def _hits(self, judges: Sequence[Judge]) -> bytearray:
        """For each place whether all hold of the user there."""
        narrows = [self._narrowing(judge) for judge in judges]
        hits = bytearray(len(self._users))
        for start in range(0, len(hits), _STEP):
            places: Collection[int] = range(start, min(start + _STEP, len(hits)))
            for narrow in narrows:
                places = narrow(places)
            for at in places:
                hits[at] = 1
            self._rest()
        return hits

    def _narrowing(self, judge: Judge) -> _Narrowing:
        """What leaves of some places those of users who give the answer that is wanted."""
        question, wanted = judge
        users = self._users
        if isinstance(question, OfWords):
            return self._narrowing_by_words(question, wanted=wanted)
        if isinstance(question, OfOthers):
            place = question.place
            shared = self._shared(place)
            return lambda places: [at for at in places if (users[at][place] in shared) is wanted]
        if isinstance(question, OfLicenses):
            kinds = question.wanted
            has = _Answers[tuple[str, ...], bool](
                lambda flags: not kinds.isdisjoint(licenses_in(flags))
            )
            return lambda places: [at for at in places if has[license_flags(users[at])] is wanted]
        if isinstance(question, OfUser):
            holds = question.holds
            return lambda places: [at for at in places if holds(users[at]) is wanted]
        place, fits = question.place, question.holds
        if question.repeats:
            fits = _Answers[str, bool](fits).__getitem__
        return lambda places: [at for at in places if fits(users[at][place]) is wanted]

    def _narrowing_by_words(self, question: OfWords, *, wanted: bool) -> _Narrowing:
        users, known = self._users, self._source or {}
        ids = {typed for typed in question.typed if typed in known}
        if len(question.words) == 1 and not ids:
            return self._narrowing_by_word(question.words[0], wanted=wanted)
        narrows = [self._narrowing_by_word(word, wanted=False) for word in question.words]

        def lacking(places: Collection[int]) -> Collection[int]:
            for narrow in narrows:
                places = narrow(places)
            return [at for at in places if users[at][_USER_ID_AT] not in ids] if ids else places

        if not wanted:
            return lacking
        return lambda places: set(places).difference(lacking(places))

    def _narrowing_by_word(self, word: Word, *, wanted: bool) -> _Narrowing:
        users, texts = self._users, self._made_texts()
        own, common = texts.own, texts.common
        part, pattern, exact = word
        others = _Answers[str, bool](lambda text: part in text)

        def having(places: Collection[int]) -> Collection[int]:
            return [at for at in places if part in own[at] or others[common[at]]]

        def lacking(places: Collection[int]) -> Collection[int]:
            return [at for at in places if part not in own[at] and not others[common[at]]]

        if pattern is None and exact is None:
            return having if wanted else lacking

        def fits(at: int) -> bool:
            if pattern is not None:
                return pattern.fits_one_of(own[at]) or pattern.fits_one_of(common[at])
            return exact in _searched_values(users[at])

        if wanted:
            return lambda places: [at for at in having(places) if fits(at)]
        return lambda places: set(places).difference(at for at in having(places) if fits(at))

    def _shared(self, place: int) -> frozenset[str]:
        """The values of a field that more than one user has, the empty one aside."""
        once: set[str] = set()
        shared: set[str] = set()
        for start in range(0, len(self._users), _STEP):
            for user in self._users[start : start + _STEP]:
                value = user[place]
                (shared if value in once else once).add(value)
            self._rest()
        shared.discard("")
        return frozenset(shared)


class _Answers(dict[Asked, Answer]):
    """What is answered to a question, asked once for each value.

    Args:
        ask: the question.
    """

    def __init__(self, ask: Callable[[Asked], Answer]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, value: Asked) -> Answer:
        answer = self[value] = self._ask(value)
        return answer
