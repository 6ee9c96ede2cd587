"""A store that a group shares: group and modes outlast every write, whoever makes it."""

import grp
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.helpers import ANNA, HEADER, csv_text, some_of, user
from tests.store.test_tinydb_store import commit
from tests.test_cli import command, qm_tui
from tests.test_cli_refusals import refusal

IS_ROOT = os.geteuid() == 0
GROUP = next(
    (one for one in grp.getgrall() if IS_ROOT and one.gr_gid),
    grp.getgrgid(os.getegid()),
)
FIRST, SECOND, STRANGER = 61_001, 61_002, 61_003
"""User IDs of two members of the group, and of one who is none."""

as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become others")


@pytest.fixture
def place():
    """A folder that others can get to."""
    folder = Path(tempfile.mkdtemp(prefix="qm-tui-shared-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def shared(place: Path) -> Path:
    """The file of an empty shared store."""
    qm_tui("init", "--shared", place / "store", "--group", GROUP.gr_name)
    return place / "store" / "users.json"


_BECOME = """
import importlib, os, pkgutil, sys, rich.cells
import qm_tui.cli, qm_tui.store, qm_tui.transfer
# all of it before: the interpreter may lie where others cannot read
for package in (qm_tui.store, qm_tui.transfer):
    for one in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(one.name)
for name in ("progress_line", "settings"):
    importlib.import_module("qm_tui." + name)
uid, groups, umask, folder, *arguments = sys.argv[1:]
os.setgroups([int(one) for one in groups.split()])
os.setgid(int(uid))
os.setuid(int(uid))
os.umask(int(umask))
os.chdir(folder)
qm_tui.cli.main(arguments)
"""


def _as(uid: int, *arguments: object, umask: int = 0o077, status: int = 0) -> str:
    """Run the program as another, with a home of their own; what it said."""
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, uid, uid)
        groups = "" if uid == STRANGER else str(GROUP.gr_gid)
        environment = {key: one for key, one in os.environ.items() if not key.startswith("SUDO_")}
        become = [sys.executable, "-c", _BECOME, str(uid), groups, str(umask), folder]
        done = subprocess.run(
            [*become, *map(str, arguments)],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=30,
            env={**environment, "HOME": folder},
        )
    assert done.returncode == status, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def _assert_shared(store: Path) -> None:
    """All that is in the store's folder belongs to the group, and the group may write it."""
    folders = [store.parent, *[one for one in store.parent.rglob("*") if one.is_dir()]]
    files = [one for one in store.parent.rglob("*") if one.is_file()]
    assert files
    modes = {one: stat.S_IMODE(one.stat().st_mode) for one in (*folders, *files)}
    assert {modes[one] for one in folders} == {0o2770}
    assert {one.name: oct(modes[one]) for one in files} == {one.name: "0o660" for one in files}
    assert {one.stat().st_gid for one in (*folders, *files)} == {GROUP.gr_gid}


def _file(folder: Path, name: str, *users) -> Path:
    path = folder / name
    path.write_text(csv_text([HEADER, *users]), newline="")
    path.chmod(0o644)
    return path


def test_a_shared_store_is_made_with_its_folder_group_and_modes(shared):
    assert shared.exists()
    _assert_shared(shared)


def test_the_path_may_be_that_of_the_file(place):
    out = qm_tui("init", "--shared", place / "team" / "our.json", "--group", GROUP.gr_name)
    assert f"--store {place}/team/our.json" in out
    _assert_shared(place / "team" / "our.json")


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777], ids=oct)
def test_the_umask_does_not_matter(place, umask):
    subprocess.run(
        command("init", "--shared", place / "store", "--group", GROUP.gr_name),
        check=True,
        capture_output=True,
        timeout=30,
        umask=umask,
    )
    _assert_shared(place / "store" / "users.json")


