"""Files are written whole or not at all, for their owner alone."""

import errno
import os
import stat
from pathlib import Path

import pytest

from qm_tui.directory import NotDurable
from qm_tui.files import make_private_folder, open_file, read_small, replacing


@pytest.fixture
def target(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def umask():
    before = os.umask(0)
    yield os.umask
    os.umask(before)


def _put(target: Path, data: bytes = b"new", *, overwrite: bool = True) -> None:
    with replacing(target, overwrite=overwrite) as file:
        file.write(data)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_a_new_file_is_private_whatever_the_umask(target, umask, mask):
    umask(mask)
    _put(target)
    assert (target.read_bytes(), _mode(target)) == (b"new", 0o600)


def test_it_is_private_before_anything_is_written_into_it(target, umask):
    umask(0)
    with replacing(target):
        assert [_mode(one) for one in target.parent.iterdir()] == [0o600]


def test_a_replaced_file_becomes_private(target):
    target.write_bytes(b"old")
    target.chmod(0o644)
    _put(target)
    assert (target.read_bytes(), _mode(target)) == (b"new", 0o600)


def test_readers_see_the_old_file_until_the_block_ends(target):
    target.write_bytes(b"old")
    with target.open("rb") as reader:
        with replacing(target) as file:
            file.write(b"new")
            file.flush()
            assert target.read_bytes() == b"old"
        assert target.read_bytes() == b"new"
        assert reader.read() == b"old"


@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_left_beside_it(target, overwrite):
    _put(target, overwrite=overwrite)
    assert _names(target.parent) == ["users.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("was_there", [False, True])
def test_an_exception_leaves_everything_as_it_was(target, was_there, error):
    if was_there:
        target.write_bytes(b"old")
    with pytest.raises(error), replacing(target) as file:  # noqa: PT012 - the block is the test
        file.write(b"new" * 100_000)
        raise error
    assert _names(target.parent) == ["users.json"] * was_there
    assert not was_there or target.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_failing_system_call_leaves_everything_as_it_was(target, monkeypatch, call):
    target.write_bytes(b"old")

    def fails(*_arguments, **_more) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fails)
    with pytest.raises(OSError, match="No space") as error:
        _put(target)
    assert not isinstance(error.value, NotDurable)
    assert target.read_bytes() == b"old"
    assert _names(target.parent) == ["users.json"]


def test_a_missing_folder_is_an_error_and_not_made(target):
    with pytest.raises(FileNotFoundError):
        _put(target.parent / "missing" / "users.json")
    assert _names(target.parent) == []


# Symbolic links


@pytest.mark.parametrize("relative", [False, True])
def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path, relative):
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


def test_a_file_that_stands_there_is_not_overwritten_unasked(target):
    target.write_bytes(b"old")
    with pytest.raises(FileExistsError), replacing(target, overwrite=False):
        pytest.fail("the block must not run")
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_that_appears_meanwhile_is_not_overwritten(target, monkeypatch, links):
    if not links:

        def fails(*_arguments, **_more) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", fails)
    with pytest.raises(FileExistsError), replacing(target, overwrite=False):
        target.write_bytes(b"somebody else's")
    assert target.read_bytes() == b"somebody else's"
    assert _names(target.parent) == ["users.json"]


def test_a_file_system_without_hard_links_will_do(target, monkeypatch):
    def fails(*_arguments, **_more) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fails)
    _put(target, overwrite=False)
    assert target.read_bytes() == b"new"
    assert _names(target.parent) == ["users.json"]


# Durability


@pytest.fixture
def calls(monkeypatch):
    """The system calls that order writes on the disk, as they are made."""
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
def test_the_file_is_synced_then_renamed_then_its_folder_synced(target, calls, overwrite, call):
    _put(target, b"x" * 100_000, overwrite=overwrite)
    assert calls == [("fsync", "beside"), (call, "users.json"), ("fsync", target.parent.name)]


def test_the_folder_of_a_links_target_is_synced(tmp_path, calls):
    (tmp_path / "far").mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "far" / "real.json")
    _put(link)
    assert calls[-1] == ("fsync", "far")


def test_a_folder_that_cannot_be_synced_is_said_and_the_file_is_in_its_place(target, monkeypatch):
    fsync = os.fsync

    def fails(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(NotDurable) as error:
        _put(target)
    assert (error.value.errno, error.value.strerror) == (errno.EIO, "Input/output error")
    assert target.read_bytes() == b"new"


# Reading


def test_a_small_file_is_read_whole_and_a_large_one_refused(target):
    target.write_bytes(b"x" * 1024 * 1024)
    assert read_small(target) == target.read_bytes()
    target.write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(OSError, match="larger than 1 MB"):
        read_small(target)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [_pipe, _device, Path.mkdir])
def test_what_is_no_file_is_refused_without_waiting(target, make):
    make(target)
    with pytest.raises(OSError, match="it is a pipe, a device or a folder"):
        read_small(target)


def test_a_file_that_is_made_by_opening_it_is_private(target, umask):
    umask(0)
    os.close(open_file(target, os.O_WRONLY | os.O_CREAT))
    assert _mode(target) == 0o600


# Folders


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_made_folders_are_private_whatever_the_umask(tmp_path, umask, mask):
    umask(mask)
    make_private_folder(tmp_path / "a" / "b" / "c")
    assert [_mode(tmp_path / one) for one in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_folder_that_stands_there_keeps_its_mode(tmp_path):
    tmp_path.chmod(0o755)
    make_private_folder(tmp_path)
    make_private_folder(tmp_path / "a")
    assert _mode(tmp_path) == 0o755


def test_a_file_in_a_folders_place_is_an_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match="Not a directory"):
        make_private_folder(tmp_path / "file" / "a")
