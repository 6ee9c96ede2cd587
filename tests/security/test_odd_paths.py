"""Invalid paths: an error message without blocking, and no data loss."""

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from tests.helpers import ANNA, HEADER, commit, csv_text, needs_package
from tests.program import command, output, refusal, run

LONGEST = "a" * 251 + ".csv"
TOO_LONG = "a" * 252 + ".csv"
NOT_UTF8 = os.fsdecode(b"bad\xff.csv")
KEPT = "what was there\n"


@pytest.fixture
def place(home, monkeypatch):
    """Create a folder with invalid paths, and a store next to it."""
    commit(home / "users.json", ANNA)
    monkeypatch.setenv("QM_TUI_STORE", str(home / "users.json"))
    folder = home / "place"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("users.csv").write_text(csv_text([HEADER, ANNA]))
    Path("folder.csv").mkdir()
    Path("loop.csv").symlink_to("loop2.csv")
    Path("loop2.csv").symlink_to("loop.csv")
    Path("dangling.csv").symlink_to("gone.csv")
    os.mkfifo("pipe.csv")
    Path("piped.csv").symlink_to("pipe.csv")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("socket.csv")
    Path("null.csv").symlink_to("/dev/null")
    Path("full.csv").symlink_to("/dev/full")
    Path("proc.csv").symlink_to("/proc/self/mem")
    return folder


# Import


def test_empty_path_is_an_error(home, place):
    before = _tree(home)
    for arguments in (
        *(["import", ""], ["export", ""], ["recover", ""], ["list", "--store", ""]),
        *(["--store", "", "list"], ["init", "--shared", ""], ["import", "a.csv", "--mapping", ""]),
    ):
        assert "The path is empty. Try" in refusal(*arguments)
    assert _tree(home) == before


def test_invalid_users_file_is_not_imported(home, place):
    before = _tree(home)
    loop = "Too many levels of symbolic links."
    for path, why in {
        "loop.csv": f"Cannot read loop.csv: {loop}",
        "loop.csv/users.csv": f"Cannot read loop.csv/users.csv: {loop}",
        "dangling.csv": "dangling.csv does not exist. Check the path.",
        "users.csv/users.csv": "Cannot read users.csv/users.csv: Not a directory.",
        "folder.csv": "folder.csv is a folder, not a CSV file",
        "piped.csv": "piped.csv is a pipe, not a CSV file",
        "socket.csv": "socket.csv is a socket, not a CSV file",
        "/dev/zero": "/dev/zero is a device, not a CSV file",
        "/proc/self/maps": "does not end in .csv",
        "proc.csv": "Cannot read proc.csv",
        TOO_LONG: ": File name too long.",
        NOT_UTF8: "bad‹U+DCFF›.csv does not exist",
        "~nobody-of-that-name/x.csv": "does not exist",
    }.items():
        assert why in refusal("import", path)
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


def test_any_valid_file_name_is_imported_and_exported(place):
    Path("link-too.csv").symlink_to("users.csv")
    for name in (LONGEST, NOT_UTF8, "-x.csv", "no.dot", "~copy.csv"):
        path = Path(name if name.endswith(".csv") else f"{name}.csv")
        output("export", "--", f"./{name}" if name.startswith("~") else name)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "1 unchanged" in output("import", "--", path)
    assert "1 unchanged" in output("import", "link-too.csv")


# Export


def test_invalid_target_is_not_written_and_nothing_is_lost(home, place):
    before = _tree(home)
    device = "is a device or a pipe, not a file"
    for path, why in {
        "loop.csv": "Cannot write loop.csv: Too many levels of symbolic links.",
        "gone/out.csv": "Folder gone does not exist. Nothing was exported. Create it first",
        "pipe.csv/out.csv": "pipe.csv is not a folder. Nothing was exported. Choose another",
        "folder.csv": "folder.csv is a folder, not a file",
        **{f"{name}.csv": device for name in ("pipe", "piped", "socket", "null", "full")},
        "/dev/null": f"/dev/null {device}",
        "/proc/out.csv": "/proc",
        TOO_LONG: ": File name too long.",
    }.items():
        for options in ((), ("--force",)):
            assert why in refusal("export", *options, path)
    said = refusal("export", "users.csv")
    assert said.startswith("users.csv already exists. Nothing was exported. Choose another name, ")
    assert _tree(home) == before


