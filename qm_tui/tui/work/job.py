"""Work in the background: what a worker thread tells the page, and how it is stopped."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from textual.message import Message

from qm_tui.crash import sentence_of
from qm_tui.errors import Refused
from qm_tui.progress import Cancelled, Phase
from qm_tui.progress_line import Pace
from qm_tui.store.state import State
from qm_tui.users.query.views import SortKey

_REST: Final = 0.0005
"""Seconds that a worker rests at each tick. Without them the interpreter hardly ever lets the
interface have its turn, and a key waits for up to half a second."""

_WORK: Final = 0.004
"""Seconds of work after which it rests at the next tick."""

_INTERVAL: Final = 1 / 8
"""Seconds between two reports of progress."""


class Progressed(Message):
    """The job is so far.

    Args:
        said: that in words.
        done: how much of what it does now is done.
        total: how much there is.
    """

    def __init__(self, said: str, done: int, total: int) -> None:
        super().__init__()
        self.said, self.done, self.total = said, done, total


class Job:
    """A job's tick: rests, reports a few times a second, and stops when it is cancelled.

    Args:
        report: called in the worker's thread with how far the job is.
    """

    def __init__(self, report: Callable[[Progressed], object]) -> None:
        self._report = report
        self._cancelled = Event()
        self._why: type[Cancelled] = Cancelled
        self._reported = self._rested = 0.0
        self._pace = Pace()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancelled.is_set()

    def cancel(self, why: type[Cancelled] = Cancelled) -> None:
        """Make its next tick raise `Cancelled`, or `HungUp` where that is why."""
        self._why = why
        self._cancelled.set()

    def tick(self, phase: Phase, done: int, total: int) -> None:
        """Take note of the progress.

        Raises:
            Cancelled: it was told to stop.
        """
        if self._cancelled.is_set():
            raise self._why
        now = time.monotonic()
        if now - self._rested >= _WORK:
            time.sleep(_REST)
            self._rested = now = time.monotonic()
        if now - self._reported >= _INTERVAL:
            self._reported = now
            self._report(Progressed(self._pace.described(phase, done, total), done, total))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which users are asked for.

    Attributes:
        filter: in the filter's language; it may be half typed.
        sort: what they are sorted by; the store's order where there is nothing.
    """

    filter: str = ""
    sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """What the users table shows, made in a worker because it grows with the data.

    Attributes:
        state: the store's state.
        user_ids: the User IDs of those who are shown, in that order.
        signs: by User ID, what the last job did to a user: `+` added, `~` changed.
        cursor_row: where the cursor comes to stand; None where it stays on its user.
        fresh: the User IDs of those whom somebody else has just added or changed.
        wanted: what was asked for.
        is_lifted: whether the filter that was asked for was lifted, so that all are shown.
    """

    state: State
    user_ids: Sequence[str]
    signs: Mapping[str, str]
    cursor_row: int | None = None
    fresh: frozenset[str] = frozenset()
    wanted: Wanted = Wanted()
    is_lifted: bool = False


class FirstFound(Message):
    """The first users were read."""


class StoreOpened(Message):
    """The store was read to its end."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class StoreUnusable(Message):
    """The store cannot be used."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class JobEnded(Message):
    """A job ended without doing anything: cancelled, refused, or failed.

    Args:
        sentence: what happened.
        is_fault: whether the admin must take note of it.
    """

    def __init__(self, sentence: str, *, is_fault: bool) -> None:
        super().__init__()
        self.sentence, self.is_fault = sentence, is_fault


def ended_by(error: Exception, when_cancelled: str) -> JobEnded:
    """What is to be said of a job that an exception ended."""
    if isinstance(error, Cancelled):
        return JobEnded(when_cancelled, is_fault=False)
    if isinstance(error, Refused):
        return JobEnded(str(error), is_fault=True)
    return JobEnded(sentence_of(error), is_fault=True)
