"""Invalid paths: an error message without blocking, and no data loss."""

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from qm_tui.store import open_store
from tests.cli.test_program import command
from tests.helpers import ANNA, HEADER, commit, csv_text, needs_package

LONGEST = "a" * 251 + ".csv"
TOO_LONG = "a" * 252 + ".csv"
KEPT = "what was there\n"
SOON = 20.0
"""A timeout in seconds: opening a pipe without a writer would block forever."""


@pytest.fixture
def place(home, monkeypatch):
    """Create a folder with invalid paths, and a store next to it."""
    commit(home / "users.json", ANNA)
    folder = home / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("users.csv").write_text(csv_text([HEADER, ANNA]))
    Path("folder.csv").mkdir()
    Path("loop.csv").symlink_to("loop2.csv")
    Path("loop2.csv").symlink_to("loop.csv")
    Path("self.csv").symlink_to("self.csv")
    Path("dangling.csv").symlink_to("gone.csv")
    os.mkfifo("pipe.csv")
    Path("piped.csv").symlink_to("pipe.csv")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket.csv")
    Path("null.csv").symlink_to("/dev/null")
    Path("full.csv").symlink_to("/dev/full")
    Path("proc.csv").symlink_to("/proc/self/mem")
    return folder


def _run(*arguments: str | bytes, status: int) -> str:
    done = subprocess.run(
        [*command(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=SOON,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == status, said
    assert "Traceback" not in said
    assert "Unexpected error" not in said
    return said


# Import


@pytest.mark.parametrize(
    "arguments",
    [
        *(["import", ""], ["export", ""], ["recover", ""], ["list", "--store", ""]),
        *(["--store", "", "list"], ["init", "--shared", ""], ["import", "a.csv", "--mapping", ""]),
    ],
    ids=" ".join,
)
def test_empty_path_is_an_error(home, place, arguments):
    before = _tree(home)
    assert "The path is empty. Try" in _run(*arguments, status=2)
    assert _tree(home) == before


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("loop.csv", "Cannot read loop.csv: Too many levels of symbolic links."),
        ("self.csv", "Cannot read self.csv: Too many levels of symbolic links."),
        (
            "loop.csv/users.csv",
            "Cannot read loop.csv/users.csv: Too many levels of symbolic links.",
        ),
        ("dangling.csv", "dangling.csv does not exist. Check the path."),
        ("gone.csv", "gone.csv does not exist. Check the path."),
        ("gone/users.csv", "does not exist. Check the path."),
        ("users.csv/users.csv", "Cannot read users.csv/users.csv: Not a directory."),
        ("folder.csv", "folder.csv is a folder, not a CSV file"),
        (".", "is a folder, not a CSV file"),
        ("/", "is a folder, not a CSV file"),
        ("pipe.csv", "pipe.csv is a pipe, not a CSV file"),
        ("piped.csv", "piped.csv is a pipe, not a CSV file"),
        ("socket.csv", "socket.csv is a socket, not a CSV file"),
        ("null.csv", "null.csv is a device, not a CSV file"),
        ("/dev/zero", "/dev/zero is a device, not a CSV file"),
        ("/dev/tty", "/dev/tty is a device, not a CSV file"),
        ("/proc/self/maps", "does not end in .csv"),
        ("proc.csv", "Cannot read proc.csv"),
        (LONGEST, "does not exist. Check the path."),
        (TOO_LONG, ": File name too long."),
        ("a/" * 3000 + "x.csv", ": File name too long."),
        (b"bad\xff.csv", "bad‹U+DCFF›.csv does not exist"),
        ("~nobody-of-that-name/x.csv", "does not exist"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_invalid_users_file_is_not_imported(home, place, path, why):
    before = _tree(home)
    assert why in _run("import", path, "--store", f"{home}/users.json", status=2)
    assert _tree(home) == before


def _tree(folder):
    """Return all paths below a folder with their modes and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        if path.is_symlink():
            found[str(path)] = (mode, path.readlink())
        else:
            found[str(path)] = (mode, path.read_bytes() if stat.S_ISREG(mode) else None)
    return found


@pytest.mark.parametrize("name", [LONGEST, "link.csv", b"bad\xff.csv", "-x.csv"], ids=ascii)
def test_any_valid_file_name_is_imported(home, place, name):
    target = os.fsdecode(name)
    if target == "link.csv":
        Path(target).symlink_to("users.csv")
    else:
        Path("users.csv").rename(target)
    said = _run("import", "--store", f"{home}/users.json", "--", name, status=0)
    assert "1 unchanged" in said


# Export


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("loop.csv", "Cannot write loop.csv: Too many levels of symbolic links."),
        ("self.csv", "Cannot write self.csv: Too many levels of symbolic links."),
        ("loop.csv/out.csv", "Cannot write loop.csv/out.csv: Too many levels of symbolic links."),
        ("gone/out.csv", "Folder gone does not exist. Nothing was exported. Create it first"),
        (
            "users.csv/out.csv",
            "users.csv is not a folder. Nothing was exported. Choose another folder.",
        ),
        (
            "pipe.csv/out.csv",
            "pipe.csv is not a folder. Nothing was exported. Choose another folder.",
        ),
        ("folder.csv", "folder.csv is a folder, not a file"),
        (".", "is a folder, not a file"),
        ("/", "is a folder, not a file"),
        ("pipe.csv", "pipe.csv is a device or a pipe, not a file"),
        ("piped.csv", "piped.csv is a device or a pipe, not a file"),
        ("socket.csv", "socket.csv is a device or a pipe, not a file"),
        ("null.csv", "null.csv is a device or a pipe, not a file"),
        ("full.csv", "full.csv is a device or a pipe, not a file"),
        ("/dev/null", "/dev/null is a device or a pipe, not a file"),
        ("/dev/stdout", "/dev/stdout is a device or a pipe, not a file"),
        ("/proc/out.csv", "/proc"),
        (TOO_LONG, ": File name too long."),
        (
            "users.csv",
            "users.csv already exists. Nothing was exported. Choose another name, or use --force",
        ),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_invalid_target_is_not_written_and_nothing_is_lost(home, place, path, why):
    before = _tree(home)
    said = _run("export", path, "--store", f"{home}/users.json", status=2)
    assert why in said
    if why.startswith("users.csv already exists"):
        assert "Nothing was exported." in said
    else:
        assert why in _run("export", "--force", path, "--store", f"{home}/users.json", status=2)
    assert _tree(home) == before


@pytest.mark.parametrize("name", [LONGEST, b"bad\xff.csv", "-x.csv", "no.dot"], ids=ascii)
def test_any_valid_file_name_is_written(home, place, name):
    _run("export", "--store", f"{home}/users.json", "--", name, status=0)
    path = Path(os.fsdecode(name))
    path = path if path.suffix == ".csv" else path.with_name(path.name + ".csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_export_reports_followed_links(home, place):
    Path("kept.csv").write_text(KEPT)
    Path("link.csv").symlink_to("kept.csv")
    Path("link2.csv").symlink_to("link.csv")
    said = _run("export", "link2.csv", "--store", f"{home}/users.json", status=2)
    assert (
        "link2.csv points to ~/place/kept.csv, which already exists. Nothing was exported. Choose "
        "another name, or use --force to overwrite it." in said
    )
    assert Path("kept.csv").read_text() == KEPT
    said = _run("export", "--force", "link2.csv", "--store", f"{home}/users.json", status=0)
    assert "1 user written to link2.csv (symbolic link to ~/place/kept.csv)" in said
    assert Path("link2.csv").readlink() == Path("link.csv")
    assert Path("link.csv").readlink() == Path("kept.csv")
    assert "anna" in Path("kept.csv").read_text()


def test_dangling_link_is_followed_and_reported(home, place):
    said = _run("export", "dangling.csv", "--store", f"{home}/users.json", status=0)
    assert "written to dangling.csv (symbolic link to ~/place/gone.csv)" in said
    assert "anna" in Path("gone.csv").read_text()
    assert Path("dangling.csv").is_symlink()


@pytest.mark.parametrize("is_link", [False, True], ids=["a file", "through a link"])
def test_failed_export_does_not_change_its_target(home, place, is_link):
    """The disk ends in the middle of it: files may be 8 KiB long here."""
    commit(
        home / "users.json",
        *[ANNA._replace(user_id=f"u{n:011}", user_name=f"n{n}") for n in range(500)],
    )
    Path("kept.csv").write_text(KEPT)
    name = "kept.csv"
    if is_link:
        name = "link.csv"
        Path(name).symlink_to("kept.csv")
    before = _tree(place)
    script = 'ulimit -f 16; trap "" XFSZ; exec "$@"'
    done = subprocess.run(
        [
            "bash",
            "-c",
            script,
            "bash",
            *command("export", "--force", name, "--store", f"{home}/users.json"),
        ],
        capture_output=True,
        check=False,
        timeout=SOON,
    )
    assert done.returncode == 2
    assert b": File too large. Nothing was exported." in done.stderr
    assert _tree(place) == before


# The store


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("loop.csv", "loop.csv: Too many levels of symbolic links."),
        ("loop.csv/users.json", "loop.csv/users.json: Too many levels of symbolic links."),
        ("pipe.csv", "is a device or a pipe. Give the path of the store's file, users.json."),
        ("socket.csv", "is a device or a pipe. Give the path of the store's file, users.json."),
        ("/dev/null", "/dev/null is a device or a pipe"),
        ("/dev/zero", "/dev/zero is a device or a pipe"),
        ("folder.csv", "is a folder. Give the path of the store's file, users.json."),
        ("/", "/ is a folder"),
        (TOO_LONG, "File name too long."),
        ("users.csv/users.json", "users.csv/users.json: Not a directory."),
    ],
    ids=lambda value: ascii(value)[:30],
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["set", "location=X", "anna"],
        pytest.param(["list"], marks=pytest.mark.long),
        pytest.param(["import", "users.csv"], marks=pytest.mark.long),
        pytest.param(["export", "out.csv"], marks=pytest.mark.long),
        ["info"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_invalid_store_path_is_an_error(home, place, path, why, arguments):
    before = _tree(place)
    said = _run(*arguments, "--store", path, status=2)
    assert why in said
    assert "not created yet" not in said
    assert _tree(place) == before


# Files and folders of other users


_AS_ANYBODY = [
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
]
"""The command that makes root subject to permissions."""


@pytest.fixture
def anybody():
    """Return a function that runs the program without root's permissions and returns its output."""
    before = []
    if os.geteuid() == 0:
        before = _AS_ANYBODY
        needs_package("util-linux", "/usr/bin/setpriv")
        if subprocess.run([*before, "true"], check=False).returncode:
            pytest.skip("root may read everything")

    def run(*arguments, status):
        done = subprocess.run(
            [*before, *command(*arguments)], capture_output=True, check=False, timeout=SOON
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    return run


def test_files_of_other_users_are_errors(home, monkeypatch, anybody):
    monkeypatch.chdir(home)
    store = ["--store", "users.json"]
    secret, closed = home / "secret", home / "closed"
    secret.mkdir()
    closed.mkdir()
    (secret / "users.csv").write_text(csv_text([HEADER, ANNA]))
    Path("mine.csv").write_text(KEPT)
    Path("open.csv").write_text(csv_text([HEADER, ANNA._replace(user_id="")]))
    commit(secret / "users.json", ANNA)
    Path("mine.csv").chmod(0)
    secret.chmod(0)
    closed.chmod(0o500)
    try:
        said = anybody("import", "secret/users.csv", *store, status=2)
        assert "secret/users.csv: Permission denied." in said
        said = anybody("import", "mine.csv", *store, status=2)
        assert "mine.csv: Permission denied." in said
        said = anybody("list", "--store", "secret/users.json", status=2)
        assert "Permission denied" in said
        anybody("import", "open.csv", *store, status=0)
        said = anybody("export", "closed/out.csv", *store, status=2)
        assert "No write permission in folder" in said
        said = anybody("export", "secret/out.csv", *store, status=2)
        assert "Permission denied" in said
        said = anybody("recover", "closed/new.json", *store, status=2)
        assert "Cannot write" in said
        assert "Permission denied" in said
    finally:
        secret.chmod(0o700)
        closed.chmod(0o700)
        Path("mine.csv").chmod(0o600)
    assert Path("mine.csv").read_text() == KEPT
    assert list(closed.iterdir()) == []
    assert len(open_store(home / "users.json", read_only=True).load().users) == 1
