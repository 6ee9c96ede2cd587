"""One writer at a time, among processes and among threads."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from qm_tui.store.errors import StoreBusy, StoreError
from qm_tui.store.lock import Lock
from qm_tui.store.origin import origin
from qm_tui.store.tinydb_store import open_store
from tests.helpers import user
from tests.store.test_tinydb_store import commit

_HOLDER = """
import sys
from pathlib import Path
from qm_tui.store.lock import Lock
from qm_tui.store.origin import origin
with Lock(Path(sys.argv[1])).held("import of sales.csv", origin()):
    print("held", flush=True)
    sys.stdin.read()
print("free", flush=True)
"""


@contextmanager
def locked(path, wait=10.0):
    lock = Lock(path, wait)
    try:
        with lock.held("edit", origin()):
            yield
    finally:
        lock.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json.lock"


@contextmanager
def _held_by_another_process(path):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, path],
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


def test_the_lock_file_is_made_private_and_stays(path):
    with locked(path):
        number = path.stat().st_ino
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with locked(path):
        assert path.stat().st_ino == number
    assert Lock(path).holder() == ""


def test_another_process_that_writes_is_waited_for_and_then_said(path):
    with _held_by_another_process(path):
        began = time.monotonic()
        with pytest.raises(StoreBusy) as busy, locked(path, 1.0):
            pytest.fail("two writers at a time")
        waited = time.monotonic() - began
    assert waited >= 1.0
    assert "busy" in str(busy.value)
    assert "1 second" in str(busy.value)
    assert "Nothing was changed" in str(busy.value)
    assert str(busy.value).endswith(".")


def test_without_waiting_it_is_said_at_once(path, monkeypatch):
    with _held_by_another_process(path):
        monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it was waited for"))
        with pytest.raises(StoreBusy), locked(path, 0):
            pytest.fail("two writers at a time")


def test_whoever_waits_gets_the_lock_as_soon_as_it_is_free(path):
    with _held_by_another_process(path) as holder:
        timer = threading.Timer(0.3, holder.stdin.close)
        timer.start()
        began = time.monotonic()
        with locked(path, 20):
            assert 0.2 < time.monotonic() - began < 5
        timer.join()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_lock_of_a_process_that_died_is_free(path, number):
    with _held_by_another_process(path) as holder:
        holder.send_signal(number)
        holder.wait(timeout=10)
        with locked(path, 0):
            pass


def test_a_program_started_meanwhile_does_not_inherit_the_lock(path):
    with locked(path):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with locked(path, 0):
            pass
    finally:
        child.kill()
        child.wait()


def test_threads_of_one_process_keep_each_other_out(path):
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with locked(path, 20):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 80
    assert max(most) == 1


def test_an_exception_frees_the_lock(path):
    with pytest.raises(ZeroDivisionError), locked(path):
        _ = 1 / 0
    with locked(path, 0):
        pass


def test_no_descriptor_is_left_open(path):
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - the names alone
    for _ in range(50):
        with locked(path):
            pass
    with locked(path):
        for _ in range(50):
            with pytest.raises(StoreBusy), locked(path, 0):
                pass
    assert len(os.listdir("/proc/self/fd")) == len(before)  # noqa: PTH208


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to(path.with_name("elsewhere")), "symbolic link"),
    ],
)
def test_what_cannot_be_a_lock_is_refused_and_named(path, make, says):
    make(path)
    with pytest.raises(StoreError, match=rf"users\.json\.lock.*{says}.*\.$"), locked(path, 0):
        pytest.fail("not locked")
    assert not path.with_name("elsewhere").exists()


def test_a_lock_in_a_missing_folder_is_refused(path):
    with (
        pytest.raises(StoreError, match="No such file"),
        locked(path.parent / "missing" / "users.json.lock", 0),
    ):
        pytest.fail("not locked")


def test_a_reader_does_not_wait_for_a_writer_and_sees_all_that_was_acknowledged_before(tmp_path):
    store = tmp_path / "users.json"
    for name in ("anna", "bo"):
        commit(store, user(name))
    with _held_by_another_process(store.with_name("users.json.lock")):
        reader = open_store(store)
        began = time.monotonic()
        assert list(reader.load().users) == [user().user_id]  # the last may not be synced yet
        assert time.monotonic() - began < 5
        assert reader.refresh() is None
    update = reader.refresh()
    assert update is not None
    assert update.added == {"u-bo"}


def test_a_torn_end_is_said(tmp_path):
    store = tmp_path / "users.json"
    for name in ("anna", "bo"):
        commit(store, user(name))
    journal = store.with_name("users.json.journal")
    journal.write_bytes(journal.read_bytes()[:-20])
    reader = open_store(store)
    reader.load()
    assert "ends with" in reader.notices[0]
    assert "cut off while it was saved" in reader.notices[0]
