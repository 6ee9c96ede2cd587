"""A directory that is held open, and the files in it.

It is opened component by component, without following symbolic links. Every file is then opened,
created, renamed and removed relative to this directory. So no other user can redirect the program
by replacing a folder or a file between two steps.
"""

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

PRIVATE: Final = 0o600
"""Owner only: the files hold encrypted passwords."""

PRIVATE_FOLDER: Final = 0o700

SHARED: Final = 0o660
"""Owner and group, for files of a shared folder."""

SHARED_FOLDER: Final = 0o2770
"""Owner and group; new files belong to the group of the folder."""


class Permissions(NamedTuple):
    """The permissions of a file or a directory.

    Attributes:
        mode: the mode.
        group: the number of the group; -1 does not set it.
    """

    mode: int
    group: int = -1


OWNER_ONLY: Final = Permissions(PRIVATE)
OWNER_ONLY_FOLDER: Final = Permissions(PRIVATE_FOLDER)

Signature = tuple[int, int, int, int, int]
"""Device, inode, size and two times of a file. It differs if the file was replaced or written."""

_POLL: Final = 0.005
"""Seconds between two attempts; longer ones would starve behind a writer that never pauses."""

_SUFFIX: Final = ".new"
_MAX_LINKS: Final = 40
_MAX_REPLACEMENTS: Final = 100
"""The maximum number of attempts to open a file that is replaced each time."""

_MAX_PREFIX: Final = 200
"""Bytes of a file name that are used in the name of its temporary file; the maximum is 255."""


class DirectorySyncError(OSError):
    """The file was written, but the directory could not be synced: it may not be durable."""


