"""One writer at a time: `users.lock`, held over read, change and write, and the note in it.

The note says who holds the lock, and up to where the log is acknowledged. It is written after the
sync of the log, and has a checksum: a torn note is ignored. So a reader knows what it may read
while another program writes, and that a log that ends before its acknowledged end is incomplete.
"""

import fcntl
import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Final, NamedTuple
from zlib import crc32

from qm_tui.directory import Directory, lock_file
from qm_tui.errors import os_error_text
from qm_tui.progress import TerminalDisconnected
from qm_tui.store.errors import StoreBusy, StoreError
from qm_tui.store.origin import Origin
from qm_tui.text import sanitize

WAIT: Final = 10.0
"""Seconds to wait for another writer."""

_NOTE: Final = 512
"""Bytes of the note. Always as many, so that a sync never has to wait for it."""

_READS: Final = 3
_READ_AGAIN: Final = 0.002
"""Seconds until a torn note is read again: writing it takes some microseconds."""

_MARKER: Final = 64 * 1024
"""Bytes of an import marker at most."""


class Position(NamedTuple):
    """A place between two entries of the log.

    Attributes:
        segment: the number of the segment.
        offset: the bytes of the segment before it.
        chain: the chain value there: the checksum of the entry before it.
        number: the number of the last transaction before it.
    """

    segment: int
    offset: int
    chain: str
    number: int

    @classmethod
    def parse(cls, value: object) -> "Position":
        """Make one of JSON.

        Raises:
            ValueError: it is none.
        """
        match value:
            case [int(segment), int(offset), str(chain), int(number)]:
                if all(0 <= one < 2**53 for one in (segment, offset, number)):
                    return cls(segment, offset, chain, number)
        raise ValueError("it is not a position in the log")


class Names(NamedTuple):
    """The names of a store's files.

    Attributes:
        snapshot: all users, as plain TinyDB reads them: `users.json`.
        stem: the first part of all other names: `users`.
    """

    snapshot: str
    stem: str

    @classmethod
    def of(cls, snapshot: str) -> "Names":
        """Return the names that go with that of a snapshot."""
        is_json = snapshot.lower().endswith(".json") and len(snapshot) > len(".json")
        return cls(snapshot, snapshot[: -len(".json")] if is_json else snapshot)

    @property
    def lock(self) -> str:
        """The name of the lock file."""
        return f"{self.stem}.lock"

    @property
    def recovering(self) -> str:
        """The name of a file that is there while the store is recovered."""
        return f".{self.stem}.recovering"

    def segment(self, number: int) -> str:
        """Return the name of a segment of the log; that of the first has no number."""
        return f"{self.stem}.log" if number == 1 else f"{self.stem}.log.{number:06}"

    def segments(self, directory: Directory) -> list[int]:
        """Return the numbers of the segments in a directory, oldest first."""
        form = re.compile(re.escape(f"{self.stem}.log") + r"(?:\.([0-9]{6,15}))?")
        names = directory.names()
        found = (int(match[1] or 1) for match in map(form.fullmatch, names) if match)
        return sorted(number for number in found if self.segment(number) in names)