def test_export_reports_followed_links(home, place):
    Path("kept.csv").write_text(KEPT)
    Path("link.csv").symlink_to("kept.csv")
    Path("link2.csv").symlink_to("link.csv")
    said = refusal("export", "link2.csv")
    assert (
        "link2.csv points to ~/place/kept.csv, which already exists. Nothing was exported. Choose "
        "another name, or use --force to overwrite it." in said
    )
    assert Path("kept.csv").read_text() == KEPT
    for name, target in {"link2.csv": "kept.csv", "dangling.csv": "gone.csv"}.items():
        said = output("export", "--force", name)
        assert f"1 user written to {name} (symbolic link to ~/place/{target})" in said
        assert Path(name).is_symlink()
        assert "anna" in Path(target).read_text()
    assert Path("link.csv").readlink() == Path("kept.csv")


def test_failed_export_does_not_change_its_target(home, place):
    """The disk ends in the middle of it: files may be 8 KiB long here."""
    many = [ANNA._replace(user_id=f"u{n:011}", user_name=f"n{n}") for n in range(500)]
    commit(home / "users.json", *many)
    Path("kept.csv").write_text(KEPT)
    Path("link.csv").symlink_to("kept.csv")
    before = _tree(place)
    script = 'ulimit -f 16; trap "" XFSZ; exec "$@"'
    for name in ("kept.csv", "link.csv"):
        start = ["bash", "-c", script, "bash", *command("export", "--force", name)]
        done = subprocess.run(start, capture_output=True, check=False, timeout=60)
        assert done.returncode == 2
        assert b": File too large. Nothing was exported." in done.stderr
        assert _tree(place) == before


# The store


def test_invalid_store_path_is_an_error(place):
    before = _tree(place)
    for path, why in {
        "loop.csv": "loop.csv: Too many levels of symbolic links.",
        "pipe.csv": "is a device or a pipe. Give the path of the store's file, users.json.",
        "/dev/zero": "/dev/zero is a device or a pipe",
        "folder.csv": "is a folder. Give the path of the store's file, users.json.",
        TOO_LONG: "File name too long.",
        "users.csv/users.json": "users.csv/users.json: Not a directory.",
    }.items():
        for line in ("set location=X anna", "list", "import users.csv", "export out.csv"):
            assert why in refusal(*line.split(), "--store", path)
        done = run("info", "--store", path)
        assert (done.code, why in done.err) == (2, True)
        assert "(not usable)" in done.out
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
            [*before, *command(*arguments)], capture_output=True, check=False, timeout=60
        )
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    return run


def test_files_of_other_users_are_errors(home, monkeypatch, anybody):
    monkeypatch.chdir(home)
    secret, closed = home / "secret", home / "closed"
    secret.mkdir()
    closed.mkdir()
    (secret / "users.csv").write_text(csv_text([HEADER, ANNA]))
    Path("mine.csv").write_text(KEPT)
    commit(secret / "users.json", ANNA)
    commit(home / "users.json", ANNA)
    Path("mine.csv").chmod(0)
    secret.chmod(0)
    closed.chmod(0o500)
    try:
        for line, why in {
            "import secret/users.csv": "secret/users.csv: Permission denied.",
            "import mine.csv": "mine.csv: Permission denied.",
            "list --store secret/users.json": "Permission denied",
            "export closed/out.csv": "No write permission in folder",
            "export secret/out.csv": "Permission denied",
            "recover closed/new.json": "Permission denied",
        }.items():
            assert why in anybody("--store", "users.json", *line.split(), status=2)
        assert "1 user" in anybody("--store", "users.json", "info", status=0)
    finally:
        secret.chmod(0o700)
        closed.chmod(0o700)
        Path("mine.csv").chmod(0o600)
    assert Path("mine.csv").read_text() == KEPT
    assert list(closed.iterdir()) == []
