"""Small files that are read, and files that are written whole or not at all.

A file is written beside its target, synced, renamed over it, and its folder synced. Whatever
happens on the way, the target holds the old bytes or the new ones.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from qm_tui.directory import OWNER_ONLY, PRIVATE, Directory

_SMALL: Final = 1024 * 1024
"""Bytes that a small file may have."""


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


@contextlib.contextmanager
def replacing(target: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Give a new file that takes the place of another if the block ends without an exception.

    It is its owner's alone. Where the target is a symbolic link, the file it points to is replaced.

    Args:
        target: the file to make or to replace.
        overwrite: whether a file that exists may be replaced.

    Raises:
        OSError: it could not be written; the target is as it was.
        FileExistsError: the target exists, and `overwrite` is False.
        NotDurable: it has its name, but its folder could not be synced.
    """
    target = Path(os.path.realpath(target))
    directory = Directory(target.parent)
    try:
        if not overwrite and directory.status(target.name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        with directory.replacing(target.name, access=OWNER_ONLY, overwrite=overwrite) as file:
            yield file
    finally:
        directory.close()


def make_private_folder(folder: Path) -> None:
    """Make the folder and those above it where they are missing, for their owner alone.

    Raises:
        OSError: it could not be made.
    """
    directory = Directory(folder)
    try:
        directory.create()
    finally:
        directory.close()
