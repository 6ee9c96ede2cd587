"""A server answers as a store in memory does: it finds, orders and counts the same users."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from hypothesis import event, reject
from hypothesis import given as tries
from hypothesis import strategies as st

from qm_tui.store.state import FIRST, LAST, Place, Side, State
from qm_tui.users.fields import FIELDS, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterKind
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter, quote_value
from qm_tui.users.query.query import NO_SELECTION, Query, these
from qm_tui.users.query.views import SortKey
from tests.helpers import by_id, state_of, users_of, write_unchecked
from tests.postgres.conftest import both

_LETTERS = st.sampled_from(
    [*"aAbmz019 .-_%\\*", *"äÄåßñøİıŁ", "ﬁ", "ａ", "e\u0301", "\u200d", "я", "\ue100"]
)
_TEXTS = st.lists(_LETTERS, max_size=6).map("".join)
_ADDRESSES = st.sampled_from(
    [
        "",
        "10.0.0.9",
        "10.0.0.10",
        "::1",
        "2001:db8::2",
        "00:1a:2b:3c:4d:5e",
        "001A.2B3C.4D5E",
        "Any",
        "node-2",
        "node-10",
    ]
)
_LISTS = st.lists(st.sampled_from(["2", "10", "0412", "a b"]), max_size=3).map(", ".join)
_BY_KIND = {
    Kind.TEXT: _TEXTS,
    Kind.IP: _ADDRESSES | _TEXTS,
    Kind.LIST: _LISTS,
    Kind.FLAG: st.sampled_from(["0", "1", "", "x"]),
    Kind.SECRET: st.sampled_from(["", "secret"]),
}
_VALUES = st.fixed_dictionaries(
    {
        field.key: _ADDRESSES if field.key == "recording_service" else _BY_KIND[field.kind]
        for field in FIELDS
        if field.kind is not Kind.ID
    }
)
_IDS = [*(f"u{number}" for number in range(8)), "Ü-1", "u 2", "ID"]
_USERS = st.dictionaries(st.sampled_from(_IDS), _VALUES, max_size=8).map(
    lambda found: [User(user_id=user_id, **values) for user_id, values in found.items()]
)
_WORDS = (
    _TEXTS
    | _ADDRESSES
    | st.sampled_from(["abm", "u1", "ü", "a*", "*m", "a*b*m", "*", "**", "0412"])
)
_SORTS = st.lists(st.builds(SortKey, st.sampled_from([*COLUMN]), st.booleans()), max_size=3).map(
    tuple
)


_ACTIVITY = (FilterKind.CHANGED, FilterKind.IMPORT)
_NAMES = ["", "", *(name for name, one in FILTER_FIELDS.items() if one.kind not in _ACTIVITY)]


@st.composite
def _terms(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(_NAMES))
    field = FILTER_FIELDS.get(name)
    is_not = "-" if draw(st.booleans()) else ""
    values = _WORDS.map(lambda text: text if not set(text) & {*' "|'} else quote_value(text))
    exact = _WORDS.map(lambda text: f"={quote_value(text)}")
    quoted = _WORDS.map(quote_value)
    if field is not None and field.kind is not FilterKind.TEXT:
        values = st.sampled_from(field.values or ("extension",))
        exact = quoted = values
    several = draw(st.lists(values | exact | quoted, min_size=1, max_size=2))
    if field is not None and field.kind is FilterKind.DUPLICATE:
        del several[1:]
    return f"{is_not}{f'{name}:' if name else ''}{'|'.join(several)}"


def _flat(batches: Iterator[Sequence[str]]) -> list[str]:
    return [user_id for batch in batches for user_id in batch]


def _with_own_names(users: list[User]) -> list[User]:
    """Return the users of whom no two have one User Name."""
    names = {normalize_user_name(user.user_name): user for user in users}
    return [user for user in users if names[normalize_user_name(user.user_name)] is user]


@contextmanager
def suppress_syntax_errors() -> Iterator[None]:
    """Try another filter if this one is invalid."""
    try:
        yield
    except FilterSyntaxError:
        reject()


def _asked(state: State, query: Query, user_ids: Sequence[str]) -> list[object]:
    """Return what a state answers about a query."""
    some = Place(Side.AROUND, user_ids[:1])
    return [
        _flat(state.ids(query)),
        [one for users in state.stream(query) for one in users],
        state.count(query),
        state.count(query, enough=2).number >= min(2, state.count(query).number),
        list(state.window(query, FIRST, 3).users),
        list(state.window(query, LAST, 3).users),
        *(list(state.window(query, some._replace(side=side), 3).users) for side in Side),
        dict(state.groups(("department", "is_active"), query)),
        dict(state.groups(("location",), query)),
        state.selected(NO_SELECTION.with_query(query, ("u1",), adds=True), [*user_ids, "gone"]),
    ]


@both
@pytest.mark.parametrize("patience", [60, -1])
def test_server_finds_orders_and_counts_what_a_store_in_memory_does(store, patience, monkeypatch):
    # without patience, all users that match are sorted instead of searched for in an order
    monkeypatch.setattr("qm_tui.store.postgres.questions.state._PATIENCE", patience)

    @tries(_USERS, st.lists(_terms(), max_size=2), _SORTS, st.sets(st.sampled_from(_IDS)))
    def check(
        users: list[User], terms: list[str], sort: tuple[SortKey, ...], marked: set[str]
    ) -> None:
        with suppress_syntax_errors():
            parsed = parse_filter(" ".join(terms))
        own = _with_own_names(users)
        write_unchecked(store, dict.fromkeys(users_of(store.state)))
        server, memory = write_unchecked(store, by_id(*own)), state_of(*own)
        query = Query(parsed, sort, these(marked))
        event(f"{min(3, memory.count(query).number)} of {min(3, len(own))} users")
        assert _asked(server, query, _IDS) == _asked(memory, query, _IDS)

    check()