class Lock:
    """The lock file of a store. It is made if need be, and never removed or replaced.

    Args:
        directory: that of the store.
        names: the names of the store's files.
        wait: the seconds to wait for another writer.

    Attributes:
        was_left: whether the holder before did not finish: what it wrote may not be synced.
        is_to_be_left: whether the next holder is to think so.
    """

    def __init__(self, directory: Directory, names: Names, wait: float = WAIT) -> None:
        self._directory, self._name, self.wait = directory, names.lock, wait
        self.was_left = self.is_to_be_left = False
        self._descriptor: int | None = None
        self._may_write = False
        self._threads = RLock()
        self._depth = 0
        self._holder: dict[str, Any] = {}

    @contextmanager
    def held(self, text: str, origin: Origin) -> Iterator[None]:
        """Hold it exclusively.

        Args:
            text: what for; others are told while they wait.
            origin: who holds it.

        Raises:
            StoreBusy: another program holds it for longer than is waited.
            StoreError: it cannot be made or opened.
        """
        with self._locked(fcntl.LOCK_EX, self.wait):
            try:
                note = self._note()
                self.was_left, self.is_to_be_left = not note or "since" in note, False
                self._holder = {
                    "login": origin.login[:40],
                    "host": origin.host[:40],
                    "process": origin.process,
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                    "reason": text[:60],
                }
                self.acknowledge(self.acknowledged())
                yield
            finally:
                if not self.is_to_be_left:
                    self._holder = {}
                    self.acknowledge(self.acknowledged())

    @contextmanager
    def shared(self, wait: float = 0) -> Iterator[bool]:
        """Keep writers out while something is read; gives whether that is so.

        If there is no lock file that can be opened, as in a copy on a read-only medium, there is no
        writer either.

        Args:
            wait: the seconds to wait for a writer.
        """
        with ExitStack() as stack:
            is_quiet = True
            try:
                stack.enter_context(self._locked(fcntl.LOCK_SH, wait))
            except StoreBusy:
                is_quiet = False
            except StoreError:
                pass
            yield is_quiet

    @contextmanager
    def _locked(self, how: int, wait: float) -> Iterator[None]:
        until = time.monotonic() + wait
        if not self._threads.acquire(timeout=max(wait, 0)):
            raise self.busy()
        # a program that is suspended while it holds the lock would block all others. This applies
        # for the calling thread; the handler of the terminal UI asks `free`
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})
        try:
            if not self._depth:  # otherwise this thread holds it already
                self._flock(how, until)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
        finally:
            if self._descriptor is not None and not self._depth:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._threads.release()

    @contextmanager
    def free(self) -> Iterator[bool]:
        """Keep this process from taking it for a moment; gives whether it does not hold it now."""
        is_free = self._threads.acquire(blocking=False)
        try:
            yield is_free
        finally:
            if is_free:
                self._threads.release()

    def close(self) -> None:
        """Close the file."""
        with self._threads:
            if self._descriptor is not None and not self._depth:
                os.close(self._descriptor)
                self._descriptor = None

    def __del__(self) -> None:
        self.close()

    # The note

    def acknowledge(self, position: Position | None) -> None:
        """Record up to which position the log is acknowledged. The lock must be held."""
        note = note_of({**self._holder, "acknowledged": position})
        with suppress(OSError):  # a full disk is no reason not to hold the lock
            os.pwrite(self._opened(for_writing=True), note, 0)

    def acknowledged(self) -> Position | None:
        """Return up to which position the log is acknowledged; None if there is no valid note."""
        try:
            return Position.parse(self._note().get("acknowledged"))
        except ValueError:
            return None

    def holder(self) -> str:
        """Return who holds it, in words; empty if no holder is recorded."""
        with suppress(ValueError, KeyError, TypeError, OverflowError):
            return _described(self._note())
        return ""

    def _note(self) -> Mapping[str, Any]:
        """Return the note; empty if there is no valid one."""
        with suppress(StoreError, OSError, ValueError, RecursionError):
            # while another program writes the note, a reader may see a part of the new one
            for attempt in range(_READS):
                data = os.pread(self._opened(for_writing=False), _NOTE, 0).rstrip(b"\0 ")
                if data[:9] == b"%08x " % crc32(data[9:]):
                    note = json.loads(data[9:])
                    return note if isinstance(note, dict) else {}
                if data and attempt < _READS - 1:
                    time.sleep(_READ_AGAIN)
        return {}

    # The file

    def _flock(self, how: int, until: float) -> None:
        while True:
            descriptor = self._opened(for_writing=how == fcntl.LOCK_EX)
            try:
                is_held = lock_file(descriptor, until, how)
            except OSError as error:
                raise StoreError(f"Cannot lock {self._shown}: {os_error_text(error)}.") from error
            if not is_held:
                raise self.busy()
            if self.is_in_place():
                return
            self.close()  # it was removed: all must meet at the one that has the name now

    @property
    def _shown(self) -> str:
        return sanitize(str(self._directory.path / self._name))

    def is_in_place(self) -> bool:
        """Whether its name still leads to the file that is open."""
        return self._directory.is_named(self._name, self._descriptor)

    def _opened(self, *, for_writing: bool) -> int:
        if self._descriptor is not None and (self._may_write or not for_writing):
            return self._descriptor
        try:
            if for_writing:
                descriptor = self._directory.open_or_create(self._name)
            else:
                descriptor = self._directory.open(self._name)
        except OSError as error:
            msg = (
                f"Cannot open the lock {self._shown}: {os_error_text(error)}. Nothing was changed. "
            )
            msg += "Check the file, its owner and its mode."
            raise StoreError(msg) from error
        self.close()
        self._descriptor, self._may_write = descriptor, for_writing
        return descriptor

    def busy(self) -> StoreBusy:
        """Return the error of a store that another program writes."""
        waited = f"{self.wait:g} second{'' if self.wait == 1 else 's'}"
        holder = self.holder() or "another program"
        return StoreBusy(
            f"The store is busy: {holder} is writing, and did not finish within {waited}. "
            "Nothing was changed. Try again in a moment."
        )


