"""The transaction log: `users.log`, `users.log.000002` and so on, written only at its end.

A segment begins with its number and, from the second on, with all that the store held, so that the
store can be rebuilt from any segment on. It ends with an entry that names the next segment, which
then exists. So the log needs no list of its segments, and a missing one is noticed.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from qm_tui.directory import Directory, DirectorySyncError, sync
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Action,
    RetentionPolicy,
    TransactionKind,
    TransactionSummary,
    UserHistoryEntry,
)
from qm_tui.store.tinydb import entries
from qm_tui.store.tinydb.entries import CorruptEntry, LogEntry, Row, decode, encode
from qm_tui.store.tinydb.lock import Names, Position
from qm_tui.users.fields import KEYS

FORMAT: Final = 3
"""The version of the files' format. 1 and 2 were those of stores that were never released."""

_MAX_GAP: Final = timedelta(days=30)
"""What a gap between two transactions counts at most, when the age of a transaction is measured."""

_PROGRESS_INTERVAL: Final = 256 * 1024
_SUMMARIES_IN_A_LINE: Final = 500


class OutcomeUnknown(OSError):
    """A sync failed, and so did what takes the entry back."""


class Segment(NamedTuple):
    """A segment of the log.

    Attributes:
        number: its number.
        first: the number of its first transaction.
        size: its size in bytes.
        chain: the chain value before its first entry; empty if its first line cannot be read.
        started: when it was begun.
    """

    number: int
    first: int
    size: int
    chain: str
    started: datetime


