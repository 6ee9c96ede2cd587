"""The journal: what was committed since the snapshot was written, a transaction after the other."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from qm_tui.files import Access, open_file, replacing
from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.store.entries import (
    ROWS_IN_A_PART,
    Recorded,
    encoded,
    facts_of,
    number_in,
    parsed,
    tables_in,
)
from qm_tui.store.frames import (
    PART,
    Damaged,
    Frame,
    framed,
    frames_in,
    is_damaged_end,
    lines_in,
    payload_of,
)
from qm_tui.store.interface import Entry
from qm_tui.store.rows import rows_in
from qm_tui.store.snapshot import LaterVersion
from qm_tui.users.fields import KEYS

_BLOCK: Final = 256 * 1024
VERSION: Final = 1
"""The version of the journal's format. A journal of a later one is refused."""


class NotAJournal(Exception):
    """The file does not begin as a journal does."""


class SyncFailed(OSError):
    """The system failed to sync: what was written may be on the disk, or not."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a journal says of itself.

    Attributes:
        uid: the snapshot that it leads on from.
        first: the number of the first transaction that it may hold.
    """

    uid: str
    first: int

    @property
    def frame(self) -> bytes:
        """The frame that holds it: the first of the file."""
        said = {"journal": VERSION, "snapshot": self.uid, "first": self.first, "fields": KEYS}
        return framed(encoded(said))


def header_in(descriptor: int) -> tuple[Header, int]:
    """The header of a journal, and where its first transaction begins.

    Raises:
        LaterVersion: a later version of this program wrote it.
        NotAJournal: it is no journal.
        OSError: it cannot be read.
    """
    size = os.fstat(descriptor).st_size
    at, line = next(lines_in(descriptor, 0, size), (0, b""))
    payload = payload_of(line)
    try:
        said = parsed(payload or b"")
        if number_in(said, "journal") > VERSION:
            raise LaterVersion
        header = Header(str(said["snapshot"]), number_in(said, "first"))
        fields = said["fields"]
    except (KeyError, ValueError) as error:
        raise NotAJournal from error
    if fields != list(KEYS):
        raise LaterVersion
    return header, at + len(line) + 1


def transactions_in(frames: Iterable[Frame], first: int | None = None) -> Iterator[Recorded]:
    """Whole transactions, in order.

    Args:
        frames: the frames of a journal, behind its header.
        first: the number of the first; None where any will do.

    Raises:
        Damaged: a frame holds something else than what must stand there.
    """
    parts: list[bytes] = []
    start = None
    for frame in frames:
        start = frame.start if start is None else start
        if frame.is_part:
            parts.append(frame.payload)
            continue
        try:
            said = parsed(frame.payload)
            facts = facts_of(said)
            if (first is not None and facts.number != first) or len(parts) != said.get("parts", 0):
                raise Damaged(start)
            yield Recorded(
                facts,
                rows_in(said),
                parts,
                tables_in(said),
                start,
                frame.end,
            )
        except ValueError as error:
            raise Damaged(frame.start) from error
        if first is not None:
            first += 1
        parts, start = [], None


def _all_but_last(found: Iterator[Recorded]) -> Iterator[Recorded]:
    held = next(found, None)
    for recorded in found:
        if held is not None:
            yield held
        held = recorded


