"""Following the files of a database: the snapshot, the journal that leads on from it, others' work.

Snapshot and journal say whether they belong together; what does not belong together is refused, and
nothing is guessed.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, NoReturn

from qm_tui.files import open_file
from qm_tui.garbage import no_garbage_collection
from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.refusal import reason
from qm_tui.store import snapshot
from qm_tui.store.contents import Contents
from qm_tui.store.errors import StoreError
from qm_tui.store.frames import Damaged
from qm_tui.store.history import History, Limits
from qm_tui.store.interface import Found, no_found
from qm_tui.store.journal import Journal, NotAJournal
from qm_tui.store.lock import WAIT, Lock
from qm_tui.store.origin import origin
from qm_tui.store.replay import DoesNotFit, Replay
from qm_tui.store.snapshot import Head, LaterVersion, NotASnapshot
from qm_tui.store.state import State
from qm_tui.text import visible

_LATER: Final = "was written by a later version of qm-tui; use that version"


_SMALL_ONES_BETWEEN_TICKS: Final = 200

_PATIENCE: Final = 0.5
"""Seconds that a reader waits for a writer before it does without the last transaction."""

_MUCH: Final = 1024 * 1024
"""Bytes of a journal: some thousand users."""

_Signature = tuple[int, int, int]


class Known(NamedTuple):
    """By what it is noticed that somebody else has written."""

    snapshot: _Signature | None = None
    journal: _Signature | None = None


class Foreign(NamedTuple):
    """The snapshot is not as this program wrote it.

    Attributes:
        was_ours: whether this program wrote it before another changed it.
        before: what it held then, where that is known.
    """

    was_ours: bool
    before: Contents | None


class Touched(NamedTuple):
    """What was read since the database was last looked at.

    Attributes:
        before: the state before.
        user_ids: the users that may not be as they were; None where all was read anew.
    """

    before: State
    user_ids: set[str] | None


class Follower:
    """Knows what stands in the files of a database, and follows what others write.

    Missing files are an empty database.

    Args:
        path: the snapshot.
        wait: the seconds to wait for another writer.
        read_only: whether it shall only be looked at.
        limits: how long the history may grow.

    Attributes:
        contents: what it held when it was last read or written by this program.
        notices: what the admin should know about it.
    """

    def __init__(
        self,
        path: Path,
        *,
        wait: float = WAIT,
        read_only: bool = False,
        limits: Limits | None = None,
    ) -> None:
        # all who write must meet at one lock, whichever link leads them here
        self.path = Path(os.path.realpath(path))
        self._given = path
        self._journal_path = self.path.with_name(self.path.name + ".journal")
        self._previous_path = self.path.with_name(self.path.name + "~")
        self._lock = Lock(self.path.with_name(self.path.name + ".lock"), wait)
        self._history = History(self.path.with_name(self.path.name + ".history"))
        self._limits = limits or Limits()
        self._is_for_looking = read_only
        self._broken = ""
        self.contents = Contents()
        self.notices: list[str] = []
        self.is_loaded = False
        self._head: Head | None = None
        self._journal: Journal | None = None
        self._known = Known()
        self._unreadable = Known()
        self._foreign: Foreign | None = None
        self._may_write = False
        self._origin = origin()

    @property
    def named(self) -> str:
        """The path as the admin gave it, for a sentence."""
        return visible(str(self._given))

    @property
    def read_only(self) -> str:
        """Why it cannot be changed, as a sentence; empty where it can."""
        if self._broken:
            return self._broken
        if self._is_for_looking:
            return f"The store {self.named} is open for looking only."
        if self._may_write:
            return ""
        folder = self.path.parent
        for path in (self.path, self._journal_path, folder if folder.exists() else self.path):
            try:
                may = os.access(path, os.W_OK) or not path.exists()
            except OSError:
                may = False
            if not may and _is_read_only_system(path):
                return (
                    f"The store {self.named} lies on a file system that is mounted read-only: it "
                    "is open for looking only."
                )
            if not may:
                return f"You may not write to the store {self.named}: it is open for looking only."
        self._may_write = True
        return ""

    def load(self, tick: Tick = no_tick, found: Found = no_found) -> Touched:
        """Read what it holds now, others' commits included.

        Raises:
            StoreError: it cannot be read, or is no store.
        """
        with self._refusing():
            if not self.is_loaded:
                with no_garbage_collection():
                    self._read(tick, found, is_locked=False)
            is_first = self._known.journal is None
            with self._lock.shared(_PATIENCE) as is_quiet:
                touched = self._catch_up(tick, found, is_quiet=is_quiet)
            if is_first and is_quiet:
                self._note_torn_end()
            return touched

    def _note_torn_end(self) -> None:
        journal = self._journal
        if journal is None or not journal.left_out:
            return
        if journal.is_end_damaged:
            what = (
                "the disk has damaged the last change, or the power failed while it was saved. "
                "It is left out. qm-tui recover writes what can be read to a new store; the next "
                "change keeps these bytes in a file of their own"
            )
        else:
            what = "a change that was cut off while it was saved. The next change removes it"
        self.notices.append(
            f"The journal {visible(self._journal_path.name)} ends with {journal.left_out:,} bytes "
            f"that cannot be read: {what}."
        )

    def let_go(self) -> AbstractContextManager[bool]:
        """Keep this process from holding the lock for a moment; gives whether it does not now."""
        return self._lock.let_go()

    def has_external_changes(self) -> bool:
        """Whether others may have written something."""
        return self._look() not in (self._known, self._unreadable)

    def refresh(self, tick: Tick = no_tick) -> Touched | None:
        """Read what others committed; None while somebody is writing.

        Raises:
            StoreError: it cannot be read any more.
        """
        with self._lock.shared() as is_quiet:
            if not is_quiet:
                return None
            with self._refusing():
                return self._catch_up(tick)

    def _look(self) -> Known:
        return Known(_signature(self.path), _signature(self._journal_path))

    def _catch_up(self, tick: Tick, found: Found = no_found, *, is_quiet: bool = True) -> Touched:
        """Take in what others wrote.

        Args:
            tick: told how much is read.
            found: given the users as they are read.
            is_quiet: whether the lock is held, at least shared. If it is not, the last transaction
                is left for later.
        """
        before, looked = self.contents.state, self._look()
        if looked == self._known:
            return Touched(before, set())
        try:
            with no_garbage_collection() if self._is_much(looked) else nullcontext():
                touched = self._read_on(looked, tick, found, is_quiet=is_quiet)
        except (StoreError, NotASnapshot, OSError):
            self._unreadable = looked  # it is not read again and again
            raise
        if is_quiet:
            self._known = looked
        return Touched(before, touched)

    def _is_much(self, looked: Known) -> bool:
        """Whether so many users are new that to look for garbage among them would be felt."""
        if self._journal is None or looked.journal is None:
            return True
        return looked.journal[1] - self._journal.end > _MUCH

    def _read_on(
        self, looked: Known, tick: Tick, found: Found, *, is_quiet: bool
    ) -> set[str] | None:
        """Read what is new; the users that it is about, or None where all was read anew."""
        known = self._known
        if looked.snapshot is None and known.snapshot is not None:
            msg = (
                f"The store {self.named} is gone: it was there when it was opened. Put it "
                "back, or open qm-tui again to start an empty one."
            )
            raise StoreError(msg)
        if looked.journal is None and self._journal is not None:
            msg = (
                f"The journal {visible(str(self._journal_path))} is gone: it was there when the "
                "store was opened, and changes are in it. Put it back before you go on."
            )
            raise StoreError(msg)
        if looked.snapshot == known.snapshot and self._has_live_journal(looked):
            return self._read_journal(tick, found, holds_back=not is_quiet)
        head, journal = self._head_there(), self._journal
        if head and journal and head.journal == journal.header.uid:
            # a checkpoint: what it took in can still be read, whatever its name is now
            touched = self._read_journal(tick, found, head.offset)
            if journal.end == head.offset:
                self._adopt(head)
                return touched | self._read_journal(tick, found, holds_back=not is_quiet)
        self._read(tick, no_found, is_locked=True)
        self._read_journal(tick, found, holds_back=not is_quiet)
        return None

    def _has_live_journal(self, looked: Known) -> bool:
        if self._journal is None:
            return looked.journal is None
        return looked.journal is not None and looked.journal[0] == self._journal.status.st_ino

    def _head_there(self) -> Head | None:
        try:
            with _opened(self.path) as file:
                return snapshot.head_in(file)
        except FileNotFoundError:
            return None

    def _adopt(self, head: Head) -> None:
        """Go on with the journal that leads on from a snapshot whose users are known."""
        self._head = head
        self._take_journal(self._opened_journal())
        if self._journal and self._journal.header.uid != head.uid:
            self._take_journal(None)  # the checkpoint was cut off before it made a new one

    def _take_journal(self, journal: Journal | None) -> None:
        if self._journal is not None and self._journal is not journal:
            self._journal.close()
        self._journal = journal

    def _read_journal(
        self,
        tick: Tick,
        found: Found = no_found,
        until: int | None = None,
        *,
        holds_back: bool = False,
    ) -> set[str]:
        """Read on in the journal; the users that the transactions are about."""
        if self._journal is None:
            return set()
        replay, before = Replay(self.contents, found), self.contents.state
        try:
            for count, recorded in enumerate(
                self._journal.read_on(until, holds_back=holds_back), start=1
            ):
                replay.add(recorded, tick)
                if not count % _SMALL_ONES_BETWEEN_TICKS:
                    tick(Phase.OPENING, recorded.end, self._journal.status.st_size)
            replay.finish()
        except Damaged as damaged:
            self._forget(before)
            self._refuse_damaged(self._journal_path, damaged.offset)
        except DoesNotFit as error:
            self._forget(before)
            msg = (
                f"The journal {visible(str(self._journal_path))} does not belong to "
                f"{visible(self.path.name)} ({error}). Nothing was changed. {self._recovery}"
            )
            raise StoreError(msg) from error
        except BaseException:
            self._forget(before)
            raise
        return replay.user_ids

    def _forget(self, state: State) -> None:
        """Show what was known, and read everything anew next time: it was half taken in."""
        self.contents = Contents()
        self.contents.state = state
        self._take_journal(None)
        self._known = Known()
        self.is_loaded = False

    def _refuse_damaged(self, path: Path, offset: int) -> NoReturn:
        msg = (
            f"The store {self.named} is damaged: {visible(str(path))} cannot be read at byte "
            f"{offset:,}, and what follows was saved. Nothing was changed. {self._recovery}"
        )
        raise StoreError(msg)

    @property
    def _recovery(self) -> str:
        return "qm-tui recover writes what can be read to a new store."

    def _read(self, tick: Tick, found: Found, *, is_locked: bool) -> None:
        """Read the snapshot, and find the journal that leads on from it."""
        with nullcontext() if is_locked else self._lock.shared(_PATIENCE):
            journal = self._opened_journal()
            try:
                file = _opened(self.path)
            except FileNotFoundError:
                self._read_nothing(journal)
                return
            there = signature_of(os.fstat(file.fileno()))
            beside = signature_of(journal.status) if journal else None
        with file:
            before = self.contents if self.is_loaded else None
            reading = snapshot.Reading(file, tick)
            try:
                contents = Contents.read(reading.parts(), found)
            except snapshot.Inexact:
                contents = Contents.read(reading.parts(exactly=True), is_exact=True)
        self._head = reading.head
        self._foreign = Foreign(reading.was_ours, before) if not reading.is_as_written else None
        journal = self._belonging(journal, reading.is_as_written)
        generation = reading.generation
        if self._foreign:
            generation = max(generation, self._last_number())
        contents.state = replace(contents.state, generation=generation)
        self.contents = contents
        self._take_journal(journal)
        # a journal that leads on is yet to be read; one that does not has nothing to say
        self._known = Known(there, None if journal else beside)
        self.is_loaded = True

    def _read_nothing(self, journal: Journal | None) -> None:
        """There is no snapshot."""
        if journal is not None and next(journal.read_on(), None) is not None:
            journal.close()
            msg = (
                f"The store {self.named} is not there, but its journal "
                f"{visible(self._journal_path.name)} is, with changes in it. Put {self.path.name} "
                f"back from a backup. {self._recovery}"
            )
            raise StoreError(msg)
        if journal is not None:
            self._known = Known(None, signature_of(journal.status))
            journal.close()
        self.contents, self._head, self._foreign = Contents(), None, None
        self._take_journal(None)
        self.is_loaded = True

    def _opened_journal(self) -> Journal | None:
        path = self._journal_path
        may_write = not self._is_for_looking and os.access(path, os.W_OK)
        try:
            return Journal(path, may_write=may_write)
        except FileNotFoundError:
            return None
        except NotAJournal:
            self._refuse_damaged(path, 0)
        except LaterVersion as error:
            msg = f"The store {self.named} cannot be used: its journal {_LATER}."
            raise StoreError(msg) from error

    def _belonging(self, journal: Journal | None, is_as_written: bool) -> Journal | None:
        """The journal, if it leads on from the snapshot; None where there is none that does.

        Raises:
            StoreError: it leads on from another, and there are changes in it.
        """
        head = self._head
        if journal is None:
            if head is not None and is_as_written and not self.is_loaded:
                self.notices.append(
                    f"The store {self.named} was found without its journal, as in a copy: changes "
                    "made after the last checkpoint are not in it."
                )
            return None
        if head is not None and is_as_written and head.uid == journal.header.uid:
            return journal
        if head is not None and is_as_written and head.journal == journal.header.uid:
            journal.close()
            return None  # the checkpoint that wrote the snapshot was cut off at its end
        try:
            waiting = next(journal.read_on(), None)
        except Damaged as damaged:
            journal.close()
            self._refuse_damaged(self._journal_path, damaged.offset)
        journal.close()
        if waiting is None:
            return None
        if is_as_written:
            msg = (
                f"{self.named} and its journal {visible(self._journal_path.name)} do not belong "
                "together, as when one of them is put back from a backup. Nothing was changed. "
                f"Put back both, or move the journal away to go on without the changes in it. "
                f"{self._recovery}"
            )
        else:
            msg = (
                f"The store {self.named} was changed by another program while changes stand in "
                f"its journal {visible(self._journal_path.name)}. Nothing was changed. Put back "
                f"both from a backup. {self._recovery}"
            )
        raise StoreError(msg)

    def _last_number(self) -> int:
        entries = self._history.entries()
        return entries[-1].number if entries else 0

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Say in a sentence what keeps the files from being read."""
        try:
            yield
        except NotASnapshot as error:
            remedy = (
                "put a copy from a backup in its place, choose another file with --store, or let "
                "qm-tui recover write what can be read to a new one"
            )
            if isinstance(error, LaterVersion):
                remedy = "use that version"
            msg = f"The store {self.named} cannot be used: {error}. Nothing was changed; {remedy}."
            raise StoreError(msg) from error
        except OSError as error:
            msg = f"The store {self.named} cannot be read: {reason(error)}."
            raise StoreError(msg) from error


def _signature(path: Path) -> _Signature | None:
    try:
        return signature_of(path.stat())
    except OSError:
        return None


def signature_of(status: os.stat_result) -> _Signature:
    """By what a file is known to be as it was."""
    return status.st_ino, status.st_size, status.st_mtime_ns


def _opened(path: Path) -> BinaryIO:
    """A file, open for reading. Never waits, as a pipe would make it.

    Raises:
        OSError: it cannot be opened, or is no file.
    """
    return os.fdopen(open_file(path, os.O_RDONLY), "rb")


def _is_read_only_system(path: Path) -> bool:
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False
