"""TinyDB's storage for users: a snapshot, and a log of all transactions.

    users.json       all users, as plain TinyDB reads them
    users.log        the transaction log, in segments
    users.lock       held by the writer

A commit is one entry at the end of the log, made durable by one sync. The snapshot is rewritten
afterward, in the background, and never holds up an acknowledgment. To open the store is to read the
snapshot and the entries behind its position; files that do not match are rejected, and nothing is
guessed.
"""

import errno
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from threading import Lock as ThreadLock
from threading import RLock, Timer, main_thread
from typing import Any, Final, NamedTuple

from tinydb.storages import Storage

from qm_tui.directory import Directory, Signature, real_path
from qm_tui.errors import os_error_text
from qm_tui.gc_control import gc_paused
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.store import interface as api
from qm_tui.store.action_subject import with_user
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError, StoreReadOnly
from qm_tui.store.origin import current_origin
from qm_tui.store.state import Changes
from qm_tui.store.tinydb import entries, lock, snapshot
from qm_tui.store.tinydb.entries import CorruptEntry, FilesUnusable
from qm_tui.store.tinydb.lock import WAIT, Position
from qm_tui.store.tinydb.log import Log, OutcomeUnknown, base_payloads
from qm_tui.store.tinydb.snapshot import Changeset, Contents
from qm_tui.text import pluralize, sanitize

SMALL: Final = 5000
"""Users up to which a script waits until the snapshot is rewritten."""

_DELAY: Final = 1.0
"""Seconds after a commit when the snapshot of more users is rewritten."""

_SHARE: Final = 9
"""Times of a rewrite that the next one waits: it takes a tenth of the time at most."""

_RETRY: Final = 5.0
"""Seconds after which a rewrite that failed is tried again."""

_MUCH: Final = 1024 * 1024
_PERMISSIONS: Final = "Check the file, its owner and its mode."
_CHECK: Final = "Start qm-tui again, and check the last transactions in Activity."


class _Reading(NamedTuple):
    """How the files are read.

    Attributes:
        progress: the progress.
        on_loaded: called with users that were read.
        is_locked: whether this program holds the lock.
    """

    progress: ProgressCallback = ignore_progress
    on_loaded: snapshot.UsersRead = snapshot.ignore_users
    is_locked: bool = False


