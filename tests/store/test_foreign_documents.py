"""What other TinyDB programs keep in the store's file is read, and survives our commits."""

import json

import pytest
from tinydb import TinyDB

from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, user
from tests.store.test_tinydb_store import checkpoint, commit

BO = user("bo")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


def _document(one: User) -> dict[str, object]:
    return dict(zip(KEYS, one, strict=True))


def _users(path) -> list[User]:
    return list(open_store(path).load().users.values())


def _put(path, *documents: dict[str, object], **tables) -> None:
    users = {str(number): one for number, one in enumerate(documents, start=1)}
    path.write_text(json.dumps({"users": users, **tables}))


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"indent": 0}, {"sort_keys": True}])
def test_users_that_plain_tinydb_inserted_are_read(path, options):
    with TinyDB(path, **options) as db:
        db.table("users").insert_multiple([_document(ANNA), _document(BO)])
    assert _users(path) == [ANNA, BO]


def test_a_change_that_plain_tinydb_made_is_seen_and_built_upon(path):
    commit(path, ANNA)
    checkpoint(path)
    store = open_store(path)
    store.load()
    with TinyDB(path) as db:
        db.table("users").update({"location": "Bergen"})
        assert db.table("users").insert(_document(BO)) == 2
    with store.transaction("edit") as transaction:
        assert list(transaction.state.users.values()) == [user(location="Bergen"), BO]
        transaction.commit({"u-cy": user("cy")})
    assert _users(path) == [user(location="Bergen"), BO, user("cy")]


def test_fields_that_a_document_lacks_are_empty_and_numbers_are_text(path):
    _put(path, {"user_id": 17, "user_name": "bo", "extension": 412, "location": None})
    expected = User(user_id="17", user_name="bo", extension="412")
    assert _users(path) == [expected]


@pytest.mark.parametrize("value", ["Zoë", "a\ud800b", "\x1b[2J", "=1+1", '"'], ids=ascii)
def test_foreign_text_is_kept_as_it_is_through_a_commit(path, value):
    _put(path, _document(user(location=value)), notes={"1": {value: value}})
    commit(path, BO)
    assert _users(path) == [user(location=value), BO]
    checkpoint(path)
    assert json.loads(path.read_bytes())["notes"] == {"1": {value: value}}


@pytest.mark.parametrize(
    "tables",
    [
        {"notes": {"1": {"text": "x"}, "7": {}}},
        {"_default": {"3": {"a": [1, {"b": None}], "é": 1.5}}},
        {"numbers": {"1": {"n": 2**53 + 1, "m": 2**64 + 1, "f": 1e300}}},
        {"notes\ud800": {"1": {"text": "x"}}},
        {"empty": {}},
    ],
    ids=["notes", "default", "numbers", "half a character", "empty"],
)
def test_other_tables_survive_commits(path, tables):
    _put(path, _document(ANNA), **tables)
    for one in (BO, user("cy"), user("di")):
        commit(path, one)
    checkpoint(path)
    found = json.loads(path.read_bytes())
    assert {name: found.get(name) for name in tables} == tables
    assert len(_users(path)) == 4


@pytest.mark.parametrize("own_fields", [1, 2, 25, 26])
def test_what_others_keep_in_a_users_document_survives_commits(path, own_fields):
    keys = ["user_id", "user_name", *(key for key in KEYS if key not in ("user_id", "user_name"))]
    document = {key: _document(ANNA)[key] for key in keys[:own_fields]}
    _put(path, {**document, "note": {"by": "me"}, "seen": 3})
    for one in (BO, user(location="Bergen")):
        commit(path, one)
    checkpoint(path)
    found = json.loads(path.read_bytes())["users"]["1"]
    assert (found.get("note"), found.get("seen")) == ({"by": "me"}, 3)
    assert found["location"] == "Bergen"


def test_what_others_keep_in_a_document_goes_with_its_user(path):
    _put(path, {**_document(ANNA), "note": "x"})
    commit(path, delete=(ANNA.user_id,))
    commit(path, BO)
    checkpoint(path)
    assert "note" not in path.read_text()


def test_new_users_get_document_ids_above_all_others(path):
    path.write_text(json.dumps({"users": {"40": _document(ANNA), "7": _document(BO)}}))
    commit(path, user("cy"))
    checkpoint(path)
    assert list(json.loads(path.read_bytes())["users"]) == ["40", "7", "41"]
    assert _users(path) == [ANNA, BO, user("cy")]


def test_two_users_with_one_name_are_read_and_each_can_be_corrected(path):
    _put(path, _document(ANNA), _document(user("bo", user_name="Anna")))
    state = open_store(path).load()
    assert state.names == {"anna": ANNA.user_id}
    state = commit(path, BO)
    assert state.names == {"anna": ANNA.user_id, "bo": BO.user_id}
    assert _users(path) == [ANNA, BO]


def test_deleting_one_of_two_users_with_one_name_leaves_the_other_to_be_found(path):
    _put(path, _document(ANNA), _document(user("bo", user_name="Anna")))
    state = commit(path, delete=(ANNA.user_id,))
    assert state.names == {"anna": BO.user_id}
