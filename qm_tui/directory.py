"""A directory that is held open, and the files in it.

It is opened step by step, without following a link. Every file is then opened, made, renamed and
removed by its name in that directory. So nothing that another user puts in place of a folder or a
file between two steps can lead the program elsewhere.
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
"""Owner and group, in a folder that a group shares."""

SHARED_FOLDER: Final = 0o2770
"""New files in it belong to its group."""


class Access(NamedTuple):
    """Who may use a file or a directory.

    Attributes:
        mode: its mode.
        group: the number of its group; -1 leaves the one it gets.
    """

    mode: int
    group: int = -1


OWNER_ONLY: Final = Access(PRIVATE)
OWNER_ONLY_FOLDER: Final = Access(PRIVATE_FOLDER)

Signature = tuple[int, int, int, int, int]
"""What differs if a file was replaced or written: device, inode, size and two times."""

_POLL: Final = 0.005
"""Seconds between two tries; a writer without any pause would starve those that try less often."""

_SUFFIX: Final = ".new"
_MOST_LINKS: Final = 40
_MOST_REPLACEMENTS: Final = 100
"""Times that a file is opened anew, because it was replaced while it was opened."""

_LONGEST_PREFIX: Final = 200
"""Bytes of a name in that of its temporary file; names end at 255."""


class NotDurable(OSError):
    """The file has its name, but the system could not promise that it outlasts a power cut."""


class Directory:
    """A directory, opened when it is first needed.

    Args:
        path: the directory. It need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        self.path = real_path(path)

    def __del__(self) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """Its descriptor.

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

    @property
    def is_open(self) -> bool:
        """Whether it was needed, and existed."""
        return self._descriptor is not None

    def close(self) -> None:
        """Close it. It is opened again when it is needed."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def create(self, access: Access = OWNER_ONLY_FOLDER, above: Access = OWNER_ONLY_FOLDER) -> None:
        """Create it, and the directories above it, where they are missing.

        Args:
            access: who may use it.
            above: who may use missing directories above it.

        Raises:
            OSError: it could not be created.
        """
        if self._descriptor is None:
            self._descriptor = _open_directory(self.path, access, above)

    def is_in_place(self) -> bool:
        """Whether its path still leads to it."""
        with suppress(OSError):
            found = self.path.lstat()
            return os.path.samestat(found, os.fstat(self.descriptor))
        return False

    @property
    def access(self) -> Access:
        """Who may use the files of a store in it: its group, if it is a shared one."""
        status = os.fstat(self.descriptor)
        is_shared = status.st_mode & stat.S_ISGID and status.st_mode & stat.S_IWGRP
        return Access(SHARED, status.st_gid) if is_shared else OWNER_ONLY

    def names(self) -> list[str]:
        """Return the names in it, sorted."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - by descriptor

    def reopen(self) -> int:
        """Return another descriptor of it, to be closed by the caller."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        return os.open(".", flags, dir_fd=self.descriptor)

    @contextmanager
    def locked(self, wait: float) -> Iterator[bool]:
        """Hold the lock of the directory itself; gives whether that is so.

        Args:
            wait: the seconds to wait for it.

        Raises:
            OSError: it cannot be locked.
        """
        descriptor = self.reopen()
        try:
            yield lock_file(descriptor, time.monotonic() + wait)
        finally:
            os.close(descriptor)

    def open(self, name: str, flags: int = os.O_RDONLY) -> int:
        """Open a file: a regular one, with one name. Never waits.

        Raises:
            OSError: it cannot be opened, or something else has this name.
        """
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        for _ in range(_MOST_REPLACEMENTS):
            try:
                descriptor = os.open(name, flags, PRIVATE, dir_fd=self.descriptor)
            except OSError as error:
                if error.errno == errno.ELOOP:
                    raise OSError(errno.ELOOP, f"{name} is a link", name) from error
                raise
            status = os.fstat(descriptor)
            is_file = stat.S_ISREG(status.st_mode)
            if is_file and status.st_nlink == 1:
                return descriptor
            os.close(descriptor)
            if status.st_nlink or not is_file:
                break
            # it was replaced in between: another file has the name now
        what = "is a pipe, a device or a folder, not a file"
        if is_file:
            what = "has a second name (a hard link)" if status.st_nlink else "was just removed"
        raise OSError(errno.EINVAL, f"{name} {what}", name)

    def make(self, name: str, flags: int = os.O_RDWR, access: Access | None = None) -> int:
        """Make a file that does not exist, for those who may use the files of a store in it.

        Raises:
            FileExistsError: it exists.
            OSError: it could not be made.
        """
        descriptor = self.open(name, flags | os.O_CREAT | os.O_EXCL)
        try:
            give(descriptor, access or self.access)
        except BaseException:
            os.close(descriptor)
            self.remove(name)
            raise
        return descriptor

    def open_or_make(self, name: str) -> int:
        """Open a file for reading and writing; make it if it does not exist.

        Raises:
            OSError: it could not be done.
        """
        with suppress(FileNotFoundError):
            return self.open(name, os.O_RDWR)
        with suppress(FileExistsError):
            return self.make(name)
        return self.open(name, os.O_RDWR)

    @contextmanager
    def replacing(
        self,
        name: str,
        *,
        access: Access | None = None,
        overwrite: bool = True,
        may_replace: Callable[[], bool] = lambda: True,
    ) -> Iterator[BinaryIO]:
        """Give a new file, which atomically takes a name if the block ends without an exception.

        Args:
            name: the name.
            access: who may use it; those who may use the files of a store if None.
            overwrite: whether it may take the name of another file.
            may_replace: asked as late as possible whether it may take the name.

        Raises:
            OSError: it could not be written; what had the name still has it.
            FileExistsError: another file has the name, and `overwrite` is False.
            NotDurable: it has the name, but the directory could not be synced.
        """
        temporary = f"{_temporary_prefix(name)}{os.urandom(6).hex()}{_SUFFIX}"
        descriptor = self.make(temporary, os.O_WRONLY, access)
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
        """Give a file another name, in place of what has it.

        Raises:
            OSError: it could not be done.
        """
        os.rename(name, target, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def remove(self, name: str) -> None:
        """Remove a file, if it exists and can be removed."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self.descriptor)

    def temporary_files(self, name: str) -> list[str]:
        """Return the names of files that are to replace one, or that killed programs left."""
        prefix = _temporary_prefix(name)
        return [
            found
            for found in self.names()
            if found.startswith(prefix)
            and found.endswith(_SUFFIX)
            and len(found) == len(prefix) + 12 + len(_SUFFIX)
        ]

    def status(self, name: str) -> os.stat_result | None:
        """Return what the system says of a name; None if it does not exist."""
        with suppress(OSError):
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        return None

    def is_named(self, name: str, descriptor: int | None) -> bool:
        """Whether a name leads to the file that a descriptor has open."""
        found = self.status(name)
        if found is None or descriptor is None:
            return False
        return os.path.samestat(found, os.fstat(descriptor))

    def signature(self, name: str) -> Signature | None:
        """Return the signature of a file; None if it does not exist."""
        found = self.status(name)
        if found is None:
            return None
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def may_write(self, name: str) -> bool:
        """Whether this program may write a file, if it exists."""
        with suppress(FileNotFoundError):
            return os.access(name, os.W_OK, dir_fd=self.descriptor) or self.status(name) is None
        return True


def real_path(path: str | Path) -> Path:
    """Return a path without the links in it, as far as root or this program's user made them.

    One that another user made stays in it: it might be swapped in at any moment, and lead to what
    is not theirs. To open it fails.
    """
    path = Path(path)
    # an absolute path is good even if the current folder is gone
    whole = path if path.is_absolute() else Path.cwd() / path
    rest, links = [*reversed(whole.parts)], 0
    real = Path(rest.pop())
    while rest:
        part = rest.pop()
        target = _target_of(real / part) if links < _MOST_LINKS else ""
        links += bool(target)
        if part == "..":
            real = real.parent
        elif target:
            rest += reversed(Path(target).parts)
        else:
            real /= part  # an absolute one begins anew
    return real


def _target_of(path: Path) -> str:
    """Return where a link leads; nothing if it is none, or another user made it."""
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
    """Lock an open file; return whether that was possible until a moment.

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


def give(descriptor: int, access: Access) -> None:
    """Give an open file or directory its group and its mode, whatever the umask.

    Raises:
        OSError: it could not be done.
    """
    if access.group not in (-1, os.fstat(descriptor).st_gid):
        os.fchown(descriptor, -1, access.group)
    os.fchmod(descriptor, access.mode)


def sync(descriptor: int) -> None:
    """Make the names in an open directory durable.

    Raises:
        NotDurable: the system could not promise it.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise NotDurable(error.errno, error.strerror) from error


def _temporary_prefix(name: str) -> str:
    return "." + os.fsdecode(os.fsencode(name)[:_LONGEST_PREFIX]) + "."


def _open_directory(
    path: Path, access: Access | None = None, above: Access = OWNER_ONLY_FOLDER
) -> int:
    """Open a directory step by step; create what is missing if there is an access for it."""
    places = range(len(path.parts))
    descriptor = -1
    for place, part in zip(places, path.parts, strict=True):
        is_last = place == places[-1]
        how = os.O_RDONLY if is_last else os.O_PATH
        flags = how | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            below = os.open(part, flags, dir_fd=descriptor if place else None)
        except FileNotFoundError:
            if access is None:
                raise
            below = _make_directory(part, descriptor, access if is_last else above)
        except NotADirectoryError as error:
            status = os.stat(part, dir_fd=descriptor if place else None, follow_symlinks=False)
            if stat.S_ISLNK(status.st_mode):
                msg = f"Not a directory, but a link of another user, which is not followed: {part}"
                raise OSError(errno.ELOOP, msg, part) from error
            raise
        finally:
            if place:
                os.close(descriptor)
        descriptor = below
    return descriptor


def _make_directory(name: str, parent: int, access: Access) -> int:
    is_ours = False
    with suppress(FileExistsError):
        os.mkdir(name, PRIVATE_FOLDER, dir_fd=parent)
        is_ours = True
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, dir_fd=parent)
    try:
        if is_ours and os.fstat(descriptor).st_uid == os.geteuid():
            give(descriptor, access)
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=parent)
        try:
            sync(readable)
        finally:
            os.close(readable)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
