"""`qm-tui init`, `backup`, `check` and `recover`, and notices of the store."""

import errno
import grp
import json
import os
import signal
import stat
import subprocess
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from tinydb import TinyDB

from benchmarks.terminal import Terminal
from qm_tui.directory import Directory
from qm_tui.store import open_store
from qm_tui.store.interface import RetentionPolicy
from tests.helpers import (
    ANNA,
    commit,
    commit_unchecked,
    files_of,
    user,
    users_file,
    users_of,
    without_ids,
    write_unchecked,
)
from tests.program import command, listed, output, refusal, run

BO = user("bo")
GROUP = grp.getgrgid(os.getegid()).gr_name


def _modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def _damage_transaction(store: Path, value: bytes) -> int:
    """Damage the log entry that contains a value, and return the offset of the entry."""
    log = store.with_name("users.log")
    data = log.read_bytes()
    place = data.index(b'"%b"' % value)
    log.write_bytes(data.replace(b'"%b"' % value, b'"%b"' % value.swapcase(), 1))
    return data[:place].rfind(b"\n") + 1


# Init


def test_init_creates_an_empty_private_store(store):
    assert str(store) in output("init")
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700
    assert _modes(store.parent) == {"users.json": 0o600, "users.log": 0o600, "users.lock": 0o600}
    assert "The store is intact: 0 users" in output("check")
    with TinyDB(store) as plain:
        assert plain.table("users").all() == []
    before = files_of(store)
    assert "already" in refusal("init")
    assert files_of(store) == before


@pytest.mark.parametrize("place", ["shared", "shared/staff.json"])
def test_init_creates_or_shares_a_store(home, place):
    out = output("init", "--shared", place, "--group", GROUP)
    path = home / "shared" / ("staff.json" if place.endswith("json") else "users.json")
    assert f"Created an empty store shared by the group {GROUP}: {path}" in out
    assert f"--store {path}" in out
    output("import", "--store", path, users_file(home, *without_ids(ANNA)))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2770
    assert set(_modes(path.parent).values()) == {0o660}
    out = output("init", "--shared", place, "--group", GROUP)
    assert f"Shared the existing store {path} (3 files) with the group {GROUP}." in out
    assert "The store is intact: 1 user" in output("check", "--store", path)


def test_invalid_share_fails_and_creates_nothing(home):
    (home / "folder").mkdir()
    (home / "folder" / "secret.txt").write_text("secret")
    group = ["--group", GROUP]
    for arguments, says in (
        (["--shared", "x"], "--shared requires --group"),
        (group, "--group requires --shared"),
        (["--shared", "x", "--group", "nobody-of-this-name"], "no group nobody-of-this-name"),
        (["--shared", "x", *group, "--store", "y"], "cannot be combined"),
        (["--shared", "folder", *group], "secret.txt"),
    ):
        assert says in refusal("init", *arguments)
    assert "--read-only and init" in refusal("--read-only", "init", "--shared", "x", *group)
    assert _modes(home / "folder").keys() == {"secret.txt"}
    assert _modes(home).keys() == {"folder"}


# Notices of the store


def test_interrupted_import_is_reported_until_shown_on_a_terminal(home, store):
    commit(store, ANNA)
    many = users_file(home, *[user(f"n{n}", user_id="") for n in range(30_000)])
    with subprocess.Popen(
        command("import", many), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        until = time.monotonic() + 60
        while time.monotonic() < until and not any(
            marker.stat().st_size for marker in store.parent.glob(".users.import.*")
        ):
            time.sleep(0.002)
        program.send_signal(signal.SIGKILL)
    for _ in range(2):  # without a terminal, as a nightly job
        said = run("list").err
        assert "The import of users.csv, started by" in said
        assert "was interrupted. Nothing was saved. Import the file again." in said
        assert said.count("\n") == 1
    with Terminal(command("list")) as terminal:
        terminal.wait_for("was interrupted")
        assert terminal.wait_for_end() == 0
    assert run("list").err == ""


def test_change_is_saved_with_a_warning_if_the_snapshot_cannot_be_written(store, monkeypatch):
    commit(store, ANNA)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Directory, "atomic_write", full)
    done = run("set", "agent-id=B-9", "anna", "--json")
    assert (done.code, done.err) == (
        0,
        "Warning: users.json is behind: No space left on device. All changes are saved in the "
        "transaction log.\n",
    )
    assert json.loads(done.out)["committed"]
    assert "B-9" not in store.read_text()


