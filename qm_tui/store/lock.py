"""One writer at a time: a lock file beside the store, held over read, change and write.

Readers hold it too, shared, while they take in what others wrote: what a writer has not yet synced,
and might have to take back, is nobody's to see.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Final

from qm_tui.files import open_file, open_kept
from qm_tui.refusal import reason
from qm_tui.store.errors import StoreBusy, StoreError
from qm_tui.store.origin import Origin
from qm_tui.text import visible

WAIT: Final = 10.0
"""Seconds to wait for another writer."""

_POLL: Final = 0.02
_NOTE: Final = 512
"""Bytes of the note that says who holds the lock. Always as many, so that writing it costs nothing
that a sync would have to wait for."""

_NOBODY: Final = b" " * _NOTE


class Lock:
    """The lock file of a store. It is made if need be, and never removed or replaced.

    Args:
        path: the file.
        wait: the seconds to wait for another writer.
    """

    def __init__(self, path: Path, wait: float = WAIT) -> None:
        self._path = path
        self._wait = wait
        self._descriptor: int | None = None
        self._may_write = False
        self._threads = RLock()

    @contextmanager
    def held(self, why: str, origin: Origin) -> Iterator[None]:
        """Keep everybody else out, in this process and in others.

        Args:
            why: what for; others are told so while they wait.
            origin: who holds it.

        Raises:
            StoreBusy: it is held by another for longer than is waited.
            StoreError: it cannot be made or opened.
        """
        until = time.monotonic() + self._wait
        if not self._threads.acquire(timeout=max(self._wait, 0)):
            raise self._busy()
        try:
            with _not_to_be_stopped():
                self._flock(fcntl.LOCK_EX, until)
                try:
                    self._write_note(_note(why, origin))
                    yield
                finally:
                    self._write_note(_NOBODY)
                    self._unlock()
        finally:
            self._threads.release()

    @contextmanager
    def shared(self, patience: float = 0) -> Iterator[bool]:
        """Keep writers out while something is read; gives whether that was possible.

        Where there is no lock file that could be opened, as in a copy on a read-only medium, there
        is no writer either.

        Args:
            patience: the seconds to wait for a writer.
        """
        until = time.monotonic() + patience
        if not self._threads.acquire(timeout=patience):
            yield False
            return
        try:
            with _not_to_be_stopped():
                try:
                    self._flock(fcntl.LOCK_SH, until)
                except StoreBusy:
                    yield False
                    return
                except StoreError:
                    yield True
                    return
                try:
                    yield True
                finally:
                    self._unlock()
        finally:
            self._threads.release()

    @contextmanager
    def let_go(self) -> Iterator[bool]:
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
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def __del__(self) -> None:
        self.close()

    def _flock(self, how: int, until: float) -> None:
        while True:
            descriptor = self._opened(for_writing=how == fcntl.LOCK_EX)
            try:
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise self._busy() from None
                time.sleep(_POLL)
            except OSError as error:
                msg = (
                    f"The store's lock {visible(str(self._path))} cannot be taken: {reason(error)}."
                )
                raise StoreError(msg) from error
            else:
                if self._is_in_place(descriptor):
                    return
                self.close()  # somebody removed it: all must meet at the one that is there

    def _opened(self, *, for_writing: bool) -> int:
        if self._descriptor is not None and (self._may_write or not for_writing):
            return self._descriptor
        self.close()
        try:
            self._descriptor, self._may_write = self._open(for_writing=for_writing)
        except OSError as error:
            msg = f"The store's lock {visible(str(self._path))} cannot be opened: {reason(error)}."
            raise StoreError(msg) from error
        return self._descriptor

    def _open(self, *, for_writing: bool) -> tuple[int, bool]:
        if not for_writing:
            # a reader makes no file
            return open_file(self._path, os.O_RDONLY | os.O_NOFOLLOW), False
        return open_kept(self._path, os.O_RDWR | os.O_NOFOLLOW), True

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            there = self._path.stat()
        except OSError:
            return False
        return os.fstat(descriptor).st_ino == there.st_ino

    def _unlock(self) -> None:
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _write_note(self, note: bytes) -> None:
        if self._descriptor is not None:
            with suppress(OSError):  # a full disk is no reason not to hold the lock
                os.pwrite(self._descriptor, note, 0)

    def _busy(self) -> StoreBusy:
        waited = f"{self._wait:g} second{'' if self._wait == 1 else 's'}"
        holder = self.holder()
        who = f"{holder} has been writing" if holder else "another qm-tui has been at work on it"
        return StoreBusy(
            f"The store is busy: {who}, and did not finish within {waited}. Nothing was changed; "
            "try again in a moment."
        )

    def holder(self) -> str:
        """Who holds it, in words; empty where nobody says so."""
        try:
            note = json.loads(self._path.read_bytes().rstrip(b"\0 ") or b"{}")
            return _described(note) if note else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""


@contextmanager
def _not_to_be_stopped() -> Iterator[None]:
    """Let Ctrl+Z wait: a program that is stopped while it holds the lock keeps all others out.

    It counts for the thread that calls. Where others can take the signal, as in the interface,
    whoever handles it looks at `Lock.let_go`.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _note(why: str, origin: Origin) -> bytes:
    said: dict[str, Any] = {
        "who": origin.who[:64],
        "host": origin.host[:64],
        "process": origin.process,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "why": why.partition(", sha256")[0][:80],
    }
    # ASCII: a note that is cut short in the middle of a letter could not be read
    note = json.dumps(said).encode("ascii")
    if len(note) > _NOTE:
        note = json.dumps({**said, "why": ""}).encode("ascii")
    return note[:_NOTE].ljust(_NOTE)


def _described(note: dict[str, Any]) -> str:
    since = datetime.fromisoformat(note["since"]).astimezone()
    why = f", {visible(str(note['why']), 80)}" if note["why"] else ""
    return (
        f"{visible(str(note['who']), 64)} on {visible(str(note['host']), 64)} "
        f"(process {int(note['process'])}{why}) since {since:%H:%M:%S}"
    )
