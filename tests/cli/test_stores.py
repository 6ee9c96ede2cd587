"""`qm-tui init`, `backup`, `check` and `recover`, and notices of the store, as a program."""

import grp
import json
import os
import signal
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pytest
from tinydb import TinyDB

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from qm_tui.store.interface import RetentionPolicy
from tests.cli.test_program import as_it_is, command, home, ids_empty, qm_tui, store, users_file
from tests.cli.test_refusals import refusal
from tests.helpers import ANNA, commit, commit_unchecked, user, write_unchecked

__all__ = ["home", "store"]

BO = user("bo")


def _ran(*arguments: object, status: int = 0) -> tuple[str, str]:
    """Return standard output and standard error. The program must exit with this status."""
    done = subprocess.run(
        command(*arguments), check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    assert done.returncode == status, done.stderr
    return done.stdout.decode(), done.stderr.decode()


def _errors(*arguments: object, status: int = 0) -> str:
    return _ran(*arguments, status=status)[1]


def _modes(folder: Path) -> dict[str, int]:
    return {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}


def _log_of(store: Path) -> Path:
    return store.with_name("users.log")


def _damage_transaction(store: Path, value: bytes) -> int:
    """Damage the log entry that contains a value, and return the offset of the entry."""
    data = _log_of(store).read_bytes()
    place = data.index(b'"%b"' % value)
    _log_of(store).write_bytes(data.replace(b'"%b"' % value, b'"%b"' % value.swapcase(), 1))
    return data[:place].rfind(b"\n") + 1


# Init


def test_init_creates_an_empty_private_store(store):
    assert str(store) in qm_tui("init")
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700
    assert _modes(store.parent) == {"users.json": 0o600, "users.log": 0o600, "users.lock": 0o600}
    assert "(0 users)" in qm_tui("info")
    assert "The store is intact: 0 users" in qm_tui("check")
    with TinyDB(store) as plain:
        assert plain.table("users").all() == []


def test_init_does_not_change_an_existing_store(store):
    commit(store, ANNA)
    before = as_it_is(store)
    assert "already" in refusal("init")
    assert as_it_is(store) == before


GROUP = grp.getgrgid(os.getegid()).gr_name


@pytest.mark.parametrize("place", ["shared", "shared/staff.json"])
def test_init_creates_a_shared_store(home, place):
    out = qm_tui("init", "--shared", place, "--group", GROUP)
    path = home / "shared" / ("staff.json" if place.endswith("json") else "users.json")
    assert f"Created an empty store shared by the group {GROUP}: {path}" in out
    assert f"--store {path}" in out
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2770
    assert set(_modes(path.parent).values()) == {0o660}
    qm_tui("import", "--store", path, users_file(home, *ids_empty(ANNA)))
    assert set(_modes(path.parent).values()) == {0o660}
    assert "The store is intact: 1 user" in qm_tui("check", "--store", path)


def test_init_shares_an_existing_store(store):
    commit(store, ANNA)
    out = qm_tui("init", "--shared", store.parent, "--group", GROUP)
    assert f"Shared the existing store {store} (3 files) with the group {GROUP}." in out
    assert set(_modes(store.parent).values()) == {0o660}
    assert open_store(store).load().users == {ANNA.user_id: ANNA}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--shared", "x"], "--shared requires --group"),
        (["--group", GROUP], "--group requires --shared"),
        (["--shared", "x", "--group", "nobody-of-this-name"], "no group nobody-of-this-name"),
        (["--shared", "x", "--group", GROUP, "--store", "y"], "cannot be combined"),
    ],
    ids=str,
)
def test_invalid_share_fails_and_creates_nothing(home, arguments, says):
    assert says in refusal("init", *arguments)
    assert list(home.iterdir()) == []


def test_folder_with_other_files_is_not_shared(home):
    (home / "folder").mkdir()
    (home / "folder" / "secret.txt").write_text("secret")
    assert "secret.txt" in refusal("init", "--shared", "folder", "--group", GROUP)
    assert _modes(home / "folder").keys() == {"secret.txt"}


