"""One finder with many states: its caches do not change the result."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.memory import search
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.memory.search import Finder
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query import sorting
from qm_tui.users.query.filter_parser import quote_value
from qm_tui.users.query.sorting import sort_users
from qm_tui.users.query.views import SortKey
from tests.helpers import YieldCounter, by_id, user
from tests.store.memory.asking import GivenActivity, find_user_ids, maps_of


@pytest.fixture
def small_steps() -> Iterator[None]:
    """Make batches so small that a few users need several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_CHUNK", 2)
        patch.setattr(search, "_FEW", 2)
        patch.setattr(sorting, "_CHUNK", 2)
        patch.setattr(sorting, "_RUN", 3)
        yield


class Asked(NamedTuple):
    """An alternative: its text in the filter, and a function that tests users."""

    text: str
    fits: Callable[[str], bool]


_BARE = str.maketrans("äéö", "aeo")
_LETTERS = "aAbäÉeö東"


def _forms(value: str) -> set[str]:
    return {value.lower(), value.lower().translate(_BARE)}


def _contains(text: str) -> Asked:
    return Asked(quote_value(text), lambda value: any(text.lower() in one for one in _forms(value)))


def _is(text: str) -> Asked:
    return Asked(f"={quote_value(text)}", lambda value: value == text)


def _like(text: str) -> Asked:
    expression = re.compile(".*".join(map(re.escape, text.lower().split("*"))), re.DOTALL)
    return Asked(text, lambda value: any(map(expression.fullmatch, _forms(value))))


_WORDS = st.text(_LETTERS, min_size=1, max_size=2)
_ASKED = (
    _WORDS.map(_contains)
    | _WORDS.map(_is)
    | st.text(f"{_LETTERS}*", min_size=1, max_size=4).filter(lambda text: "*" in text).map(_like)
)
_EMPTY = st.just(Asked('""', lambda value: not value))
_SEARCHED = [
    one.key for one in FIELDS if one.width > 1 and one.key not in ("user_id", "password", "salt")
]


class Part(NamedTuple):
    """A term: its text in the filter, and a function that selects users."""

    text: str
    holds: Callable[[User, list[User]], bool]


def _free(alternatives: list[Asked]) -> Part:
    return Part(
        "|".join(one.text for one in alternatives),
        lambda user, _: any(
            one.fits(getattr(user, key)) for one in alternatives for key in _SEARCHED
        ),
    )


def _of_field(key: str, alternatives: list[Asked]) -> Part:
    return Part(
        f"{key}:" + "|".join(one.text for one in alternatives),
        lambda user, _: any(one.fits(getattr(user, key)) for one in alternatives),
    )


def _duplicate(key: str) -> Part:
    def holds(user: User, users: list[User]) -> bool:
        value = getattr(user, key)
        return bool(value) and [getattr(one, key) for one in users].count(value) > 1

    return Part(f"duplicate:{key}", holds)


def _licensed(license_: str, key: str) -> Part:
    return Part(f"license:{license_}", lambda user, _: getattr(user, key) == "1")


_KEYS = st.sampled_from(["first_name", "department", "location", "phone_ip"])
_PARTS = (
    st.lists(_ASKED, min_size=1, max_size=3).map(_free)
    | st.builds(_of_field, _KEYS, st.lists(_ASKED | _EMPTY, min_size=1, max_size=3))
    | _KEYS.map(_duplicate)
    | st.sampled_from(
        [
            _licensed("unlimited", "unlimited_license"),
            _licensed("computer", "computer_recording_license"),
            Part("active:yes", lambda user, _: user.is_active == "1"),
            Part('active:no|""', lambda user, _: user.is_active in ("0", "")),
            Part("marked:yes", lambda user, _: user.user_id in ("u1", "u4")),
            Part("import:last", lambda user, _: user.user_id in ("u0", "u1")),
            Part("u1", lambda user, _: user.user_id == "u1"),
        ]
    )
)


def _negated(part: Part) -> Part:
    return Part(f"-{part.text}", lambda user, users: not part.holds(user, users))


_VALUES = st.text(_LETTERS, max_size=3)
_FLAGS = st.sampled_from(["", "0", "1"])
_USERS = st.fixed_dictionaries(
    {
        "first_name": _VALUES,
        "department": _VALUES,
        "location": _VALUES,
        "phone_ip": _VALUES,
        "password": _VALUES,
        "is_active": _FLAGS,
        "unlimited_license": _FLAGS,
        "computer_recording_license": _FLAGS,
    }
).map(lambda values: User(**values))
_IDS = [f"u{number}" for number in range(9)]
_CHANGES = st.dictionaries(st.sampled_from(_IDS), st.none() | _USERS, max_size=5)
_QUESTIONS = st.lists(_PARTS | _PARTS.map(_negated), max_size=3)
_SORTS = st.lists(st.builds(SortKey, _KEYS, st.booleans()), max_size=2)
Step = tuple[dict[str, User | None], list[Part], list[SortKey]]


def _changed(users: Mapping[str, User], changes: Mapping[str, User | None]) -> OverlayMapping[User]:
    possible = {
        key: one._replace(user_id=key) if one else None
        for key, one in changes.items()
        if one or key in users
    }
    assert isinstance(users, OverlayMapping)
    return users.with_changes(possible)


@pytest.mark.usefixtures("small_steps")
def test_finder_agrees_with_a_plain_search_in_all_states():
    steps_made = st.tuples(_CHANGES, _QUESTIONS, _SORTS)

    @given(st.lists(steps_made, min_size=1, max_size=4), st.booleans())
    def check(steps: list[Step], is_prepared: bool) -> None:
        finder = Finder()
        users: Mapping[str, User] = OverlayMapping()
        happenings = GivenActivity(imports={3: ["u0", "u1"]}, marks={"u1", "u4"})
        for changes, parts, sort in steps:
            users = _changed(users, changes)
            maps = maps_of(users)
            if is_prepared:
                finder.prepare(maps, YieldCounter())
            text = " ".join(part.text for part in parts)
            everybody = list(users.values())
            assert find_user_ids(maps, text, *sort, activity=happenings, finder=finder) == [
                one.user_id
                for one in map(everybody.__getitem__, sort_users(everybody, sort, YieldCounter()))
                if all(part.holds(one, everybody) for part in parts)
            ], text

    check()


class Stopped(Exception):
    """Raised by `rest` to interrupt a search."""


@pytest.mark.usefixtures("small_steps")
def test_interrupted_search_leaves_the_finder_consistent():
    """The result after an interrupted search is correct."""
    before = by_id(*(user(name, location=name * 2) for name in "abcdefgh"))
    after = before | by_id(user("b", location="xx"), user("i", location="aa"))
    users, later = maps_of(before), maps_of(after)
    for calls in range(40):
        left = calls

        def rest() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Stopped

        finder, sort = Finder(), SortKey("location", descending=True)
        for state in (users, later):
            for text in ("bb", "aa"):
                try:
                    find_user_ids(state, text, sort, finder=finder, rest=rest)
                except Stopped:
                    break
        assert find_user_ids(later, "bb", finder=finder) == []
        assert find_user_ids(later, "aa", SortKey("first_name"), finder=finder) == ["u-a", "u-i"]
        assert find_user_ids(users, "bb", finder=finder) == ["u-b"]
