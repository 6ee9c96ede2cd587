"""The beginning of the single file: where it unpacks to, and what it refuses."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from zipfile import ZipFile

import pytest

from scripts.packages.build import build_single_file
from tests.helpers import needs_package
from tests.packages.pythons import installed_python

PROGRAM = """\
import os, sys

def main():
    os.umask(mask := os.umask(0))
    print(__file__, oct(mask), sys.path[0], *sys.argv[1:])
    sys.exit(3)
"""
COMPILED = [
    "part.cpython-310-x86_64-linux-gnu.so",
    f"part{EXTENSION_SUFFIXES[0]}",
    "part.abi3.so",
    "part.libs/libpart-1a2b.so.5",
]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def single_file(tmp_path):
    """Return a single file with a small program."""
    return _single_file(tmp_path)


def _single_file(folder: Path, filler: bytes = b"") -> Path:
    wheel = folder / "program-1-py3-none-any.whl"
    with ZipFile(wheel, "w") as archive:
        archive.writestr("qm_tui/__init__.py", "")
        archive.writestr("qm_tui/__main__.py", PROGRAM)
        archive.writestr("qm_tui/filler", filler)
    part = folder / "part-1-cp311-cp311-manylinux_2_17_x86_64.whl"
    with ZipFile(part, "w") as archive:
        for name in COMPILED:
            archive.writestr(name, name)
    build_single_file(wheel, [part], folder / "qm-tui")
    return folder / "qm-tui"


def _run(
    single_file: Path, *arguments: str, python: str = sys.executable, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, single_file, *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        timeout=60,
    )


def _refusal(single_file: Path, python: str = sys.executable) -> str:
    """Return the only line that a start prints that fails."""
    done = _run(single_file, python=python)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done
    return done.stderr


def _in_cache(home: Path) -> list[Path]:
    return list((home / ".cache" / "qm-tui").iterdir())


def test_first_start_unpacks_for_this_python_and_only_for_this_login(single_file, home):
    old = os.umask(0o002)
    try:
        done = _run(single_file, "list", "--json")
    finally:
        os.umask(old)
    (folder,) = _in_cache(home)
    assert done.returncode == 3
    main = folder / "lib" / "qm_tui" / "__main__.py"
    assert done.stdout.split() == [str(main), "0o2", str(folder / "lib"), "list", "--json"]
    for path in (home / ".cache", *(home / ".cache").rglob("*")):
        if "__pycache__" not in path.parts:  # Python writes it later
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
    assert sorted(path.name for path in folder.rglob("*.so*")) == sorted(
        Path(name).name for name in COMPILED[1:]
    )


def test_second_start_uses_what_the_first_one_has_unpacked(single_file, home):
    _run(single_file)
    (folder,) = _in_cache(home)
    (folder / "lib" / "qm_tui" / "__main__.py").write_text("def main(): print('again')")
    assert _run(single_file).stdout == "again\n"


@pytest.mark.parametrize("removed", ["**/*", "complete"])
def test_cache_without_some_files_is_unpacked_again(single_file, home, removed):
    printed = _run(single_file).stdout
    (folder,) = _in_cache(home)
    (folder / "lib" / "qm_tui" / "__main__.py").write_text("")
    for path in folder.glob(removed):
        if path.is_file():
            path.unlink()
    assert _run(single_file).stdout == printed
    assert _in_cache(home) == [folder]
    assert (folder / "complete").is_file()


def test_many_first_starts_at_the_same_time_all_run(single_file, home):
    started = [
        subprocess.Popen([sys.executable, single_file], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    printed = {process.communicate(timeout=60)[0] for process in started}
    (folder,) = _in_cache(home)
    assert [process.returncode for process in started] == [3] * 8
    assert len(printed) == 1
    assert str(folder) in printed.pop()


def test_cache_is_in_xdg_cache_home_if_that_is_an_absolute_path(single_file, home, tmp_path):
    assert f"{tmp_path}/own/qm-tui/" in _run(single_file, XDG_CACHE_HOME=f"{tmp_path}/own").stdout
    assert f"{home}/.cache/qm-tui/" in _run(single_file, XDG_CACHE_HOME="own").stdout


@pytest.mark.parametrize("writable", [".cache/qm-tui", ".cache", "."])
def test_cache_that_others_can_write_to_is_refused(single_file, home, writable):
    (home / ".cache" / "qm-tui").mkdir(parents=True)
    (home / writable).chmod(0o777)
    refused = _refusal(single_file)
    assert f"other users can write to '{(home / writable).resolve()}'. Set XDG" in refused
    assert _in_cache(home) == []


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o777])
def test_unpacked_folder_that_others_can_access_is_refused(single_file, home, mode):
    _run(single_file)
    (folder,) = _in_cache(home)
    for path in (folder, *folder.rglob("*")):
        path.chmod(mode)
    (folder / "lib" / "qm_tui" / "__init__.py").write_text("raise SystemExit('changed')")
    assert _refusal(single_file) == (
        f"Cannot use the cache: other users can access '{folder}'. "
        "Delete that folder, and start qm-tui again.\n"
    )
    shutil.rmtree(folder)
    assert _run(single_file).returncode == 3


def test_link_instead_of_the_unpacked_folder_is_refused(single_file, home, tmp_path):
    _run(single_file)
    (folder,) = _in_cache(home)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert f"other users can access '{folder}'" in _refusal(single_file)


@AS_ROOT
def test_unpacked_folder_of_another_user_is_refused(single_file, home):
    _run(single_file)
    (folder,) = _in_cache(home)
    os.chown(folder, 65534, -1)
    assert f"'{folder}' belongs to another user. Set XDG" in _refusal(single_file)


@AS_ROOT
@pytest.mark.parametrize("folder", [".cache/qm-tui", ".cache"])
def test_cache_of_another_user_is_refused(single_file, home, folder):
    (home / ".cache" / "qm-tui").mkdir(parents=True)
    os.chown(home / folder, 65534, -1)
    assert f"'{home / folder}' belongs to another user. Set XDG" in _refusal(single_file)
    assert _in_cache(home) == []


@AS_ROOT
def test_folder_above_the_cache_may_be_writable_for_a_group_only_if_it_is_private(
    single_file, home
):
    (home / ".cache").mkdir()
    (home / ".cache").chmod(0o770)
    assert _run(single_file).returncode == 3  # the group root of root
    os.chown(home / ".cache", -1, 65534)
    assert f"other users can write to '{home / '.cache'}'" in _refusal(single_file)


def test_folder_above_the_cache_may_be_sticky_as_tmp_is(single_file, home):
    (home / ".cache").mkdir()
    (home / ".cache").chmod(0o1777)
    assert _run(single_file).returncode == 3


def test_link_to_a_cache_is_followed_and_its_target_checked(single_file, home, tmp_path):
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (home / ".cache").symlink_to(tmp_path / "open")
    assert f"other users can write to '{tmp_path / 'open'}'" in _refusal(single_file)


def test_file_system_without_programs_is_refused(single_file, home):
    needs_package("util-linux", "/usr/bin/unshare")
    (home / ".cache").mkdir()
    script = f'mount -t tmpfs -o noexec,mode=700 none {home}/.cache && exec "$0" "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script, sys.executable, single_file],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.stderr.startswith(("unshare:", "mount:")):
        pytest.skip("nothing can be mounted here")
    assert done.returncode == 2
    assert f"no program may run from '{home}/.cache/qm-tui'" in done.stderr


def test_cache_that_cannot_be_created_is_an_error_message(single_file, home):
    (home / ".cache").touch()
    assert _refusal(single_file) == (
        "Cannot unpack qm-tui into the cache: Not a directory. "
        "Set XDG_CACHE_HOME to a folder that only you can write to.\n"
    )


def test_login_without_a_home_folder_is_an_error_message(single_file, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import os, pwd, runpy\n"
        "def getpwuid(uid): raise KeyError\n"
        "pwd.getpwuid = getpwuid\n"
        "del os.environ['HOME']\n"
        f"runpy.run_path({str(single_file)!r}, run_name='__main__')"
    )
    assert _refusal(program) == (
        "Cannot unpack qm-tui into the cache: Could not determine home directory. "
        "Set XDG_CACHE_HOME to a folder that only you can write to.\n"
    )


def test_damaged_file_is_an_error_message_and_leaves_nothing(tmp_path, home):
    single_file = _single_file(tmp_path, b"filler")
    data = single_file.read_bytes()
    with ZipFile(single_file) as archive:
        offset = archive.getinfo("lib/qm_tui/filler").header_offset
    start = offset + data[offset:].index(b"lib/qm_tui/filler") + len(b"lib/qm_tui/filler")
    single_file.write_bytes(data[:start] + b"?????" + data[start + 5 :])
    assert _refusal(single_file) == (
        f"'{single_file}' is damaged. Copy it again, and compare its SHA-256 digest.\n"
    )
    assert _in_cache(home) == []


def test_interrupted_first_start_leaves_nothing(tmp_path, home):
    single_file = _single_file(tmp_path, bytes(1 << 27))
    process = subprocess.Popen([sys.executable, single_file], stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while not [*home.glob(".cache/qm-tui/*/new/lib/qm_tui/filler")] and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[1] == "Canceled. Nothing was changed.\n"
    assert process.returncode == 130
    assert _in_cache(home) == []


@pytest.mark.parametrize(
    "suffix",
    [
        ".cpython-313t-x86_64-linux-gnu.so",
        ".cpython-311-aarch64-linux-gnu.so",
        ".cpython-311-x86_64-linux-musl.so",
        ".pypy311-pp73-x86_64-linux-gnu.so",
    ],
)
def test_other_kinds_of_python_and_other_machines_are_refused(single_file, home, suffix, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import importlib.machinery, runpy\n"
        f"importlib.machinery.EXTENSION_SUFFIXES[0] = {suffix!r}\n"
        f"runpy.run_path({str(single_file)!r}, run_name='__main__')"
    )
    assert "qm-tui needs CPython 3.11, 3.12" in _refusal(program)
    assert not (home / ".cache").exists()


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.8", "3.10"])
def test_other_versions_of_python_are_refused_in_one_line(single_file, home, version):
    refused = _refusal(single_file, installed_python(version))
    assert refused.startswith(f"This is CPython {version}.")
    assert " on x86_64 Linux with glibc 2.17 or later. Run it with one of these, " in refused
    assert not (home / ".cache").exists()
