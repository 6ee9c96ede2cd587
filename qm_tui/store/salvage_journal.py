"""What can be read of a damaged journal, frame by frame.

Where the store refuses a journal because of one bad frame, this leaves out the frame, says so, and
goes on with the next that is good.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from qm_tui.store.entries import TableChange, facts_of, number_in, parsed, tables_in
from qm_tui.store.frames import PART
from qm_tui.store.interface import Entry
from qm_tui.store.journal import Header, NotAJournal, header_in
from qm_tui.store.salvage import Loss, bytes_of
from qm_tui.users.fields import FIELD


@dataclass(slots=True)
class Found:
    """What could be read of a transaction.

    Attributes:
        number: its number.
        start: where it begins in its file.
        payloads: those of its frames that could be read, the closing one last.
        facts: what its closing frame says; None where that could not be read.
        file: the name of its file.
    """

    number: int
    start: int
    payloads: list[bytes]
    facts: Entry | None
    file: str

    def rows(self) -> Iterator[Any]:
        """What was done to each user, sound or not."""
        for payload in self.payloads:
            rows = self._said(payload).get("users", [])
            yield from rows if isinstance(rows, list) else [rows]

    def tables(self) -> Mapping[str, TableChange]:
        """What was done to the other tables.

        Raises:
            ValueError: that cannot be read.
        """
        return tables_in(self._said(self.payloads[-1]))

    @staticmethod
    def _said(payload: bytes) -> Mapping[str, Any]:
        try:
            return parsed(payload)
        except ValueError:
            return {"users": None}


@dataclass(slots=True)
class JournalFound:
    """What could be read of a journal.

    Attributes:
        path: the file.
        header: what it says of itself, where that could be read.
        transactions: in the order of the file.
        losses: what could not be read.
        notes: what the admin should know, without a full stop.
    """

    path: Path
    header: Header | None = None
    transactions: list[Found] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The number of its first transaction; 0 where there is none."""
        if self.header is not None:
            return self.header.first
        return self.transactions[0].number if self.transactions else 0

    @property
    def last(self) -> int:
        """The number of its last transaction, or of the one before its first."""
        return self.transactions[-1].number if self.transactions else self.first - 1


