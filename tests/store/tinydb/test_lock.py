"""One writer at a time, the note in the lock, and readers while a writer is stopped."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

import pytest

from qm_tui.directory import Directory
from qm_tui.store.errors import StoreBusy, StoreError
from qm_tui.store.origin import current_origin
from qm_tui.store.tinydb import UsersDB, open_tinydb_store
from qm_tui.store.tinydb.lock import ImportMarkers, Lock, Names, Position
from tests.helpers import sample_cases, user, users_of
from tests.store.tinydb.damage import (
    EDIT,
    commit,
    damage_in,
    wait_for_another,
    wait_until,
    writing,
)

NAMES = Names.of("users.json")

_HOLDER = """
import sys
from pathlib import Path
from qm_tui.directory import Directory
from qm_tui.store.origin import current_origin
from qm_tui.store.tinydb.lock import Lock, Names
with Lock(Directory(Path(sys.argv[1])), Names.of("users.json")).held("import of sales.csv",
                                                                     current_origin()):
    print("held", flush=True)
    sys.stdin.read()
print("free", flush=True)
"""


@pytest.fixture
def path(folder):
    """A store with two transactions, each of one user."""
    path = folder / "store" / "users.json"
    store = open_tinydb_store(path)
    store.load()
    for name in ("anna", "bo"):
        commit(store, user(name))
    store.close()
    return path


@contextmanager
def locked(folder: Path, wait: float = 10):
    lock = Lock(Directory(folder), NAMES, wait)
    try:
        with lock.held("edit", current_origin()):
            yield lock
    finally:
        lock.close()


@contextmanager
def held_by_another_process(folder: Path):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


@contextmanager
def within(seconds: float):
    """Fail if it takes longer."""
    began = time.process_time()  # of a busy machine's time only what is ours
    yield
    assert time.process_time() - began < seconds


# One writer


def test_the_lock_file_is_made_private_and_stays(folder):
    path = folder / "users.lock"
    with locked(folder):
        number = path.stat().st_ino
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with locked(folder):
        assert path.stat().st_ino == number
    assert Lock(Directory(folder), NAMES).holder() == ""


def test_another_process_that_writes_is_waited_for_and_then_named(path):
    with held_by_another_process(path.parent) as holder:
        store = open_tinydb_store(path, wait=0.5)
        store.load()
        began = time.monotonic()
        with pytest.raises(StoreBusy) as busy:
            commit(store, user("cy"))
        assert time.monotonic() - began >= 0.5
        store.close()
    said = str(busy.value)
    assert f"(process {holder.pid}, import of sales.csv, since " in said
    assert "0.5 seconds. Nothing was changed." in said
    assert said.endswith(".")


def test_waiting_writer_gets_the_lock_as_soon_as_it_is_free(folder):
    with held_by_another_process(folder) as holder:
        threading.Timer(0.1, holder.stdin.close).start()
        with locked(folder, 20):
            pass
    with held_by_another_process(folder) as holder:
        holder.kill()
        holder.wait(timeout=10)
        with locked(folder, 0):
            pass


def test_program_started_while_the_lock_is_held_does_not_inherit_it(folder):
    with locked(folder):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with locked(folder, 0):
            pass
    finally:
        child.kill()
        child.wait()


def test_no_descriptor_is_left_open(folder):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        with locked(folder):
            pass
    with locked(folder):
        for _ in range(50):
            with pytest.raises(StoreBusy), locked(folder, 0):
                pass
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_read_under_the_lock_does_not_release_it(path):
    def is_held() -> bool:
        with suppress(StoreBusy), locked(path.parent, 0):
            return False
        return True

    with UsersDB(path) as database, database.transaction():
        assert database.table("notes").all() == []
        assert database.storage.read()
        assert is_held()
    store = open_tinydb_store(path)
    with store._files.lock.shared() as is_quiet:
        assert is_quiet
        store.load()
        store.refresh()
        assert is_held()
    store.close()
    assert not is_held()


# Readers beside a writer


def test_readers_see_all_that_a_stopped_writer_had_acknowledged(folder):
    path = folder / "store" / "users.json"
    with writing(path) as acknowledged:
        follower = open_tinydb_store(path)
        wait_until(lambda: acknowledged() > 3)
        follower.load()
        for _ in range(3):
            before = acknowledged()
            wait_for_another(acknowledged, before + 2)
            os.kill(acknowledged.process.pid, signal.SIGSTOP)
            try:
                with within(1):
                    least = acknowledged()
                    store = open_tinydb_store(path)
                    assert store.load().number >= least
                    assert {one.location for one in users_of(store.state).values()} == {
                        f"L{store.state.number}"
                    }
                    store.close()
                    follower.refresh()
                    assert follower.state.number >= least
            finally:
                os.kill(acknowledged.process.pid, signal.SIGCONT)
        follower.close()


# The note


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:30],
        lambda data: bytes(512),
        lambda data: data[:40] + b"\xff" + data[41:],
        None,
    ],
    ids=["cut", "zeros", "no text", "missing"],
)
def test_a_torn_or_missing_note_is_absent_and_said(path, damage):
    lock = path.with_name("users.lock")
    if damage is None:
        lock.unlink()
    else:
        lock.write_bytes(damage(lock.read_bytes()))
    store = open_tinydb_store(path)
    with within(1):
        assert set(users_of(store.load())) == {"u2222222222a", "u-bo"}
    assert any("users.lock" in one for one in store.notices)
    commit(store, user("cy"))
    store.close()
    acknowledged = Lock(Directory(path.parent), NAMES).acknowledged()
    assert acknowledged is not None
    assert acknowledged.number == 3
    again = open_tinydb_store(path)
    again.load()
    assert not again.notices
    again.close()


def test_a_note_of_any_content_does_no_harm(path):
    who = {"login": "root", "host": "h", "process": 1, "reason": "edit"}
    since = ("9999-12-31T23:59:59-23:59", 99999, None)
    for note in (
        *(b"[" * 450, b"[1]", b"}", b'{"acknowledged":[-1,2,"x",4]}'),
        *(json.dumps({**who, "since": one}).encode() for one in since),
        b'{"since":"2026-11-29T10:00:00+00:00","reason":"","process":' + b"9" * 390 + b"}",
    ):
        path.with_name("users.lock").write_bytes((b"%08x " % crc32(note) + note).ljust(512))
        lock = Lock(Directory(path.parent), NAMES, 0)
        assert isinstance(lock.holder(), str)
        assert lock.acknowledged() is None
        assert str(lock.busy()).endswith(".")
        lock.close()
        store = open_tinydb_store(path)
        store.load()
        assert store.notices
        store.close()
    commit(store, user("cy"))
    assert store.state.number == 3
    store.close()


def test_a_note_has_room_for_the_longest_names(folder):
    position = Position(10**9, 10**12, "f" * 16, 10**9)
    origin = current_origin()._replace(login="ж" * 80, host="h" * 80, process=4_000_000)
    lock = Lock(Directory(folder), NAMES)
    with lock.held("import of " + "\U0001f600" * 100, origin):
        lock.acknowledge(position)
        assert Lock(Directory(folder), NAMES).acknowledged() == position
        assert "жжж" in Lock(Directory(folder), NAMES).holder()
    assert Lock(Directory(folder), NAMES).acknowledged() == position


# Import markers


def test_a_marker_of_any_content_does_no_harm(path):
    since = "9999-12-31T23:59:59-23:59"
    contents = [b"[" * 100_000, b"{}", b"\xff\xfe", b"x" * 10**6, b'{"since":null}']
    for content in (*contents, f'{{"since":"{since}","file":"a","login":"b"}}'.encode()):
        path.with_name(".users.import.0123456789abcdef").write_bytes(content)
        store = open_tinydb_store(path)
        with within(1):
            store.load()
        assert len(store.notices) <= 1
        store.acknowledge_notices()
        store.close()
    path.with_name(".users.import.0123456789abcdef").write_text(
        json.dumps({"since": "2026-11-29T10:00:00+00:00", "file": [], "login": {}})
    )
    assert len(ImportMarkers(Directory(path.parent), NAMES).interrupted()) == 1


# Odd things in the place of files


def _is_a(kind: str, path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_bytes(path.read_bytes() if path.exists() else b"content")
    path.unlink(missing_ok=True)
    make: dict[str, Callable[[], object]] = {
        "pipe": lambda: os.mkfifo(path),
        "folder": path.mkdir,
        "link": lambda: path.symlink_to(elsewhere),
        "hard link": lambda: path.hardlink_to(elsewhere),
        "dangling link": lambda: path.symlink_to(path.parent.parent / "nowhere"),
    }
    make[kind]()


@pytest.mark.parametrize(
    "name", ["users.json", "users.log", "users.lock", ".users.import.0123456789abcdef"]
)
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "hard link", "dangling link"])
def test_what_is_no_file_is_refused_or_read_without_hanging(path, name, kind):
    odd = path.with_name(name)
    if name == "users.json" and "link" in kind and kind != "hard link":
        pytest.skip("a link of one's own to the store is followed")
    _is_a(kind, odd)
    before = odd.lstat()
    elsewhere = path.parent.parent / "elsewhere"
    content = elsewhere.read_bytes()
    refused = ""
    with within(1):
        try:
            store = open_tinydb_store(path, wait=0.1)
            try:
                assert set(users_of(store.load())) == {"u2222222222a", "u-bo"}
                assert store.notices or ".import." in name
                commit(store, user("cy"))
            finally:
                store.close()
        except StoreError as error:
            refused = str(error)
    assert refused.endswith(".") or ".import." in name
    assert (odd.lstat().st_ino, odd.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert elsewhere.read_bytes() == content
    assert not (path.parent.parent / "nowhere").exists()


# The end of the log


@pytest.mark.parametrize(
    "end",
    sample_cases(
        [
            b'{"number":' * 200_000,
            (b'{"number":3,"time":"x"} ' + b"0" * 16 + b"\n") * 48_000,
            b"\xff" * 1_000_000 + b"\n" * 1_000_000,
        ],
        [0, 2],
    ),
    ids=["no line end", "entries", "no text"],
)
def test_two_megabytes_of_half_entries_are_read_within_a_second_and_said(path, end):
    log = path.with_name("users.log")
    whole = log.read_bytes()
    with log.open("ab") as file:
        file.write(end)
    store = open_tinydb_store(path)
    with within(1):
        assert set(users_of(store.load())) == {"u2222222222a", "u-bo"}
    assert any(f"{len(end):,} bytes" in one for one in store.notices)
    with within(10):
        assert len(store.maintenance.check()) < 5
    with within(2):
        commit(store, user("cy"))
    store.close()
    assert log.read_bytes().startswith(whole)
    assert log.stat().st_size < len(whole) + 2000


# Files that are moved, removed or replaced while the lock is held


@pytest.mark.parametrize("is_copy", [False, True], ids=["removed", "replaced"])
@pytest.mark.parametrize("name", ["users.lock", "users.log", ""])
def test_nothing_is_written_to_files_that_lost_their_names(path, name, is_copy):
    """Another program may have written meanwhile, under the lock that has the name now."""
    holder = open_tinydb_store(path)
    holder.load()
    moved = path.parent.with_name("moved")

    def take_away() -> None:
        target = path.parent / name if name else path.parent
        target.rename(moved)
        if is_copy:
            subprocess.run(["cp", "-a", moved, target], check=True)

    def change() -> None:
        with holder.transaction(EDIT) as transaction:
            take_away()
            if name == "users.lock":
                other = open_tinydb_store(path)
                other.load()
                commit(other, user("cy"))
                other.close()
            transaction.commit({"u-di": user("di")})

    with pytest.raises(StoreError, match=r"moved, removed or replaced.*Nothing was changed\."):
        change()
    holder.close()
    if not name and not is_copy:
        moved.rename(path.parent)
    elif name == "users.log" and not is_copy:
        moved.rename(path.parent / name)
    final = open_tinydb_store(path)
    names = {one.user_name for one in users_of(final.load()).values()}
    assert names == {"anna", "bo", *(["cy"] if name == "users.lock" else [])}
    commit(final, user("ed"))
    final.close()
    assert not damage_in(open_tinydb_store(path))


def test_note_that_is_being_written_is_read_again(folder, monkeypatch):
    position = Position(3, 400, "f" * 16, 1)
    with locked(folder) as lock:
        lock.acknowledge(position)
        whole = os.pread(lock._opened(for_writing=False), 512, 0)
        reads = iter([whole[:40] + b"x" * 472, whole])
        monkeypatch.setattr(os, "pread", lambda *_: next(reads))
        assert lock.acknowledged() == position
        monkeypatch.undo()
