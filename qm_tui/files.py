"""Reading of small files, and atomic writes.

A file is written next to its target, synced, renamed over the target, and the folder is synced.
After a failure the target has either the old content or the new.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from qm_tui.directory import OWNER_ONLY, PRIVATE, Directory


def open_regular_file(path: Path, flags: int) -> int:
    """Open a regular file. Never blocks, as opening a pipe would.

    A file that is created is private to its owner.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return descriptor


def read_limited(path: Path, max_size: int) -> bytes:
    """Return the content of a small file.

    Args:
        path: the file.
        max_size: its maximum size, in bytes.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
    """
    with os.fdopen(open_regular_file(path, os.O_RDONLY), "rb") as file:
        data = file.read(max_size + 1)
    if len(data) > max_size:
        raise OSError(errno.EFBIG, f"File too large (maximum {max_size // 1024} KB)", str(path))
    return data


@contextlib.contextmanager
def atomic_write(target: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """Yield a new file that replaces the target if the block ends without an exception.

    It is private to its owner. If the target is a symbolic link, the file it points to is replaced.

    Args:
        target: the file to create or replace.
        overwrite: whether an existing file may be replaced.

    Raises:
        OSError: it could not be written; the target was not changed.
        FileExistsError: the target exists, and `overwrite` is False.
        DirectorySyncError: it was replaced, but its folder could not be synced.
    """
    target = Path(os.path.realpath(target))
    directory = Directory(target.parent)
    try:
        if not overwrite and directory.status(target.name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        with directory.atomic_write(
            target.name, permissions=OWNER_ONLY, overwrite=overwrite
        ) as file:
            yield file
    finally:
        directory.close()


def create_private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, private to their owner.

    Raises:
        OSError: it could not be created.
    """
    directory = Directory(folder)
    try:
        directory.create()
    finally:
        directory.close()