_HEAD: Final = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} (?=\{)")
_NUMBER: Final = re.compile(rb'"number":([0-9]{1,12})[,}]')
_BEFORE_ID: Final = rb'"[^"\\]*",' * FIELD["user_id"].index
_ABOUT: Final = re.compile(
    rb'\["(?:~",|[+-]",[0-9]+,\[' + _BEFORE_ID + rb')"([^"\\\x00-\x1f]{1,64})"'
)


def journal_at(path: Path) -> JournalFound:
    """What can be read of a journal.

    Raises:
        LaterVersion: a later version of this program wrote it.
        OSError: it cannot be opened.
    """
    made = JournalFound(path)
    made.header = _header_at(path)
    _Frames(made).take(bytes_of(path, made.losses))
    return made


def _header_at(path: Path) -> Header | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return header_in(descriptor)[0]
    except (NotAJournal, OSError):
        return None
    finally:
        os.close(descriptor)


class _Frames:
    """The frames of a journal, put together into transactions."""

    def __init__(self, made: JournalFound) -> None:
        self._made = made
        self._parts: list[bytes] = []
        self._start = 0
        self._doubtful: list[Loss] = []
        """Frames that could not be read; damaged only if a transaction is closed behind them."""

    def take(self, data: bytes) -> None:
        """Take all frames of a file."""
        offset = 0
        *lines, torn = data.split(b"\n")
        for line in lines:
            for at, text, is_good in _pieces(line):
                if not is_good:
                    self._doubt(text, offset + at)
                elif not text.startswith(_HEADER):
                    self._take(text, offset + at)
            offset += len(line) + 1
        self._end(offset, is_torn=bool(torn))

    def _take(self, payload: bytes, offset: int) -> None:
        """Take a good frame."""
        if self._parts and _number_in(self._parts[0]) != _number_in(payload):
            self._close(None, [])  # the frame that closed it is among those that are lost
        if not self._parts:
            self._start = offset
        if payload.startswith(PART):
            self._parts.append(payload)
            return
        try:
            said = parsed(payload)
            facts = facts_of(said)
            count = number_in({"parts": 0, **said}, "parts")
        except ValueError:
            self._doubt(payload, offset)
            return
        if len(self._parts) != count and not self._doubtful:
            what = f"{count - len(self._parts):,} parts of it are missing"
            self._lose(what, self._start, facts.number)
        self._close(facts, [payload])

    def _close(self, facts: Entry | None, closing: list[bytes]) -> None:
        """A transaction was acknowledged, and so was all before it."""
        made = self._made
        number = facts.number if facts else _number_in(self._parts[0])
        before = made.last if made.transactions or made.header else number - 1
        doubtful = [
            one if before < one.number <= number else one._replace(number=0)
            for one in self._doubtful
        ]
        lost = {one.number for one in doubtful}
        # a frame may claim any number: the gap is never made into a list
        gap = range(before + 1, number)
        missing = len(gap) - sum(one in gap for one in lost)
        if 0 not in lost and missing:
            first = next(one for one in gap if one not in lost)
            last = next(one for one in reversed(gap) if one not in lost)
            self._lose(f"transactions {first:,} to {last:,} are missing", self._start)
        elif [one.number for one in doubtful].count(0) == missing:
            rest = (one for one in gap if one not in lost)
            doubtful = [one if one.number else one._replace(number=next(rest)) for one in doubtful]
        made.losses += doubtful
        payloads = self._parts + closing
        made.transactions.append(Found(number, self._start, payloads, facts, made.path.name))
        self._parts, self._doubtful = [], []

    def _lose(self, what: str, offset: int, number: int = 0) -> None:
        self._made.losses.append(Loss(self._made.path.name, what, 0, offset, number))

    def _doubt(self, text: bytes, offset: int) -> None:
        """Take what is no good frame."""
        users = tuple(dict.fromkeys(one.decode(errors="replace") for one in _ABOUT.findall(text)))
        what = _DAMAGED
        if not offset:
            what = "the header is damaged"
        elif PART in text[:_CLOSE_BY]:
            what = _DAMAGED_PART
        loss = Loss(self._made.path.name, what, 0, offset, _number_in(text), users)
        self._doubtful.append(loss)

    def _end(self, size: int, *, is_torn: bool) -> None:
        """There are no more frames: what was not closed was never acknowledged.

        A whole frame that is damaged may have closed a transaction, though.
        """
        made, doubtful = self._made, self._doubtful
        last = made.last
        damaged = [one for one in doubtful if one.what != _DAMAGED_PART]
        for one in damaged:
            number = one.number if one.number == last + 1 else 0
            made.losses.append(one._replace(number=number))
        starts = [one.offset for one in doubtful] + ([self._start] if self._parts else [])
        if (is_torn or starts) and not damaged:
            made.notes.append(
                f"{made.path.name} ends with a transaction that was never finished, at byte "
                f"{min([size, *starts]):,}: it was left out"
            )


_HEADER: Final = b'{"journal":'
_DAMAGED: Final = "the frame is damaged"
_DAMAGED_PART: Final = "a part of the transaction is damaged"
_CLOSE_BY: Final = 40
"""Bytes of a frame in which the beginning of its payload is to be found."""


def _number_in(payload: bytes) -> int:
    found = _NUMBER.search(payload)
    return int(found[1]) if found else 0


def _pieces(line: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """The frames within a line, and what lies between them: where, what, and whether it is good.

    More than one stands there only where a line end was damaged.
    """
    at = 0
    for found in _HEAD.finditer(line):
        start, begin = found.start(), found.end()
        if start < at:
            continue
        length, crc = int(line[start : start + 8], 16), int(line[start + 9 : start + 17], 16)
        payload = line[begin : begin + length]
        if len(payload) == length and crc32(payload) == crc:
            if start > at + 1:
                yield at, line[at:start], False
            yield start, payload, True
            at = begin + length
    if len(line) > at + 1 or (at == 0 and line):
        yield at, line[at:], False
