"""Takeover of a file that plain TinyDB wrote, with the data of other programs in it."""

import json
import os
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB
from tinydb.table import Document

from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionKind
from qm_tui.store.tinydb import UsersDB, open_tinydb_store
from qm_tui.users.fields import KEYS, User
from tests.helpers import sample_cases, user, users_of
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
    before = users_of(store.load())
    assert store.state.number == 0
    assert not store.transactions()
    data = path.read_bytes()
    assert files_in(path.parent).keys() == {path.name}
    assert path.read_bytes() == data  # to look at it changes nothing
    commit(store, user("zoe"))
    expected = before | {"u-zoe": user("zoe")}
    assert users_of(store.state) == expected
    store.close()
    first = store.load()
    kinds = [one.kind for one in store.transactions()]
    assert kinds == [TransactionKind.EDIT, TransactionKind.TAKEOVER]
    assert {one.user_id: one.after for one in store.transaction_changes(1)} == {
        key: dict(zip(KEYS, one, strict=True)) for key, one in before.items()
    }
    assert users_of(first) == expected
    store.close()
    found = plainly(path)
    path.rename(path.with_name("aside"))
    again = open_tinydb_store(path)
    assert users_of(again.load()) == expected  # also from the log alone
    commit(again, user("yan"))
    again.close()
    yan = found["users"] | {max(found["users"]) + 1: document(user("yan"))}
    assert plainly(path) == found | {"users": yan}
    path.with_name("aside").rename(path)
    return found


def test_users_of_plain_tinydb_and_what_else_it_keeps_are_taken_over(path):
    documents = {
        1: document(user(), **EXTRAS),
        2: document(user("bo")),
        5: document(user("cy", first_name="Ä\ud800"), note="kept"),  # the only text not UTF-8
    }
    write(path, documents, notes=[{"a": 1}, EXTRAS], empty_ones=[{}])
    found = take_over(path)
    assert found["users"] == {**documents, 6: document(user("zoe"))}
    assert found["notes"] == {1: {"a": 1}, 2: EXTRAS}
    assert found["empty_ones"] == {1: {}}
    with UsersDB(path) as database:
        assert database.users.get(doc_id=1) == documents[1]


@pytest.mark.parametrize("number", [0, 10**14])
def test_any_document_id_and_missing_fields_and_numbers_as_text_are_kept(path, number):
    write(path, {number: {"user_id": 17, "user_name": "bo", "extension": 412, "is_active": True}})
    store = open_tinydb_store(path)
    one = users_of(store.load())["17"]
    assert (one.user_name, one.extension, one.is_active, one.last_name) == ("bo", "412", "1", "")
    commit(store, user("zoe"))
    store.close()
    assert plainly(path)["users"] == {number: document(one), number + 1: document(user("zoe"))}
    assert set(users_of(store.load())) == {"17", "u-zoe"}
    store.close()


NO_USERS: list[tuple[object, str]] = [
    ({"1": document(user()), "2": document(user())}, "same User ID"),
    ({"1": {"user_name": "bo"}}, "no User ID"),
    ({"1": document(user(), location=["Oslo"])}, "location"),
    ({"1": document(user(), location=1.5)}, "location"),
    ({"1": None}, "not a TinyDB document"),
    *(({key: document(user())}, "") for key in ("x", "01", "-1", "1.0", "", "٣")),
    ({f"{10**15}": document(user())}, "too large"),
    ([], "not a TinyDB database"),
]
NO_DATABASES = [
    *("[]", "{", '{"users": {}}x', '{"a":' * 100_000, "\x00\x01"),
    '{"users": {"1": {"user_id": ' + "9" * 5000 + "}}}",
]


def test_what_is_no_user_or_no_database_is_refused_and_named(path):
    refused = [(json.dumps({"users": data}), says) for data, says in NO_USERS]
    for text, says in [*refused, *((text, "") for text in NO_DATABASES)]:
        path.write_text(text)
        for is_write in (False, True):
            store = open_tinydb_store(path)
            with pytest.raises(
                StoreError, match=rf"users\.json.*{says}.*Nothing was changed\..*\.$"
            ):
                commit(store, user("zoe")) if is_write else store.load()
            store.close()
        after = files_in(path.parent)
        after.pop("users.lock")
        assert after == {path.name: text.encode()}


@pytest.mark.parametrize("text", ["", '{"users": {}}', " \n"])
def test_an_empty_file_is_an_empty_store(path, text):
    path.write_text(text)
    store = open_tinydb_store(path)
    assert not users_of(store.load())
    assert not store.notices
    commit(store, user())
    store.close()
    assert plainly(path)["users"] == {1: document(user())}
    assert set(users_of(store.load())) == {user().user_id}
    assert not store.notices


@pytest.mark.parametrize("case", sample_cases(product(range(1, 12), [2, 500]), range(0, 22, 3)))
def test_a_takeover_that_was_killed_goes_on(path, case):
    """At each call that writes: nothing is lost, and the next change takes the file over."""
    call, rows = case
    documents = {1: document(user(), **EXTRAS), 4: document(user("bo")), 5: document(user("cy"))}
    write(path, documents, notes=[{"a": 1}])
    child = os.fork()
    if not child:
        with kill_at(call), parts_of(rows):
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
    found = users_of(store.load())
    assert found in (users, users | {"u-zoe": user("zoe")})
    commit(store, user("yan"))
    store.close()
    final = open_tinydb_store(path)
    assert users_of(final.load()) == found | {"u-yan": user("yan")}
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


@pytest.mark.parametrize("name", ["users.json.journal", "users.json.history", ""])
def test_a_store_of_version_0_1_is_refused(path, name):
    write(path, {1: document(user("bo"))}, **({} if name else {"_meta": [{"uid": "x"}]}))
    if name:
        path.with_name(name).touch()
    before = files_in(path.parent)
    store = open_tinydb_store(path)
    with pytest.raises(StoreError, match=r"before 0\.2.*\.$"):
        store.load()
    with pytest.raises(StoreError, match=r"before 0\.2"):
        commit(store, user("zoe"))
    store.close()
    after = files_in(path.parent)
    after.pop("users.lock", None)
    assert after == before
