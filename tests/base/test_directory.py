"""A directory that is held open: changed paths do not redirect the program."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qm_tui.directory import (
    OWNER_ONLY,
    SHARED,
    SHARED_FOLDER,
    Directory,
    DirectorySyncError,
    Permissions,
    apply_permissions,
)

NAME = "users.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    path.mkdir(0o700)
    return path


@pytest.fixture
def directory(path) -> Iterator[Directory]:
    directory = Directory(path)
    yield directory
    directory.close()


@pytest.fixture
def umask():
    before = os.umask(0)
    yield os.umask
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _put(directory: Directory, data: bytes = b"new", *, overwrite: bool = True) -> None:
    with directory.atomic_write(NAME, overwrite=overwrite) as file:
        file.write(data)


def _fails(*_arguments: object, **_more: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


# The directory itself


def test_missing_directory_is_no_error_until_it_is_used(tmp_path):
    directory = Directory(tmp_path / "none")
    assert not directory.exists
    assert not directory.is_open
    with pytest.raises(FileNotFoundError):
        directory.names()
    with pytest.raises(FileNotFoundError):
        directory.open(NAME)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_created_directories_are_private_regardless_of_the_umask(tmp_path, umask, mask):
    umask(mask)
    Directory(tmp_path / "a" / "b").create()
    umask(0)
    assert [_mode(tmp_path / one) for one in ("a", "a/b")] == [0o700] * 2


def test_created_directories_get_the_given_permissions(tmp_path):
    group = os.getegid()
    directory = Directory(tmp_path / "a" / "b" / "c")
    directory.create(Permissions(SHARED_FOLDER, group), Permissions(0o755))
    assert [_mode(tmp_path / one) for one in ("a", "a/b", "a/b/c")] == [0o755, 0o755, 0o2770]
    assert directory.permissions == Permissions(SHARED, group)


def test_existing_directory_keeps_its_mode(path):
    path.chmod(0o755)
    Directory(path).create()
    assert _mode(path) == 0o755


def test_parent_of_each_created_directory_is_synced(tmp_path, monkeypatch):
    synced, fsync = [], os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    Directory(tmp_path / "a" / "b").create()
    assert synced == [tmp_path, tmp_path / "a"]


def test_links_in_the_path_are_resolved_once(tmp_path, path):
    link = tmp_path / "link"
    link.symlink_to(path)
    directory = Directory(link)
    link.unlink()
    link.symlink_to("/etc")
    assert directory.path == path
    _put(directory)
    assert (path / NAME).exists()


@pytest.mark.parametrize("place", ["store", "store/below"])
def test_directory_replaced_by_a_link_is_not_followed(tmp_path, place):
    (tmp_path / place).mkdir(parents=True)
    directory = Directory(tmp_path / "store" / "below")
    (tmp_path / place).rmdir() if place != "store" else None
    (tmp_path / "elsewhere" / "below").mkdir(parents=True)
    if place == "store":
        (tmp_path / "store").rmdir()
        (tmp_path / "store").symlink_to(tmp_path / "elsewhere")
    else:
        (tmp_path / "store" / "below").symlink_to(tmp_path / "elsewhere")
    assert not directory.exists
    with pytest.raises(OSError, match=r"symbolic link that cannot be trusted|Too many levels"):
        directory.create()
    assert list((tmp_path / "elsewhere" / "below").iterdir()) == []


def test_replacement_of_an_open_directory_is_not_used(tmp_path, path, directory):
    assert directory.exists
    assert directory.is_in_place()
    path.rename(tmp_path / "moved")
    path.mkdir()
    assert not directory.is_in_place()
    _put(directory)
    assert list(path.iterdir()) == []
    assert (tmp_path / "moved" / NAME).read_bytes() == b"new"


def test_closed_directory_can_be_used_again(path, directory):
    _put(directory)
    directory.close()
    assert not directory.is_open
    directory.close()
    assert directory.names() == [NAME]


@pytest.mark.parametrize(
    ("mode", "is_shared"), [(0o700, False), (0o770, False), (0o2750, False), (0o2770, True)]
)
def test_files_in_a_shared_folder_are_shared(path, directory, mode, is_shared):
    path.chmod(mode)
    assert directory.permissions == (
        Permissions(SHARED, path.stat().st_gid) if is_shared else OWNER_ONLY
    )
    _put(directory)
    assert _mode(path / NAME) == (0o660 if is_shared else 0o600)


# Opening


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link(path: Path) -> None:
    path.with_name("target").write_bytes(b"precious")
    path.symlink_to("target")


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _second_name(path: Path) -> None:
    path.with_name("first").write_bytes(b"precious")
    os.link(path.with_name("first"), path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_pipe, "users.json is not a regular file"),
        (Path.mkdir, "users.json is not a regular file"),
        (_link, "users.json is a symbolic link"),
        (_dangling, "users.json is a symbolic link"),
        (_second_name, "users.json has more than one hard link"),
    ],
)
def test_only_regular_files_with_one_link_are_opened(path, directory, make, words):
    make(path / NAME)
    with pytest.raises(OSError, match=words):
        directory.open(NAME)
    if make is not _second_name and make is not Path.mkdir:
        with pytest.raises(OSError, match=words):
            directory.open_or_create(NAME)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match=words):
        directory.open(NAME)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("is_replaced", [True, False])
def test_file_replaced_during_open_is_opened_again(path, directory, monkeypatch, is_replaced):
    _put(directory, b"old")
    opened = os.open

    def replaced_meanwhile(name, flags, *more, **named) -> int:
        descriptor = opened(name, flags, *more, **named)
        if name == NAME and os.pread(descriptor, 3, 0) == b"old":
            (path / NAME).unlink()
            if is_replaced:
                (path / NAME).write_bytes(b"new")
        return descriptor

    monkeypatch.setattr(os, "open", replaced_meanwhile)
    if not is_replaced:
        with pytest.raises(FileNotFoundError):
            directory.open(NAME)
        return
    descriptor = directory.open(NAME)
    assert os.read(descriptor, 10) == b"new"
    os.close(descriptor)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_created_file_gets_its_permissions_regardless_of_the_umask(path, directory, umask, mask):
    umask(mask)
    os.close(directory.create_file(NAME))
    os.close(directory.create_file("other", permissions=Permissions(0o640)))
    assert (_mode(path / NAME), _mode(path / "other")) == (0o600, 0o640)
    with pytest.raises(FileExistsError):
        directory.create_file(NAME)


def test_open_or_make_opens_or_creates(path, directory):
    for _ in range(2):
        descriptor = directory.open_or_create(NAME)
        assert os.write(descriptor, b"x") == 1
        os.close(descriptor)
    assert (path / NAME).read_bytes() == b"x"


# Replacing


def test_readers_see_the_old_file_until_the_block_ends(path, directory):
    (path / NAME).write_bytes(b"old")
    with directory.atomic_write(NAME) as file:
        file.write(b"new")
        file.flush()
        assert (path / NAME).read_bytes() == b"old"
    assert (path / NAME).read_bytes() == b"new"
    assert directory.names() == [NAME]


def test_file_is_synced_then_renamed_then_directory_synced(path, directory, monkeypatch):
    made = []
    fsync, rename = os.fsync, os.rename

    def recorded_fsync(descriptor: int) -> None:
        made.append(f"sync {'folder' if stat.S_ISDIR(os.fstat(descriptor).st_mode) else 'file'}")
        fsync(descriptor)

    def recorded_rename(*arguments, **more) -> None:
        made.append("rename")
        rename(*arguments, **more)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    _put(directory)
    assert made == ["sync file", "rename", "sync folder"]


@pytest.mark.parametrize("call", ["fsync", "rename", "fchmod"])
def test_failed_system_call_changes_nothing(path, directory, monkeypatch, call):
    (path / NAME).write_bytes(b"old")
    monkeypatch.setattr(os, call, _fails)
    with pytest.raises(OSError, match="Input/output") as error:
        _put(directory)
    assert not isinstance(error.value, DirectorySyncError)
    assert (path / NAME).read_bytes() == b"old"
    assert directory.names() == [NAME]


def test_exception_in_the_block_changes_nothing(path, directory):
    (path / NAME).write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), directory.atomic_write(NAME) as file:  # noqa: PT012
        file.write(b"new" * 100_000)
        raise KeyboardInterrupt
    assert (path / NAME).read_bytes() == b"old"
    assert directory.names() == [NAME]


def test_may_replace_is_called_after_the_write(path, directory):
    (path / NAME).write_bytes(b"old")
    asked = []

    def may_replace() -> bool:
        (temporary,) = directory.temporary_files(NAME)
        asked.append((path / temporary).read_bytes())
        return False

    with (
        pytest.raises(OSError, match="replaced by another program"),
        directory.atomic_write(NAME, may_replace=may_replace) as file,
    ):
        file.write(b"new")
    assert asked == [b"new"]
    assert (path / NAME).read_bytes() == b"old"
    assert directory.names() == [NAME]


@pytest.mark.parametrize("has_links", [True, False], ids=["hard links", "no hard links"])
def test_file_created_in_the_meantime_is_not_overwritten(path, directory, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr(os, "link", _fails)
    with pytest.raises(FileExistsError), directory.atomic_write(NAME, overwrite=False):
        (path / NAME).write_bytes(b"somebody else's")
    assert (path / NAME).read_bytes() == b"somebody else's"
    assert directory.names() == [NAME]
    (path / NAME).unlink()
    _put(directory, overwrite=False)
    assert (path / NAME).read_bytes() == b"new"


def test_failed_directory_sync_is_reported_after_the_rename(path, directory, monkeypatch):
    fsync = os.fsync

    def fails(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            _fails()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(DirectorySyncError) as error:
        _put(directory)
    assert error.value.errno == errno.EIO
    assert (path / NAME).read_bytes() == b"new"


_KILLED = """
import os, signal, sys
from pathlib import Path
from qm_tui.directory import Directory
with Directory(Path(sys.argv[1])).atomic_write(sys.argv[2]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("name", ["users.json", "x" * 200 + ".json", "é" * 100, ".hidden"])
def test_only_temporary_files_of_killed_writers_are_found(path, directory, name):
    (path / name).write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", _KILLED, path, name], check=False, timeout=30)
    assert done.returncode == -9
    for other in (f".{name}.new"[-40:], "other.json", ".other.json.0123456789ab.new"):
        (path / other).write_bytes(b"precious")
    (left_behind,) = directory.temporary_files(name)
    directory.remove(left_behind)
    directory.remove(left_behind)
    assert directory.temporary_files(name) == []
    assert len(directory.names()) == 4
    assert (path / name).read_bytes() == b"old"


# What the system says of files


def test_signature_differs_after_a_write_or_a_replacement(path, directory):
    assert directory.status(NAME) is directory.signature(NAME) is None
    _put(directory)
    first = directory.signature(NAME)
    assert first == directory.signature(NAME)
    with (path / NAME).open("ab") as file:
        file.write(b"more")
    second = directory.signature(NAME)
    _put(directory, b"newmore")
    assert len({first, second, directory.signature(NAME)}) == 3


def test_status_of_a_link_is_not_that_of_its_target(path, directory):
    _link(path / NAME)
    status = directory.status(NAME)
    assert status is not None
    assert stat.S_ISLNK(status.st_mode)


def test_may_write_checks_permission(path, directory, monkeypatch):
    assert directory.may_write(NAME)
    _put(directory)
    assert directory.may_write(NAME)
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    assert not directory.may_write(NAME)
    assert directory.may_write("none")


def test_failed_group_change_is_an_error(path, directory, monkeypatch):
    monkeypatch.setattr(os, "fchown", _fails)
    descriptor = directory.create_file(NAME)
    with pytest.raises(OSError, match="Input/output"):
        apply_permissions(descriptor, Permissions(0o660, os.getegid() + 12345))
    os.close(descriptor)
    assert _mode(path / NAME) == 0o600


# Paths


def test_absolute_path_works_in_a_removed_folder(tmp_path, path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    _put(Directory(path))
    assert (path / NAME).read_bytes() == b"new"
    with pytest.raises(FileNotFoundError):
        Directory(Path("store"))
