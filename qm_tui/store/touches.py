"""What became of one user, and whom transactions touched, as the journals that are kept say it.

Most frames are about other users. They are told by their bytes, and only those that are about the
user are parsed: a journal of 50 MB takes a tenth of a second.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

from qm_tui.progress import Phase, Tick
from qm_tui.store.entries import encoded, facts_of, parsed
from qm_tui.store.frames import Damaged, Frame
from qm_tui.store.history import ABOUT, Kept
from qm_tui.store.interface import Touch
from qm_tui.store.rows import DELETED, Row, done_of, rows_in, user_id_of
from qm_tui.users.fields import FIELD

_USER_ID_AT: Final = FIELD["user_id"].index
_STRING: Final = rb'"[^"\\]*(?:\\.[^"\\]*)*",'

_BETWEEN_TICKS: Final = 256 * 1024
"""Bytes of frames between two ticks: a millisecond or two of work."""


class MissingTransaction(Exception):
    """What a transaction did is not kept.

    Attributes:
        number: the transaction.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"transaction {number:,} is not kept")
        self.number = number


class _Needle:
    """Tells by its bytes whether a payload may be about a user."""

    def __init__(self, user_id: str) -> None:
        # a frame is written in one of two ways, which differ in characters beyond ASCII
        self._forms = {encoded(user_id), json.dumps(user_id).encode()}
        form = b"|".join(map(re.escape, sorted(self._forms)))
        self._row = re.compile(
            rb'\["(?:~",|[+-]",-?\d+,\[' + _STRING * _USER_ID_AT + rb")(?:" + form + rb"),"
        )

    def is_in(self, payload: bytes) -> bool:
        """Whether a row of the payload begins as one about the user does."""
        # the first question takes a tenth of the time of the second; it is not enough where an ID
        # is a value that other fields hold too, as "1" is
        return any(form in payload for form in self._forms) and bool(self._row.search(payload))


def touches_of(user_id: str, journals: Sequence[Kept], tick: Tick) -> Iterator[Touch]:
    """What transactions did to a user, newest first. A journal is read when it is come to.

    Args:
        user_id: the user.
        journals: oldest first.
        tick: told how much of a journal is read; it may raise `Cancelled`.

    Raises:
        Damaged: a journal cannot be read.
        OSError: it cannot be read at all.
    """
    needle = _Needle(user_id)
    for journal in reversed(journals):
        with journal.frames() as frames:
            found = list(_touches_in(_ticking(frames, journal, tick), user_id, needle))
        yield from reversed(found)


def _touches_in(frames: Iterable[Frame], user_id: str, needle: _Needle) -> Iterator[Touch]:
    """What the transactions of a journal did to a user, oldest first."""
    rows: list[Row] = []
    for frame in frames:
        said: dict[str, Any] = {}
        try:
            if needle.is_in(frame.payload):
                said = parsed(frame.payload)
                rows += [row for row in rows_in(said) if user_id_of(row) == user_id]
            if frame.is_part:
                continue  # whether it counts, and who made it, says the frame that closes it
            entry = facts_of(said or parsed(frame.payload)) if rows else None
        except ValueError as error:
            raise Damaged(frame.start) from error
        if entry is not None:
            yield from (Touch(entry, done_of(row)) for row in rows)
        rows = []


def changed_user_ids(numbers: range, journals: Sequence[Kept], tick: Tick) -> Iterator[str]:
    """The User IDs of those whom transactions in a row added or changed.

    A user comes once for each transaction.

    Args:
        numbers: those of the transactions.
        journals: oldest first.
        tick: told how much of a journal is read; it may raise `Cancelled`.

    Raises:
        MissingTransaction: what one of them did is not kept.
        Damaged: a journal cannot be read.
        OSError: it cannot be read at all.
    """
    wanted = numbers.start
    for journal in _overlapping(numbers, journals):
        waiting: list[str] = []
        with journal.frames() as frames:
            for frame in _ticking(frames, journal, tick):
                about = ABOUT.match(frame.payload)
                number = int(about[1]) if about else 0
                if number not in numbers:
                    continue
                if number != wanted:
                    raise MissingTransaction(wanted)
                try:
                    rows = rows_in(parsed(frame.payload))
                except ValueError as error:
                    raise Damaged(frame.start) from error
                waiting += [user_id_of(row) for row in rows if row[0] != DELETED]
                if not frame.is_part:
                    yield from waiting
                    waiting = []
                    wanted += 1
                if wanted == numbers.stop:
                    return
    raise MissingTransaction(wanted)


def _overlapping(numbers: range, journals: Sequence[Kept]) -> Iterator[Kept]:
    """The journals that may hold these transactions."""
    for journal, later in zip_longest(journals, journals[1:]):
        is_over = later is not None and later.first <= numbers.start
        if not is_over and journal.first < numbers.stop:
            yield journal


def _ticking(frames: Iterable[Frame], journal: Kept, tick: Tick) -> Iterator[Frame]:
    told = 0
    for frame in frames:
        if frame.end - told >= _BETWEEN_TICKS:
            told = frame.end
            tick(Phase.OPENING, frame.end, journal.size)
        yield frame
