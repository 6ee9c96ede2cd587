"""The contract of every store: windows of queries, and selections."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given as tries
from hypothesis import strategies as st

from qm_tui.store.interface import UserStore
from qm_tui.store.state import FIRST, LAST, Place, Side, State, Window
from qm_tui.users.fields import User
from qm_tui.users.passwords import NO_PASSWORD_PREFIX
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.query import ALL, NO_SELECTION, Query, Selection, all_except, these
from qm_tui.users.query.views import SortKey
from tests.helpers import by_id, user, users_of, write_unchecked

# Ten users in the order of the store, with ties in the sort order by location
USERS = [
    user(f"n{number}", location=location, department="IT" if number % 2 else "HR")
    for number, location in enumerate(["Rome", "Oslo", "", "Rome", "Bern", "Oslo", *["Rome"] * 4])
]
BY_LOCATION = Query(sort=(SortKey("location"),))
DOWNWARD = Query(sort=(SortKey("location", descending=True),))
IN_IT = Query(parse_filter("department:it"), (SortKey("location"),))
ORDERS = (
    (ALL, "0123456789"),
    (BY_LOCATION, "4150367892"),
    (DOWNWARD, "0367891542"),
    (IN_IT, "15379"),
    (Query(parse_filter("location:rome"), marked=these(["u-n1"])), "036789"),
    (Query(parse_filter("location:paris")), ""),
)
"""Queries, and the numbers of the users that they find."""


def numbers(window: Window) -> str:
    return "".join(one.user_id.removeprefix("u-n") for one in window.users)


def at(side: Side, *users: int | str, row: int | None = None) -> Place:
    return Place(side, tuple(f"u-n{one}" for one in users), row)


def flat(batches: Iterator[Sequence[str]]) -> list[str]:
    return [user_id for batch in batches for user_id in batch]


@pytest.mark.parametrize(("query", "order"), ORDERS)
def test_query_finds_users_in_order(given, query, order):
    state = given(*USERS)
    wanted = [f"u-n{number}" for number in order]
    assert flat(state.ids(query)) == wanted
    assert [one for batch in state.stream(query) for one in batch] == state.users(wanted)
    assert state.count(query).number == len(order)
    for rows in (1, 3, len(order), 40):
        first, last = state.window(query, FIRST, rows), state.window(query, LAST, rows)
        assert (numbers(first), first.user_id) == (order[:rows], "")
        assert (numbers(last), last.user_id) == (order[-rows:], "")
        assert first.row in (None, 0)
        assert last.row in (None, max(0, len(order) - rows))


@pytest.mark.parametrize("has_hint", [False, True])
@pytest.mark.parametrize(("query", "order"), ORDERS[:4])
def test_windows_are_after_before_and_around_each_user(given, query, order, has_hint):
    state = given(*USERS)
    for row, number in enumerate(order):
        hint = row if has_hint else None
        for rows in (1, 2, 3, 40):
            middle = max(0, min(row - rows // 2, len(order) - rows))
            for side, start, end in (
                (Side.AFTER, row + 1, row + 1 + rows),
                (Side.BEFORE, max(0, row - rows), row),
                (Side.AROUND, middle, middle + rows),
            ):
                found = state.window(query, at(side, number, row=hint), rows)
                assert numbers(found) == order[start:end], (side, number, rows)
                assert found.user_id == f"u-n{number}"
                assert found.row in (None, start)


@pytest.mark.parametrize(("query", "order"), ORDERS[:4])
def test_window_around_a_user_knows_its_row(given, query, order):
    state = given(*USERS)
    for number in order:
        found = state.window(query, at(Side.AROUND, number), 3)
        assert found.row == order.index(numbers(found)[0])
        gone = state.window(query, at(Side.AROUND, "gone", row=400), 3)
        assert gone.row == len(order) - len(gone.users)


def test_wrong_row_does_not_matter_if_the_user_is_found(given):
    state = given(*USERS)
    for row in (0, 2, 9, 1000):
        found = state.window(BY_LOCATION, at(Side.AFTER, 3, row=row), 2)
        assert (numbers(found), found.user_id) == ("67", "u-n3")


@pytest.mark.parametrize("side", [Side.AFTER, Side.BEFORE, Side.AROUND])
def test_window_is_at_the_first_of_the_users_that_is_found(given, side):
    state = given(*USERS)
    for query, users, first in (
        (ALL, ("gone", 5, 1), 5),
        (IN_IT, (8, 0, 3, 5), 3),
        (IN_IT, (7, 5), 7),
        (BY_LOCATION, (2, "gone"), 2),
        (BY_LOCATION, (6, 5, 6), 6),
    ):
        found = state.window(query, at(side, *users, row=4), 3)
        assert found.users == state.window(query, at(side, first), 3).users
        assert found.user_id == f"u-n{first}"


@pytest.mark.parametrize(
    ("side", "row", "found"),
    [
        (Side.AFTER, 3, "345"),  # the next one is in its row now
        (Side.BEFORE, 3, "012"),
        (Side.AROUND, 3, "234"),
        (Side.AFTER, 10, ""),  # it was the last
        (Side.BEFORE, 10, "789"),
        (Side.AROUND, 10, "789"),
        (Side.AFTER, 400, ""),
        (Side.BEFORE, 400, "789"),
        (Side.AROUND, 400, "789"),
        (Side.AFTER, 0, "012"),
        (Side.BEFORE, 0, ""),
        (Side.AROUND, 0, "012"),
        (Side.AFTER, None, "012"),
        (Side.BEFORE, None, ""),
        (Side.AROUND, None, "012"),
    ],
)
def test_window_without_any_of_the_users_is_at_the_row_or_the_beginning(given, side, row, found):
    state = given(*USERS)
    for users in ((), ("gone",), ("gone", "too")):
        window = state.window(ALL, at(side, *users, row=row), 3)
        assert (numbers(window), window.user_id) == (found, "")
    nothing = state.window(Query(parse_filter("nobody")), at(side, 1, row=row), 3)
    assert (nothing.users, nothing.user_id) == ([], "")


def test_window_after_a_user_in_another_order_is_after_its_new_place(given):
    state = given(*USERS)
    assert numbers(state.window(DOWNWARD, at(Side.AFTER, 9, row=9), 3)) == "154"
    assert numbers(state.window(BY_LOCATION, at(Side.BEFORE, 0, row=1), 3)) == "415"


def test_filter_that_cannot_be_answered_is_an_error_of_each_question(given):
    state = given(*USERS)
    for text in ("import:last", "active:maybe"):
        query = Query(parse_filter(text))
        selection = NO_SELECTION.with_query(query, (), adds=True)
        for ask in (
            lambda one: state.window(one, FIRST, 3),
            state.count,
            lambda one: list(state.ids(one)),
            lambda one: list(state.stream(one)),
            lambda one: state.groups(("location",), one),
        ):
            for asked in (query, ALL.among(selection)):
                with pytest.raises(FilterSyntaxError):
                    ask(asked)
        with pytest.raises(FilterSyntaxError):
            state.selected(selection, ["u-n1"])


# Any users, filters and sort orders

_TEXTS = st.text("abä", max_size=2)
_FILTERS = st.sampled_from(
    [
        *("", "", "a", "-a", "department:a", 'location:""', "active:yes", "duplicate:department"),
        *("marked:yes", "marked:no department:a|b", "valid:no", "-location:b"),
        *("password:none-yet", "-password:none-yet a"),
    ]
)
_SORTS = st.lists(
    st.builds(SortKey, st.sampled_from(["location", "department", "extension"]), st.booleans()),
    max_size=2,
).map(tuple)
_IDS = [f"u{number}" for number in range(12)]
_SOME_IDS = st.frozensets(st.sampled_from([*_IDS, "gone"]))
_SELECTIONS = st.just(None) | _SOME_IDS.map(these) | _SOME_IDS.map(all_except)
_USERS = st.dictionaries(
    st.sampled_from(_IDS),
    st.fixed_dictionaries(
        {
            "department": _TEXTS,
            "location": _TEXTS,
            "is_active": st.sampled_from("01"),
            "password": st.sampled_from(["ENC", "none-yet", f"{NO_PASSWORD_PREFIX}x"]),
        }
    ),
)


def hold(store: UserStore, values: dict[str, dict[str, str]]) -> State:
    """Let a store hold exactly these users, and return its state."""
    users = by_id(*(User(user_id=key, user_name=key, **more) for key, more in values.items()))
    return write_unchecked(store, dict.fromkeys(users_of(store.state)) | users)


def test_pages_of_any_size_are_all_users_of_a_query_forward_and_backward(store):
    @tries(_USERS, _FILTERS, _SORTS, _SELECTIONS, _SOME_IDS, st.integers(1, 5), st.booleans())
    def check(
        values: dict[str, dict[str, str]],
        text: str,
        sort: tuple[SortKey, ...],
        within: Selection | None,
        marked: frozenset[str],
        rows: int,
        has_hint: bool,
    ) -> None:
        state = hold(store, values)
        query = Query(parse_filter(text), sort, these(marked), within)
        user_ids = flat(state.ids(query))
        assert state.count(query).number == len(user_ids) == len(set(user_ids))
        unsorted = flat(state.ids(replace(query, sort=())))
        assert sorted(user_ids) == sorted(unsorted)
        assert unsorted == [one for one in users_of(state) if one in set(user_ids)]

        forward, window = list[str](), state.window(query, FIRST, rows)
        while window.users:
            forward += (one.user_id for one in window.users)
            hint = len(forward) - 1 if has_hint else None
            window = state.window(query, Place(Side.AFTER, (forward[-1],), hint), rows)
        assert forward == user_ids

        backward, window = list[str](), state.window(query, LAST, rows)
        while window.users:
            backward = [one.user_id for one in window.users] + backward
            hint = len(user_ids) - len(backward) if has_hint else None
            window = state.window(query, Place(Side.BEFORE, (backward[0],), hint), rows)
        assert backward == user_ids

        for row, user_id in enumerate(user_ids):
            around = state.window(query, Place(Side.AROUND, (user_id,), row), rows)
            found = [one.user_id for one in around.users]
            start = user_ids.index(found[0])
            assert found == user_ids[start : start + len(found)]
            assert user_id in found
            assert len(found) == min(rows, len(user_ids))

    check()


# Selections

_STEPS = st.lists(
    st.tuples(st.just("toggle"), _SOME_IDS)
    | st.tuples(st.sampled_from(["add", "remove"]), _FILTERS),
    max_size=6,
)


def test_selection_is_what_the_same_operations_on_sets_select(store):
    @tries(_USERS, _STEPS, st.none() | _SOME_IDS)
    def check(
        values: dict[str, dict[str, str]],
        steps: list[tuple[str, str | frozenset[str]]],
        exceptions: frozenset[str] | None,
    ) -> None:
        state = hold(store, values)
        everybody = list(users_of(state))
        selection = NO_SELECTION if exceptions is None else all_except(exceptions)
        model = set[str]() if exceptions is None else set(everybody) - exceptions
        for step, what in steps:
            if isinstance(what, frozenset):
                toggled = what.intersection(everybody)
                selection = Selection(selection.steps, selection.exceptions ^ toggled)
                model ^= toggled
                continue
            query = Query(parse_filter(what), marked=selection)
            found = set(flat(state.ids(query)))
            adds = step == "add"
            selection = selection.with_query(query, selection.exceptions - found, adds=adds)
            model = model | found if adds else model - found
        assert state.selected(selection, [*everybody, "gone"]) == model
        assert bool(selection) or not model
        in_order = [one for one in everybody if one in model]
        assert flat(state.ids(ALL.among(selection))) == in_order
        assert state.count(ALL.among(selection)).number == len(model)
        for text, wanted in (("marked:yes", model), ("marked:no", set(everybody) - model)):
            query = Query(parse_filter(text), marked=selection)
            assert flat(state.ids(query)) == [one for one in everybody if one in wanted]
            assert state.count(query).number == len(wanted)

    check()


def test_exceptions_of_a_selection_may_be_users_that_do_not_exist(given):
    state = given(*USERS)
    named = ["u-n3", "gone", "u-n1"]
    assert flat(state.ids(ALL.among(these(named)))) == ["u-n1", "u-n3"]
    assert flat(state.ids(DOWNWARD.among(these(named)))) == ["u-n3", "u-n1"]
    assert state.count(ALL.among(these(named))).number == 2
    assert state.count(IN_IT.among(all_except(named))).number == 3
    assert state.count(ALL.among(all_except(named))).number == 8
    assert state.count(ALL.among(NO_SELECTION)).number == 0
    assert state.selected(these(named), named) == {"u-n1", "u-n3"}
    assert state.selected(all_except(named), ["u-n1", "u-n2", "lost"]) == {"u-n2"}


def test_selection_names_all_or_nobody_if_a_query_finds_all():
    one = these(["u-n1"]).with_query(IN_IT, ["u-n2"], adds=True)
    assert one.with_query(ALL, (), adds=False) == NO_SELECTION
    everybody = one.with_query(replace(DOWNWARD, marked=one), (), adds=True)
    assert everybody == all_except(())
    assert everybody.has_all
    assert not one.has_all
    assert one.with_query(IN_IT, one.exceptions, adds=True) == one
    assert (bool(NO_SELECTION), bool(one), bool(everybody), bool(these(()))) == (
        False,
        True,
        True,
        False,
    )


def test_queries_that_find_the_same_are_relevant_alike():
    marked = these(["u-n1"])
    query = Query(parse_filter("location:rome"), marked=marked)
    assert query.relevant == replace(query, marked=NO_SELECTION).relevant
    assert Query(marked=marked).relevant == ALL
    uses_them = Query(parse_filter("-marked:no"), marked=marked)
    assert uses_them.relevant == uses_them
