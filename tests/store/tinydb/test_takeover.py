"""Takeover of a file that plain TinyDB wrote, with the data of other programs in it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB
from tinydb.table import Document

from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionKind
from qm_tui.store.tinydb import UsersDB, open_tinydb_store
from qm_tui.users.fields import KEYS, User
from tests.helpers import user
from tests.store.tinydb.damage import commit, files_in, kill_at, parts_of

EXTRAS: dict[str, Any] = {
    "nested": {"a": [1, {"b": [None, True, 1.5]}]},
    "large": 2**70,
    "half": "\ud800",
    "text": 'ä\u2028\x00"\\',
    "empty": {},
}


@pytest.fixture
def path(folder):
    """Where a store is to be."""
    return folder / "users.json"


def document(one: User, **more: object) -> dict[str, object]:
    return {**dict(zip(KEYS, one, strict=True)), **more}


def write(path: Path, documents: dict[int, dict[str, object]], **tables: object) -> None:
    """Write a file as plain TinyDB does."""
    with TinyDB(path) as database:
        table = database.table("users")
        for number, one in documents.items():
            table.insert(Document(one, number))
        for name, rows in tables.items():
            assert isinstance(rows, list)
            database.table(name).insert_multiple(rows)


def plainly(path: Path) -> dict[str, Any]:
    """What plain TinyDB reads, without the table of the store itself."""
    with TinyDB(path) as database:
        return {
            name: {one.doc_id: dict(one) for one in database.table(name)}
            for name in database.tables()
            if name != "_meta"
        }


def take_over(path: Path) -> dict[str, Any]:
    """Take a file over by a change; return what is then found, the same in all ways."""
    store = open_tinydb_store(path)
    before = dict(store.load().users)
    assert store.state.number == 0
    assert not store.transactions()
    data = path.read_bytes()
    assert files_in(path.parent).keys() == {path.name}
    assert path.read_bytes() == data  # to look at it changes nothing
    commit(store, user("zoe"))
    expected = before | {"u-zoe": user("zoe")}
    assert dict(store.state.users) == expected
    store.close()
    first = store.load()
    kinds = [one.kind for one in store.transactions()]
    assert kinds == [TransactionKind.EDIT, TransactionKind.TAKEOVER]
    assert {one.user_id: one.after for one in store.transaction_changes(1)} == {
        key: dict(zip(KEYS, one, strict=True)) for key, one in before.items()
    }
    assert dict(first.users) == expected
    store.close()
    found = plainly(path)
    path.rename(path.with_name("aside"))
    again = open_tinydb_store(path)
    assert dict(again.load().users) == expected  # also from the log alone
    commit(again, user("yan"))
    again.close()
    yan = found["users"] | {max(found["users"]) + 1: document(user("yan"))}
    assert plainly(path) == found | {"users": yan}
    path.with_name("aside").rename(path)
    return found


def test_users_of_plain_tinydb_are_taken_over(path):
    documents = {1: document(user()), 2: document(user("bo")), 7: document(user("cy"))}
    write(path, documents)
    assert take_over(path) == {"users": {**documents, 8: document(user("zoe"))}}


def test_what_other_programs_keep_is_kept(path):
    documents = {
        1: document(user(), **EXTRAS),
        2: document(user("bo")),
        5: document(user("cy", first_name="Ä"), note="kept"),
    }
    write(path, documents, notes=[{"a": 1}, EXTRAS], empty_ones=[{}])
    found = take_over(path)
    assert found["users"] == {**documents, 6: document(user("zoe"))}
    assert found["notes"] == {1: {"a": 1}, 2: EXTRAS}
    assert found["empty_ones"] == {1: {}}
    with UsersDB(path) as database:
        assert database.users.get(doc_id=1) == documents[1]


def test_half_letters_in_a_field_are_kept(path):
    """Other programs may write them; they are the only text that is not UTF-8."""
    write(path, {1: document(user("bo", first_name="B\ud800o"))})
    found = take_over(path)
    assert found["users"][1]["first_name"] == "B\ud800o"


@pytest.mark.parametrize("number", [0, 10**14, 10**15, 2**63, 10**30])
def test_document_ids_of_any_size_are_kept_or_refused_before_anything_is_written(path, number):
    write(path, {number: document(user("bo"))})
    before, refused = files_in(path.parent), ""
    store = open_tinydb_store(path)
    try:
        store.load()
        commit(store, user("zoe"))
    except StoreError as error:
        refused = str(error)
    finally:
        store.close()
    if number >= 10**15:
        assert refused.endswith(".")
        assert path.read_bytes() == before[path.name]
        return
    assert set(plainly(path)["users"]) == {number, number + 1}
    again = open_tinydb_store(path)
    assert set(again.load().users) == {"u-bo", "u-zoe"}
    again.close()


@pytest.mark.parametrize("key", ["x", "01", "-1", "1.0", "", "٣", " 1"])
def test_document_ids_that_are_no_numbers_are_refused(path, key):
    path.write_text(json.dumps({"users": {key: document(user())}}))
    store = open_tinydb_store(path)
    with pytest.raises(StoreError, match=r"users\.json.*Nothing was changed\..*\.$"):
        store.load()


def test_missing_fields_and_numbers_are_text_from_then_on(path):
    write(path, {1: {"user_id": 17, "user_name": "bo", "extension": 412, "is_active": True}})
    store = open_tinydb_store(path)
    one = store.load().users["17"]
    assert (one.user_name, one.extension, one.is_active, one.last_name) == ("bo", "412", "1", "")
    commit(store, user("zoe"))
    store.close()
    assert plainly(path)["users"][1] == document(one)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"1": document(user()), "2": document(user())}, "same User ID"),
        ({"1": document(user(user_id=""))}, "no User ID"),
        ({"1": {"user_name": "bo"}}, "no User ID"),
        ({"1": document(user(), location=["Oslo"])}, "location"),
        ({"1": document(user(), location=1.5)}, "location"),
        ({"1": "anna"}, "not a TinyDB document"),
        ({"1": None}, "not a TinyDB document"),
    ],
)
def test_what_is_no_user_is_refused_and_named(path, data, says):
    path.write_text(json.dumps({"users": data}))
    before = files_in(path.parent)
    for is_write in (False, True):
        store = open_tinydb_store(path)
        with pytest.raises(StoreError, match=rf"{says}.*Nothing was changed\..*\.$"):
            commit(store, user("zoe")) if is_write else store.load()
        store.close()
        after = files_in(path.parent)
        after.pop("users.lock", None)
        assert after == before


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        '"users"',
        "{",
        '{"users": []}',
        '{"users": {}}x',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x00\x01",
        '{"users": {"1": ' + "9" * 100_000 + "}}",
        '{"users": {"1": {"user_id": ' + "9" * 5000 + "}}}",
    ],
)
def test_what_is_no_database_is_refused(path, text):
    path.write_text(text)
    store = open_tinydb_store(path)
    with pytest.raises(StoreError, match=r"users\.json.*Nothing was changed\..*\.$"):
        store.load()
    store.close()
    assert path.read_text() == text


def test_two_users_of_one_user_name_are_kept(path):
    documents = {1: document(user("bo")), 2: document(user("bo", user_id="u-bo2"))}
    write(path, documents)
    found = take_over(path)
    assert [one["user_name"] for one in found["users"].values()] == ["bo", "bo", "zoe"]
    store = open_tinydb_store(path)
    assert store.load().names["bo"] == "u-bo"
    store.close()


@pytest.mark.parametrize("text", ["", "{}", '{"_default": {}}', '{"users": {}}', " \n"])
def test_an_empty_file_is_an_empty_store(path, text):
    path.write_text(text)
    store = open_tinydb_store(path)
    assert not store.load().users
    assert not store.notices
    commit(store, user())
    store.close()
    assert plainly(path)["users"] == {1: document(user())}
    again = open_tinydb_store(path)
    assert set(again.load().users) == {user().user_id}
    assert not again.notices
    again.close()


@pytest.mark.parametrize("rows", [2, 500], ids=["parts", "whole"])
@pytest.mark.parametrize("call", range(1, 12))
def test_a_takeover_that_was_killed_goes_on(path, call, rows):
    """At each call that writes: nothing is lost, and the next change takes the file over."""
    documents = {1: document(user(), **EXTRAS), 4: document(user("bo")), 5: document(user("cy"))}
    write(path, documents, notes=[{"a": 1}])
    child = os.fork()
    if not child:
        kill_at(call, ["write", "fdatasync", "fsync", "rename", "ftruncate", "pwrite"])
        with parts_of(rows):
            store = open_tinydb_store(path)
            store.load()
            commit(store, user("zoe"))
            store.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    was_killed = os.WIFSIGNALED(status)
    assert was_killed or call > 8
    users = {one.user_id: one for one in (user(), user("bo"), user("cy"))}
    store = open_tinydb_store(path)
    found = dict(store.load().users)
    assert found in (users, users | {"u-zoe": user("zoe")})
    commit(store, user("yan"))
    store.close()
    final = open_tinydb_store(path)
    assert dict(final.load().users) == found | {"u-yan": user("yan")}
    assert [one.kind for one in final.transactions()][-1] is TransactionKind.TAKEOVER
    final.close()
    plain = plainly(path)
    assert plain["notes"] == {1: {"a": 1}}
    assert {number: plain["users"][number] for number in documents} == documents


def test_a_file_that_changed_after_an_interrupted_takeover_is_not_overwritten(path, monkeypatch):
    write(path, {1: document(user("bo"))})
    store = open_tinydb_store(path)
    store.load()
    with monkeypatch.context() as patch:
        patch.setattr("qm_tui.store.tinydb.snapshot.write_snapshot", _fail)
        commit(store, user("zoe"))
        store.close()
    with TinyDB(path) as database:
        database.table("users").update({"location": "Hamar"})
    changed = path.read_bytes()
    again = open_tinydb_store(path)
    with pytest.raises(StoreError, match="changed by another program"):
        again.load()
    again.close()
    assert path.read_bytes() == changed


def _fail(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("name", ["users.json.journal", "users.json.history"])
def test_a_store_of_version_0_1_is_refused(path, name):
    write(path, {1: document(user("bo"))})
    path.with_name(name).touch()
    check_refused(path, r"before 0\.2")


def test_a_snapshot_of_version_0_1_is_refused(path):
    write(path, {1: document(user("bo"))}, _meta=[{"uid": "x", "version": 2}])
    check_refused(path, r"before 0\.2")


def check_refused(path: Path, says: str) -> None:
    before = files_in(path.parent)
    store = open_tinydb_store(path)
    with pytest.raises(StoreError, match=rf"{says}.*\.$"):
        store.load()
    with pytest.raises(StoreError, match=says):
        commit(store, user("zoe"))
    store.close()
    after = files_in(path.parent)
    after.pop("users.lock", None)
    assert after == before
