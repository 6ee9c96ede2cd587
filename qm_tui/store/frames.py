"""Frames: what the journal is made of, and how a torn end is told from damage.

A frame is one line: the length of its payload and the payload's CRC-32, eight hexadecimal digits
each, then the payload, which is JSON without a line break.

    000000a3 5d4c1a90 {"number":42,"time":"2026-11-24T09:12:03.123456+00:00", ...}

A small transaction is one frame. A large one is many: parts, which are synced first, and then a
closing frame. So whatever a power cut leaves, a closing frame stands only behind parts that are
whole: a bad frame with a closing one after it is damage to what was acknowledged. A bad frame with
none after it is the torn end of a transaction that never was.
"""

import os
import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from zlib import crc32

PART: Final = b'{"part":'
"""How the payload of a part begins. Any other payload closes a transaction, or is the header."""

_HEAD: Final = 18
_FRAME_START: Final = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} \{")
_BLOCK: Final = 256 * 1024


class Damaged(Exception):
    """A frame that was acknowledged cannot be read.

    Attributes:
        offset: where in the file it begins.
    """

    def __init__(self, offset: int) -> None:
        super().__init__(f"the frame at byte {offset:,} is damaged")
        self.offset = offset


class Frame(NamedTuple):
    """A frame that was read.

    Attributes:
        payload: its payload.
        start: where it begins in the file.
        end: where the next one begins.
    """

    payload: bytes
    start: int
    end: int

    @property
    def is_part(self) -> bool:
        """Whether a closing frame must follow."""
        return self.payload.startswith(PART)


def framed(payload: bytes) -> bytes:
    """The frame of a payload."""
    return b"%08x %08x %b\n" % (len(payload), crc32(payload), payload)


def payload_of(line: bytes) -> bytes | None:
    """The payload of a line, without its line end; None where it is no frame, or a bad one."""
    payload = line[_HEAD:]
    if line[:_HEAD] != b"%08x %08x " % (len(payload), crc32(payload)):
        return None
    return payload


def lines_in(descriptor: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines between two places of a file, whole or not, with the place where each begins.

    A line that is cut off, or whose line end is damaged, counts as none: its last byte is handed
    out as another, and with one more, so that `payload_of` finds nothing in it.
    """
    pending = b""
    at, offset = start, start
    while offset < end:
        block = os.pread(descriptor, min(_BLOCK, end - offset), offset)
        if not block:
            break
        offset += len(block)
        lines = (pending + block).split(b"\n")
        pending = lines.pop()
        for line in lines:
            yield at, line
            at += len(line) + 1
    if pending:
        yield at, pending[:-1] + b"\0\0"


def frames_in(descriptor: int, start: int, end: int) -> Iterator[Frame]:
    """The good frames between two places of a file, up to a torn end.

    Raises:
        Damaged: a bad frame stands before a good one that closes a transaction.
        OSError: the file cannot be read.
    """
    lines = lines_in(descriptor, start, end)
    for at, line in lines:
        payload = payload_of(line)
        if payload is None:
            if _closes(line) or any(_closes(later) for _, later in lines):
                raise Damaged(at)
            return
        yield Frame(payload, at, at + len(line) + 1)


def is_damaged_end(descriptor: int, start: int, end: int) -> bool:
    """Whether a bad frame among the last ones was written to its end.

    A program that is killed leaves the beginning of a frame, never all of it. So either the power
    failed as it was written, or it was saved and the disk has damaged it since.

    Raises:
        OSError: the file cannot be read.
    """
    return any(
        payload_of(line) is None and (at + len(line) < end or _is_as_long_as_it_says(line))
        for at, line in lines_in(descriptor, start, end)
    )


def _is_as_long_as_it_says(line: bytes) -> bool:
    """Whether the last line, whose end may be damaged, is no shorter than its length says."""
    # `lines_in` hands it out with one byte more than it has, its line end included
    return bool(_FRAME_START.match(line)) and int(line[:8], 16) <= len(line) - _HEAD - 2


def _closes(line: bytes) -> bool:
    """Whether a line holds a frame that closes a transaction, whatever stands before it.

    A line end that was damaged makes one line of two frames.
    """
    for start in _FRAME_START.finditer(line):
        payload = payload_of(line[start.start() :])
        if payload is not None and not payload.startswith(PART):
            return True
    return False