class Directory:
    """A directory, opened when it is first used.

    Args:
        path: the directory, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        self.path = real_path(path)

    def __del__(self) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """The file descriptor of the directory.

        Raises:
            OSError: it does not exist, or cannot be opened.
        """
        if self._descriptor is None:
            self._descriptor = _open_directory(self.path)
        return self._descriptor

    @property
    def exists(self) -> bool:
        """Whether it exists, or existed when it was opened; False if it cannot be opened."""
        with suppress(OSError):
            return self.descriptor >= 0
        return False

    def close(self) -> None:
        """Close it. It is opened again when it is used."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def create(
        self, permissions: Permissions = OWNER_ONLY_FOLDER, above: Permissions = OWNER_ONLY_FOLDER
    ) -> None:
        """Create it and its missing parents.

        Args:
            permissions: its permissions.
            above: the permissions of missing parents.

        Raises:
            OSError: it could not be created.
        """
        if self._descriptor is None:
            self._descriptor = _open_directory(self.path, permissions, above)

    def is_in_place(self) -> bool:
        """Whether its path still refers to it."""
        with suppress(OSError):
            status = self.path.lstat()
            return os.path.samestat(status, os.fstat(self.descriptor))
        return False

    @property
    def permissions(self) -> Permissions:
        """The permissions of the files of a store in it."""
        status = os.fstat(self.descriptor)
        is_shared = status.st_mode & stat.S_ISGID and status.st_mode & stat.S_IWGRP
        return Permissions(SHARED, status.st_gid) if is_shared else OWNER_ONLY

    def names(self) -> list[str]:
        """Return the names in it, sorted."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - by descriptor

    def reopen(self) -> int:
        """Return another descriptor of it, which the caller closes."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        return os.open(".", flags, dir_fd=self.descriptor)

    @contextmanager
    def locked(self, wait: float) -> Iterator[bool]:
        """Lock the directory itself; yield whether it is locked.

        Args:
            wait: the maximum time to wait, in seconds.

        Raises:
            OSError: it cannot be locked.
        """
        descriptor = self.reopen()
        try:
            yield lock_file(descriptor, time.monotonic() + wait)
        finally:
            os.close(descriptor)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a regular file without other hard links. Never blocks.

        Raises:
            OSError: it cannot be opened, or it is not such a file.
        """
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        for _ in range(_MAX_REPLACEMENTS):
            try:
                descriptor = os.open(name, flags, PRIVATE, dir_fd=self.descriptor)
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise OSError(errno.ELOOP, f"{name} is a symbolic link", name) from error
                raise
            status = os.fstat(descriptor)
            is_file = stat.S_ISREG(status.st_mode)
            if is_file and status.st_nlink == 1:
                return descriptor
            os.close(descriptor)
            if status.st_nlink or not is_file:
                break
            # it was replaced after it was opened: open the new file
        if not is_file:
            message = f"{name} is not a regular file"
        elif status.st_nlink:
            message = f"{name} has more than one hard link"
        else:
            message = f"{name} was replaced repeatedly"
        raise OSError(errno.EINVAL, message, name)

    def create_file(
        self, name: str, flags: int = os.O_RDWR, permissions: Permissions | None = None
    ) -> int:
        """Create a file.

        Args:
            name: its name.
            flags: how it is opened.
            permissions: its permissions; by default those of the files of a store.

        Raises:
            FileExistsError: it exists.
            OSError: it could not be created.
        """
        descriptor = self.open(name, flags | os.O_CREAT | os.O_EXCL)
        try:
            apply_permissions(descriptor, permissions or self.permissions)
        except BaseException:
            os.close(descriptor)
            self.remove(name)
            raise
        return descriptor

    def open_or_create(self, name: str) -> int:
        """Open a file for reading and writing; create it if it does not exist.

        Raises:
            OSError: it could not be opened or created.
        """
        with suppress(FileNotFoundError):
            return self.open(name, os.O_RDWR)
        with suppress(FileExistsError):
            return self.create_file(name)
        return self.open(name, os.O_RDWR)

    @contextmanager
    def atomic_write(
        self,
        name: str,
        *,
        permissions: Permissions | None = None,
        overwrite: bool = True,
        may_replace: Callable[[], bool] = lambda: True,
    ) -> Iterator[BinaryIO]:
        """Yield a new file that atomically replaces `name` if the block ends without an exception.

        Args:
            name: the file to create or replace.
            permissions: its permissions; by default those of the files of a store.
            overwrite: whether an existing file may be replaced.
            may_replace: called as late as possible; returns whether the file may be replaced.

        Raises:
            OSError: it could not be written; the old file was not changed.
            FileExistsError: the file exists, and `overwrite` is False.
            DirectorySyncError: it was replaced, but the directory could not be synced.
        """
        temporary = f"{_temporary_prefix(name)}{os.urandom(6).hex()}{_SUFFIX}"
        descriptor = self.create_file(temporary, os.O_WRONLY, permissions)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if not may_replace():
                raise OSError(errno.EBUSY, f"{name} was replaced by another program", name)
            if overwrite:
                self.rename(temporary, name)
            else:
                self._rename_if_free(temporary, name)
        except BaseException:
            self.remove(temporary)
            raise
        sync(self.descriptor)

    def _rename_if_free(self, name: str, target: str) -> None:
        try:
            os.link(name, target, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)
        except FileExistsError:
            raise
        except OSError:
            # a file system without hard links
            if self.status(target) is not None:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
            self.rename(name, target)
        else:
            self.remove(name)

    def rename(self, name: str, target: str) -> None:
        """Rename a file, and replace the target if it exists.

        Raises:
            OSError: it could not be renamed.
        """
        os.rename(name, target, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists and can be removed."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)

    def temporary_files(self, name: str) -> list[str]:
        """Return the names of temporary files of a file, also those that killed programs left."""
        prefix = _temporary_prefix(name)
        return [
            candidate
            for candidate in self.names()
            if candidate.startswith(prefix)
            and candidate.endswith(_SUFFIX)
            and len(candidate) == len(prefix) + 12 + len(_SUFFIX)
        ]

    def status(self, name: str) -> os.stat_result | None:
        """Return the status of a file; None if it does not exist."""
        with suppress(OSError):
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        return None

    def is_named(self, name: str, descriptor: int | None) -> bool:
        """Whether a name refers to the file that a descriptor has open."""
        status = self.status(name)
        if status is None or descriptor is None:
            return False
        return os.path.samestat(status, os.fstat(descriptor))

    def signature(self, name: str) -> Signature | None:
        """Return the signature of a file; None if it does not exist."""
        status = self.status(name)
        if status is None:
            return None
        return (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )

    def may_write(self, name: str) -> bool:
        """Whether this program may write a file; True if it does not exist."""
        with suppress(FileNotFoundError):
            return os.access(name, os.W_OK, dir_fd=self.descriptor) or self.status(name) is None
        return True


def real_path(path: str | Path) -> Path:
    """Return the absolute path with the symbolic links resolved that root or this user owns.

    A link of another user is not resolved: its owner could change it at any moment. Opening such a
    path fails.
    """
    path = Path(path)
    # an absolute path is valid even if the current folder no longer exists
    whole = path if path.is_absolute() else Path.cwd() / path
    rest, links = [*reversed(whole.parts)], 0
    real = Path(rest.pop())
    while rest:
        part = rest.pop()
        target = _target_of(real / part) if links < _MAX_LINKS else ""
        links += bool(target)
        if part == "..":
            real = real.parent
        elif target:
            rest += reversed(Path(target).parts)
        else:
            real /= part  # an absolute part replaces the path
    return real


def _target_of(path: Path) -> str:
    """Return the target of a link; empty if it is not a link, or another user owns it."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISLNK(status.st_mode) and status.st_uid in (0, os.geteuid()):
                return os.readlink("", dir_fd=descriptor)
        finally:
            os.close(descriptor)
    return ""


