"""The history: journals that a snapshot has taken in, and what they say.

`users.json.history/` holds a file for each: `0000000041-UID.journal`, named for its first
transaction and the snapshot it led on from. Beside it stands `0000000041-UID.summary` with who,
when, why and how many: enough to list the transaction, and all that stays when the journal itself
has become too old or the history too large.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from qm_tui.files import Access, make_folder, name_too, open_file, replacing, sync_folder
from qm_tui.store.entries import encoded, facts_json, facts_of, parsed
from qm_tui.store.frames import Damaged, Frame, framed, frames_in, lines_in, payload_of
from qm_tui.store.interface import Entry
from qm_tui.store.journal import Header, Journal, header_in
from qm_tui.store.rows import Row, rows_in

DAYS: Final = 90
"""How long it is kept what a transaction did to each user."""

BYTES: Final = 1024**3
"""How many bytes of that are kept."""

_DAY: Final = 24 * 60 * 60
_STEM: Final = re.compile(r"(\d{10})-([0-9a-z]{1,32})")
ABOUT: Final = re.compile(rb'\{(?:"part":\d+,)?"number":(\d+),')
"""How the payload of a frame begins that is about a transaction; its group is the number."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a history may grow.

    Attributes:
        days: how long it is kept what a transaction did to each user.
        size: how many bytes of that are kept.
    """

    days: float = DAYS
    size: int = BYTES


class Kept(NamedTuple):
    """A journal that is kept, live or of the history.

    Attributes:
        first: the number of the first transaction that it may hold.
        size: its bytes.
        frames: opens it, and gives its frames.
    """

    first: int
    size: int
    frames: Callable[[], AbstractContextManager[Iterator[Frame]]]


class _Segment:
    """A journal of the history."""

    def __init__(self, folder: Path, first: int, uid: str) -> None:
        self.first, self.uid = first, uid
        stem = f"{first:010}-{uid}"
        self.journal = folder / f"{stem}.journal"
        self.summary = folder / f"{stem}.summary"


class History:
    """The folder of the history.

    Args:
        folder: where it is; it need not be there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, list[Entry]] = {}

    def take_in(self, journal: Journal, access: Access) -> None:
        """Keep a journal whose transactions are in the snapshot that is about to take its place.

        Once it returns, the journal outlasts a power cut, and so does the list of what is in it.

        Raises:
            OSError: it could not be done.
        """
        segment = self._segment_for(journal.header, access)
        name_too(journal.path, segment.journal, access)
        self._write_summary(segment, journal.header, journal.entries, access)
        sync_folder(self._folder)

    def put(self, header: Header, facts: Entry, payloads: Iterator[bytes], access: Access) -> None:
        """Keep a transaction that no journal ever held, as a segment of its own.

        Raises:
            OSError: it could not be done.
        """
        segment = self._segment_for(header, access)
        with replacing(segment.journal, access=access) as file:
            file.write(header.frame)
            for payload in payloads:
                file.write(framed(payload))
        self._write_summary(segment, header, [facts], access)

    def _segment_for(self, header: Header, access: Access) -> _Segment:
        make_folder(self._folder, access)
        return _Segment(self._folder, header.first, header.uid)

    def _write_summary(
        self, segment: _Segment, header: Header, entries: Sequence[Entry], access: Access
    ) -> None:
        with replacing(segment.summary, access=access) as file:
            file.write(header.frame)
            for entry in entries:
                file.write(framed(encoded(facts_json(entry))))

    def entries(self, live: str = "") -> list[Entry]:
        """The transactions of the history, oldest first.

        Args:
            live: the uid of the live journal; a segment that is also that counts once, there.

        Raises:
            OSError: it cannot be read.
        """
        found: list[Entry] = []
        for segment in self._segments():
            if segment.uid == live:
                continue
            entries = self._entries_of(segment)
            if not segment.journal.exists():
                entries = [replace(entry, is_kept=False) for entry in entries]
            found += entries
        return found

    @contextmanager
    def rows_of(self, number: int) -> Iterator[Iterator[Row] | None]:
        """What a transaction did to each user; None where that is not kept.

        Raises:
            OSError: it cannot be read.
            Damaged: it cannot be read any more.
        """
        segments = [one for one in self._segments() if one.first <= number]
        if not segments:
            yield None
            return
        with _frames_of(segments[-1].journal) as frames:
            yield rows_about(number, frames)

    def kept(self, live: str = "") -> list[Kept]:
        """The journals that are kept, oldest first.

        Args:
            live: the uid of the live journal, which is left out.
        """
        found = []
        for segment in self._segments():
            path = segment.journal
            with suppress(FileNotFoundError):
                if segment.uid != live:
                    found.append(
                        Kept(segment.first, path.stat().st_size, partial(_frames_of, path))
                    )
        return found

    def history_removed_until(self) -> datetime | None:
        """When the last transaction was whose journal is not kept; None where there is none.

        Raises:
            OSError: it cannot be read.
        """
        gone = (one for one in reversed(self._segments()) if not one.journal.exists())
        times = (entry.time for segment in gone for entry in self._entries_of(segment)[-1:])
        return next(times, None)

    def leading_on_from(self, uid: str) -> Path | None:
        """The journal that led on from a snapshot; None where it is not kept."""
        found = (one.journal for one in self._segments() if one.uid == uid)
        return next((path for path in found if path.exists()), None)

    def prune(self, limits: Limits) -> None:
        """Remove the journals that are too old, and the oldest where all together are too large."""
        oldest = time.time() - limits.days * _DAY
        left = limits.size
        for segment in reversed(self._segments()):
            with suppress(OSError):  # another is at it, or it is not ours: next time
                status = segment.journal.stat()
                left -= status.st_size
                if status.st_mtime < oldest or left < 0:
                    if not segment.summary.exists():
                        continue
                    segment.journal.unlink()

    def _segments(self) -> list[_Segment]:
        stems = set()
        with suppress(FileNotFoundError):
            for name in os.listdir(self._folder):  # noqa: PTH208 - the names alone
                found = _STEM.fullmatch(name.partition(".")[0])
                if found and name.endswith((".journal", ".summary")):
                    stems.add((int(found[1]), found[2]))
        return [_Segment(self._folder, *stem) for stem in sorted(stems)]

    def _entries_of(self, segment: _Segment) -> list[Entry]:
        entries = self._known.get(segment.uid)
        if entries is None:
            entries = self._known[segment.uid] = self._read_entries(segment)
        return entries

    @staticmethod
    def _read_entries(segment: _Segment) -> list[Entry]:
        path = segment.summary if segment.summary.exists() else segment.journal
        descriptor = open_file(path, os.O_RDONLY)
        try:
            size = os.fstat(descriptor).st_size
            payloads = [payload_of(line) for _, line in lines_in(descriptor, 0, size)]
        finally:
            os.close(descriptor)
        found = []
        for payload in payloads:
            # a list is worth having even where a line of it cannot be read
            if payload is not None and payload.startswith(b'{"number":'):
                with suppress(ValueError):
                    found.append(facts_of(parsed(payload)))
        return found


@contextmanager
def _frames_of(path: Path) -> Iterator[Iterator[Frame]]:
    """The frames of a journal of the history; none of one that was removed."""
    try:
        descriptor = open_file(path, os.O_RDONLY)
    except FileNotFoundError:
        yield iter(())
        return
    try:
        _, begin = header_in(descriptor)
        yield frames_in(descriptor, begin, os.fstat(descriptor).st_size)
    finally:
        os.close(descriptor)


def rows_about(number: int, frames: Iterator[Frame]) -> Iterator[Row] | None:
    """What a transaction did to each user; None where no frame is about it.

    Only its own frames are parsed.

    Raises:
        Damaged: a frame of it holds something else; while it is gone through, too.
    """
    wanted = b"%d" % number
    own = (
        frame for frame in frames if (about := ABOUT.match(frame.payload)) and about[1] == wanted
    )
    first = next(own, None)
    if first is None:
        return None
    return chain.from_iterable(map(_rows_of, chain([first], own)))


def _rows_of(frame: Frame) -> list[Row]:
    try:
        return rows_in(parsed(frame.payload))
    except ValueError as error:
        raise Damaged(frame.start) from error
