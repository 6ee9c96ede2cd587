"""A recorder of the system calls of the store."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISDIR
from typing import Any, Final, NamedTuple, Self
from unittest import mock

from qm_tui.store.interface import RetentionPolicy, UserStore
from qm_tui.store.state import State
from qm_tui.store.tinydb.lock import Position
from qm_tui.store.tinydb.snapshot import Contents
from qm_tui.store.tinydb.storage import SnapshotWriter
from qm_tui.users.fields import User
from tests.helpers import users_of
from tests.store.tinydb.faults.os_calls import exists, hooked

ROOT: Final = 0
"""The number of the folder that was there before anything was recorded."""

Users = tuple[User, ...]

Held = tuple[int, Users]
"""What a store held: the number of its last transaction, and its users."""

Found = dict[str, tuple[int, bytes]]
"""What is on a disk: by path, the number of the file, and what it holds. Two paths may lead to one
file. The path of a folder ends with a slash, and it holds nothing."""


class Wrote(NamedTuple):
    """Bytes were written to a file."""

    node: int
    offset: int
    data: bytes


class Cut(NamedTuple):
    """A file was truncated, or extended."""

    node: int
    size: int


class Named(NamedTuple):
    """Names in a folder were given or taken, all at once: a rename does both."""

    node: int
    names: tuple[tuple[str, int | None], ...]


class Synced(NamedTuple):
    """A file or a folder was synced."""

    node: int


Call = Wrote | Cut | Named | Synced


class Span(NamedTuple):
    """Something that is one transaction of the store, or none, or several.

    Attributes:
        begin: after how many calls it began.
        end: after how many it was acknowledged.
        within: what else than before the store may hold in between.
        after: what it held in the end.
    """

    begin: int
    end: int
    within: tuple[Held, ...]
    after: Held


@dataclass
class Recording:
    """What a workload did.

    Attributes:
        calls: its calls, in order.
        before: what was on the disk before.
        folders: which nodes are folders; the others are files.
        spans: its transactions.
        retention: how long its programs keep changes.
    """

    calls: list[Call] = field(default_factory=list)
    before: Found = field(default_factory=dict)
    folders: set[int] = field(default_factory=lambda: {ROOT})
    spans: list[Span] = field(default_factory=list)
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)

    def without_syncs(self, *, of_folders: bool) -> "Recording":
        """The same calls, as if all syncs of files, or all of folders, did nothing."""
        nothing = Named(ROOT, ())
        calls = [
            nothing if isinstance(one, Synced) and (one.node in self.folders) is of_folders else one
            for one in self.calls
        ]
        return replace(self, calls=calls)

    def may_hold(self, calls: int) -> list[Held]:
        """What the store may hold when the power goes after so many calls."""
        acknowledged = [one.after for one in self.spans if one.end <= calls]
        begun = [held for one in self.spans if one.begin < calls < one.end for held in one.within]
        return [*(acknowledged or [(0, ())])[-1:], *begun]


def held(state: State) -> Held:
    """What a store holds in a state."""
    return state.number, tuple(users_of(state).values())


@contextmanager
def snapshots_in_this_thread(*, at_once: bool = False) -> Iterator[None]:
    """Let snapshots be written by the thread that asks for them, so that calls have one order.

    Args:
        at_once: whether they are written after each commit, before it returns; only when they are
            flushed otherwise.
    """

    def request(
        self: SnapshotWriter, contents: Contents, position: Position, wait: float = 0
    ) -> None:
        self._requested = contents, position
        if at_once and not wait:
            self.flush()

    with mock.patch.object(SnapshotWriter, "request", request):
        yield


class Recorder:
    """Notes the calls that this process makes in a folder, by standing in for those of `os`.

    A file or a folder is known by its inode, through whichever descriptor or path it is reached.

    Args:
        root: the folder. What is in it is there for certain.

    Attributes:
        recording: what was noted.
    """

    def __init__(self, root: Path) -> None:
        self._last = ROOT
        self._nodes: dict[tuple[int, int], int] = {_inode(root.stat()): ROOT}
        self._locks: set[int] = set()
        self.recording = Recording()
        for path in sorted(root.rglob("*")):
            status = path.stat()
            node = self._nodes.get(_inode(status))
            if node is None:
                node = self._new_node(status)
            name = str(path.relative_to(root)) + "/" * path.is_dir()
            self.recording.before[name] = (node, b"" if path.is_dir() else path.read_bytes())
            if path.is_dir():
                self.recording.folders.add(node)
            if path.suffix == ".lock":
                self._locks.add(node)

    def __enter__(self) -> Self:
        self._patch = hooked(self._noting)
        self._patch.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._patch.__exit__(*error)

    def _noting(
        self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Make a call and note it; the method with its name knows how."""
        return getattr(self, f"_{name}")(real, *arguments, **named)

    @property
    def now(self) -> int:
        """How many calls were noted."""
        return len(self.recording.calls)

    def transaction(
        self, store: UserStore, work: Callable[[], object], *, also: Iterable[Held] = ()
    ) -> None:
        """Do something that is one transaction of the store, or none.

        Args:
            store: the store.
            work: what is done.
            also: what else the store may hold before it is done.
        """
        begin = self.now
        work()
        after = held(store.state)
        self.recording.spans.append(Span(begin, self.now, (*also, after), after))

    def _wrote(self, descriptor: int, offset: int, data: bytes) -> None:
        """Note that a file was written to. What stands in the lock says nothing about users."""
        node = self._node(descriptor)
        if node is not None and node not in self._locks:
            self.recording.calls.append(Wrote(node, offset, data))

    def _node(self, descriptor: int) -> int | None:
        return self._nodes.get(_inode(os.fstat(descriptor)))

    def _named_node(self, path: Any, folder: int | None) -> int | None:
        with suppress(OSError):
            return self._nodes.get(_inode(os.stat(path, dir_fd=folder, follow_symlinks=False)))
        return None

    def _new_node(self, status: os.stat_result) -> int:
        self._last += 1
        self._nodes[_inode(status)] = self._last
        return self._last

    def _named(self, folder: int | None, *names: tuple[Any, int | None]) -> None:
        """Note names that a folder, or the folder of their paths, gives or takes."""
        above = {_folder_of(path) for path, _ in names}
        assert len(above) == 1, "a rename from one folder to another is not in the model"
        parent = self._named_node(above.pop(), folder)
        if parent is None:
            return  # it is not in our folder
        entries = tuple((os.path.split(os.fspath(path))[1], node) for path, node in names)
        self.recording.calls.append(Named(parent, entries))

    def _open(
        self, real: Callable[..., int], path: Any, flags: int, *mode: int, dir_fd: int | None = None
    ) -> int:
        is_new = bool(flags & os.O_CREAT) and not exists(path, dir_fd)
        descriptor = real(path, flags, *mode, dir_fd=dir_fd)
        if is_new and self._named_node(_folder_of(path), dir_fd) is not None:
            node = self._new_node(os.fstat(descriptor))
            if str(path).endswith(".lock"):
                self._locks.add(node)
            self._named(dir_fd, (path, node))
        return descriptor

    def _write(self, real: Callable[..., int], file: Any, data: Any) -> int:
        count = real(file, data)
        descriptor = file if isinstance(file, int) else file.fileno()
        if self._node(descriptor) is not None:
            # true of files that are written at their end, too: their offset is moved there
            offset = os.lseek(descriptor, 0, os.SEEK_CUR) - count
            self._wrote(descriptor, offset, bytes(data[:count]))
        return count

    def _pwrite(self, real: Callable[..., int], descriptor: int, data: Any, offset: int) -> int:
        count = real(descriptor, data, offset)
        self._wrote(descriptor, offset, bytes(data[:count]))
        return count

    def _ftruncate(self, real: Callable[..., None], descriptor: int, size: int) -> None:
        real(descriptor, size)
        node = self._node(descriptor)
        if node is not None:
            self.recording.calls.append(Cut(node, size))

    def _fsync(self, real: Callable[..., None], descriptor: int) -> None:
        real(descriptor)
        node = self._node(descriptor)
        if node is not None:
            assert S_ISDIR(os.fstat(descriptor).st_mode) == (node in self.recording.folders)
            self.recording.calls.append(Synced(node))

    _fdatasync = _fsync

    def _link(
        self,
        real: Callable[..., None],
        source: Any,
        target: Any,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
    ) -> None:
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        node = self._named_node(source, src_dir_fd)
        if node is not None:
            self._named(dst_dir_fd, (target, node))

    def _rename(
        self,
        real: Callable[..., None],
        source: Any,
        target: Any,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
    ) -> None:
        node, other = self._named_node(source, src_dir_fd), self._named_node(target, dst_dir_fd)
        real(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if node is None or node == other:
            return  # two names of one file: the system leaves both
        assert src_dir_fd == dst_dir_fd, "a rename from one folder to another"
        self._named(dst_dir_fd, (source, None), (target, node))

    def _unlink(self, real: Callable[..., None], path: Any, *, dir_fd: int | None = None) -> None:
        node = self._named_node(path, dir_fd)
        real(path, dir_fd=dir_fd)
        if node is not None:
            self._named(dir_fd, (path, None))

    def _mkdir(
        self,
        real: Callable[..., None],
        path: Any,
        mode: int = 0o777,
        *,
        dir_fd: int | None = None,
    ) -> None:
        real(path, mode, dir_fd=dir_fd)
        if self._named_node(_folder_of(path), dir_fd) is not None:
            node = self._new_node(os.stat(path, dir_fd=dir_fd, follow_symlinks=False))
            self.recording.folders.add(node)
            self._named(dir_fd, (path, node))


def _inode(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _folder_of(path: Any) -> str:
    return os.path.split(os.fspath(path))[0] or "."
