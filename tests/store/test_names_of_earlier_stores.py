"""Stores in which several users have one User Name, as an earlier version or a program wrote it."""

import json
from contextlib import closing

import pytest

from qm_tui.store import open_store
from qm_tui.store.changes.edit import save_edit
from qm_tui.store.changes.undo import plan_undo
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import UserStore
from qm_tui.store.transaction import ValidationFailed
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.users.fields import User
from tests.helpers import (
    EDIT,
    counts,
    issues_of,
    names_of,
    record_of,
    undo,
    user,
    users_of,
    write_unchecked,
)

COMPOSED = user("jo", user_name="jürgen")
DECOMPOSED = user("ju", user_name="ju\u0308rgen", extension="0413")
WIDE = user("ji", user_name="JÜＲGEN", extension="0414")
OTHER = user("ada", extension="0415")
USERS = {one.user_id: one for one in (COMPOSED, DECOMPOSED, OTHER, WIDE)}
OWNERS = {"jürgen": "u-jo", "ada": "u-ada"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "users.json"
    documents = {str(number): one._asdict() for number, one in enumerate(USERS.values(), start=1)}
    path.write_text(json.dumps({"users": documents}))
    return path


@pytest.fixture
def store(path):
    with closing(open_store(path)) as store:
        store.load()
        yield store


def change(store: UserStore, user_id: str, **values: str) -> None:
    before = users_of(store.state)[user_id]
    save_edit(store, before, before._replace(**values))


@pytest.mark.parametrize("user_id", USERS)
def test_every_user_can_be_edited_and_the_first_one_has_the_name(store, user_id):
    change(store, user_id, location="Rome")
    assert users_of(store.state)[user_id].location == "Rome"
    assert names_of(store.state) == OWNERS
    undo(store, store.state.number)
    assert users_of(store.state) == USERS


@pytest.mark.parametrize(
    ("values", "owners"),
    [
        ({"u-jo": "joe"}, {"joe": "u-jo", "ada": "u-ada", "jürgen": "u-ju"}),
        ({"u-ju": "joe"}, {"joe": "u-ju", **OWNERS}),
        ({"u-jo": "joe", "u-ju": "jim"}, {"joe": "u-jo", "jim": "u-ju", "ada": "u-ada"}),
    ],
)
def test_next_user_has_a_name_that_is_given_up(store, path, values, owners):
    for user_id, name in values.items():
        change(store, user_id, user_name=name)
    expected = {"jürgen": "u-ji", **owners}
    assert names_of(store.state) == expected
    store.close()
    with closing(open_store(path)) as again:
        assert names_of(again.load()) == expected


def test_deleted_owner_leaves_the_name_to_the_next_user(store):
    write_unchecked(store, {"u-jo": None})
    assert names_of(store.state) == {"jürgen": "u-ju", "ada": "u-ada"}
    deletion = store.state.number
    (skipped,) = plan_undo(store, deletion).skipped
    assert "already used by Ju Jusen" in skipped.reason
    change(store, "u-ju", user_name="ju")
    change(store, "u-ji", user_name="ji")
    undo(store, deletion)
    assert store.state.user("u-jo") == COMPOSED


@pytest.mark.parametrize("name", ["jürgen", "JU\u0308RGEN", "ｊürgen"])
def test_no_other_user_can_get_the_name(store, name):
    with pytest.raises(StoreError, match="already used by Jo Josen"):
        change(store, "u-ada", user_name=name)
    with pytest.raises(ValidationFailed), store.transaction(EDIT) as transaction:
        transaction.commit({"u-jo": None, "u-ada": OTHER._replace(user_name=name)})


def test_transactions_of_an_earlier_version_are_read(tmp_path, monkeypatch):
    path = tmp_path / "users.json"
    with monkeypatch.context() as earlier, closing(open_store(path)) as store:
        store.load()
        earlier.setattr("qm_tui.store.memory.maps.normalize_user_name", str.casefold)
        first = {one.user_id: one._replace(user_name=key) for key, one in USERS.items()}
        write_unchecked(store, first)
        write_unchecked(store, USERS)
    path.unlink()  # the users are read from the log
    with closing(open_store(path)) as store:
        assert users_of(store.load()) == USERS
        assert names_of(store.state) == OWNERS


# Import


def plan(store: UserStore, users: list[User], *, by_name: bool = False) -> ImportPlan:
    records = [record_of(one, line) for line, one in enumerate(users, start=2)]
    return plan_import(
        records, store.state, ImportOptions(match_user_name=by_name), detail=PlanDetail.RECORDS
    )


def test_import_of_other_fields_leaves_the_names(store):
    for by_name in (False, True):
        for values, result in (
            ({}, (0, 0, 4, 0)),
            ({"user_id": ""}, (0, 0, 4, 0)),
            ({"location": "Rome"}, (0, 4, 0, 0)),
        ):
            found = plan(store, [one._replace(**values) for one in USERS.values()], by_name=by_name)
            assert counts(found) == result
    found = plan(store, [one._replace(is_active="x") for one in (DECOMPOSED, COMPOSED)])
    assert issues_of(found) == [(2, "is_active"), (3, "is_active")]


@pytest.mark.parametrize(
    ("given_up", "result"),
    [
        ((), (0, 0, 0, 1)),
        ((COMPOSED,), (0, 1, 0, 1)),
        ((DECOMPOSED, WIDE), (0, 2, 0, 1)),
        ((COMPOSED, DECOMPOSED, WIDE), (0, 4, 0, 0)),
    ],
)
def test_name_is_free_if_all_of_its_users_give_it_up(store, given_up, result):
    renamed = [one._replace(user_name=one.user_id) for one in given_up]
    found = plan(store, [*renamed, OTHER._replace(user_name="Jürgen")])
    assert counts(found) == result
