"""Other programs' tables on the journal: nobody's work is overwritten, and users are left alone."""

import errno
import json
import multiprocessing
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from tinydb import Query, TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import Storage
from tinydb.table import Document

from qm_tui.store.errors import StoreBusy, StoreError, StoreReadOnly
from qm_tui.store.journal_db import JournalDB, JournalTable
from qm_tui.store.storage import ChangedMeanwhile, JournalStorage
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import KEYS
from tests.helpers import ANNA, user
from tests.store.test_tinydb_store import checkpoint, commit

BO = user("bo")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


def _open(kind: type[TinyDB], path: Path) -> TinyDB:
    return kind(path, storage=JournalStorage)


def _read(storage: Storage) -> dict[str, Any]:
    return storage.read() or {}


def _tables(path: Path) -> dict[str, dict[str, object]]:
    found = _read(JournalStorage(path))
    return {name: dict(table) for name, table in found.items() if name != "users"}


both = pytest.mark.parametrize("kind", [TinyDB, JournalDB])


# What is handed out


def test_opening_and_reading_make_no_file(path):
    with JournalDB(path) as db:
        assert db.all() == []
        assert db.storage.read() is None
    assert list(path.parent.iterdir()) == []


def test_what_is_handed_out_is_a_copy_down_to_the_last_list(path):
    storage = JournalStorage(path)
    storage.write({"a": {"1": {"x": {"y": [{"z": 1}]}}}})
    first = _read(storage)
    first["a"]["1"]["x"]["y"][0]["z"] = 2
    first["a"]["2"] = {}
    del first["a"]["1"]
    first["b"] = {}
    assert _read(storage) == {"a": {"1": {"x": {"y": [{"z": 1}]}}}}


def test_what_was_changed_in_place_is_written(path):
    storage = JournalStorage(path)
    storage.write({"a": {"1": {"x": [1]}, "2": {"n": 2}}})
    tables = _read(storage)
    tables["a"]["1"]["x"].append(2)
    del tables["a"]["2"]
    tables["a"]["3"] = {"n": 3}
    storage.write(tables)
    assert _tables(path) == {"a": {"1": {"x": [1, 2]}, "3": {"n": 3}}}


def test_a_write_that_changes_nothing_commits_nothing(path):
    with JournalDB(path) as db:
        db.insert({"n": 1})
        db.update({"n": 1})
        db.remove(where("n") == 2)
        db.storage.write(_read(db.storage))
    store = open_store(path)
    store.load()
    assert [one.why for one in store.activity()] == ["change of _default"]
    assert not store.activity()[0].can_undo


def test_a_change_of_one_document_writes_that_one_alone(path):
    with JournalDB(path) as db:
        db.insert_multiple({"n": n, "text": "x" * 100} for n in range(1000))
        journal = path.with_name("users.json.journal")
        before = journal.stat().st_size
        db.update({"n": -1}, doc_ids=[500])
        assert journal.stat().st_size - before < 1000


def test_the_table_of_the_store_itself_is_neither_shown_nor_written(path):
    commit(path, ANNA)
    checkpoint(path)
    with JournalDB(path) as db:
        assert db.tables() == {"users"}
        assert db.table("_meta").all() == []
        with pytest.raises(StoreError, match="store's own"):
            db.table("_meta").insert({"format": 99})
        db.drop_table("_meta")
    assert len(open_store(path).load().users) == 1


# Users


@both
def test_users_are_read_like_any_table(path, kind):
    commit(path, ANNA, BO)
    with _open(kind, path) as db:
        users = db.table("users")
        assert db.tables() == {"users"}
        assert users.get(doc_id=1) == dict(zip(KEYS, ANNA, strict=True))
        assert [one.doc_id for one in users.search(Query().user_name == "bo")] == [2]
        assert [one["user_id"] for one in users] == [ANNA.user_id, BO.user_id]
        assert len(users) == 2
        assert users.get(doc_id=3) is None