class Log:
    """The transaction log of a store.

    Args:
        directory: that of the store.
        names: the names of the store's files.

    Attributes:
        position: up to which it has been read; the end of a transaction.
        started: when the current segment was begun.
    """

    def __init__(self, directory: Directory, names: Names) -> None:
        self._directory, self._names = directory, names
        self._descriptor: int | None = None
        self._summaries: list[TransactionSummary] | None = None
        self.close()

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def close(self) -> None:
        """Close the current segment, and forget what was read."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._summaries = None
        self.position = Position(0, 0, entries.START, 0)
        self.started = datetime.now(UTC)

    @property
    def is_open(self) -> bool:
        """Whether a segment is open."""
        return self._descriptor is not None

    @property
    def name(self) -> str:
        """The file name of the current segment."""
        return self._names.segment(max(1, self.position.segment))

    @property
    def descriptor(self) -> int:
        """The descriptor of the current segment.

        Raises:
            FileNotFoundError: there is none.
        """
        if self._descriptor is None:
            raise FileNotFoundError(2, os.strerror(2), self.name)
        return self._descriptor

    @property
    def size(self) -> int:
        """The size of the current segment in bytes."""
        return os.fstat(self.descriptor).st_size

    # Opening

    def open_start(self) -> None:
        """Open the oldest segment at its beginning.

        Raises:
            CorruptEntry: its first line cannot be read.
            VersionMismatch: a later version wrote it.
            OSError: it cannot be opened.
        """
        self.open_segment(next(iter(self._names.segments(self._directory)), 1))

    def open_at(self, position: Position) -> bool:
        """Open the log at a position; return whether the log has this position.

        Raises:
            As `open_start`.
        """
        self.open_segment(position.segment)
        self.position = position
        return self._holds(position)

    def open_segment(self, number: int) -> Segment:
        """Open a segment at its beginning.

        Raises:
            As `open_start`.
        """
        name = self._names.segment(number)
        try:
            descriptor = self._directory.open(name, os.O_RDWR | os.O_APPEND)
        except (PermissionError, OSError) as error:
            if not isinstance(error, PermissionError) and error.errno != 30:  # read-only system
                raise
            descriptor = self._directory.open(name)
        self.close()
        self._descriptor = descriptor
        segment = self._segment(descriptor, number)
        self.position = Position(number, 0, segment.chain, segment.first - 1)
        self.started = segment.started
        return segment

    def _segment(self, descriptor: int, number: int) -> Segment:
        """Read the first line of a segment."""
        line, line_end, _ = os.pread(descriptor, 4096, 0).partition(b"\n")
        payload = line[:-17]
        damage = ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError
        with suppress(*damage):
            found = json.loads(payload)
            if found["segment"] == number and found["format"] > FORMAT:
                raise entries.VersionMismatch("a later version of qm-tui wrote it")
            is_whole = entries.line_of(found["chain"], payload)[0] == line + line_end
            started, first = datetime.fromisoformat(found["time"]), int(found["first"])
            is_possible = found["segment"] == number and 0 < first < entries.MAX_NUMBER
            if is_whole and is_possible and started.tzinfo:
                size = os.fstat(descriptor).st_size
                return Segment(number, first, size, found["chain"], started)
        raise CorruptEntry(self._names.segment(number), 0)

    def _holds(self, position: Position) -> bool:
        """Whether the entry before a position of the current segment ends there."""
        wanted = f" {position.chain}\n".encode("utf-8", "replace")
        offset = position.offset - len(wanted)
        return offset > 0 and os.pread(self.descriptor, len(wanted), offset) == wanted

    def is_in_place(self) -> bool:
        """Whether the current segment still has its name, and what was read is unchanged."""
        is_named = self._directory.is_named(self.name, self._descriptor)
        return is_named and self._holds(self.position)

    # Reading on

    def read_on(self, end: int) -> Iterator[LogEntry]:
        """Yield the entries behind the position, up to a byte of the current segment.

        The reader moves the position, by `advance` and `enter_next`.

        Raises:
            CorruptEntry: an entry that was acknowledged cannot be read.
            OSError: the segment cannot be read.
        """
        name = self.name
        try:
            yield from entries.read_entries(
                self.descriptor, self.position.offset, end, self.position.chain
            )
        except CorruptEntry as corrupt:
            raise CorruptEntry(name, corrupt.offset) from corrupt

    def advance(self, end: int, chain: str, summary: TransactionSummary | None = None) -> None:
        """Move the position behind an entry; that of a transaction has a summary."""
        number = summary.number if summary else self.position.number
        self.position = Position(self.position.segment, end, chain, number)
        if summary and self._summaries is not None:
            self._summaries.append(summary)

    def enter_next(self, closing: LogEntry) -> None:
        """Go on with the next segment, behind what the store held when it was begun.

        Raises:
            FilesUnusable: the next segment is missing.
            CorruptEntry: it does not continue this one.
            OSError: it cannot be opened.
        """
        before, summaries = self.position, self._summaries
        number = before.segment + 1
        try:
            segment = self.open_segment(number)
        except FileNotFoundError as error:
            raise entries.FilesUnusable(f"{self._names.segment(number)} is missing") from error
        if segment.chain == closing.chain:
            for entry in self.read_on(segment.size):
                if entry.payload.startswith(b'{"base":"end"'):
                    self.position = Position(number, entry.end, entry.chain, before.number)
                    self._summaries = summaries
                    return
        raise CorruptEntry(self.name, 0)

    # Writing

    def append(self, lines: Iterable[bytes]) -> Position:
        """Append the entry of a transaction, with its parts before it, and make it durable.

        The caller holds the lock, and moves the position.

        Args:
            lines: the payloads; the last one is the entry.

        Returns:
            The position behind it.

        Raises:
            OutcomeUnknown: it may have been saved.
            OSError: it could not be saved; the log is unchanged.
        """
        descriptor, start = self.descriptor, self.position.offset
        chain, end, has_parts = self.position.chain, start, False
        if self.size < start:
            raise OSError(5, "The file was truncated while it was open")
        if self.size != start:  # an incomplete transaction that a killed program left behind
            os.ftruncate(descriptor, start)
            os.fdatasync(descriptor)
        try:
            for payload in lines:
                if has_parts and not payload.startswith(entries.PART):
                    # so a power cut leaves an entry only behind parts that are whole
                    os.fdatasync(descriptor)
                line, chain = entries.line_of(chain, payload)
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                end += len(line)
                has_parts = True
            os.fdatasync(descriptor)
        except BaseException as error:
            try:
                os.ftruncate(descriptor, start)
                os.fdatasync(descriptor)
            except OSError as failure:
                raise OutcomeUnknown(failure.errno, failure.strerror) from error
            raise
        if self.size != end:
            raise OutcomeUnknown(5, "The file was replaced while it was written")
        return Position(self.position.segment, end, chain, self.position.number)

    def sync(self) -> None:
        """Make durable what a program wrote that was killed: it may have closed a segment, too.

        Raises:
            OSError: it could not be done.
        """
        for number in (self.position.segment - 1, self.position.segment):
            with suppress(FileNotFoundError), self._opened(number) as descriptor:
                os.fdatasync(descriptor)

    def create(self, base: Iterable[bytes] = ()) -> None:
        """Begin the first segment, or close the current one and begin the next.

        The caller holds the lock.

        Args:
            base: payloads that say what the store holds.

        Raises:
            OutcomeUnknown: the current segment may have been closed.
            OSError: it could not be done; the log is unchanged.
        """
        before, summaries = self.position, self._summaries
        number, chain, end = before.segment + 1, before.chain, 0
        closing = encode({"closed": number})
        if before.segment:
            _, chain = entries.line_of(chain, closing)
        header = {
            "segment": number,
            "format": FORMAT,
            "first": before.number + 1,
            "chain": chain,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "fields": KEYS,
        }
        name = self._names.segment(number)
        for left_behind in self._directory.temporary_files(name):
            self._directory.remove(left_behind)
        try:
            with self._directory.atomic_write(name) as file:
                for payload in (encode(header), *base):
                    line, chain = entries.line_of(chain, payload)
                    file.write(line)
                    end += len(line)
            if before.segment:
                self.append([closing])
        except OutcomeUnknown:
            raise
        except BaseException:
            self._directory.remove(name)  # else it would be in the way of a recovery
            raise
        self.open_at(Position(number, end, chain, before.number))
        self._summaries = summaries

    # The past

    def segments(self) -> list[Segment]:
        """Return the segments up to the position, oldest first; also damaged and missing ones."""
        found: list[Segment] = []
        numbers = self._names.segments(self._directory) if self._directory.exists else []
        for number in range(numbers[0] if numbers else 1, self.position.segment + 1):
            try:
                with self._opened(number) as descriptor:
                    found.append(self._segment(descriptor, number))
            except (OSError, CorruptEntry) as error:
                if found or not isinstance(error, FileNotFoundError):  # else it was just pruned
                    found.append(self._damaged(number, is_oldest=not found))
        return found

    def _damaged(self, number: int, *, is_oldest: bool) -> Segment:
        """Return a segment whose first line cannot be read, by the first transaction in it."""
        status = self._directory.status(self._names.segment(number))
        size, behind = status.st_size if status else 0, self.position.number + 1
        damaged = Segment(number, behind, size, "", self.started)
        if is_oldest:
            return damaged._replace(first=1)
        with suppress(OSError):
            for entry in self._entries(damaged, ignore_progress):
                about = entries.NUMBER.match(entry.payload)
                if about:
                    return damaged._replace(first=int(about[1]))
        return damaged

    @contextmanager
    def _opened(self, number: int) -> Iterator[int]:
        descriptor = self._directory.open(self._names.segment(number))
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def summaries(self) -> list[TransactionSummary]:
        """Return all transactions up to the position, oldest first.

        One whose entry is damaged is listed as unreadable.

        Raises:
            OSError: the log cannot be read.
        """
        if self._descriptor is None:
            return []
        if self._summaries is None:
            self._summaries = self._read_summaries()
        first = next((one.first for one in self.segments()), self.position.number + 1)
        return [
            replace(one, is_available=False) if one.number < first else one
            for one in self._summaries
        ]

    def _read_summaries(self) -> list[TransactionSummary]:
        found: dict[int, TransactionSummary] = {}
        for segment in reversed(self.segments()):
            for entry in self._entries(segment, ignore_progress):
                with suppress(ValueError, LookupError, TypeError):
                    if entry.payload.startswith(b'{"base":"transactions"'):
                        for about in decode(entry.payload)["transactions"]:
                            summary = entries.decode_summary(about)
                            found.setdefault(summary.number, summary)
                    elif entry.payload.startswith(b'{"number":'):
                        summary = _summary_in(entry.payload)
                        found.setdefault(summary.number, summary)
            if len(found) >= self.position.number:
                break  # else some are damaged: older segments may have them too
        time = min((one.time for one in found.values()), default=self.started)
        named = []
        for number in range(1, self.position.number + 1):
            named.append(found.get(number) or _unreadable(number, time))
            time = named[-1].time
        return named

    def rows_of(
        self, numbers: range, progress: ProgressCallback = ignore_progress
    ) -> Iterator[tuple[int, list[Row]]]:
        """Yield the numbers and the rows of consecutive transactions, some rows at a time.

        Raises:
            StoreError: one of them does not exist, or is no longer available.
            CorruptEntry: the entry of one cannot be read.
            OSError: the log cannot be read.
        """
        wanted = numbers.start
        if wanted < 1 or numbers[-1] > self.position.number:
            raise StoreError(f"There is no transaction {numbers[-1]:,} in this store.")
        segments = self.segments()
        if not segments or wanted < segments[0].first:
            raise StoreError(
                f"The changes of transaction {wanted:,} are no longer available: it is too old, "
                "and cannot be undone."
            )
        behind = [*(segment.first for segment in segments[1:]), self.position.number + 1]
        corrupt, parts = CorruptEntry(self._names.segment(segments[0].number), 0), 0
        for segment, first_behind in zip(segments, behind, strict=True):
            if first_behind <= wanted:
                continue
            name = self._names.segment(segment.number)
            corrupt = corrupt if segment.chain else CorruptEntry(name, 0)
            for entry in self._entries(segment, progress):
                about = entries.NUMBER.match(entry.payload)
                if not entry.payload:
                    corrupt = CorruptEntry(name, entry.start)
                if not about or int(about[1]) < wanted:
                    continue
                if int(about[1]) > wanted:
                    raise corrupt
                try:
                    found = decode(entry.payload)
                except ValueError as error:
                    raise CorruptEntry(name, entry.start) from error
                parts += entry.is_part
                rows, is_next = found.get("users", []), "part" if entry.is_part else "parts"
                if found.get(is_next, 0) != parts or not isinstance(rows, list):
                    raise corrupt
                yield wanted, rows
                if not entry.is_part:
                    wanted, parts = wanted + 1, 0
                if wanted == numbers.stop:
                    return
        raise corrupt

    def _entries(self, segment: Segment, progress: ProgressCallback) -> Iterator[LogEntry]:
        """Yield the entries of a segment up to the position, corrupt ones without payload."""
        is_current = segment.number == self.position.segment
        end, told = self.position.offset if is_current else segment.size, 0
        if not segment.size:
            return  # it is missing
        with self._opened(segment.number) as descriptor:
            for entry in entries.read_entries(descriptor, 0, end, segment.chain, skip_corrupt=True):
                if entry.end - told >= _PROGRESS_INTERVAL:
                    told = entry.end
                    progress(Phase.OPENING, entry.end, end)
                yield entry

    def user_history(self, user_id: str, progress: ProgressCallback) -> Iterator[UserHistoryEntry]:
        """Yield what transactions did to a user, newest first. Older segments are read on demand.

        Raises:
            CorruptEntry: an entry that may be about the user cannot be read. All others came
                before.
            OSError: the log cannot be read.
        """
        # a payload is written in one of two ways, which differ beyond ASCII
        forms = {encode(user_id), json.dumps(user_id).encode("ascii")}
        corrupt: CorruptEntry | None = None
        for segment in reversed(self.segments()):
            found: list[UserHistoryEntry] = []
            rows: list[Row] = []
            name, number = self._names.segment(segment.number), 0
            if not segment.chain:
                corrupt = corrupt or CorruptEntry(name, 0)
            for entry in self._entries(segment, progress):
                if not entry.payload:
                    corrupt = corrupt or CorruptEntry(name, entry.start)
                about = entries.NUMBER.match(entry.payload)
                if not about:
                    continue
                if int(about[1]) != number:
                    number, rows = int(about[1]), []
                try:
                    if any(form in entry.payload for form in forms):
                        users = decode(entry.payload).get("users", [])
                        rows += (row for row in users if entries.row_user_id(row) == user_id)
                    if rows and not entry.is_part:
                        summary = _summary_in(entry.payload)
                        changes = map(entries.user_change, rows)
                        found += (UserHistoryEntry(summary, change) for change in changes)
                except (ValueError, TypeError) as error:
                    raise CorruptEntry(name, entry.start) from error
            yield from reversed(found)
        if corrupt:
            raise corrupt  # it may be about the user: it must not be skipped silently

    def prune(self, retention: RetentionPolicy) -> None:
        """Delete old segments before the current one. A synced snapshot covers them.

        Age is measured by the times of the entries, never by those of the files or of the clock: a
        gap between two counts 30 days at most, and a step back nothing. So a wrong clock deletes
        nothing early.

        Args:
            retention: how long changes stay available.
        """
        segments = self.segments()
        if len(segments) < 2:
            return
        ages, age, later = {}, timedelta(), None
        for one in reversed(self.summaries()):
            if later is not None:
                age += min(max(later - one.time, timedelta()), _MAX_GAP)
            ages[one.number], later = age, one.time
        size = sum(segment.size for segment in segments)
        for segment, following in pairwise(segments):
            is_old = ages.get(following.first - 1, timedelta()) > timedelta(days=retention.days)
            if not is_old and size <= retention.bytes:
                break
            self._directory.remove(self._names.segment(segment.number))
            try:
                sync(self._directory.descriptor)  # one by one: a gap would count as damage
            except DirectorySyncError:
                break
            size -= segment.size


def base_payloads(
    rows: Iterable[list[Row]], tables: str, summaries: list[TransactionSummary]
) -> Iterator[bytes]:
    """Yield the payloads that say what a store holds when a segment begins.

    Args:
        rows: all users, some at a time, as added.
        tables: the tables of other programs, as JSON.
        summaries: all transactions.
    """
    for some in rows:
        yield encode({"base": "users", "users": some})
    for start in range(0, len(summaries), _SUMMARIES_IN_A_LINE):
        summed = [
            entries.encode_summary(one) for one in summaries[start : start + _SUMMARIES_IN_A_LINE]
        ]
        yield encode({"base": "transactions", "transactions": summed})
    yield encode({"base": "end", "tables": tables})


def _summary_in(payload: bytes) -> TransactionSummary:
    """Return the summary in the entry of a transaction, whose users are not parsed."""
    # a quote in a text is written \", so that these are found nowhere but behind the summary
    for member in (b',"tables":', b',"users":', b',"parts":'):
        payload = payload.partition(member)[0]
    return entries.decode_summary(json.loads(payload.removesuffix(b"}") + b"}"))


def _unreadable(number: int, time: datetime) -> TransactionSummary:
    action = Action(TransactionKind.UNREADABLE)
    return TransactionSummary(number, time, "", "", action, 0, 0, 0, is_available=False)