@as_root
@pytest.mark.parametrize("umask", some_of([0o000, 0o022, 0o077], [0, 2]), ids=oct)
def test_group_and_modes_outlast_commits_checkpoints_and_undo_of_each_member(place, shared, umask):
    one = _file(place, "one.csv", ANNA._replace(user_id=""))
    two = _file(place, "two.csv", user("bo", user_id=""))

    def run(uid: int, *arguments: object) -> str:
        said = _as(uid, *arguments, "--store", shared, umask=umask)
        _assert_shared(shared)
        return said

    run(FIRST, "import", one)
    run(SECOND, "import", two)
    run(SECOND, "checkpoint")
    run(FIRST, "undo", 2)
    run(FIRST, "checkpoint")
    run(SECOND, "undo", 3)
    run(SECOND, "checkpoint")
    assert len(run(FIRST, "list", "--json").splitlines()) == 2
    assert [line.split()[0] for line in run(SECOND, "activity").splitlines()] == list("4321")


@as_root
def test_one_who_is_not_in_the_group_gets_nothing(shared):
    said = _as(STRANGER, "list", "--store", shared, status=2)
    assert "Permission denied" in said


@as_root
def test_one_who_is_not_in_the_group_cannot_make_a_store_for_it(place):
    os.chown(place, STRANGER, STRANGER)
    said = _as(STRANGER, "init", "--shared", place / "x", "--group", GROUP.gr_name, status=2)
    assert f"not a member of the group {GROUP.gr_name}" in said
    assert not (place / "x").exists()


@as_root
def test_a_member_makes_a_store_for_the_group(place):
    os.chown(place, FIRST, FIRST)
    _as(FIRST, "init", "--shared", place / "x", "--group", GROUP.gr_name)
    _assert_shared(place / "x" / "users.json")
    file = _file(place, "one.csv", ANNA._replace(user_id=""))
    _as(SECOND, "import", file, "--store", place / "x" / "users.json")
    _assert_shared(place / "x" / "users.json")


@as_root
def test_a_member_cannot_share_the_files_of_another(place):
    store = place / "x" / "users.json"
    commit(store, ANNA)
    os.chown(store.parent, FIRST, GROUP.gr_gid)
    for one in store.parent.iterdir():
        os.chown(one, SECOND, GROUP.gr_gid)
        one.chmod(0o666)
    said = _as(FIRST, "init", "--shared", store.parent, "--group", GROUP.gr_name, status=2)
    assert f"belongs to {SECOND}: only {SECOND} or root can share this store" in said


def test_a_store_that_is_there_is_shared_with_all_that_belongs_to_it(place):
    store = place / "x" / "users.json"
    commit(store, ANNA)
    qm_tui("checkpoint", "--store", store)
    commit(store, user("bo"))
    qm_tui("checkpoint", "--store", store)
    commit(store, user("cy"))
    out = qm_tui("init", "--shared", store.parent, "--group", GROUP.gr_name)
    assert "was there" in out
    _assert_shared(store)
    assert len(qm_tui("list", "--json", "--store", store).splitlines()) == 3
    assert store.with_name("users.json~").exists()


def test_a_folder_that_holds_other_things_is_not_shared(place):
    (place / "x").mkdir(mode=0o700)
    (place / "x" / "letter.txt").write_text("private")
    assert "letter.txt" in refusal("init", "--shared", place / "x", "--group", GROUP.gr_name)
    assert stat.S_IMODE((place / "x").stat().st_mode) == 0o700
    assert [one.name for one in (place / "x").iterdir()] == ["letter.txt"]


def test_a_link_in_the_folder_is_not_followed(place):
    store = place / "x" / "users.json"
    commit(store, ANNA)
    outside = place / "outside"
    outside.write_text("private")
    outside.chmod(0o600)
    store.with_name("users.json~").symlink_to(outside)
    qm_tui("init", "--shared", store.parent, "--group", GROUP.gr_name)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--group", "no-such-group"], "no group no-such-group"),
        (["--group", "evil\x1b[2J"], "no group evil␛[2J"),
        ([], "--shared PATH --group NAME"),
        (["--group", GROUP.gr_name, "--store", "other.json"], "--shared and --store"),
    ],
)
def test_a_wrong_call_is_answered_with_a_sentence(place, options, says):
    assert says in refusal("init", "--shared", place / "x", *options)
    assert not (place / "x").exists()


def test_read_only_makes_nothing(place):
    options = ["--shared", place / "x", "--group", GROUP.gr_name]
    assert "--read-only" in refusal("--read-only", "init", *options)
    assert not (place / "x").exists()


def test_a_group_alone_is_not_enough(place):
    assert "--shared PATH --group NAME" in refusal("init", "--group", GROUP.gr_name)