# Backup


def test_backup_is_a_private_tar_archive_of_the_same_store(home, store):
    small = RetentionPolicy(segment_bytes=0, segment_ratio=0)
    for location in ("Oslo", "Bergen", "Paris"):
        with closing(open_store(store, retention=small)) as opened:
            write_unchecked(opened, {ANNA.user_id: ANNA._replace(location=location)})
    commit(store, BO)
    before = files_of(store)
    out = output("backup", "store.tar")
    assert out.startswith(f"Backup complete. 2 users written to {home}/store.tar (")
    assert _modes(home)["store.tar"] == 0o600
    assert files_of(store) == before
    (home / "again").mkdir(0o700)
    with tarfile.open(home / "store.tar") as archive:
        assert {*archive.getnames()} == {path.name for path in store.parent.iterdir()}
        archive.extractall(home / "again", filter="data")
    again = ("--store", home / "again" / "users.json")
    assert users_of(open_store(again[1]).load()) == users_of(open_store(store).load())
    assert "is intact: 2 users, transaction 4." in output("check", *again)
    output("undo", 3, *again)
    assert listed(*again)[0]["location"] == "Bergen"


def test_unwritable_backup_is_an_error(home, store):
    commit(store, ANNA)
    (home / "store.tar").write_text("precious")
    assert "already exists" in refusal("backup", "store.tar")
    assert "No such file or directory" in refusal("backup", "missing/store.tar")
    assert "Give the path of a file" in refusal("backup", "-")


# Check


def test_check_reports_warnings(store):
    commit(store, ANNA)
    assert json.loads(output("check", "--json")) == []
    commit_unchecked(store, ANNA._replace(is_active="yes"))
    store.chmod(0o644)
    out = output("check", code=1)
    assert "Warning: users.json has the mode 0644, or the wrong group. It should be 0600." in out
    assert "Warning: Anna Berg (u2222222222a): Is User Active" in out
    assert out.endswith("The store is intact: 1 user, 2 warnings.\n")
    found = json.loads(output("check", "--json", code=1))
    assert [one["severity"] for one in found] == ["warning"] * 2


def test_check_reports_damage_with_its_position(store):
    for location in ("Oslo", "Bergen", "Paris", "Rome"):
        commit(store, ANNA._replace(location=location))
    offset = _damage_transaction(store, b"Paris")
    before = files_of(store)
    out = output("check", code=2)
    assert f"users.log, byte {offset:,}" in out
    assert f"The store {store} is damaged." in out.splitlines()[-1]
    found = json.loads(output("check", "--json", code=2))
    assert "damage" in {one["severity"] for one in found}
    assert files_of(store) == before


# Recover


def test_recover_lists_unreadable_parts(home, store):
    commit(store, ANNA, BO)
    for location in ("Bergen", "Paris", "Rome"):
        commit(store, BO._replace(location=location))
    offset = _damage_transaction(store, b"Paris")
    store.write_bytes(b"{}")
    before = files_of(store)
    assert "qm-tui recover" in refusal("list")
    out = output("recover", "new.json", code=1)
    assert f"users.log, byte {offset:,}: an entry is damaged" in out
    assert "Lost: " in out
    assert files_of(store) == before
    assert [one["location"] for one in listed("--store", "new.json")] == ["Oslo", "Rome"]


def test_recover_reads_a_backup(home, store):
    commit(store, ANNA)
    commit(store, BO)
    output("backup", "store.tar")
    for one in store.parent.iterdir():
        one.unlink()
    out = output("recover", "--store", "store.tar", "new.json")
    assert f"Recovered 2 users to {home}/new.json, as of transaction 2." in out
    assert "store.tar was not changed." in out
    assert {mode for name, mode in _modes(home).items() if "new." in name} == {0o600}
    assert "is intact: 2 users, transaction 2." in output("check", "--store", "new.json")


def test_recover_overwrites_nothing(home, store):
    commit(store, ANNA)
    (home / "other.log").write_text("precious")
    before = files_of(store)
    for target in ("other.json", store):
        assert "already exists" in refusal("recover", target)
    assert (home / "other.log").read_text() == "precious"
    assert files_of(store) == before
