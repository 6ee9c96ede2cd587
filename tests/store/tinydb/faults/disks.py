"""The states of a disk after a power cut.

The model: a write or a cut reaches the disk for certain once its file is synced, and a name once
its folder is. Until then each may have reached it or not, whatever came before or after. A write
may have reached it in part: its first sectors, or its last, while those before them are as they
were, or zeros where the file was shorter. The sync of a file does not make its name certain, nor
does the sync of a folder what stands in its files. A rename is one step. Modes and owners, and what
stands in the lock, are left out: they say nothing about users.
"""

import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from tests.store.tinydb.faults.recorder import (
    ROOT,
    Call,
    Cut,
    Found,
    Named,
    Recording,
    Synced,
    Wrote,
)

SECTOR: Final = 512
"""Bytes that a disk writes wholly or not at all."""


class Torn(NamedTuple):
    """A part of a write that reached the disk: what is before a place in it, or what is behind."""

    at: int
    is_head: bool


Fate = bool | Torn
"""What became of a call that was not synced: it reached the disk, or not, or in part."""


@dataclass
class Disk:
    """What is on the disk for certain, and what may be.

    Attributes:
        files: what the files hold, by node.
        folders: the names in the folders, by node.
        are_folders: which nodes are folders, whether a name is in them or not.
        pending: the calls that were not synced yet.
    """

    files: dict[int, bytes]
    folders: dict[int, dict[str, int]]
    are_folders: set[int]
    pending: list[Call] = field(default_factory=list)

    @classmethod
    def before(cls, recording: Recording) -> "Disk":
        """The disk on which a workload began."""
        disk = cls({}, {}, recording.folders)
        for path, (node, content) in sorted(recording.before.items()):
            above, _, name = path.removesuffix("/").rpartition("/")
            folder = recording.before[above + "/"][0] if above else ROOT
            disk.folders.setdefault(folder, {})[name] = node
            if not path.endswith("/"):
                disk.files[node] = content
        return disk

    def take(self, call: Call) -> None:
        """A call was made."""
        if not isinstance(call, Synced):
            self.pending.append(call)
            return
        for one in self.pending:
            if one.node == call.node:
                self._settle(one)
        self.pending = [one for one in self.pending if one.node != call.node]

    def _settle(self, call: Call) -> None:
        if isinstance(call, Named):
            _give(self.folders.setdefault(call.node, {}), call)
        else:
            self.files[call.node] = _after(self.files.get(call.node, b""), call, True)

    def found(self, fates: Sequence[Fate]) -> Found:
        """What is on it if this became of the pending calls."""
        folders, files = dict(self.folders), dict(self.files)
        for call, fate in zip(self.pending, fates, strict=True):
            if fate is False:
                continue
            if isinstance(call, Named):
                folders[call.node] = dict(folders.get(call.node, {}))
                _give(folders[call.node], call)
            else:
                files[call.node] = _after(files.get(call.node, b""), call, fate)
        found: Found = {}
        waiting = [("", ROOT)]
        while waiting:
            above, folder = waiting.pop()
            for name, node in folders.get(folder, {}).items():
                path = above + name
                if node in self.are_folders:
                    waiting.append((path + "/", node))
                    path += "/"
                found[path] = (node, files.get(node, b""))
        return found


def _give(names: dict[str, int], call: Named) -> None:
    for name, node in call.names:
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _after(content: bytes, call: Call, fate: Fate) -> bytes:
    if isinstance(call, Cut):
        return content[: call.size].ljust(call.size, b"\0")
    assert isinstance(call, Wrote)
    offset, data = call.offset, call.data
    if isinstance(fate, Torn) and fate.is_head:
        data = data[: fate.at]
    elif isinstance(fate, Torn):
        content = content.ljust(offset + len(data), b"\0")
        offset, data = offset + fate.at, data[fate.at :]
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


def torn(call: Call, chance: random.Random) -> Fate:
    """A part of a write, torn between two sectors; all or nothing of any other call."""
    if not isinstance(call, Wrote):
        return True
    first = -call.offset % SECTOR
    places = range(first or SECTOR, len(call.data), SECTOR)
    is_head = bool(places) and chance.random() < 0.5
    if not is_head and chance.random() < 0.3:
        return Torn(len(call.data), False)  # the file has grown, but what it holds is zeros
    return Torn(chance.choice(places), is_head) if places else True


@dataclass(frozen=True, slots=True)
class Effort:
    """How many states are tried.

    Attributes:
        at_most: up to how many calls that were not synced all subsets of them are tried.
        samples: how many are tried where there are more.
        moments: at how many moments the power is cut at most; at all of them if 0.
    """

    at_most: int = 8
    samples: int = 150
    moments: int = 0


FULL: Final = Effort()
MEDIUM: Final = Effort(at_most=5, samples=60)
SHORT: Final = Effort(at_most=3, samples=12, moments=24)


def fates_of(
    pending: Sequence[Call], effort: Effort, chance: random.Random
) -> Iterator[list[Fate]]:
    """What may have become of calls that were not synced."""
    count = len(pending)
    if count <= effort.at_most:
        for subset in product((False, True), repeat=count):
            yield list(subset)
            for at, call in enumerate(pending):
                if subset[at] and isinstance(call, Wrote):
                    yield [*subset[:at], torn(call, chance), *subset[at + 1 :]]
        return
    for _ in range(effort.samples):
        likely = chance.choice((0.1, 0.5, 0.9))
        fates: list[Fate] = [chance.random() < likely for _ in pending]
        for at, call in enumerate(pending):
            if fates[at] and chance.random() < 0.2:
                fates[at] = torn(call, chance)
        yield fates


def key_of(found: Found) -> bytes:
    """By what a disk is known to be like another."""
    digest = sha256()
    for path in sorted(found):
        node, content = found[path]
        digest.update(f"{path}\0{node}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.digest()


def laid_out(found: Found, folder: Path) -> None:
    """Make files and folders of what was found on a disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    made: dict[int, Path] = {}
    for path in sorted(found):
        node, content = found[path]
        target = folder / path
        if path.endswith("/"):
            target.mkdir()
        elif node in made:
            target.hardlink_to(made[node])
        else:
            target.write_bytes(content)
            made[node] = target
