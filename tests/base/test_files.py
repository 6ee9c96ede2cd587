"""Atomic writes of private files, and reading of small files."""

import errno
import os
import stat
from pathlib import Path

import pytest

from qm_tui.directory import DirectorySyncError
from qm_tui.files import atomic_write, create_private_folder, open_regular_file, read_limited


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def umask():
    before = os.umask(0)
    yield os.umask
    os.umask(before)


def _put(target: Path, data: bytes = b"new", *, overwrite: bool = True) -> None:
    with atomic_write(target, overwrite=overwrite) as file:
        file.write(data)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_new_file_is_private_regardless_of_the_umask(target, umask, mask):
    umask(mask)
    _put(target)
    assert (target.read_bytes(), _mode(target)) == (b"new", 0o600)


def test_new_file_is_private_before_anything_is_written(target, umask):
    umask(0)
    with atomic_write(target):
        assert [_mode(one) for one in target.parent.iterdir()] == [0o600]


def test_replaced_file_becomes_private(target):
    target.write_bytes(b"old")
    target.chmod(0o644)
    _put(target)
    assert (target.read_bytes(), _mode(target)) == (b"new", 0o600)


def test_readers_see_the_old_file_until_the_block_ends(target):
    target.write_bytes(b"old")
    with target.open("rb") as reader:
        with atomic_write(target) as file:
            file.write(b"new")
            file.flush()
            assert target.read_bytes() == b"old"
        assert target.read_bytes() == b"new"
        assert reader.read() == b"old"


@pytest.mark.parametrize("overwrite", [False, True])
def test_no_temporary_file_is_left(target, overwrite):
    _put(target, overwrite=overwrite)
    assert _names(target.parent) == ["users.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("was_there", [False, True])
def test_exception_in_the_block_changes_nothing(target, was_there, error):
    if was_there:
        target.write_bytes(b"old")
    with pytest.raises(error), atomic_write(target) as file:  # noqa: PT012 - the block is the test
        file.write(b"new" * 100_000)
        raise error
    assert _names(target.parent) == ["users.json"] * was_there
    assert not was_there or target.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_failed_system_call_changes_nothing(target, monkeypatch, call):
    target.write_bytes(b"old")

    def fails(*_arguments, **_more) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(OSError, match="No space") as error:
        _put(target)
    assert not isinstance(error.value, DirectorySyncError)
    assert target.read_bytes() == b"old"
    assert _names(target.parent) == ["users.json"]


def test_missing_folder_is_an_error_and_not_created(target):
    with pytest.raises(FileNotFoundError):
        _put(target.parent / "missing" / "users.json")
    assert _names(target.parent) == []


# Symbolic links


@pytest.mark.parametrize("relative", [False, True])
def test_target_of_a_symbolic_link_is_replaced(tmp_path, relative):
    (tmp_path / "far").mkdir()
    real, link = tmp_path / "far" / "real.json", tmp_path / "link.json"
    real.write_bytes(b"old")
    link.symlink_to("far/real.json" if relative else real)
    _put(link)
    assert link.is_symlink()
    assert (real.read_bytes(), _mode(real)) == (b"new", 0o600)
    assert _names(real.parent) == ["real.json"]
    assert _names(tmp_path) == ["far", "link.json"]


# Not overwriting


def test_existing_file_is_not_overwritten(target):
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError), atomic_write(target, overwrite=False):
        pytest.fail("the block must not run")
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_file_created_in_the_meantime_is_not_overwritten(target, monkeypatch, links):
    if not links:

        def fails(*_arguments, **_more) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", fails)
    with pytest.raises(FileExistsError), atomic_write(target, overwrite=False):
        target.write_bytes(b"somebody else's")
    assert target.read_bytes() == b"somebody else's"
    assert _names(target.parent) == ["users.json"]


def test_file_system_without_hard_links_is_supported(target, monkeypatch):
    def fails(*_arguments, **_more) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fails)
    _put(target, overwrite=False)
    assert target.read_bytes() == b"new"
    assert _names(target.parent) == ["users.json"]


# Durability


@pytest.fixture
def calls(monkeypatch):
    """Record the system calls that order writes on the disk."""
    made: list[tuple[str, str]] = []
    fsync, rename, link = os.fsync, os.rename, os.link

    def name_of(path) -> str:
        return "beside" if str(path).endswith(".new") else Path(path).name

    def recorded_fsync(descriptor: int) -> None:
        made.append(("fsync", name_of(Path(f"/proc/self/fd/{descriptor}").readlink())))
        fsync(descriptor)

    def recorded_rename(source, to, **more) -> None:
        made.append(("rename", name_of(to)))
        rename(source, to, **more)

    def recorded_link(source, to, **more) -> None:
        made.append(("link", name_of(to)))
        link(source, to, **more)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    monkeypatch.setattr(os, "link", recorded_link)
    return made


@pytest.mark.parametrize(("overwrite", "call"), [(True, "rename"), (False, "link")])
def test_file_is_synced_then_renamed_then_folder_synced(target, calls, overwrite, call):
    _put(target, b"x" * 100_000, overwrite=overwrite)
    assert calls == [("fsync", "beside"), (call, "users.json"), ("fsync", target.parent.name)]


def test_folder_of_a_link_target_is_synced(tmp_path, calls):
    (tmp_path / "far").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "far" / "real.json")
    _put(link)
    assert calls[-1] == ("fsync", "far")


def test_failed_folder_sync_is_reported_after_the_rename(target, monkeypatch):
    fsync = os.fsync

    def fails(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(DirectorySyncError) as error:
        _put(target)
    assert (error.value.errno, error.value.strerror) == (errno.EIO, "Input/output error")
    assert target.read_bytes() == b"new"


# Reading


def test_large_file_is_not_read(target):
    target.write_bytes(b"x" * 1024)
    assert read_limited(target, 1024) == target.read_bytes()
    target.write_bytes(b"x" * 1025)
    with pytest.raises(OSError, match=r"File too large \(maximum 1 KB\)"):
        read_limited(target, 1024)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir])
def test_special_file_is_an_error_without_blocking(target, make):
    make(target)
    with pytest.raises(OSError, match="Not a regular file"):
        read_limited(target, 1024)


def test_file_created_by_open_is_private(target, umask):
    umask(0)
    os.close(open_regular_file(target, os.O_WRONLY | os.O_CREAT))
    assert _mode(target) == 0o600


# Folders


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_created_folders_are_private_regardless_of_the_umask(tmp_path, umask, mask):
    umask(mask)
    create_private_folder(tmp_path / "a" / "b" / "c")
    assert [_mode(tmp_path / one) for one in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_existing_folder_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    create_private_folder(tmp_path)
    create_private_folder(tmp_path / "a")
    assert _mode(tmp_path) == 0o755


def test_file_instead_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="Not a directory"):
        create_private_folder(tmp_path / "file" / "a")
