"""Creating, sharing, backing up, checking and recovering the files of a store."""

import grp
import os
import stat
import subprocess
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Maintenance, StoreIssueSeverity, TransactionKind
from qm_tui.store.tinydb import open_tinydb_store
from qm_tui.store.tinydb.storage import SnapshotWriter
from tests.helpers import sample_cases, user, users_of, write_unchecked
from tests.store.tinydb.damage import (
    ONE,
    SMALL,
    Moment,
    commit,
    damage_in,
    files_in,
    is_moment_of_writing,
    kill_at,
    missing_changes,
    moments_of,
    wait_for_another,
    write_files,
    writing,
)


@pytest.fixture
def path(folder):
    """Where a store is to be."""
    return folder / "store" / "users.json"


def maintenance(path: Path) -> Maintenance:
    return open_tinydb_store(path, wait=5).maintenance


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def filled(path: Path) -> dict[str, Any]:
    store = open_tinydb_store(path)
    store.load()
    for name in ("anna", "bo", "cy"):
        commit(store, user(name))
    store.close()
    return users_of(store.load())


# Create and share


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files to any group")
@pytest.mark.parametrize("exists", [True, False])
def test_a_store_is_shared_with_a_group(path, exists):
    group = grp.getgrnam("games").gr_gid
    users = filled(path) if exists else {}
    assert maintenance(path).share("games") == (3 if exists else 0)
    for _ in range(2):
        store = open_tinydb_store(path, retention=SMALL)
        assert users_of(store.load()) == users
        users["u-di"] = user("di", location=f"L{len(users)}")
        commit(store, users["u-di"])
        store.close()
    for one in path.parent.iterdir():
        assert (mode(one), one.stat().st_gid) == (0o660, group), one
    assert (mode(path.parent), path.parent.stat().st_gid) == (0o2770, group)
    assert not maintenance(path).check()
    assert maintenance(path).share("games") >= 3


# Backup


@pytest.mark.parametrize("segment_bytes", [10**9, 20_000], ids=["one segment", "segments"])
@pytest.mark.parametrize("backups", sample_cases([3, 10], [0]))
def test_backups_under_load_are_whole(folder, path, backups, segment_bytes):
    numbers = []
    with writing(path, segment_bytes) as acknowledged:
        for place in range(backups):
            assert not maintenance(path).check()  # beside the writer
            least = acknowledged()
            file = folder / f"{place}.tar"
            number = maintenance(path).backup(file)
            assert number >= least
            assert mode(file) == 0o600
            copy = folder / f"copy {place}"
            copy.mkdir(mode=0o700)
            subprocess.run(["tar", "xf", file, "-C", copy], check=True)
            store = open_tinydb_store(copy / "users.json")
            store.load()
            assert store.state.number == number
            assert is_moment_of_writing(store, least)
            assert not store.notices
            assert not [one for one in store.transactions() if not one.is_available]
            store.close()
            assert not maintenance(copy / "users.json").check()
            found = maintenance(file).recover(folder / f"recovered {place}" / "users.json")
            assert (found.users, found.number, list(found.losses)) == (3, number, [])
            numbers.append(number)
            wait_for_another(acknowledged, number)
    assert numbers == sorted(set(numbers))


def test_nothing_is_not_backed_up_checked_or_recovered(folder, path):
    assert list(maintenance(path).files()) == []
    for refused in (
        lambda: maintenance(path).backup(folder / "backup.tar"),
        maintenance(path).check,
        lambda: maintenance(path).recover(folder / "new" / "users.json"),
    ):
        with pytest.raises(StoreError, match="no store"):
            refused()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["users.json", "users.log"])
def test_store_of_a_later_version_is_not_called_damaged(path, name):
    filled(path)
    file = path.with_name(name)
    file.write_bytes(file.read_bytes().replace(b'"format":3', b'"format":4'))
    with pytest.raises(StoreError, match="a later version of qm-tui wrote it"):
        maintenance(path).check()