def test_the_view_of_users_has_text_for_keys_and_cannot_be_set(path):
    commit(path, ANNA)
    view = _read(JournalStorage(path))["users"]
    assert list(view) == ["1"]
    assert [key in view for key in ("1", "01", "2", "x", "", 1, "²")] == [True] + [False] * 6
    with pytest.raises(TypeError):
        view["1"] = {}
    view["1"]["user_name"] = "other"
    assert view["1"]["user_name"] == ANNA.user_name


def test_what_another_program_keeps_in_a_user_is_shown_and_guarded_too(path):
    document = {**dict(zip(KEYS, ANNA, strict=True)), "color": {"rgb": [1, 2, 2**70]}}
    path.write_text(json.dumps({"users": {"7": document}}))
    with JournalDB(path) as db:
        db.table("users").get(doc_id=7)["color"]["rgb"].clear()
        assert db.table("users").get(doc_id=7) == document
        db.insert({"n": 1})
        assert db.table("users").get(doc_id=7) == document


_CHANGES_OF_USERS = {
    "insert": lambda db: db.table("users").insert({"user_id": "u9"}),
    "insert at an ID": lambda db: db.table("users").insert(Document({}, doc_id=99)),
    "insert many": lambda db: db.table("users").insert_multiple([{"user_id": "u9"}]),
    "update": lambda db: db.table("users").update({"first_name": "x"}),
    "update one": lambda db: db.table("users").update({"first_name": "x"}, doc_ids=[1]),
    "add a field": lambda db: db.table("users").update({"color": "red"}),
    "upsert": lambda db: db.table("users").upsert({"a": "b"}, where("user_id").exists()),
    "remove": lambda db: db.table("users").remove(doc_ids=[1]),
    "truncate": lambda db: db.table("users").truncate(),
    "drop": lambda db: db.drop_table("users"),
    "drop all": lambda db: db.drop_tables(),
}


@both
@pytest.mark.parametrize("change", _CHANGES_OF_USERS)
def test_users_are_not_changed_past_the_checks(path, kind, change):
    commit(path, ANNA, BO)
    with _open(kind, path) as db:
        db.table("notes").insert({"n": 1})
        before = open_store(path).load()
        with pytest.raises(StoreError, match=r"users.*cannot be changed through TinyDB.*\.$"):
            _CHANGES_OF_USERS[change](db)
        assert open_store(path).load() == before
        assert db.table("notes").all() == [{"n": 1}]
        assert db.table("notes").insert({"n": 2}) == 2


@both
def test_a_first_user_is_not_added_past_the_checks_either(path, kind):
    with _open(kind, path) as db:
        with pytest.raises(StoreError):
            db.table("users").insert(dict(zip(KEYS, ANNA, strict=True)))
        db.table("users").truncate()
        assert db.tables() == set()
        db.drop_tables()


@both
def test_what_leaves_users_as_they_are_is_no_fault(path, kind):
    commit(path, ANNA)
    with _open(kind, path) as db:
        assert db.table("users").remove(where("user_id") == "nobody") == []
        assert db.table("users").update({"first_name": ANNA.first_name}) == [1]


@both
def test_users_committed_meanwhile_stay_and_are_seen(path, kind):
    commit(path, ANNA)
    with _open(kind, path) as db:
        assert len(db.table("users")) == 1
        commit(path, BO)
        db.table("notes").insert({"n": 1})
        assert len(db.table("users")) == 2
    assert len(open_store(path).load().users) == 2


# Several at once


def test_changes_of_different_documents_are_merged(path):
    one, other = JournalStorage(path), JournalStorage(path)
    one.write({"a": {"1": {"n": 1}, "2": {"n": 2}, "3": {"n": 3}}})
    mine, theirs = _read(one), _read(other)
    theirs["a"]["2"]["n"] = 20
    theirs["b"] = {"1": {}}
    other.write(theirs)
    mine["a"]["1"]["n"] = 10
    del mine["a"]["3"]
    one.write(mine)
    assert _tables(path) == {"a": {"1": {"n": 10}, "2": {"n": 20}}, "b": {"1": {}}}
    # what is written again without a look does not undo what others did
    mine["a"]["1"]["n"] = 11
    one.write(mine)
    assert _tables(path) == {"a": {"1": {"n": 11}, "2": {"n": 20}}, "b": {"1": {}}}


