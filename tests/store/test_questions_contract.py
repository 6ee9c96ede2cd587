"""The contract of every store: questions about users, by their keys, values and names."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from qm_tui.progress import YieldControl
from qm_tui.store import activity_filters
from qm_tui.store.state import FIRST, MOST_KEYS, Place, Side, State
from qm_tui.store.values_in_use import values_in_use
from qm_tui.users.fields import FIELD
from qm_tui.users.identity import look_alike_key
from qm_tui.users.query.filter_parser import exact_term, parse_filter
from qm_tui.users.query.lookup import NOT_FOUND, LookupKey, LookupResult
from qm_tui.users.query.query import ALL, NO_SELECTION, Query, these
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, IMPORT, YieldCounter, user
from tests.store.kinds import commit, only_without_server

BO = user("bo", location="Rome", extension="17", additional_extensions="0418")
CY = user("cy", location="", is_active="0", extension="0412", department="IT")
USERS = (ANNA, BO, CY)
ANNA_ID = ANNA.user_id


def filtered(text: str) -> Query:
    return Query(parse_filter(text))


# Users by their keys


def test_users_are_found_by_id_in_the_order_of_the_question(given):
    state = given(*USERS)
    asked = ["u-cy", "gone", ANNA_ID, "u-cy", ""]
    assert state.users(asked) == [CY, None, ANNA, CY, None]
    assert state.users([]) == []
    assert (state.user("u-bo"), state.user("gone")) == (BO, None)
    many = [f"gone{number}" for number in range(MOST_KEYS)]
    assert state.users(many) == [None] * MOST_KEYS


def test_names_have_owners(given):
    state = given(*USERS)
    assert state.owners(["bo", "nobody", "anna"]) == ["u-bo", None, ANNA_ID]
    assert state.owners([]) == []
    assert (state.owner("anna"), state.owner("ANNA"), state.owner("")) == (ANNA_ID, None, None)
    assert dict(state.users_without_own_name()) == {}


def test_first_of_several_users_has_the_name(given, kind):
    only_without_server(kind, "no two users can have one name")
    state = given(ANNA, user("di", user_name="ANNA"), BO, user("do", user_name="ａnna"))
    assert state.owners(["anna"]) == [ANNA_ID]
    others = state.users_without_own_name()
    assert {name: list(ids) for name, ids in others.items()} == {"anna": ["u-di", "u-do"]}


def test_look_alikes_are_the_first_users_with_names_of_another_script(given):
    cyrillic = [user("di", user_name="\u0430nna"), user("do", user_name="\u0430nn\u0430")]
    state = given(ANNA, *cyrillic, user("jü", user_name="jürgen"))
    keys = ["anna", "bo", look_alike_key("\u0410NNA"), "jurgen", "jürgen"]
    assert state.look_alikes(keys) == ["u-di", None, "u-di", None, None]
    assert given(*USERS).look_alikes(["anna"]) == [None]


# Counts


def test_users_are_counted(given):
    state = given(*USERS)
    for query, number in (
        (ALL, 3),
        (filtered("active:yes"), 2),
        (filtered("nobody"), 0),
        (Query(sort=(SortKey("location"),)), 3),
        (filtered("location:rome|oslo").among(these([ANNA_ID, "u-cy"])), 1),
    ):
        assert state.count(query) == (number, True)
        for enough in (0, 1, 2, 9):
            counted = state.count(query, enough=enough)
            assert counted.number == number or (
                not counted.is_exact and enough <= counted.number < number
            )
    assert state.count() == (state.total, True)


def test_users_are_grouped_by_values(given):
    state = given(*USERS, user("di", location="Rome"))
    assert state.groups(("location",)) == {("Oslo",): 1, ("Rome",): 2, ("",): 1}
    assert state.groups(("location", "is_active")) == {
        ("Oslo", "1"): 1,
        ("Rome", "1"): 2,
        ("", "0"): 1,
    }
    assert state.groups(("location",), filtered("active:no")) == {("",): 1}
    assert state.groups(("is_active",), ALL.among(these(["u-di", "u-cy"]))) == {
        ("0",): 1,
        ("1",): 1,
    }
    assert state.groups(("location", "is_active"), filtered("nobody")) == {}
    assert given().groups(("location",)) == {}


def test_users_with_values_are_counted_and_named(given):
    state = given(*USERS, user("di", extension="0412"))
    values = ["0412", "17", "9", "", "0412"]
    assert state.numbers("extension", values) == {"0412": 3, "17": 1}
    first = state.holders("extension", values, 2)
    assert {value: list(ids) for value, ids in first.items()} == {
        "0412": [ANNA_ID, "u-cy"],
        "17": ["u-bo"],
        "9": [],
        "": [],
    }
    assert list(state.holders("extension", ["0412"], 9)["0412"]) == [ANNA_ID, "u-cy", "u-di"]
    assert state.numbers("location", ["", "Paris"]) == {"": 1}
    assert list(state.holders("location", [""], 1)[""]) == ["u-cy"]
    assert state.numbers("location", []) == state.holders("location", [], 1) == {}


def test_values_in_use_are_those_of_all_users_but_some(given):
    state = given(*USERS, user("di"))
    values = values_in_use(state)
    fewer = values_in_use(state, apart_from={("location", "Oslo"): 2, ("department", "IT"): 1})
    location, department = FIELD["location"], FIELD["department"]
    assert values.issue(location, "Oslo") is None
    assert values.issue(department, "IT") is None
    assert fewer.issue(location, "Oslo") is not None
    assert fewer.issue(department, "IT") is not None
    assert fewer.issue(location, "Rome") is None


@pytest.mark.parametrize("value", ["Rome", "", "R*", "=Rome", 'a "b"|c', "rome"])
def test_exact_term_finds_the_users_with_exactly_this_value(given, value):
    others = ["Rome", "ROME", "", "R*", "=Rome", 'a "b"|c', "Romea"]
    state = given(*(user(f"n{number}", location=one) for number, one in enumerate(others)))
    query = Query((exact_term(FIELD["location"], value),))
    found = [one.location for batch in state.stream(query) for one in batch]
    assert found == [one for one in others if one == value]


# The activity of the store


def test_filters_by_activity_find_what_transactions_changed(store):
    commit(store, ANNA, BO, action=IMPORT)
    commit(store, BO._replace(location="Bern"), CY)
    state = commit(store, ANNA._replace(location="Bern"), action=IMPORT)
    found = [
        [one.user_name for batch in state.stream(filtered(text)) for one in batch]
        for text in ("import:last", "import:1", "changed:today", "-changed:today", "import:1|3")
    ]
    assert found == [["anna"], ["anna", "bo"], ["anna", "bo", "cy"], [], ["anna", "bo"]]


def test_users_changed_today_are_others_tomorrow(store, monkeypatch):
    state, today = commit(store, ANNA), filtered("changed:today")
    assert state.count(today).number == 1

    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz or UTC) + timedelta(days=1)

    monkeypatch.setattr(activity_filters, "datetime", Tomorrow)
    assert state.count(today).number == 0
    assert state.count(filtered("changed:yesterday")).number == 1


# Users by what an admin wrote


def test_texts_are_looked_up_by_each_key_in_its_order(given):
    state = given(
        *USERS, user("di", first_name="Bo", last_name="Bosen", user_name="17", extension="5")
    )
    texts = ["u-bo", "ANNA", "0412", "0418", "Bergen, Anna", "Berg, Anna", "bo bosen", "", "17"]
    assert [(one.key, list(one.user_ids)) for one in state.lookup(texts)] == [
        (LookupKey.USER_ID, ["u-bo"]),
        (LookupKey.USER_NAME, [ANNA_ID]),
        (LookupKey.EXTENSION, [ANNA_ID, "u-cy"]),
        (LookupKey.EXTENSION, ["u-bo"]),
        (LookupKey.NOTHING, []),
        (LookupKey.NAME, [ANNA_ID]),
        (LookupKey.NAME, ["u-bo", "u-di"]),
        (LookupKey.NOTHING, []),
        (LookupKey.USER_NAME, ["u-di"]),
    ]
    only_names = state.lookup(["u-bo", "Anna Berg", "0412"], only_names=True)
    assert only_names == [NOT_FOUND, LookupResult(LookupKey.NAME, (ANNA_ID,)), NOT_FOUND]
    assert state.lookup([]) == []


def test_prepared_lookup_answers_alike(given):
    state = given(*USERS)
    prepared = state.prepare_lookup()
    first = state.lookup(["u-bo", "0412"])
    del prepared
    assert state.lookup(["u-bo", "0412"]) == first


def test_lookup_names_all_users_who_have_one_user_name(given, kind):
    only_without_server(kind, "no two users can have one name")
    state = given(ANNA, user("di", user_name="ANNA"), BO)
    (found,) = state.lookup(["anna"])
    assert (found.key, list(found.user_ids)) == (LookupKey.USER_NAME, [ANNA_ID, "u-di"])


def test_nearest_name_is_similar_enough_to_be_meant(given):
    state = given(*USERS, user("di", user_name="annabel"))
    for name, found in (("ana", ANNA_ID), ("anabel", "u-di"), ("zzz", None), ("", None)):
        assert state.nearest_name(name) == found
    assert given().nearest_name("anna") is None


def test_names_beginning_with_a_text_are_found(given):
    users = [user(f"n{number}", user_name=f"{'AB'[number % 2]}{number}") for number in range(1100)]
    state = given(*users)
    found = [one for batch in state.names_beginning("a") for one in batch]
    assert sorted(found) == sorted(one.user_id for one in users[::2])
    assert list(state.names_beginning("c")) == []
    assert sum(map(len, state.names_beginning(""))) == 1100
    assert next(state.names_beginning("b"))[0].startswith("u-n")


# Work that is ended


class Ended(Exception):
    """Raised by `rest`."""


A_FEW = filtered("location:rome -n7")
SELECTION = NO_SELECTION.with_query(A_FEW, ["u-n8"], adds=True)
BY_EXTENSION = Query(sort=(SortKey("extension"),))
AROUND = Place(Side.AROUND, ("u-n99",))
ENOUGH = [f"u-n{number}" for number in range(MOST_KEYS)]

QUESTIONS: dict[str, Callable[[State, YieldControl], object]] = {
    "window": lambda state, rest: state.window(A_FEW, FIRST, 9, rest),
    "sorted window": lambda state, rest: state.window(BY_EXTENSION, AROUND, 9, rest),
    "count": lambda state, rest: state.count(A_FEW, rest),
    "marked": lambda state, rest: state.count(
        Query(parse_filter("marked:yes"), marked=SELECTION), rest
    ),
    "selected": lambda state, rest: state.selected(SELECTION, ENOUGH, rest),
    "groups": lambda state, rest: state.groups(("location", "extension"), A_FEW, rest),
    "groups of all": lambda state, rest: state.groups(("extension",), rest=rest),
    "numbers": lambda state, rest: state.numbers("extension", ["17"], rest),
    "holders": lambda state, rest: state.holders("location", ["Rome"], 2000, rest),
    "ids": lambda state, rest: list(state.ids(ALL.among(SELECTION), rest)),
    "stream": lambda state, rest: list(state.stream(A_FEW, rest)),
    "lookup": lambda state, rest: state.lookup(["N7 N7sen", "n8"], rest),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_question_is_ended_by_rest_and_answered_when_it_is_asked_again(given, ask):
    users = [
        user(f"n{number}", location="Rome" if number % 3 else "", extension=f"{number % 700}")
        for number in range(1100)
    ]
    answer = ask(given(*users), YieldCounter())
    for calls in (1, 2, 4):
        left, state = calls, given(*users)

        def rest() -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Ended

        if calls == 1:
            with pytest.raises(Ended):
                ask(state, rest)
        with suppress(Ended):
            ask(state, rest)
        assert ask(state, YieldCounter()) == answer


def test_preparation_is_ended_by_rest_and_goes_on_when_it_is_asked_again(given):
    state = given(*(user(f"n{number}") for number in range(1100)))

    def rest() -> None:
        raise Ended

    for _ in range(3):
        with suppress(Ended):
            state.prepare(rest)
    state.prepare()
    assert state.count(filtered("n17")).number == 11
