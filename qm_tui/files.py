"""Files written whole or not at all.

A file is written beside its target, synced, renamed over it, and its folder synced. Whatever
happens on the way, the target holds the old bytes or the new ones.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE: Final = 0o600
"""Owner only: the files hold encrypted passwords."""

PRIVATE_FOLDER: Final = 0o700


_BESIDE_SUFFIX: Final = ".new"


_LONGEST_PREFIX: Final = 200
"""Bytes of the target's name in the name of the file beside it; names end at 255."""


def _beside_prefix(target: Path) -> str:
    return "." + os.fsdecode(os.fsencode(target.name)[:_LONGEST_PREFIX]) + "."


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
def replacing(target: Path, *, overwrite: bool = True) -> Iterator[BinaryIO]:
    """A new file that takes the place of `target` when the block ends without an exception.

    Its mode is 0600 whatever the umask. Where `target` is a symbolic link, the file it points to
    is replaced.

    Args:
        target: the file to make or to replace.
        overwrite: whether a file that stands there may be replaced.

    Raises:
        OSError: it could not be written; the target is as it was.
        FileExistsError: it stands there already, and `overwrite` is False.
        NotDurable: it was written and renamed, but its folder could not be synced.
    """
    target = Path(os.path.realpath(target))
    if not overwrite and os.path.lexists(target):
        raise FileExistsError(target)
    beside = target.with_name(f"{_beside_prefix(target)}{os.urandom(6).hex()}{_BESIDE_SUFFIX}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), PRIVATE)
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
    _sync_folder(target.parent)


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


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotDurable(error.errno, error.strerror) from error


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
            _sync_folder(one.parent)