def note_of(note: Mapping[str, Any]) -> bytes:
    """Return the bytes of a note."""
    # ASCII: a note that was truncated in the middle of a letter could not be read
    text = json.dumps(note).encode("ascii")
    if len(text) > _NOTE - 9:
        text = json.dumps({**note, "reason": ""}).encode("ascii")
    return (b"%08x %b" % (crc32(text), text))[:_NOTE].ljust(_NOTE)


def _described(note: Mapping[str, Any]) -> str:
    since = datetime.fromisoformat(note["since"]).astimezone()
    why = f", {sanitize(str(note['reason']), 60)}" if note["reason"] else ""
    return (
        f"{sanitize(str(note['login']), 40)} on {sanitize(str(note['host']), 40)} "
        f"(process {int(note['process'])}{why}, since {since:%H:%M:%S})"
    )


class ImportMarkers:
    """Files that say that an import is in progress, locked as long as it is.

    If the program is killed, its marker stays without a lock: the next start knows that the import
    was interrupted, and by its token whether it had been committed.

    Args:
        directory: that of the store.
        names: the names of the store's files.
    """

    def __init__(self, directory: Directory, names: Names) -> None:
        self._directory, self._prefix = directory, f".{names.stem}.import."

    @contextmanager
    def marked(self, file_name: str, origin: Origin) -> Iterator[str]:
        """Leave a marker while an import is in progress; gives the import's token.

        If no marker can be written the import goes on without. If the terminal is disconnected, the
        marker remains, and the next start reports whether the import was saved.
        """
        token = os.urandom(8).hex()
        name = self._prefix + token
        marker = {
            "login": origin.login,
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "file": file_name,
        }
        descriptor = None
        with suppress(OSError):
            descriptor = self._directory.create_file(name)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, json.dumps(marker).encode("ascii"))
        is_to_stay = False
        try:
            yield token
        except TerminalDisconnected:
            is_to_stay = True
            raise
        finally:
            if descriptor is not None:
                if not is_to_stay:
                    self._directory.remove(name)
                os.close(descriptor)

    def interrupted(self) -> dict[str, str]:
        """Return the imports that were interrupted: by token, the beginning of a sentence."""
        found: dict[str, str] = {}
        with suppress(OSError):
            for name in self._directory.names():
                if name.startswith(self._prefix):
                    with suppress(OSError, ValueError, KeyError, TypeError, OverflowError):
                        found |= self._read(name)
        return found

    def remove(self, token: str) -> None:
        """Remove the marker of an interrupted import."""
        self._directory.remove(self._prefix + token)

    def _read(self, name: str) -> dict[str, str]:
        descriptor = self._directory.open(name, os.O_RDWR)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return {}  # it is still in progress
            text = os.pread(descriptor, _MARKER, 0)
            if not text:
                self._directory.remove(name)  # it was interrupted before it was written
                return {}
            try:
                marker = json.loads(text)
            except RecursionError:
                return {}
            since = datetime.fromisoformat(marker["since"]).astimezone()
            file_name, login = str(marker["file"]), str(marker["login"])
            message = (
                f"The import of {sanitize(file_name, 200)}, started by {sanitize(login, 64)} on "
                f"{since:%Y-%m-%d at %H:%M}, was interrupted"
            )
            return {name.removeprefix(self._prefix): message}
        finally:
            os.close(descriptor)
