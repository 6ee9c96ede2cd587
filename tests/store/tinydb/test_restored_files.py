"""A backup that is restored while a program is open, and files that other programs replace."""

import fcntl
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from tinydb import TinyDB, where

from qm_tui.store.errors import StoreError
from qm_tui.store.tinydb import open_tinydb_store
from tests.helpers import user, users_of
from tests.store.tinydb.damage import commit, files_in

NAMES = ["anna", "bo", "cy", "di"]


@pytest.fixture
def path(folder):
    """A store of which a backup was made after two of its four transactions."""
    path = folder / "store" / "users.json"
    with_all = open_tinydb_store(path)
    with_all.load()
    for name in NAMES:
        if name == "cy":
            with_all.close()
            subprocess.run(["cp", "-a", path.parent, folder / "backup"], check=True)
        commit(with_all, user(name))
    with_all.close()
    return path


@pytest.fixture
def store(path):
    """The store, open."""
    store = open_tinydb_store(path)
    store.load()
    yield store
    store.close()


def put_back(path: Path, *names: str) -> None:
    """Put files of the backup back: the existing ones are overwritten."""
    backup = path.parent.parent / "backup"
    sources = [str(backup / name) for name in names] or [f"{backup}/."]
    subprocess.run(["cp", "-a", *sources, path.parent], check=True)


def names_of(store) -> list[str]:
    return sorted(one.user_name for one in users_of(store.state).values())


def names_in(path: Path) -> list[str]:
    """What a program finds that is started now, without a word about damage."""
    store = open_tinydb_store(path)
    store.load()
    assert not store.notices
    with TinyDB(path) as plain:
        assert sorted(one["user_name"] for one in plain.table("users")) == names_of(store)
    store.close()
    return names_of(store)


def test_an_open_program_reads_a_backup_that_was_put_back_and_says_so(path, store):
    put_back(path)
    assert store.has_external_changes()
    before = store.state
    store.refresh()
    state = store.state
    assert store.changes_since(before).deleted == {"u-cy", "u-di"}
    assert "last transaction was 4, and is 2 now" in " ".join(store.notices)
    assert store.read_only_reason == ""
    store.refresh()
    assert store.state.version == state.version


@pytest.mark.parametrize(
    ("way", "steps"),
    [
        ("copied", ["users.log", "users.json", "users.lock"]),
        ("copied", ["users.json", "users.log", "users.lock"]),
        ("renamed", ["users.lock", "users.json", "users.log"]),
    ],
)
def test_nothing_is_written_while_a_backup_is_being_put_back(path, store, steps, way):
    backup = path.parent.parent / "backup"
    for place, name in enumerate(steps, start=1):
        if way == "copied":
            put_back(path, name)
        else:
            shutil.copy2(backup / name, path.parent / "coming")
            (path.parent / "coming").rename(path.with_name(name))
        if place < len(steps):
            before = files_in(path.parent)
            for _ in range(2):
                with suppress(StoreError):
                    store.refresh()
            assert names_of(store) == NAMES
            if "users.log" in steps[:place]:  # else an older users.json and a newer log fit
                assert "do not match" in store.read_only_reason
                with pytest.raises(StoreError):
                    commit(store, user("eve"))
                del before["users.lock"]
                assert {name: files_in(path.parent)[name] for name in before} == before
    assert store.has_external_changes()
    store.refresh()
    assert names_of(store) == ["anna", "bo"]
    assert store.read_only_reason == ""
    assert any("replaced by another copy" in one for one in store.notices)
    commit(store, user("eve"))
    store.close()
    assert names_in(path) == ["anna", "bo", "eve"]


def test_a_pending_snapshot_is_not_written_over_a_backup_that_was_put_back(path, store):
    descriptor = store._files.directory.reopen()
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # users.json cannot be rewritten yet
    commit(store, user("eve"))
    put_back(path)
    os.close(descriptor)
    store.close()
    backup = files_in(path.parent.parent / "backup")
    assert files_in(path.parent)["users.json"] == backup["users.json"]
    assert names_in(path) == ["anna", "bo"]


def test_a_folder_that_was_moved_away_is_missed_and_never_recreated(path, store):
    folder, backup = path.parent, path.parent.parent / "backup"
    folder.rename(folder.with_name("aside"))
    with pytest.raises(StoreError, match=r"files were removed.*\."):
        store.refresh()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"do not match.*\."):
            commit(store, user("eve"))
        store.refresh()
        assert not folder.exists()
        assert store.read_only_reason
    subprocess.run(["mv", backup, folder], check=True)
    store.refresh()
    commit(store, user("eve"))
    store.close()
    assert names_in(path) == ["anna", "bo", "eve"]


def test_a_folder_swapped_for_another_store_is_read_anew(path, store):
    folder = path.parent
    folder.rename(folder.with_name("aside"))
    with pytest.raises(StoreError):
        store.refresh()
    folder.with_name("aside").rename(folder)
    store.refresh()
    assert "match again" in store.notices[-1]
    folder.rename(folder.with_name("aside"))
    folder.with_name("backup").rename(folder)
    with pytest.raises(StoreError, match="moved or replaced"):
        commit(store, user("eve"))
    store.refresh()
    commit(store, user("eve"))
    store.close()
    assert names_in(path) == ["anna", "bo", "eve"]
    assert names_in(folder.with_name("aside") / "users.json") == NAMES


def test_files_that_were_deleted_are_missed_and_not_made_anew(path, store):
    for one in path.parent.iterdir():
        one.unlink()
    for work in (lambda: commit(store, user("eve")), store.refresh):
        with pytest.raises(StoreError, match=r"files were removed|do not match"):
            work()
        assert not path.exists()
    put_back(path)
    store.refresh()
    assert names_of(store) == ["anna", "bo"]


def test_what_plain_tinydb_changed_is_not_overwritten(path, store):
    with TinyDB(path) as database:
        database.table("users").update({"location": "Hamar"}, where("user_name") == "bo")
    changed = path.read_bytes()
    commit(store, user("eve"))
    store._files.snapshots.flush()
    assert "users.json is behind" in store.warning
    assert "changed by another program" in store.warning
    store.close()
    other = open_tinydb_store(path)
    for refused in (other.load, lambda: commit(other, user("fay"))):
        with pytest.raises(StoreError, match=r"users\.json.*changed by another program.*\.$"):
            refused()
    other.close()
    assert path.read_bytes() == changed


def test_a_deleted_snapshot_is_rewritten_by_the_next_change(path, store):
    path.unlink()
    commit(store, user("eve"))
    store._files.snapshots.flush()
    assert store.warning == ""
    assert names_in(path) == [*NAMES, "eve"]