class LogStorage(Storage):
    """The files of a store, and what they held when they were last read.

    Missing files are an empty store; they are made, and their directory, by the first commit.

    Args:
        path: the snapshot.
        wait: the seconds to wait for another writer.
        read_only: whether it is opened read-only.
        retention: how long changes stay available.

    Attributes:
        contents: what the store held when it was last read or written.
        notices: what the admin should know; sentences.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        wait: float = WAIT,
        read_only: bool = False,
        retention: api.RetentionPolicy | None = None,
    ) -> None:
        super().__init__()
        real = real_path(path)  # all must meet at one lock, whichever link they follow
        self.shown = sanitize(str(path))
        self.directory, self.names = Directory(real.parent), lock.Names.of(real.name)
        self.lock = lock.Lock(self.directory, self.names, wait)
        self.markers = lock.ImportMarkers(self.directory, self.names)
        self.log = Log(self.directory, self.names)
        self.retention = retention or api.RetentionPolicy()
        self.contents = Contents()
        self.notices: list[str] = []
        self.snapshots = SnapshotWriter(self.directory, self.names, self.retention)
        self._is_read_only, self._is_writable = read_only, False
        self._is_loaded = self._existed = False
        self._plain: tuple[Signature, str] | None = None
        self._unusable = ""
        self._seen: object = None
        self._reading = RLock()  # one thread at a time moves on in the log
        self._origin = current_origin()

    @property
    def exists(self) -> bool:
        """Whether there are files of the store."""
        is_there = self.directory.exists
        return is_there and (self._snapshot_signature() is not None or self._has_log)

    @property
    def _has_log(self) -> bool:
        return bool(self.names.segments(self.directory))

    def _snapshot_signature(self) -> Signature | None:
        return self.directory.signature(self.names.snapshot) if self.directory.exists else None

    @property
    def read_only_reason(self) -> str:
        """Why it cannot be changed, as a sentence; empty if it can."""
        if self._unusable or self._is_read_only:
            return self._unusable or f"The store {self.shown} is open read-only."
        if not self._is_writable and self.directory.exists:
            for name in (".", self.names.snapshot, self.log.name, self.names.lock):
                if not self.directory.may_write(name):
                    path = sanitize(str(self.directory.path / name))
                    return f"The store {self.shown} is read-only: no write permission for {path}."
            self._is_writable = True
        return ""

    # Reading

    def load(
        self,
        progress: ProgressCallback = ignore_progress,
        on_loaded: snapshot.UsersRead = snapshot.ignore_users,
    ) -> None:
        """Read what the store holds now, including the commits of other programs.

        Raises:
            StoreError: it cannot be read, or is not a store.
        """
        with self._reading, self.translating_errors():
            if self._is_loaded:
                self._catch_up(_Reading(progress))
            else:
                self._read(_Reading(progress, on_loaded))

    def refresh(self, progress: ProgressCallback = ignore_progress) -> frozenset[str] | None:
        """Read what other programs committed.

        Returns:
            The User IDs that may have changed; None if everything was read anew.

        Raises:
            StoreError: it can no longer be read.
        """
        with self._reading, self.translating_errors():
            return self._catch_up(_Reading(progress))

    def has_external_changes(self) -> bool:
        """Whether another program may have committed something."""
        return self._signatures() != self._seen

    def _signatures(self) -> object:
        """What differs if another program has written something."""
        if not self.directory.exists:
            return None
        if self._unusable:  # any of the files may be the one that is still missing
            own = [name for name in self.directory.names() if name.startswith(self.names.stem)]
            return self.directory.is_in_place(), *map(self.directory.signature, own)
        name = self.log.name if self.log.is_open else self.names.snapshot
        has_log = self.log.is_open or self.directory.status(self.log.name) is not None
        return self.directory.is_in_place(), has_log, self.directory.signature(name)

    def _catch_up(self, how: _Reading) -> frozenset[str] | None:
        """Read what is new; return the User IDs that may have changed, or None for all."""
        seen = self._signatures()
        if seen == self._seen and not how.is_locked:
            return frozenset()
        if self.log.is_open and self.directory.is_in_place() and self.log.is_in_place():
            self._seen = seen
            is_much = self.log.size - self.log.position.offset > _MUCH
            try:
                with gc_paused() if is_much else nullcontext():
                    return self._read_log(how)
            except FilesUnusable as error:
                if not _is_missing(error):
                    raise  # else another program may have removed old segments
        self._reload(how)
        return None

    def _reload(self, how: _Reading) -> None:
        """Read everything anew: the files are not those that were read."""
        before, last = self.contents.state, self.log.position.segment
        self.snapshots.drop()
        self.log.close()
        self._is_writable = False
        if not self.directory.is_in_place():
            if how.is_locked:
                raise self._moved_error()
            self.directory.close()
        if not how.is_locked:
            self.lock.close()  # the lock file may be another one too
        self._seen = self._signatures()
        try:
            if self._existed and not self.exists:
                raise FilesUnusable("its files were removed after it was opened")
            self._read(how)
        except BaseException:
            self._unusable = (
                f"The files of the store {self.shown} were removed or replaced, and do not "
                "match. Nothing is written until they do. If they are being restored, wait."
            )
            self._seen = self._signatures()
            raise
        if self._unusable:
            self._unusable, self._seen = "", None
            if self.contents.state == before:
                self.notices.append(f"The files of the store {self.shown} match again.")
        is_removed = 0 < last < self.log.position.segment and not self.directory.status(
            self.names.segment(last)
        )
        if is_removed and before.number <= self.contents.state.number:
            return  # another program has removed old segments, of the same store
        if before.number and self.contents.state != before:
            self.notices.append(
                f"The store {self.shown} was replaced by another copy: its last transaction was "
                f"{before.number:,}, and is {self.contents.state.number:,} now."
            )

    def _read(self, how: _Reading) -> None:
        """Read the snapshot, and the entries of the log behind it."""
        before, is_read = self.contents, False
        while not is_read:
            signature = self._snapshot_signature()
            try:
                with gc_paused():
                    self._read_files(signature, how)
                is_read = True
            except BaseException as error:
                if _is_missing(error) and self._snapshot_signature() != signature:
                    continue  # another program has removed an old segment
                self.log.close()
                self.contents = before
                raise
        self._is_loaded = True
        self._existed = self._existed or self.exists

    def _read_files(self, signature: Signature | None, how: _Reading) -> None:
        self.log.close()
        self.contents, self._plain = Contents(), None
        self._seen = self._signatures()
        if not self.directory.exists:
            with suppress(FileNotFoundError):
                _ = self.directory.descriptor  # raises the error that it cannot be opened with
            return
        if self.directory.status(self.names.recovering):
            raise FilesUnusable(
                "it was not recovered or copied completely",
                "Repeat the same qm-tui recover or qm-tui copy.",
            )
        old = (f"{self.names.snapshot}.journal", f"{self.names.snapshot}.history")
        if any(map(self.directory.status, old)):
            raise entries.VersionMismatch("a version of qm-tui before 0.2 wrote it")
        if signature is None or not signature[2]:
            if self._read_whole_log(how) and self.contents.state.number:
                self.notices.append(
                    f"{self.names.snapshot} of the store {self.shown} was missing or empty. All "
                    "users were read from the log."
                )
            return
        with snapshot.SnapshotFile(self.directory.open(self.names.snapshot)) as file:
            if file.position is None:
                self._read_plain(file, signature, how)
                return
            name, position = self.names.segment(file.position.segment), file.position
            if self.directory.status(name) is None and signature == self._snapshot_signature():
                raise FilesUnusable(f"{name} is missing")
            fits = self.log.open_at(position)
            self.contents = file.read(how.progress, how.on_loaded)
            if not file.is_complete:
                self._reject_snapshot(file)
        if not fits:
            is_short = self.log.size < position.offset
            what = "does not match"
            if is_short:
                what = f"ends before transaction {position.number:,}, the last one in"
            raise FilesUnusable(f"{name} {what} {self.names.snapshot}")
        self.snapshots.verified = signature
        self._read_log(how)

    def _read_whole_log(self, how: _Reading) -> bool:
        """Read all users from the log; return whether there is one."""
        if self._has_log:
            self.log.open_start()
            self._read_log(how)
            return True
        saved = self.lock.acknowledged()
        if saved is not None and saved.number:
            what = f"transaction {saved.number:,} was saved, according to {self.names.lock}"
            raise FilesUnusable(f"{self.log.name} is missing, but {what}")
        return False

    def _read_plain(self, file: snapshot.SnapshotFile, signature: Signature, how: _Reading) -> None:
        """Read a file that another program wrote: the first transaction takes it over."""
        digest = file.digest()
        self._read_whole_log(how)
        for first in self.log.summaries()[:1]:
            if first.kind is api.TransactionKind.TAKEOVER and first.action.digest == digest:
                self.snapshots.verified = signature
                return  # the takeover was interrupted before it replaced the file
            self._reject_snapshot(file)
        self.log.close()  # if there is one, a takeover was interrupted before it was saved
        self.contents = file.read(how.progress, how.on_loaded)
        self._plain = signature, digest

    def _reject_snapshot(self, file: snapshot.SnapshotFile) -> None:
        """Refuse a snapshot that was changed since it was written; count the users that differ."""
        name, fix = self.names.snapshot, ""
        why = f"{name} was damaged, or changed by another program"
        with suppress(FilesUnusable, OSError):
            self.contents = Contents()
            self._read_whole_log(_Reading())
            found, users = file.salvage()[0].state.users, self.contents.state.users
            differing = sum(found.get(one) != users.get(one) for one in {**found, **users})
            why += f": {differing:,} of {pluralize(len(users), 'user')} differ from the log"
            fix = f"Move {name} away: all users are read from the log. Or restore a backup."
        raise FilesUnusable(why, fix)

    def _read_log(self, how: _Reading) -> frozenset[str]:
        """Read on in the log; return the User IDs that the transactions are about."""
        acknowledged, log = self.lock.acknowledged(), self.log
        user_ids, goes_on = set[str](), True
        while goes_on:
            goes_on, changes = False, Changeset(self.contents)
            end, is_all = self._readable_end(acknowledged, how)
            for done, entry in enumerate(log.read_on(end), start=1):
                if self._ends_copy(entry, acknowledged):
                    break
                try:
                    goes_on = self._apply_entry(entry, changes, how.on_loaded)
                except (ValueError, TypeError, LookupError, RecursionError) as error:
                    raise CorruptEntry(log.name, entry.start) from error
                if goes_on:
                    break
                if changes.is_applied:
                    user_ids.update(changes.users)
                    changes = Changeset(self.contents)
                if entry.is_part or not done % 200:
                    how.progress(Phase.OPENING, entry.end, end)
        if acknowledged is not None and acknowledged[:2] > log.position[:2]:
            if acknowledged.segment == log.position.segment and log.size < acknowledged.offset:
                what = (
                    f"transaction {acknowledged.number:,} was saved, according to {self.names.lock}"
                )
                raise FilesUnusable(f"{log.name} ends at byte {log.size:,}, but {what}")
            raise CorruptEntry(log.name, log.position.offset)
        if not is_all:
            self._seen = None  # there is more to read when the writer is done
        else:
            self._note_end(end - log.position.offset, acknowledged)
        return frozenset(user_ids)

    def _ends_copy(self, entry: entries.LogEntry, acknowledged: Position | None) -> bool:
        """Whether the next segment was begun after a copy of the files, which ends here."""
        position = self.log.position
        return (
            entry.payload.startswith(b'{"closed":')
            and acknowledged is not None
            and acknowledged[:2] <= position[:2]
            and self.directory.status(self.names.segment(position.segment + 1)) is None
        )

    def _readable_end(self, acknowledged: Position | None, how: _Reading) -> tuple[int, bool]:
        """Return up to which byte of the segment may be read, and whether that is all of it.

        A writer may still revert what it has not acknowledged.
        """
        with nullcontext(True) if how.is_locked else self.lock.shared() as is_quiet:
            size = self.log.size
        if is_quiet or acknowledged is None or acknowledged.segment > self.log.position.segment:
            return size, True
        is_here = acknowledged.segment == self.log.position.segment
        end = min(size, acknowledged.offset) if is_here else self.log.position.offset
        return end, end == size

    def _apply_entry(
        self, entry: entries.LogEntry, changes: Changeset, found: snapshot.UsersRead
    ) -> bool:
        """Take over an entry; return whether the log goes on in the next segment."""
        about, log = entries.decode(entry.payload), self.log
        if "closed" in about:
            log.enter_next(entry)
            return True
        batch = changes.add(about.get("users", []))
        if batch:
            found(batch)
        if "segment" in about:
            log.advance(entry.end, entry.chain)
        elif "base" in about:
            if about["base"] == "end":
                self.contents = changes.apply(log.position.number, about["tables"])
                log.advance(entry.end, entry.chain)
        elif not entry.is_part:
            summary = entries.decode_summary(about)
            if summary.number != log.position.number + 1:
                raise ValueError("its number does not follow")
            self.contents = changes.apply(summary.number, about.get("tables", ""))
            log.advance(entry.end, entry.chain, summary)
        return False

    def _note_end(self, left: int, acknowledged: Position | None) -> None:
        """Tell of bytes behind the last transaction, and if it cannot be verified as the last."""
        notice = ""
        if left:
            notice = (
                f"{self.log.name} ends with {left:,} bytes of a transaction that was interrupted "
                "before it was saved. The next change removes them."
            )
        elif acknowledged is None and self.contents.state.number:
            notice = (
                f"{self.names.lock} of the store {self.shown} is missing or damaged, so it cannot "
                "be verified that the log is complete. Check the last transactions in Activity."
            )
        if notice and notice not in self.notices:
            self.notices.append(notice)

    # Writing

    @contextmanager
    def writing(self, text: str) -> Iterator[None]:
        """Hold the lock over read, change and write.

        Args:
            text: what for; others are told while they wait.

        Raises:
            StoreError: the store cannot be read, locked or written.
        """
        if self._unusable:
            with suppress(StoreError):  # the files may match again
                self.refresh()
        if self.read_only_reason:
            raise StoreReadOnly(self.read_only_reason)
        if self._existed and not self.directory.is_in_place():
            raise self._moved_error()
        with self._translating_write_errors():
            self.directory.create()
        with self.lock.held(text, self._origin):
            with self._reading, self.translating_errors():
                how = _Reading(is_locked=True)
                if self._is_loaded:
                    self._catch_up(how)
                else:
                    self._read(how)
                if self.log.is_open and self.lock.acknowledged() is None:
                    self.lock.acknowledge(self.log.position)
            if self.log.is_open and self.lock.was_left:
                with self._translating_write_errors():
                    self.log.sync()
            yield

    def _moved_error(self) -> StoreError:
        msg = f"The folder of the store {self.shown} was moved or replaced. Nothing was changed. "
        return StoreError(msg + "Put it back, or start qm-tui again.")

    def commit(
        self,
        changes: Changes,
        action: api.Action,
        progress: ProgressCallback,
        ids: Mapping[str, int],
        extras: Mapping[str, str],
    ) -> None:
        """Write changes, all or nothing. Inside `writing`; the rules were validated.

        Args:
            changes: the users as they will be.
            action: what the transaction is.
            progress: the progress.
            ids: TinyDB's document IDs of new users, by User ID, as far as they are given.
            extras: other members of the documents of users, as JSON, by User ID, as far as they
                change.

        Raises:
            CommitOutcomeUnknown: it may have been saved.
            StoreError: it could not be saved; nothing was changed.
            UserNameInUse: two users would have one User Name.
            ValueError: the changes do not fit the state or one another.
        """
        stored = self.contents.state.users
        with self._reading, self._translating_write_errors():
            names = self.contents.name_changes(changes)
            if not extras and all(stored.get(key) == user for key, user in changes.items()):
                return
            self.prepare()
            changeset, number = Changeset(self.contents), self.contents.state.number + 1
            action = with_user(action, stored, changes)
            now = datetime.now(UTC)

            def summary() -> api.TransactionSummary:
                counts = changeset.added, changeset.changed, changeset.deleted
                return self._summary(number, now, action, counts)

            rows, most = changeset.rows(changes, ids, extras), len(changes)
            lines = _with_progress(entries.payloads(rows, number, summary, most), progress, most)
            position = self._append(lines)
            self._committed(position, summary(), changeset.apply(number, names=names))

    def _append(self, lines: Iterator[bytes]) -> Position:
        """Append a transaction to the log."""
        position = self.log.append(lines)
        if not self._is_in_place():
            raise OutcomeUnknown(errno.ESTALE, "the files were moved, removed or replaced")
        return position

    def _is_in_place(self) -> bool:
        return self.directory.is_in_place() and self.lock.is_in_place() and self.log.is_in_place()

    def _summary(
        self, number: int, time: datetime, action: api.Action, counts: tuple[int, int, int]
    ) -> api.TransactionSummary:
        who = self._origin
        return api.TransactionSummary(number, time, who.login, who.address, action, *counts)

    def _committed(
        self, position: Position, summary: api.TransactionSummary, contents: Contents
    ) -> None:
        self.log.advance(position.offset, position.chain, summary)
        self.lock.acknowledge(self.log.position)
        self.contents = contents
        self._seen, self._existed = self._signatures(), True
        self.snapshots.request(contents, self.log.position)

    def prepare(self) -> None:
        """Make what is missing, and begin a new segment if the current one is large or old.

        Raises:
            OSError: it could not be done.
        """
        if self.log.is_open and not self._is_in_place():
            # another program locks, and writes, the files that have the names now
            raise OSError(errno.ESTALE, "its files were moved, removed or replaced")
        if not self.log.is_open:
            self.log.create()
            self.lock.acknowledge(self.log.position)
            if self._plain is None:
                with self.directory.atomic_write(self.names.snapshot) as file:
                    snapshot.write_snapshot(file, self.contents, self.log.position)
                self.snapshots.verified = self._snapshot_signature()
        if self._plain is not None:
            self._take_over(*self._plain)
        keep, signature = self.retention, self._snapshot_signature()
        largest = max(keep.segment_bytes, keep.segment_ratio * (signature[2] if signature else 0))
        is_old = datetime.now(UTC) - self.log.started > timedelta(days=keep.segment_days)
        if self.log.position.number and (self.log.size > largest or is_old):
            rows, summaries = self.contents.rows(), self.log.summaries()
            try:
                self.log.create(base_payloads(rows, self.contents.tables, summaries))
            except OutcomeUnknown:
                raise
            except OSError:
                return  # the current one goes on growing
            self.lock.acknowledge(self.log.position)

    def _take_over(self, signature: Signature, digest: str) -> None:
        """Make a file that another program wrote the first transaction."""
        plain = self.contents
        users, rows = plain.state.users, chain.from_iterable(plain.rows())
        kind = api.TransactionKind.TAKEOVER
        action = api.Action(kind, self.names.snapshot, digest=digest)
        summary = self._summary(1, datetime.now(UTC), action, (len(users), 0, 0))
        lines = entries.payloads(rows, 1, lambda: summary, len(users), plain.tables)
        position = self._append(lines)
        self._plain, self.snapshots.verified = None, signature
        self._committed(position, summary, plain.numbered(1))
        self.snapshots.flush()

    # TinyDB's storage interface

    def read(self) -> dict[str, Any] | None:
        """Return all tables, by name and document ID; None if there are none.

        Raises:
            StoreError: they cannot be read.
        """
        self.load()
        tables: dict[str, Any] = dict(self.contents.other_tables())
        if self.contents.state.users:
            users = self.contents.documents()
            tables[snapshot.USERS] = {str(number): document for number, document in users}
        return tables or None

    def write(self, data: Mapping[str, Any]) -> None:
        """Refuse to replace all tables at once: `UsersTable` changes the documents it is given.

        Raises:
            StoreError: always.
        """
        msg = f"Only the users of the store {self.shown} can be changed, by UsersDB. Nothing was "
        raise StoreError(msg + "changed. Keep other tables in a TinyDB file of their own.")

    def close(self) -> None:
        """Rewrite the snapshot if it is behind, and close the files. It may be loaded again."""
        self.snapshots.flush(is_last=True)
        with self._reading:
            self.log.close()
            self.lock.close()
            self.directory.close()
            self._is_loaded, self._seen = False, None

    # Errors in words

    @contextmanager
    def translating_errors(self) -> Iterator[None]:
        """Turn errors of reading the files into sentences.

        Raises:
            StoreError: with that sentence.
        """
        try:
            yield
        except FilesUnusable as error:
            what = sanitize(str(error))
            raise StoreError(
                f"The store {self.shown} cannot be used: {what}. Nothing was changed. {error.fix}"
            ) from error
        except OSError as error:
            which = sanitize(str(error.filename or self.names.snapshot))
            raise StoreError(
                f"Cannot read {which} of the store {self.shown}: {os_error_text(error)}. "
                f"{_PERMISSIONS}"
            ) from error

    def transactions(self) -> list[api.TransactionSummary]:
        """Return all transactions, newest first."""
        with self.translating_errors():
            return self.log.summaries()[::-1]

    def changed_user_ids(
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        """Yield the User IDs of users that transactions added or changed."""
        with self.translating_log_errors():
            numbers = range(number, max(number, last) + 1)
            for _, rows in self.log.rows_of(numbers, progress):
                for row in rows:
                    user_id = entries.row_user_id(row)
                    if row[0] != entries.DELETED:
                        yield user_id

    @contextmanager
    def translating_log_errors(self) -> Iterator[None]:
        """Turn errors of reading the log into sentences.

        Raises:
            StoreError: with that sentence.
        """
        try:
            with self.translating_errors():
                yield
        except StoreError as error:
            if not isinstance(error.__cause__, CorruptEntry):
                raise
            why = sanitize(str(error.__cause__))
            raise StoreError(
                f"The changes cannot be read: {why}. All other transactions are available."
            ) from error
        except ValueError as error:
            raise StoreError(f"The changes cannot be read: {error}.") from error

    @contextmanager
    def _translating_write_errors(self) -> Iterator[None]:
        try:
            yield
        except OutcomeUnknown as error:
            self.lock.is_to_be_left = True
            what = f"{self.log.name} could not be synced ({os_error_text(error)})"
            if error.errno == errno.ESTALE:
                what = os_error_text(error)
            self._unusable = f"{what}, so nothing more is written. {_CHECK}"
            raise CommitOutcomeUnknown(
                f"The change of the store {self.shown} may not have been saved: {what}. {_CHECK}"
            ) from error
        except OSError as error:
            raise StoreError(
                f"Cannot write the store {self.shown}: {os_error_text(error)}. Nothing was changed."
            ) from error


class SnapshotWriter:
    """Rewrites the snapshot after commits, in the background.

    Args:
        directory: that of the store.
        names: the names of its files.
        retention: how long changes stay available.

    Attributes:
        verified: the signature of a file that this or another program of its kind wrote.
        failure: why the snapshot is behind, as a few words; empty if it is not.
    """

    def __init__(
        self, directory: Directory, names: lock.Names, retention: api.RetentionPolicy
    ) -> None:
        self._directory, self._names, self._retention = directory, names, retention
        self._writing = ThreadLock()
        self._requested: tuple[Contents, Position] | None = None
        self._timer: Timer | None = None
        self._earliest = 0.0
        self.verified: Signature | None = None
        self.failure = ""

    def request(self, contents: Contents, position: Position, wait: float = 0) -> None:
        """Ask for a snapshot, soon. Only the last one that was asked for is written."""
        self._requested = contents, position
        if self._timer is None:
            wait = max(wait, _DELAY if len(contents.state.users) > 4 * SMALL else 0)
            self._timer = Timer(max(wait, self._earliest - time.monotonic()), self.flush)
            self._timer.start()

    def drop(self) -> None:
        """Cancel a rewrite that was requested: the files were restored."""
        self._requested = None
        self.flush()
        self.verified, self.failure = None, ""

    def flush(self, *, is_last: bool = False) -> None:
        """Write now what was asked for, unless it is written already.

        Args:
            is_last: whether to give up if it fails, because the program ends.
        """
        with self._writing:
            timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
            wanted, self._requested = self._requested, None
            if wanted is None:
                return
            began = time.monotonic()
            self._try(*wanted)
            self._earliest = time.monotonic() + _SHARE * (time.monotonic() - began)
        if self.failure and not is_last and main_thread().is_alive():
            self.request(*(self._requested or wanted), _RETRY)

    def _try(self, contents: Contents, position: Position) -> None:
        """Rewrite the snapshot, while no other program does."""
        why = "another program is writing it"
        try:
            with self._directory.locked(_RETRY) as is_alone:
                if is_alone:
                    why = self._rewrite(contents, position)
        except OSError as error:
            why = os_error_text(error)
        except FilesUnusable as error:
            why = str(error)
        self.failure = f"{self._names.snapshot} is behind: {why}" if why else ""

    def _rewrite(self, contents: Contents, position: Position) -> str:
        """Replace the snapshot, unless it is newer; return why it must not be replaced."""
        directory, name = self._directory, self._names.snapshot
        for left_behind in directory.temporary_files(name):
            directory.remove(left_behind)
        signature = directory.signature(name)
        if signature != self.verified and signature is not None and signature[2]:
            with snapshot.SnapshotFile(directory.open(name)) as file:
                if not file.verify() or file.position is None:
                    return "it was damaged, or changed by another program"
                self.verified = signature
                if file.position.number >= position.number:
                    return ""
        log = Log(directory, self._names)
        if not log.open_at(position):
            return ""  # the files were restored: there is nothing left to write
        os.fdatasync(log.descriptor)

        def is_unchanged() -> bool:
            return directory.is_in_place() and directory.signature(name) == signature

        with directory.atomic_write(name, may_replace=is_unchanged) as out:
            snapshot.write_snapshot(out, contents, position, lambda *_: time.sleep(0))
        self.verified = directory.signature(name)
        log.prune(self._retention)
        return ""


def _is_missing(error: BaseException) -> bool:
    return isinstance(error, FileNotFoundError) or isinstance(error.__cause__, FileNotFoundError)


def _with_progress(
    lines: Iterator[bytes], progress: ProgressCallback, most: int
) -> Iterator[bytes]:
    for count, payload in enumerate(lines):
        # the last chance to cancel is before the entry that makes it count
        progress(Phase.CHANGING, min(count * entries.ROWS_IN_A_PART, most), most)
        yield payload