# Read-only


@pytest.mark.parametrize("place", ["before", "after"])
def test_read_only_changes_nothing(home, store, place):
    def at(*arguments: object) -> list[object]:
        first, *rest = arguments
        if place == "before":
            return ["--read-only", *arguments]
        return [first, "--read-only", *rest]

    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen"))
    file = users_file(home, BO._replace(user_id=""))
    before = as_it_is(store)
    for looks in (
        ["list"],
        ["activity", 1],
        ["info"],
        ["export", "-", "--for-excel"],
        ["undo", 2, "--dry-run"],
    ):
        qm_tui(*at(*looks))
    assert "1 added" in qm_tui(*at("import", file, "--dry-run"))
    for changes in (["import", file], ["undo", 2]):
        assert "open read-only" in refusal(*at(*changes))
    assert "open read-only" in qm_tui(*at("info"))
    assert as_it_is(store) == before


# Notices of the store


def test_interrupted_import_is_reported_until_shown_on_a_terminal(home, store):
    commit(store, ANNA)
    many = users_file(home, *[user(f"n{n}", user_id="") for n in range(30_000)])
    with subprocess.Popen(
        command("import", many), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        until = time.monotonic() + 20
        while time.monotonic() < until and not any(
            marker.stat().st_size for marker in store.parent.glob(".users.import.*")
        ):
            time.sleep(0.002)
        program.send_signal(signal.SIGKILL)
    for _ in range(2):  # without a terminal, as a nightly job
        said = _errors("list")
        assert "The import of users.csv, started by" in said
        assert "was interrupted. Nothing was saved. Import the file again." in said
        assert said.count("\n") == 1
    with Terminal(command("list")) as terminal:
        terminal.wait_for("was interrupted")
        assert terminal.wait_for_end() == 0
    assert _errors("list") == ""


def test_missing_log_is_an_error_in_every_command(store):
    commit(store, ANNA)
    _log_of(store).rename(store.with_name("elsewhere"))
    for arguments in (["list", "--json"], ["activity"], ["export", "-"], ["undo", 1]):
        assert "users.log is missing" in refusal(*arguments)
    out, errors = _ran("info", status=2)
    assert "(not usable)" in out
    assert "users.log is missing" in errors


def test_missing_snapshot_is_reported_and_read_from_the_log(store):
    commit(store, ANNA)
    store.unlink()
    out, errors = _ran("list", "--json")
    assert json.loads(out)["user_name"] == "anna"
    assert "users.json of the store" in errors
    assert "was missing or empty. All users were read from the log." in errors
    qm_tui_said = _errors("set", "agent-id=B-9", "anna")
    assert "was missing or empty" in qm_tui_said
    assert _errors("list") == ""
    assert b"B-9" in store.read_bytes()


def test_info_shows_the_size_and_the_last_transaction(store):
    commit(store, ANNA)
    commit(store, BO)
    out = qm_tui("info")
    assert f"{store} (2 users)" in out
    assert "3 files, " in out
    assert "transaction 2, " in out
    assert "Edit Bo Bosen" in out
    assert "1 added" in out


def test_plain_tinydb_sees_each_change(home, store):
    qm_tui("import", users_file(home, *ids_empty(ANNA, BO)))
    qm_tui("set", "agent-id=B-9", "anna")
    with TinyDB(store) as plain:
        assert [one["agent_id"] for one in plain.table("users")] == ["B-9", BO.agent_id]


_PLANTED = """
import sys
from pathlib import Path
from tinydb import TinyDB
from qm_tui.directory import Directory
from qm_tui.store.tinydb.log import Log
def full(*_, **__):
    raise OSError(28, "No space left on device")
append = Log.append
def append_and_replace(self, *arguments):
    position = append(self, *arguments)
    path = Path(sys.argv[1])
    path.unlink()
    with TinyDB(path) as plain:
        plain.table("users").insert({"user_id": "u1", "location": "Paris"})
    return position
%s
from qm_tui.cli import main
main(sys.argv[2:])
"""
"""A script that patches the program and runs it; its first argument is the path of the store."""


@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
@pytest.mark.parametrize(
    ("planted", "why"),
    [
        ("Directory.atomic_write = full", "No space left on device"),
        (
            "Log.append = append_and_replace",
            "it was damaged, or changed by another program",
        ),
    ],
    ids=["a full disk", "another program"],
)
def test_change_is_saved_with_a_warning_if_the_snapshot_cannot_be_written(
    store, planted, why, options
):
    commit(store, ANNA, BO)
    change = ["set", "agent-id=B-9", "anna"]
    done = subprocess.run(
        [sys.executable, "-c", _PLANTED % planted, store, *change, *options],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert done.stderr == (
        f"Warning: users.json is behind: {why}. All changes are saved in the transaction log.\n"
    )
    assert json.loads(done.stdout)["committed"] if options else "Changed 1 user" in done.stdout
    assert "B-9" not in store.read_text()
    assert ("Paris" in store.read_text()) == ("another" in why)


# Backup


def test_backup_is_a_private_tar_archive_of_all_files(home, store):
    commit(store, ANNA)
    commit(store, BO)
    before = as_it_is(store)
    out = qm_tui("backup", "store.tar")
    assert out.startswith(f"Backup complete. 2 users written to {home}/store.tar (")
    assert stat.S_IMODE((home / "store.tar").stat().st_mode) == 0o600
    listed = subprocess.run(
        ["tar", "tf", "store.tar"], check=True, capture_output=True, text=True, timeout=30
    )
    assert set(listed.stdout.split()) == {"users.json", "users.log", "users.lock"}
    assert as_it_is(store) == before
    assert "already exists" in refusal("backup", "store.tar")


def test_extracted_backup_is_the_same_store(home, store, monkeypatch):
    small = RetentionPolicy(segment_bytes=0, segment_ratio=0)
    for location in ("Oslo", "Bergen", "Paris"):
        with closing(open_store(store, retention=small)) as opened:
            write_unchecked(opened, {ANNA.user_id: ANNA._replace(location=location)})
    commit(store, BO)
    qm_tui("backup", "store.tar")
    (home / "again").mkdir(0o700)
    with tarfile.open(home / "store.tar") as archive:
        archive.extractall(home / "again", filter="data")
    again = home / "again" / "users.json"
    assert open_store(again).load() == open_store(store).load()
    monkeypatch.setenv("QM_TUI_STORE", str(again))
    assert "is intact: 2 users, transaction 4." in qm_tui("check")
    qm_tui("undo", 3)
    users = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert users[0]["location"] == "Bergen"


def test_backup_without_a_store_is_an_error(home, store):
    assert "There is no store" in refusal("backup", "store.tar")
    assert list(home.iterdir()) == []


def test_unwritable_backup_is_an_error(home, store):
    commit(store, ANNA)
    assert "No such file or directory" in refusal("backup", "missing/store.tar")
    (home / "folder").mkdir()
    assert "already exists" in refusal("backup", "folder")


# Check


def test_check_reports_an_intact_store(store):
    commit(store, ANNA)
    assert qm_tui("check") == "The store is intact: 1 user, transaction 1.\n"
    assert json.loads(qm_tui("check", "--json")) == []


def test_check_without_a_store_is_an_error(store):
    assert "There is no store" in refusal("check")
    assert not store.parent.exists()


def test_check_reports_warnings(store):
    commit_unchecked(store, ANNA._replace(is_active="yes"))
    store.chmod(0o644)
    (store.parent / ".users.json.0123456789ab.new").write_bytes(b"half")
    out = qm_tui("check", status=1)
    assert "Warning: users.json has the mode 0644, or the wrong group. It should be 0600." in out
    assert "Warning: .users.json.0123456789ab.new was left by a killed program." in out
    assert "Warning: Anna Berg (u2222222222a): Is User Active" in out
    assert out.endswith("The store is intact: 1 user, 3 warnings.\n")
    found = json.loads(qm_tui("check", "--json", status=1))
    assert [one["severity"] for one in found] == ["warning"] * 3
    assert all(one["message"].endswith(".") for one in found)


def test_check_reports_damage_with_its_position(store):
    commit(store, ANNA)
    for location in ("Bergen", "Paris", "Rome"):
        commit(store, ANNA._replace(location=location))
    offset = _damage_transaction(store, b"Paris")
    before = as_it_is(store)
    out = qm_tui("check", status=2)
    assert f"users.log, byte {offset:,}" in out
    assert f"The store {store} is damaged." in out.splitlines()[-1]
    found = json.loads(qm_tui("check", "--json", status=2))
    assert "damage" in {one["severity"] for one in found}
    assert as_it_is(store) == before


def test_check_reports_a_damaged_snapshot(store):
    commit(store, ANNA)
    store.write_bytes(store.read_bytes().replace(b"Anna", b"Anne"))
    out = qm_tui("check", status=2)
    assert "users.json was damaged, or changed by another program" in out


# Recover


def test_recover_restores_an_intact_store(home, store):
    commit(store, ANNA)
    commit(store, BO)
    before = as_it_is(store)
    out = qm_tui("recover", "new.json")
    assert f"Recovered 2 users to {home}/new.json, as of transaction 2." in out
    assert f"{store} was not changed." in out
    assert as_it_is(store) == before
    assert open_store(home / "new.json").load() == open_store(store).load()
    modes = _modes(home)
    assert {modes[f"new.{end}"] for end in ("json", "log", "lock")} == {0o600}
    assert "is intact: 2 users" in qm_tui("check", "--store", "new.json")


def test_recover_lists_unreadable_parts(home, store, monkeypatch):
    commit(store, ANNA, BO)
    for location in ("Bergen", "Paris", "Rome"):
        commit(store, BO._replace(location=location))
    offset = _damage_transaction(store, b"Paris")
    store.write_bytes(b"{}")
    before = as_it_is(store)
    assert "qm-tui recover" in refusal("list")
    out = qm_tui("recover", "--store", store, "new.json", status=1)
    assert f"users.log, byte {offset:,}: an entry is damaged" in out
    assert "users.json was damaged, or changed by another program." in out
    assert "Lost: " in out
    assert as_it_is(store) == before
    monkeypatch.setenv("QM_TUI_STORE", str(home / "new.json"))
    users = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert [one["location"] for one in users] == ["Oslo", "Rome"]
    qm_tui("import", users_file(home, *ids_empty(user("cy"))))
    numbers = [one["number"] for one in json.loads(qm_tui("activity", "--json"))]
    assert numbers[0] == 5
    assert {1, 2, 4} <= set(numbers)


def test_recover_reads_a_backup(home, store, monkeypatch):
    commit(store, ANNA)
    commit(store, BO)
    qm_tui("backup", "store.tar")
    for one in store.parent.iterdir():
        one.unlink()
    out = qm_tui("recover", "--store", "store.tar", "new.json")
    assert "Recovered 2 users to" in out
    monkeypatch.setenv("QM_TUI_STORE", str(home / "new.json"))
    assert "is intact: 2 users, transaction 2." in qm_tui("check")
    qm_tui("undo", 2)
    assert json.loads(qm_tui("list", "--json"))["user_name"] == "anna"


def test_recover_overwrites_nothing(home, store):
    commit(store, ANNA)
    (home / "new.json").write_text("precious")
    (home / "other.log").write_text("precious")
    before = as_it_is(store)
    for target in ("new.json", "other.json", store):
        assert "already exists" in refusal("recover", target)
    assert (home / "new.json").read_text() == "precious"
    assert (home / "other.log").read_text() == "precious"
    assert as_it_is(store) == before


def test_recover_without_readable_data_is_an_error(home, store):
    refusal("recover", "new.json")
    store.parent.mkdir()
    store.write_bytes(b"\x00" * 5000)
    assert "No part of the store" in refusal("recover", "new.json")
    assert not (home / "new.json").exists()