def _sets(tables):
    tables["a"]["1"]["n"] = 99


def _deletes(tables):
    del tables["a"]["1"]


def _adds(tables):
    tables["a"]["2"] = {"n": 2}


def _drops(tables):
    del tables["a"]


@pytest.mark.parametrize(
    ("theirs", "mine", "what"),
    [
        (_deletes, _sets, "Document 1 of the table a .* was deleted by somebody else"),
        (_adds, _adds, "Document 2 of the table a .* was added by somebody else"),
        (_drops, _sets, "Document 1 of the table a .* was deleted by somebody else"),
        (_adds, _drops, "Document 2 of the table a .* was added by somebody else"),
        (_sets, _deletes, "Document 1 of the table a .* was changed by somebody else"),
        (_sets, _drops, "Document 1 of the table a .* was changed by somebody else"),
        (_sets, _sets, None),
    ],
)
def test_nobody_overwrites_anothers_work(path, theirs, mine, what):
    one, other = JournalStorage(path), JournalStorage(path)
    one.write({"a": {"1": {"n": 1}}, "b": {"1": {"n": 1}}})
    tables = _read(one)
    other_tables = _read(other)
    theirs(other_tables)
    other.write(other_tables)
    before = _tables(path)
    mine(tables)
    if what is None:
        tables["a"]["1"]["n"] = 98
        what = "Document 1 of the table a .* was changed by somebody else"
    tables["b"]["1"]["n"] = 2
    with pytest.raises(ChangedMeanwhile, match=rf"{what} meanwhile\. Nothing was changed; .*\.$"):
        one.write(tables)
    assert _tables(path) == before
    assert _read(one) == before  # and the next read shows what the other did


@pytest.mark.parametrize(("both_do", "left"), [(_deletes, {}), (_drops, None)])
def test_what_both_take_out_is_gone(path, both_do, left):
    one, other = JournalStorage(path), JournalStorage(path)
    one.write({"a": {"1": {"n": 1}}})
    tables, other_tables = _read(one), _read(other)
    both_do(other_tables)
    other.write(other_tables)
    both_do(tables)
    one.write(tables)
    assert _tables(path).get("a") == left


def test_a_middleware_that_writes_late_does_not_overwrite_anothers_work(path):
    storage = CachingMiddleware(JournalStorage)
    late = TinyDB(path, storage=storage)
    late.insert({"n": 1})
    with JournalDB(path) as db:
        db.insert({"n": 2})
        with pytest.raises(ChangedMeanwhile):
            storage.flush()
        assert db.all() == [{"n": 2}]


def test_threads_with_one_plain_tinydb_overwrite_nothing(path):
    storage = JournalStorage(path)
    storage.write({"a": {"1": {"n": 0}}})
    mine = _read(storage)

    def other() -> None:
        tables = _read(storage)
        tables["a"]["1"]["n"] = 1
        storage.write(tables)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    mine["a"]["1"]["n"] = 2
    with pytest.raises(ChangedMeanwhile):
        storage.write(mine)


def test_results_of_queries_are_not_kept_when_others_have_written(path):
    with JournalDB(path) as one, JournalDB(path) as other:
        one.insert({"n": 1})
        assert len(one.search(where("n") > 0)) == 1
        other.insert({"n": 2})
        assert len(one.search(where("n") > 0)) == 2
        assert one.count(where("n") > 0) == 2


def test_an_id_that_another_took_is_not_given_again(path):
    with JournalDB(path) as one, JournalDB(path) as other:
        assert one.insert({"n": 1}) == 1
        assert other.insert_multiple([{"n": 2}, {"n": 3}]) == [2, 3]
        assert one.insert({"n": 4}) == 4
        other.remove(doc_ids=[4])
        assert one.insert({"n": 5}) == 5
        assert other.insert({"n": 6}) == 6


