"""`TinyDB(path, storage=SnapshotStorage)` is TinyDB, on a file that is replaced."""

import stat

import pytest
from tinydb import Query, TinyDB

from qm_tui.progress import Cancelled
from qm_tui.store.snapshot import NotASnapshot
from qm_tui.store.storage import SnapshotStorage


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def db(path):
    with TinyDB(path, storage=SnapshotStorage) as db:
        yield db


def _names(folder) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_opening_makes_no_file(db, path):
    assert db.all() == []
    assert not path.exists()


def test_documents_are_inserted_found_updated_and_removed(db):
    assert db.insert({"name": "Zoë", "n": 1}) == 1
    assert db.insert_multiple([{"name": "Bo", "n": 2}, {"name": "Cy", "n": 3}]) == [2, 3]
    assert db.get(Query().name == "Zoë") == {"name": "Zoë", "n": 1}
    assert db.update({"n": 9}, Query().n >= 2) == [2, 3]
    assert db.remove(doc_ids=[2]) == [2]
    assert {one.doc_id: one["n"] for one in db.all()} == {1: 1, 3: 9}


def test_what_one_tinydb_writes_another_reads(db, path):
    db.table("users").insert({"user_id": "u1"})
    db.table("notes").insert({"text": "Grüße"})
    with TinyDB(path, storage=SnapshotStorage) as again:
        assert again.tables() == {"users", "notes"}
    with TinyDB(path, encoding="utf-8") as plain:
        assert plain.table("users").all() == [{"user_id": "u1"}]
        assert plain.table("notes").all() == [{"text": "Grüße"}]


def test_a_file_of_plain_tinydb_is_taken_over(path):
    with TinyDB(path) as plain:
        plain.insert_multiple({"n": n} for n in range(5))
    with TinyDB(path, storage=SnapshotStorage) as db:
        assert db.insert({"n": 5}) == 6
    with TinyDB(path) as plain:
        assert [one["n"] for one in plain] == list(range(6))


def test_tables_can_be_emptied_and_dropped(db, path):
    db.insert({"n": 1})
    db.table("notes").insert({"n": 2})
    db.truncate()
    assert db.all() == []
    db.drop_table("notes")
    assert db.tables() == {"_default"}
    db.drop_tables()
    assert db.tables() == set()
    assert SnapshotStorage(path).read() is None


def test_the_file_is_private_and_alone(db, path):
    db.insert({"n": 1})
    db.insert({"n": 2})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert _names(path.parent) == ["users.json"]


def test_a_document_that_is_no_json_leaves_the_file_as_it_was(db, path):
    db.insert({"n": 1})
    before = path.read_bytes()
    with pytest.raises(TypeError):
        db.insert({"n": {1, 2}})
    assert path.read_bytes() == before
    assert _names(path.parent) == ["users.json"]


def test_a_broken_file_is_not_read_as_an_empty_one(path):
    path.write_bytes(b'{"_default": {"1": {"n"')
    with pytest.raises(NotASnapshot):
        TinyDB(path, storage=SnapshotStorage).insert({"n": 1})
    assert path.read_bytes() == b'{"_default": {"1": {"n"'


def test_a_cancelled_write_leaves_the_file_as_it_was(path):
    storage = SnapshotStorage(path)
    storage.write({"a": {1: {"n": 1}}})
    before = path.read_bytes()

    def cancels(*_tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        storage.write({"a": {1: {"n": 2}}}, cancels)
    assert path.read_bytes() == before
    assert _names(path.parent) == ["users.json"]