def test_a_backup_that_was_cut_is_recovered_as_far_as_it_goes(folder, path):
    store, file = open_tinydb_store(path), folder / "backup.tar"
    store.load()
    commit(store, *(user(f"u{number}") for number in range(300)))
    store.close()
    maintenance(path).backup(file)
    data, size, most = file.read_bytes(), path.stat().st_size, 0
    for place in range(8):
        target = folder / f"new {place}" / "users.json"
        file.write_bytes(data[: len(data) * place // 8])
        try:
            found = maintenance(file).recover(target)
        except StoreError as error:
            assert str(error).endswith(".")  # noqa: PT017 - too little was left
            continue
        store = open_tinydb_store(target)
        assert store.load().total == found.users >= most
        assert all(one.endswith(".") for one in found.losses)
        assert found.users >= min(300, 300 * (len(data) * place // 8 - 2000) // size)
        assert found.losses
        most = found.users
        store.close()
    assert most == 300


def test_a_backup_that_was_killed_leaves_nothing_when_it_is_repeated(folder, path):
    filled(path)
    (folder / ".backup.tar.0123456789ab.new").touch()
    maintenance(path).backup(folder / "backup.tar")
    assert {one.name for one in folder.iterdir()} == {"store", "backup.tar"}
    with tarfile.open(folder / "backup.tar") as archive:
        assert archive.getnames() == ["users.json", "users.log", "users.lock"]
        assert {one.mode for one in archive} == {0o600}


# Check


def test_loose_modes_and_files_left_behind_are_warnings(path):
    filled(path)
    path.chmod(0o644)
    path.with_name(".users.json.0123456789ab.new").touch()
    path.parent.chmod(0o755)
    found = maintenance(path).check()
    assert {one.severity for one in found} == {StoreIssueSeverity.WARNING}
    said = " ".join(one.message for one in found)
    for what in ("users.json has the mode 0644", ".users.json.0123456789ab.new", "open to all"):
        assert what in said
    store = open_tinydb_store(path)
    commit(store, user("di"))
    store.close()
    assert not path.with_name(".users.json.0123456789ab.new").exists()
    assert mode(path) == 0o600


def test_check_names_twenty_users_that_break_rules(path):
    store = open_tinydb_store(path)
    store.load()
    users = [user(f"u{number:02}", is_active="x") for number in range(19)]
    users += [user("wide", phone_ip="x"), user("line", location="a\nb"), user("fine")]
    write_unchecked(store, {one.user_id: one for one in users})
    store.close()
    issues = maintenance(path).check()
    assert {one.severity for one in issues} == {StoreIssueSeverity.WARNING}
    found = [one.message for one in issues]
    assert len(found) == 21
    assert all(one.user_id in message for one, message in zip(users, found[:-1], strict=False))
    assert found[-1].startswith("Values of 1 more user are not valid.")


def test_check_names_users_who_have_one_user_name(path):
    store = open_tinydb_store(path)
    store.load()
    users = [user("bo"), user("cy", user_name="ｂo")]
    with pytest.MonkeyPatch.context() as earlier:  # a version that compared them in another way
        earlier.setattr("qm_tui.store.memory.maps.normalize_user_name", str.casefold)
        write_unchecked(store, {one.user_id: one for one in users})
    store.close()
    (found,) = maintenance(path).check()
    assert found.severity is StoreIssueSeverity.WARNING
    assert found.message == (
        "Cy Cysen (u-cy): User Name 'ｂo' is already used by Bo Bosen. Use another User Name."
    )


@pytest.mark.parametrize("end", [b'{"a\nb\n{', b"\0" * 5000])
def test_a_transaction_that_was_interrupted_is_a_warning(folder, path, end):
    users = filled(path)
    with path.with_name("users.log").open("ab") as log:
        log.write(end)
    assert [one.severity for one in maintenance(path).check()] == [StoreIssueSeverity.WARNING]
    assert not maintenance(path).recover(folder / "new" / "users.json").losses
    assert users_of(open_tinydb_store(folder / "new" / "users.json").load()) == users


def test_check_says_that_users_json_is_behind(path, monkeypatch):
    filled(path)
    store = open_tinydb_store(path)
    store.load()
    with monkeypatch.context() as patch:
        patch.setattr(SnapshotWriter, "flush", lambda *_, **_options: None)
        commit(store, user("di"))
    assert not maintenance(path).check()  # it may be about to be written
    monkeypatch.setattr("qm_tui.store.tinydb.maintenance._SOON", timedelta(0))
    found = maintenance(path).check()
    assert [one.severity for one in found] == [StoreIssueSeverity.WARNING]
    assert "users.json is behind" in found[0].message
    store.close()


def test_other_files_are_ignored_but_a_lock_file_that_is_none_is_a_warning(path):
    filled(path)
    for name in ("users.log.bak", ".users.json.swp", "users.log.json"):
        path.with_name(name).touch()
    assert not maintenance(path).check()
    path.with_name("users.lock").unlink()
    os.mkfifo(path.with_name("users.lock"), 0o600)
    messages = [one.message for one in maintenance(path).check()]
    assert any("users.lock is not a regular file" in message for message in messages)


# Damage: check and recover


@pytest.fixture(params=[ONE, SMALL], ids=["one segment", "segments"])
def moments(request, folder) -> list[Moment]:
    """A store after each of its transactions."""
    return moments_of(folder / "made", request.param)


def damages(moment: Moment) -> list[tuple[str, dict[str, bytes]]]:
    """A sample of what may happen to a store, each of one file."""
    found = []
    for name, data in moment.files.items():
        if name == "users.lock":
            continue
        for place in range(5):
            at = (len(data) - 1) * place // 4
            flipped = data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :]
            found.append((f"{name} byte {at}", {**moment.files, name: flipped}))
            if place < 4:
                found.append((f"{name} cut at {at}", {**moment.files, name: data[:at]}))
        found.append((f"{name} {{}}", {**moment.files, name: b"{}"}))
        gone = {other: one for other, one in moment.files.items() if other != name}
        found.append((f"{name} deleted", gone))
    return found


def test_every_damage_is_found_and_as_much_as_can_be_read_is_recovered(folder, moments):
    last, bad, recovered = moments[-1], [], 0
    everything = maintenance(folder / "made" / "users.json").recover(folder / "all" / "users.json")
    assert (everything.users, everything.number) == (len(last.users), len(moments))
    assert not everything.losses
    for number, (what, files) in enumerate(damages(last)):
        damaged = folder / f"damaged {number}"
        write_files(damaged, files)
        path = damaged / "users.json"
        findings = maintenance(path).check()
        is_snapshot_missing = not files.get("users.json")
        if is_snapshot_missing and "All users were read from the log" not in str(findings):
            bad.append(f"{what}: check does not say that users.json is missing or empty")
        is_oldest_gone = "deleted" in what and what.startswith("users.log d") and len(files) > 3
        if not any(one.severity is StoreIssueSeverity.DAMAGE for one in findings) and not (
            (is_snapshot_missing and findings) or is_oldest_gone  # it may have been pruned
        ):
            bad.append(f"{what}: check found {findings}")
        before, target = files_in(damaged), folder / f"new {number}" / "users.json"
        try:
            found = maintenance(path).recover(target)
        except StoreError as error:
            bad.append(f"{what}: {error}")
            continue
        recovered += 1
        if {**files_in(damaged), "users.lock": b""} != {**before, "users.lock": b""}:
            bad.append(f"{what}: recover changed the damaged store")
        store = open_tinydb_store(target)
        users = users_of(store.load())
        if store.state.number != found.number or len(users) != found.users:
            bad.append(f"{what}: {found}, but {store.state}")
        # users.json or the log alone hold all users
        if users != last.users:
            bad.append(f"{what}: only {len(users)} users, {found.losses}")
        bad += missing_changes(store)
        if not what.startswith("users.log") and [
            one for one in store.transactions() if one.kind is TransactionKind.UNREADABLE
        ]:
            bad.append(f"{what}: the history was not kept")
        commit(store, user("zoe"))
        store.close()
        bad += damage_in(open_tinydb_store(target))
        try:
            maintenance(path).recover(target)
        except StoreError as error:
            assert "already exists" in str(error)  # noqa: PT017
        else:
            bad.append(f"{what}: recovered twice into one store")
    assert not bad, "\n".join(bad)
    assert recovered > 15


def test_what_was_saved_and_is_gone_is_a_loss(folder):
    moments = moments_of(folder / "made", ONE)
    older = {name: moments[3].files[name] for name in ("users.json", "users.log")}
    write_files(folder / "damaged", {**moments[-1].files, **older})
    path = folder / "damaged" / "users.json"
    assert any(one.severity is StoreIssueSeverity.DAMAGE for one in maintenance(path).check())
    found = maintenance(path).recover(folder / "new" / "users.json")
    assert (found.number, bool(found.losses)) == (4, True)
    write_files(folder / "damaged", {"users.json": b"\0" * 100, "users.log": b"\0" * 100})
    with pytest.raises(StoreError, match=r"No part.*\.$"):
        maintenance(path).recover(folder / "newer" / "users.json")
    assert not (folder / "newer").exists()


@pytest.mark.parametrize("call", sample_cases(range(1, 25), range(1, 25, 6)))
def test_a_recovery_that_was_killed_is_repeated(folder, moments, call):
    last = moments[-1]
    log = bytearray(last.files["users.log"])
    log[len(log) // 2] ^= 1
    write_files(folder / "damaged", {**last.files, "users.log": bytes(log)})
    source, target = folder / "damaged" / "users.json", folder / "new" / "users.json"
    child = os.fork()
    if not child:
        with kill_at(call):
            maintenance(source).recover(target)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert status == 0
        assert call > 8
        with pytest.raises(StoreError, match="already exists"):
            maintenance(source).recover(target)
    else:
        if target.with_name(".users.recovering").exists():
            with pytest.raises(StoreError, match="not recovered or copied completely"):
                open_tinydb_store(target).load()
        try:
            maintenance(source).recover(target)
        except StoreError as error:
            assert "already exists" in str(error)  # noqa: PT017 - all but the last step was done
    store = open_tinydb_store(target)
    assert users_of(store.load()) == last.users
    commit(store, user("zoe"))
    store.close()
    names = {one.name for one in target.parent.iterdir()}
    assert all(name.startswith(("users.json", "users.lo")) for name in names), names