@pytest.mark.parametrize(
    ("change", "between"),
    [
        (lambda db: db.insert({"n": 1}), "_update_table"),
        (lambda db: db.insert_multiple([{"n": 1}]), "_update_table"),
        (lambda db: db.upsert({"n": 1}, where("n") == 1), "insert"),
    ],
    ids=["insert", "insert_multiple", "upsert"],
)
def test_nobody_comes_between_a_look_and_the_write_that_follows(path, monkeypatch, change, between):
    with JournalDB(path) as one, JournalDB(path) as other:
        one.insert({"n": 0})
        other.all()
        thread = threading.Thread(target=change, args=(other,))
        original = getattr(JournalTable, between)

        def interrupted(table, *arguments):
            if thread.ident is None:
                thread.start()
                thread.join(0.3)
            return original(table, *arguments)

        monkeypatch.setattr(JournalTable, between, interrupted)
        change(one)
        thread.join(10)
        expected = [1, 2] if between == "insert" else [1, 2, 3]
        assert [document.doc_id for document in one] == expected


def test_dropping_all_tables_drops_those_of_others_too(path):
    with JournalDB(path) as one, JournalDB(path) as other:
        one.table("a").insert({"n": 1})
        other.table("b").insert({"n": 2})
        one.drop_tables()
        assert other.tables() == set()


def _inserts(path: Path, number: int, each: int, ready, ids) -> None:
    with JournalDB(path, wait=60) as db:
        ready.wait()
        mine = []
        for n in range(each):
            if n % 3:
                mine.append(db.insert({"by": number, "n": n}))
            else:
                mine += db.insert_multiple([{"by": number, "n": n}, {"by": number, "n": n}])
            db.table("sums").upsert({"of": n}, where("of") == n)
            db.table("counts").update(lambda one: one.update(n=one["n"] + 1), doc_ids=[1])
    ids.put(mine)


def _checkpoints(path: Path, ready) -> None:
    ready.wait()
    for number in range(20):
        commit(path, user(f"x{number}"))
        checkpoint(path)


def test_processes_that_insert_at_once_lose_nothing_and_get_no_id_twice(path):
    processes, each = 3, 60
    context = multiprocessing.get_context("spawn")
    ready, ids = context.Barrier(processes + 1), context.Queue()
    with JournalDB(path) as db:
        db.table("counts").insert({"n": 0})
    started = [
        context.Process(target=_inserts, args=(path, number, each, ready, ids))
        for number in range(processes)
    ] + [context.Process(target=_checkpoints, args=(path, ready))]
    for one in started:
        one.start()
    given = [ids.get(timeout=60) for _ in range(processes)]
    for one in started:
        one.join(60)
        assert one.exitcode == 0
    everyones = [number for mine in given for number in mine]
    assert len(set(everyones)) == len(everyones) == processes * (each + each // 3)
    with JournalDB(path) as db:
        assert sorted(one.doc_id for one in db) == sorted(everyones)
        for mine in given:
            found = db.get(doc_ids=mine)
            assert {one["n"] for one in found} == set(range(each))
            assert len({one["by"] for one in found}) == 1
        assert len(db.table("sums")) == each
        assert db.table("counts").get(doc_id=1) == {"n": processes * each}
        assert len(db.table("users")) == 20


# What is kept, and what cannot be


_ODD = {"half": "a\ud800b", "big": 2**70, "deep": [{"\udfff": [-(2**70)]}], "float": 1.0}


def test_odd_values_outlast_users_and_checkpoints_of_other_processes(path):
    with JournalDB(path) as db:
        db.insert(_ODD)
        context = multiprocessing.get_context("spawn")
        ready = context.Barrier(1)
        other = context.Process(target=_checkpoints, args=(path, ready))
        other.start()
        other.join(60)
        assert other.exitcode == 0
        assert db.all() == [_ODD]
        db.insert({"n": 1})
        commit(path, BO)
    with TinyDB(path, storage=JournalStorage) as db:
        assert db.get(doc_id=1) == _ODD
        assert len(db.table("users")) == 21


def test_after_a_checkpoint_plain_tinydb_opens_it(path):
    with JournalDB(path) as db:
        db.insert_multiple([_ODD, {"n": 1}])
        db.table("notes").insert({"text": "Grüße"})
        db.table("empty", persist_empty=True)
        commit(path, ANNA)
    checkpoint(path)
    with TinyDB(path, encoding="utf-8") as plain:
        assert plain.tables() == {"_meta", "users", "_default", "notes", "empty"}
        assert plain.all() == [_ODD, {"n": 1}]
        assert plain.table("users").get(doc_id=1) == dict(zip(KEYS, ANNA, strict=True))


def test_a_file_of_plain_tinydb_is_taken_over(path):
    with TinyDB(path) as plain:
        plain.insert_multiple({"n": n, **_ODD} for n in range(5))
    with JournalDB(path) as db:
        assert db.insert({"n": 5}) == 6
    checkpoint(path)
    with TinyDB(path, encoding="utf-8") as plain:
        assert [one["n"] for one in plain] == list(range(6))


def _nested(depth: int):
    value: object = 1
    for _ in range(depth):
        value = [value]
    return {"n": value}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (Document({}, doc_id=-1), "an ID is a number from 0"),
        (Document({}, doc_id=10**18), "an ID is a number from 0"),
        ({"n": float("nan")}, "a number that JSON does not have"),
        ({"n": [float("inf")]}, "a number that JSON does not have"),
        (_nested(100), "more than 100 lists and mappings stand inside one another"),
        (_nested(5000), "more than 100 lists and mappings stand inside one another"),
    ],
    ids=["ID below 0", "ID beyond all", "NaN", "infinity", "deep", "deepest"],
)
@both
def test_what_could_not_be_read_back_is_refused(path, kind, document, why):
    with _open(kind, path) as db:
        db.insert(_nested(99))
        with pytest.raises(StoreError, match=rf"of the table _default .*{why}.*\.$"):
            db.insert(document)
        assert db.all() == [_nested(99)]
    checkpoint(path)
    assert _tables(path) == {"_default": {"1": _nested(99)}}


