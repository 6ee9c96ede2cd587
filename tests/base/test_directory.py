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
MASKS = pytest.mark.parametrize("mask", [0o000, 0o777])


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


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _put(directory: Directory, data: bytes = b"new", *, overwrite: bool = True) -> None:
    with directory.atomic_write(NAME, overwrite=overwrite) as file:
        file.write(data)


def _fails(*_arguments: object, **_more: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


# The directory itself


@MASKS
def test_created_directories_get_their_permissions_regardless_of_the_umask(tmp_path, umask, mask):
    umask(mask)
    Directory(tmp_path / "p" / "q").create()
    directory = Directory(tmp_path / "a" / "b" / "c")
    directory.create(Permissions(SHARED_FOLDER, os.getegid()), Permissions(0o755))
    Directory(tmp_path / "a").create()  # an existing one keeps its permissions
    umask(0)
    modes = [_mode(tmp_path / one) for one in ("p", "p/q", "a", "a/b", "a/b/c")]
    assert modes == [0o700, 0o700, 0o755, 0o755, 0o2770]


def test_links_in_the_path_are_resolved_once(tmp_path, path):
    link = tmp_path / "link"
    link.symlink_to(path)
    directory = Directory(link)
    link.unlink()
    link.symlink_to("/etc")
    assert directory.path == path
    _put(directory)
    directory.close()
    assert directory.names() == [NAME]


@pytest.mark.parametrize("place", ["store", "store/below"])
def test_directory_replaced_by_a_link_is_not_followed(tmp_path, place):
    (tmp_path / place).mkdir(parents=True)
    directory = Directory(tmp_path / "store" / "below")
    (tmp_path / "elsewhere" / "below").mkdir(parents=True)
    (tmp_path / place).rmdir()
    (tmp_path / place).symlink_to(tmp_path / "elsewhere")
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


@pytest.mark.parametrize(
    ("mode", "is_shared"), [(0o700, False), (0o770, False), (0o2750, False), (0o2770, True)]
)
def test_files_in_a_shared_folder_are_shared(path, directory, mode, is_shared):
    path.chmod(mode)
    shared = Permissions(SHARED, path.stat().st_gid)
    assert directory.permissions == (shared if is_shared else OWNER_ONLY)
    _put(directory)
    assert _mode(path / NAME) == (0o660 if is_shared else 0o600)


# Opening


def _link(path: Path) -> None:
    path.with_name("target").write_bytes(b"precious")
    path.symlink_to("target")


def _second_name(path: Path) -> None:
    path.with_name("first").write_bytes(b"precious")
    os.link(path.with_name("first"), path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "users.json is not a regular file"),
        (Path.mkdir, "users.json is not a regular file"),
        (_link, "users.json is a symbolic link"),
        (_second_name, "users.json has more than one hard link"),
    ],
)
def test_only_regular_files_with_one_link_are_opened(path, directory, make, words):
    make(path / NAME)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(2):
        with pytest.raises(OSError, match=words):
            directory.open(NAME)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    if make in (os.mkfifo, _link):
        with pytest.raises(OSError, match=words):
            directory.open_or_create(NAME)


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


@MASKS
def test_created_file_gets_its_permissions_regardless_of_the_umask(path, directory, umask, mask):
    umask(mask)
    os.close(directory.create_file(NAME))
    os.close(directory.create_file("other", permissions=Permissions(0o640)))
    assert (_mode(path / NAME), _mode(path / "other")) == (0o600, 0o640)
    with pytest.raises(FileExistsError):
        directory.create_file(NAME)
    for data in (b"x", b"y"):
        descriptor = directory.open_or_create("third")
        os.write(descriptor, data)
        os.close(descriptor)
    assert (path / "third").read_bytes() == b"y"


# Replacing


def test_file_is_replaced_when_the_block_ends(path, directory):
    (path / NAME).write_bytes(b"old")
    with directory.atomic_write(NAME) as file:
        file.write(b"new")
        file.flush()
        assert (path / NAME).read_bytes() == b"old"
    assert (path / NAME).read_bytes() == b"new"
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
        (path / NAME).write_bytes(b"another admin's")
    assert (path / NAME).read_bytes() == b"another admin's"
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
    assert (error.value.errno, error.value.strerror) == (errno.EIO, "Input/output error")
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


@pytest.mark.parametrize("name", ["users.json", "é" * 100])
def test_only_temporary_files_of_killed_writers_are_found(path, directory, name):
    (path / name).write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", _KILLED, path, name], check=False, timeout=60)
    assert done.returncode == -9
    for other in (f".{name}.new"[-40:], "other.json", ".other.json.0123456789ab.new"):
        (path / other).write_bytes(b"precious")
    (left_behind,) = directory.temporary_files(name)
    for _ in range(2):
        directory.remove(left_behind)
    assert directory.temporary_files(name) == []
    assert len(directory.names()) == 4
    assert (path / name).read_bytes() == b"old"


# What the system says of files


def test_signature_differs_after_a_write_or_a_replacement(path, directory):
    assert directory.signature(NAME) is None
    _put(directory)
    first = directory.signature(NAME)
    assert first == directory.signature(NAME)
    with (path / NAME).open("ab") as file:
        file.write(b"more")
    second = directory.signature(NAME)
    _put(directory, b"newmore")
    assert len({first, second, directory.signature(NAME)}) == 3


def test_failed_group_change_is_an_error(path, directory, monkeypatch):
    monkeypatch.setattr(os, "fchown", _fails)
    descriptor = directory.create_file(NAME)
    with pytest.raises(OSError, match="Input/output"):
        apply_permissions(descriptor, Permissions(0o660, os.getegid() + 12345))
    os.close(descriptor)
    assert _mode(path / NAME) == 0o600