def lock_file(descriptor: int, until: float, how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file; return whether it is locked.

    Args:
        descriptor: the file.
        until: when to stop trying, as of `time.monotonic`.
        how: the kind of lock.

    Raises:
        OSError: it cannot be locked.
    """
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL)
        else:
            return True


def apply_permissions(descriptor: int, permissions: Permissions) -> None:
    """Set group and mode of an open file or directory, regardless of the umask.

    Raises:
        OSError: they could not be set.
    """
    if permissions.group not in (-1, os.fstat(descriptor).st_gid):
        os.fchown(descriptor, -1, permissions.group)
    os.fchmod(descriptor, permissions.mode)


def sync(descriptor: int) -> None:
    """Make the entries of an open directory durable.

    Raises:
        DirectorySyncError: it could not be synced.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise DirectorySyncError(error.errno, error.strerror) from error


def _temporary_prefix(name: str) -> str:
    return "." + os.fsdecode(os.fsencode(name)[:_MAX_PREFIX]) + "."


def _open_directory(
    path: Path, permissions: Permissions | None = None, above: Permissions = OWNER_ONLY_FOLDER
) -> int:
    """Open a directory component by component; create missing ones if `permissions` is given."""
    last = len(path.parts) - 1
    descriptor = -1
    for index, part in enumerate(path.parts):
        is_last = index == last
        mode = os.O_RDONLY if is_last else os.O_PATH
        flags = mode | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            child = os.open(part, flags, dir_fd=descriptor if index else None)
        except FileNotFoundError:
            if permissions is None:
                raise
            child = _create_directory(part, descriptor, permissions if is_last else above)
        except NotADirectoryError as error:
            status = os.stat(part, dir_fd=descriptor if index else None, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                msg = f"{part} is a symbolic link that cannot be trusted"
                raise OSError(errno.ELOOP, msg, part) from error
            raise
        finally:
            if index:
                os.close(descriptor)
        descriptor = child
    return descriptor


def _create_directory(name: str, parent: int, permissions: Permissions) -> int:
    is_new = False
    with suppress(FileExistsError):
        os.mkdir(name, PRIVATE_FOLDER, dir_fd=parent)
        is_new = True
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=parent)
    try:
        if is_new and os.fstat(descriptor).st_uid == os.geteuid():
            apply_permissions(descriptor, permissions)
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=parent)
        try:
            sync(readable)
        finally:
            os.close(readable)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