@both
def test_a_table_must_have_a_text_for_a_name(path, kind):
    with _open(kind, path) as db, pytest.raises(TypeError, match="name of a table"):
        db.table(5).insert({"n": 1})
    assert not path.exists()


@both
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_disk_that_does_not_take_it_is_said_in_a_sentence(path, kind, code, monkeypatch):
    with _open(kind, path) as db:
        db.insert({"n": 1})

        def fails(*_arguments):
            raise OSError(code, os.strerror(code))

        with monkeypatch.context() as patched:
            patched.setattr(os, "pwrite", fails)
            with pytest.raises(StoreError, match=r"could not be written: .*\.$"):
                db.insert({"n": 2})
        assert db.all() == [{"n": 1}]
        db.insert({"n": 3})
        assert [one["n"] for one in db] == [1, 3]


def test_who_cannot_get_the_lock_is_told_so(path):
    commit(path, ANNA)
    with JournalDB(path, wait=0.1) as db:
        db.insert({"n": 1})
        with open_store(path).transaction("edit"), pytest.raises(StoreBusy):
            db.insert({"n": 2})
        assert len(db) == 1


def test_a_database_for_looking_only_is_not_changed(path):
    with JournalDB(path) as db:
        db.insert({"n": 1})
    with JournalDB(path, read_only=True) as db:
        assert db.all() == [{"n": 1}]
        with pytest.raises(StoreReadOnly, match="for looking only"):
            db.insert({"n": 2})


def test_a_closed_database_is_neither_read_nor_written(path):
    db = JournalDB(path)
    db.insert({"n": 1})
    db.close()
    for use in (db.all, lambda: db.insert({"n": 2}), db.drop_tables):
        with pytest.raises(StoreError, match="was closed"):
            use()
    assert _tables(path) == {"_default": {"1": {"n": 1}}}


def test_a_broken_file_is_not_read_as_an_empty_one(path):
    path.write_bytes(b'{"_default": {"1": {"n"')
    with JournalDB(path) as db, pytest.raises(StoreError):
        db.insert({"n": 1})
    assert path.read_bytes() == b'{"_default": {"1": {"n"'


def test_the_files_are_private(path):
    with JournalDB(path.parent / "own" / "users.json") as db:
        db.insert({"n": 1})
    folder = path.parent / "own"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
