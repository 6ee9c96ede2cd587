"""Progress and cancellation of long operations.

Every operation that grows with the data takes a `ProgressCallback` and calls it at least every
`CHUNK_SIZE` rows. The caller decides what a tick does: draw a bar, yield control to the terminal
UI, or raise `Cancelled`.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import islice
from typing import Final, TypeVar

V = TypeVar("V")


class Phase(StrEnum):
    """A phase of an operation, as it is shown; below each what is counted."""

    OPENING = "Opening"
    """Bytes of the store."""
    READING = "Reading"
    """Bytes of the users file."""
    CHECKING = "Checking"
    """Records or users that have been validated."""
    IMPORTING = "Importing"
    """Records written to the store."""
    CHANGING = "Changing"
    """Users written to the store."""
    SAVING = "Saving"
    """Users written to the snapshot."""
    COPYING = "Copying"
    """Users, and changes of users, written to a new store."""
    COMPARING = "Comparing"
    """Users, and changes of users, read again from both stores."""
    EXPORTING = "Exporting"
    """Users written to a file."""


class Cancelled(Exception):
    """The admin canceled the operation; nothing was changed."""


class TerminalDisconnected(Cancelled):
    """The terminal was disconnected, or the program was terminated; nothing was changed.

    The next start reports it.
    """


ProgressCallback = Callable[[Phase, int, int], object]
"""Called with the phase, how much of it is done, and the total."""

CHUNK_SIZE: Final = 1000
"""The number of rows between two ticks: a few milliseconds."""

YieldControl = Callable[[], object]
"""Called about every millisecond by work in a thread. It may raise an exception to end the work."""

_YIELD_SECONDS: Final = 0.0005
"""Seconds of sleep. Without them the interpreter rarely switches to the thread of the terminal UI,
and a key waits for up to half a second."""

_WORK_SECONDS: Final = 0.004
"""Seconds of work between two sleeps."""


def no_rest() -> None:
    """Let no other thread run, and never end the work."""


def ignore_progress(_phase: Phase, _done: int, _total: int) -> None:
    """Ignore the progress."""


def yield_control(check: YieldControl | None = None) -> YieldControl:
    """Return a callback for work in a thread: it sleeps for other threads if it is time.

    Args:
        check: called each time before that; it raises an exception if the work should end.
    """
    slept = time.monotonic()

    def rest() -> None:
        nonlocal slept
        if check is not None:
            check()
        if time.monotonic() - slept >= _WORK_SECONDS:
            time.sleep(_YIELD_SECONDS)
            slept = time.monotonic()

    return rest


def in_chunks(
    values: Iterable[V], rest: YieldControl = no_rest, size: int = CHUNK_SIZE
) -> Iterator[list[V]]:
    """Yield the values in batches, and call `rest` after each."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
        rest()