class Journal:
    """An open journal, and how far it is known.

    Attributes:
        header: what it says of itself.
        end: where the last transaction ends that was read or written.
        entries: the transactions before `end`, oldest first.
    """

    def __init__(self, path: Path, *, may_write: bool) -> None:
        """Open the journal at a path.

        Raises:
            LaterVersion: a later version of this program wrote it.
            NotAJournal: it is no journal.
            OSError: it is not there, or cannot be read.
        """
        self.path = path
        flags = os.O_RDWR if may_write else os.O_RDONLY
        self._descriptor = open_file(path, flags | os.O_NOFOLLOW)
        try:
            self.header, self._begin = header_in(self._descriptor)
        except BaseException:
            self.close()
            raise
        self.end = self._begin
        self.entries: list[Entry] = []

    @staticmethod
    def create(path: Path, header: Header, access: Access) -> None:
        """Make an empty journal, in place of the one that stands there.

        Raises:
            OSError: it could not be made; the one that stands there is as it was.
        """
        with replacing(path, access=access) as file:
            file.write(header.frame)

    @property
    def number(self) -> int:
        """The number of the last transaction that is known, or of the one before the first."""
        return self.header.first + len(self.entries) - 1

    @property
    def status(self) -> os.stat_result:
        """What the system says of the file."""
        return os.fstat(self._descriptor)

    def read_on(self, until: int | None = None, *, holds_back: bool = False) -> Iterator[Recorded]:
        """The transactions that were written since it was last read.

        Args:
            until: where to stop; at the end of the file if it is not given.
            holds_back: whether to leave the last for later, since a writer is at work: that one may
                not be synced yet. All before it are.

        Raises:
            Damaged: what was acknowledged cannot be read.
            OSError: it cannot be read.
        """
        size = self.status.st_size if until is None else until
        frames = frames_in(self._descriptor, self.end, size)
        found = transactions_in(frames, self.number + 1)
        for recorded in _all_but_last(found) if holds_back else found:
            yield recorded
            self.end = recorded.end
            self.entries.append(recorded.facts)

    @property
    def left_out(self) -> int:
        """The bytes behind the last transaction that is known, when all was read."""
        return max(0, self.status.st_size - self.end)

    @property
    def is_end_damaged(self) -> bool:
        """Whether more than a killed writer leaves is among them.

        Raises:
            OSError: it cannot be read.
        """
        return is_damaged_end(self._descriptor, self.end, self.status.st_size)

    def write_left_out(self, file: BinaryIO) -> None:
        """Copy them.

        Raises:
            OSError: it could not be done.
        """
        at = self.end
        while block := os.pread(self._descriptor, _BLOCK, at):
            file.write(block)
            at += len(block)

    @contextmanager
    def frames(self) -> Iterator[Iterator[Frame]]:
        """All frames that are known, from the first; whoever closes the journal meanwhile."""
        descriptor = os.dup(self._descriptor)
        try:
            yield frames_in(descriptor, self._begin, self.end)
        finally:
            os.close(descriptor)

    def append(self, payloads: Iterable[bytes], tick: Tick = no_tick, total: int = 1) -> bool:
        """Write a transaction, wholly or not at all. The lock is held.

        The parts of a large one are synced before the frame that closes it is written, so that
        none is torn behind which a closing frame stands.

        Args:
            payloads: those of its frames, the closing one last.
            tick: told how many users are written; it may raise `Cancelled`.
            total: how many users there are.

        Returns:
            Whether there was anything to write.

        Raises:
            SyncFailed: the system failed to sync, or to take back what cannot be finished.
            OSError: it could not be written; the journal is as it was.
        """
        self._cut()
        at = self.end
        is_closed = False
        try:
            for parts, payload in enumerate(payloads):
                # the last chance to cancel is before the frame that makes it whole
                tick(Phase.CHANGING, min(parts * ROWS_IN_A_PART, total), total)
                is_closed = not payload.startswith(PART)
                if is_closed and parts:
                    self._sync()
                at = self._write(framed(payload), at)
            if at == self.end:
                return False
            self._sync()
        except BaseException as error:
            if not self._withdrawn() and is_closed:
                # it stands there whole, and others will take it for saved
                raise SyncFailed(errno.EIO, os.strerror(errno.EIO)) from error
            raise
        self.end = at
        return True

    def _write(self, data: bytes, at: int) -> int:
        rest = memoryview(data)
        while rest:
            count = os.pwrite(self._descriptor, rest, at)
            at += count
            rest = rest[count:]
        return at

    def _sync(self) -> None:
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise SyncFailed(error.errno, error.strerror) from error

    def _cut(self) -> None:
        """Cut off what a killed writer left unfinished, durably: it must not stand behind us."""
        if self.status.st_size > self.end:
            os.ftruncate(self._descriptor, self.end)
            self._sync()

    def _withdrawn(self) -> bool:
        """Take back what was written; whether that was possible."""
        try:
            self._cut()
        except SyncFailed:
            return True  # it is cut off for all who look, and the first failure is said
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        with suppress(AttributeError):  # it was never open
            self.close()
