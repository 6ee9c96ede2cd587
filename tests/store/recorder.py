"""The system calls that the store makes, noted down as they are made."""

import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from unittest import mock

from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.users.fields import User

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
    """A file was cut off, or made longer."""

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
    """Something that is one transaction of the store, or none.

    Attributes:
        begin: after how many calls it began.
        end: after how many it was acknowledged.
        within: what else than before the store may hold in between.
        after: what it held in the end.
    """

    begin: int
    end: int
    within: Held
    after: Held


@dataclass
class Recording:
    """What a workload did.

    Attributes:
        calls: its calls, in order.
        before: what was on the disk before.
        folders: which nodes are folders; the others are files.
        spans: its transactions.
    """

    calls: list[Call] = field(default_factory=list)
    before: Found = field(default_factory=dict)
    folders: set[int] = field(default_factory=lambda: {ROOT})
    spans: list[Span] = field(default_factory=list)

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
        begun = [one.within for one in self.spans if one.begin < calls < one.end]
        return [*(acknowledged or [(0, ())])[-1:], *begun]


def held(state: State) -> Held:
    """What a store holds in a state."""
    return state.generation, tuple(state.users.values())


class Recorder:
    """Notes the calls that this process makes in a folder, by standing in for those of `os`.

    Args:
        root: the folder. What is in it is there for certain.

    Attributes:
        recording: what was noted.
    """

    def __init__(self, root: Path) -> None:
        root = root.resolve()
        self._nodes = {str(root): ROOT}
        self._last = ROOT
        self._open: dict[int, int] = {}
        self._locks: set[int] = set()
        self._patch: Any = None
        self.recording = Recording()
        inodes: dict[int, int] = {}
        for path in sorted(root.rglob("*")):
            inode = path.stat().st_ino
            node = inodes[inode] if inode in inodes else self._new_node()
            inodes[inode] = self._nodes[str(path)] = node
            name = str(path.relative_to(root)) + "/" * path.is_dir()
            self.recording.before[name] = (node, b"" if path.is_dir() else path.read_bytes())
            if path.is_dir():
                self.recording.folders.add(node)

    def __enter__(self) -> Self:
        notes: dict[str, Callable[..., None]] = {
            "open": self._opened,
            "pwrite": self._written_at,
            "write": self._written,
            "ftruncate": self._cut,
            "fsync": self._synced,
            "fdatasync": self._synced,
            "link": self._linked,
            "replace": self._renamed,
            "rename": self._renamed,
            "unlink": self._unlinked,
            "remove": self._unlinked,
            "mkdir": self._made_folder,
        }
        stand_ins: dict[str, Any] = {
            name: _noting(getattr(os, name), note) for name, note in notes.items()
        }
        stand_ins["fdopen"] = self._fdopen(os.fdopen)
        self._patch = mock.patch.multiple(os, **stand_ins)
        self._patch.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._patch.stop()

    def transaction(
        self,
        store: UserStore,
        work: Callable[[], object],
        *,
        withdrawn: Users | None = None,
    ) -> None:
        """Do something that is one transaction of the store, or none.

        Args:
            store: the store.
            work: what is done.
            withdrawn: the users that it would hold, if a transaction is withdrawn in the end.
        """
        begin = len(self.recording.calls)
        work()
        after = held(store.state)
        within = after if withdrawn is None else (after[0] + 1, withdrawn)
        self.recording.spans.append(Span(begin, len(self.recording.calls), within, after))

    def wrote(self, descriptor: int, offset: int, data: bytes) -> None:
        """Note that a file was written to. What stands in the lock says nothing about users."""
        node = self._open.get(descriptor)
        if node is not None and node not in self._locks:
            self.recording.calls.append(Wrote(node, offset, data))

    def _fdopen(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def fdopen(descriptor: int, mode: str = "r", *more: Any, **named: Any) -> Any:
            if mode == "wb" and descriptor in self._open:
                return io.BufferedWriter(_RecordedFile(self, descriptor))
            return real(descriptor, mode, *more, **named)

        return fdopen

    def _opened(self, descriptor: int, path: Any, _flags: int, *_mode: int, **_named: Any) -> None:
        self._open.pop(descriptor, None)
        path = _place(path)
        if path not in self._nodes:
            self._named((path, self._new_node()))
        if path in self._nodes:
            self._open[descriptor] = self._nodes[path]
            if path.endswith(".lock"):
                self._locks.add(self._nodes[path])

    def _written_at(self, count: int, descriptor: int, data: Any, offset: int) -> None:
        self.wrote(descriptor, offset, bytes(data[:count]))

    def _written(self, count: int, descriptor: int, data: Any) -> None:
        if descriptor in self._open:
            self.wrote(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR) - count, data[:count])

    def _cut(self, _: None, descriptor: int, size: int) -> None:
        if descriptor in self._open:
            self.recording.calls.append(Cut(self._open[descriptor], size))

    def _synced(self, _: None, descriptor: int) -> None:
        if descriptor in self._open:
            self.recording.calls.append(Synced(self._open[descriptor]))

    def _linked(self, _: None, source: Any, target: Any) -> None:
        self._named((target, self._nodes.get(_place(source))))

    def _renamed(self, _: None, source: Any, target: Any) -> None:
        node = self._nodes.get(_place(source))
        if node is not None and node == self._nodes.get(_place(target)):
            return  # both names mean one file: the system leaves both
        self._named((source, None), (target, node))

    def _unlinked(self, _: None, path: Any) -> None:
        self._named((path, None))

    def _made_folder(self, _: None, path: Any, *_mode: int) -> None:
        node = self._new_node()
        self.recording.folders.add(node)
        self._named((path, node))

    def _new_node(self) -> int:
        self._last += 1
        return self._last

    def _named(self, *names: tuple[Any, int | None]) -> None:
        places = {_place(path): node for path, node in names}
        folders = {os.path.split(place)[0] for place in places}
        assert len(folders) == 1, "a rename from one folder to another is not in the model"
        folder = self._nodes.get(folders.pop())
        if folder is None:
            return  # it is not in our folder
        entries = tuple((os.path.split(place)[1], node) for place, node in places.items())
        self.recording.calls.append(Named(folder, entries))
        for place, node in places.items():
            self._nodes.pop(place, None)
            if node is not None:
                self._nodes[place] = node


class _RecordedFile(io.FileIO):
    def __init__(self, recorder: Recorder, descriptor: int) -> None:
        super().__init__(descriptor, "wb")
        self._recorder = recorder

    def write(self, data: Any) -> int:
        offset = self.tell()
        count = super().write(data)
        self._recorder.wrote(self.fileno(), offset, bytes(data[:count]))
        return count


def _place(path: str | Path) -> str:
    # not resolved: the last part may be a link, and is gone after an unlink
    return os.path.abspath(os.fspath(path))  # noqa: PTH100


def _noting(real: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
    def stand_in(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        note(result, *arguments, **named)
        return result

    return stand_in
