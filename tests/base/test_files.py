"""Files of the admin outside the store: replaced atomically, and read up to a size."""

import os
import stat
from pathlib import Path

import pytest

from qm_tui.directory import SHARED_FOLDER
from qm_tui.files import atomic_write, create_private_folder, open_regular_file, read_limited


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.json"


def _put(target: Path, *, overwrite: bool = True) -> None:
    with atomic_write(target, overwrite=overwrite) as file:
        file.write(b"new")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_written_file_is_private_also_in_a_shared_folder(target):
    target.parent.chmod(SHARED_FOLDER)
    target.write_bytes(b"old")
    target.chmod(0o644)
    _put(target)
    assert (target.read_bytes(), _mode(target)) == (b"new", 0o600)
    assert [*target.parent.iterdir()] == [target]


def test_missing_folder_is_an_error_and_not_created(target):
    with pytest.raises(FileNotFoundError):
        _put(target.parent / "missing" / "users.json")
    assert [*target.parent.iterdir()] == []


@pytest.mark.parametrize("relative", [False, True])
def test_target_of_a_symbolic_link_is_replaced(tmp_path, relative):
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real.json", tmp_path / "link.json"
    real.write_bytes(b"old")
    link.symlink_to("far/real.json" if relative else real)
    _put(link)
    assert link.is_symlink()
    assert (real.read_bytes(), _mode(real)) == (b"new", 0o600)
    assert [*real.parent.iterdir()] == [real]


def test_existing_file_is_not_overwritten(target):
    _put(target, overwrite=False)
    with pytest.raises(FileExistsError), atomic_write(target, overwrite=False):
        pytest.fail("the block must not run")
    assert target.read_bytes() == b"new"


def test_large_file_is_not_read(target):
    target.write_bytes(b"x" * 1024)
    assert read_limited(target, 1024) == target.read_bytes()
    target.write_bytes(b"x" * 1025)
    with pytest.raises(OSError, match=r"File too large \(maximum 1 KB\)"):
        read_limited(target, 1024)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_special_file_is_an_error_without_blocking(target, make):
    make(target)
    with pytest.raises(OSError, match="Not a regular file"):
        read_limited(target, 1024)


def test_created_files_and_folders_are_private(tmp_path, umask):
    umask(0)
    tmp_path.chmod(0o755)
    create_private_folder(tmp_path)
    create_private_folder(tmp_path / "a" / "b")
    os.close(open_regular_file(tmp_path / "a" / "file", os.O_WRONLY | os.O_CREAT))
    modes = [_mode(tmp_path / name) for name in (".", "a", "a/b", "a/file")]
    assert modes == [0o755, 0o700, 0o700, 0o600]
    with pytest.raises(OSError, match="Not a directory"):
        create_private_folder(tmp_path / "a" / "file" / "folder")
