"""Files written whole or not at all.

A file is written beside its target, synced, renamed over it, and its folder synced. Whatever
happens on the way, the target holds the old bytes or the new ones.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

PRIVATE: Final = 0o600
"""Owner only: the files hold encrypted passwords."""

PRIVATE_FOLDER: Final = 0o700

SHARED: Final = 0o660
"""Owner and group, where a group shares a store."""

SHARED_FOLDER: Final = 0o2770
"""New files in it belong to its group."""


class Access(NamedTuple):
    """Who may use a file.

    Attributes:
        mode: its mode.
        group: the number of its group; -1 leaves the one it gets.
    """

    mode: int
    group: int = -1


OWNER_ALONE: Final = Access(PRIVATE)

_SMALL: Final = 1024 * 1024
"""Bytes that a small file may have."""


def access_in(folder: Path) -> Access:
    """Who may use the files that a store makes in a folder.

    In a set-gid folder in which the group may write, the group shares them; elsewhere they are
    their owner's alone.

    Raises:
        OSError: the folder is not there.
    """
    status = folder.stat()
    is_shared = status.st_mode & stat.S_ISGID and status.st_mode & stat.S_IWGRP
    return Access(SHARED, status.st_gid) if is_shared else OWNER_ALONE


def _give(descriptor: int, access: Access) -> None:
    """Give a file that was just made its group and its mode, whatever the umask."""
    if access.group not in (-1, os.fstat(descriptor).st_gid):
        os.fchown(descriptor, -1, access.group)
    os.fchmod(descriptor, access.mode)


def open_file(path: Path, flags: int) -> int:
    """Open a file, and nothing but a file. Never waits, as a pipe would make it.

    One that the flags let it make is its owner's alone.

    Raises:
        OSError: it cannot be opened, or something else is there.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is a pipe, a device or a folder, not a file", str(path))
    return descriptor


def read_small(path: Path) -> bytes:
    """What a small file holds, as one of settings: at most 1 MB.

    Raises:
        OSError: it cannot be read, is no file, or is larger.
    """
    with os.fdopen(open_file(path, os.O_RDONLY), "rb") as file:
        data = file.read(_SMALL + 1)
    if len(data) > _SMALL:
        raise OSError(errno.EFBIG, "it is larger than 1 MB", str(path))
    return data


def open_kept(path: Path, flags: int) -> int:
    """Open a file that is never replaced; make it if need be, for those who share its folder.

    Raises:
        OSError: it cannot be opened or made.
    """
    flags |= os.O_CLOEXEC
    with contextlib.suppress(FileNotFoundError):
        return open_file(path, flags)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        return open_file(path, flags)
    try:
        _give(descriptor, access_in(path.parent))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


_BESIDE_SUFFIX: Final = ".new"


_LONGEST_PREFIX: Final = 200
"""Bytes of the target's name in the name of the file beside it; names end at 255."""


def _beside_prefix(target: Path) -> str:
    return "." + os.fsdecode(os.fsencode(target.name)[:_LONGEST_PREFIX]) + "."


def _beside(target: Path) -> Path:
    return target.with_name(f"{_beside_prefix(target)}{os.urandom(6).hex()}{_BESIDE_SUFFIX}")


def remove_leftovers(target: Path) -> None:
    """Remove what programs that were killed while replacing `target` left beside it.

    Only for one who knows that nobody else is replacing it now.
    """
    target = Path(os.path.realpath(target))
    prefix = re.escape(_beside_prefix(target))
    leftover = re.compile(rf"{prefix}[0-9a-f]{{12}}{re.escape(_BESIDE_SUFFIX)}", re.DOTALL)
    with contextlib.suppress(OSError):
        for one in os.scandir(target.parent):
            if leftover.fullmatch(one.name):
                Path(one.path).unlink(missing_ok=True)


class NotDurable(OSError):
    """The file is in its place, but the system would not promise that it outlasts a power cut."""


@contextlib.contextmanager
def replacing(
    target: Path, *, overwrite: bool = True, access: Access = OWNER_ALONE
) -> Iterator[BinaryIO]:
    """A new file that takes the place of `target` when the block ends without an exception.

    Its mode is 0600 whatever the umask, unless others shall have access to it. Where `target` is a
    symbolic link, the file it points to is replaced.

    Args:
        target: the file to make or to replace.
        overwrite: whether a file that stands there may be replaced.
        access: who may use the new file.

    Raises:
        OSError: it could not be written; the target is as it was.
        FileExistsError: it stands there already, and `overwrite` is False.
        NotDurable: it was written and renamed, but its folder could not be synced.
    """
    target = Path(os.path.realpath(target))
    if not overwrite and os.path.lexists(target):
        raise FileExistsError(target)
    beside = _beside(target)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _give(file.fileno(), access)
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            beside.replace(target)
        else:
            _rename_if_free(beside, target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
    sync_folder(target.parent)


def _rename_if_free(beside: Path, target: Path) -> None:
    """Rename, unless somebody else made the target meanwhile."""
    try:
        os.link(beside, target)
    except FileExistsError:
        raise
    except OSError:
        # a file system without hard links
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        beside.rename(target)
    else:
        beside.unlink()


def name_too(source: Path, target: Path, access: Access) -> None:
    """Give a file a second name, in place of what bears that name; copy it where that cannot be.

    The folder of the target is not synced yet.

    Raises:
        OSError: it could not be done.
    """
    beside = _beside(target)
    try:
        try:
            os.link(source, beside)
        except FileNotFoundError:
            raise
        except OSError:
            # a file system without hard links, or one that is not ours to link
            with replacing(target, access=access) as copy, source.open("rb") as original:
                shutil.copyfileobj(original, copy)
        else:
            beside.replace(target)
    finally:
        # where both names mean one file already, a rename leaves both
        beside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder outlast a power cut.

    Raises:
        NotDurable: the system would not promise it.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotDurable(error.errno, error.strerror) from error


def make_folder(folder: Path, access: Access) -> None:
    """Make a folder inside one that is there, for those who have access.

    Raises:
        OSError: it could not be made.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(PRIVATE_FOLDER)
        if access.mode == SHARED:
            os.chown(folder, -1, access.group)
            folder.chmod(SHARED_FOLDER)
        else:
            folder.chmod(PRIVATE_FOLDER)
        sync_folder(folder.parent)


def make_private_folder(folder: Path) -> None:
    """Make the folder and those above it where they are missing, for their owner alone.

    Raises:
        OSError: it could not be made.
    """
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        with contextlib.suppress(FileExistsError):
            one.mkdir(PRIVATE_FOLDER)
            one.chmod(PRIVATE_FOLDER)
            sync_folder(one.parent)
