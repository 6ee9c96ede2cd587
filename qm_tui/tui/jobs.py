"""Work in the background: what a worker thread tells the page, and how it is stopped."""

import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from textual.message import Message

from qm_tui.crash import sentence_of
from qm_tui.progress import Cancelled, Phase
from qm_tui.progress_line import Pace
from qm_tui.refusal import Refused
from qm_tui.store.interface import State
from qm_tui.transfer.exported import Exported

_REST: Final = 0.0005
"""Seconds that a worker rests at each tick. Without them the interpreter hardly ever lets the
interface have its turn, and a key waits for up to half a second."""

_WORK: Final = 0.002
"""Seconds of work after which it rests at the next tick."""

_INTERVAL: Final = 1 / 15
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
        self._reported = self._rested = 0.0
        self._pace = Pace()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was told to stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Make its next tick raise `Cancelled`."""
        self._cancelled.set()

    def tick(self, phase: Phase, done: int, total: int) -> None:
        """Take note of the progress.

        Raises:
            Cancelled: it was told to stop.
        """
        if self._cancelled.is_set():
            raise Cancelled
        now = time.monotonic()
        if now - self._rested >= _WORK:
            time.sleep(_REST)
            self._rested = now = time.monotonic()
        if now - self._reported >= _INTERVAL:
            self._reported = now
            self._report(Progressed(self._pace.described(phase, done, total), done, total))


@dataclass(frozen=True, slots=True)
class View:
    """What the users table shows, made in a worker because it grows with the data.

    Attributes:
        state: the store's state.
        user_ids: the User IDs in the order in which they are shown.
        signs: by User ID, what the last job did to a user: `+` added, `~` changed.
        cursor_row: where the cursor comes to stand; None where it stays on its user.
        fresh: the User IDs of those whom somebody else has just added or changed.
    """

    state: State
    user_ids: Sequence[str]
    signs: Mapping[str, str]
    cursor_row: int | None = None
    fresh: frozenset[str] = frozenset()


def view_of(state: State, changed: Iterable[str] = (), added: Container[str] = ()) -> View:
    """All users of a state.

    Args:
        state: the state.
        changed: the User IDs of those whom a job changed or added; they are signed, and the cursor
            comes to stand on the first of them.
        added: the User IDs of those whom it added.
    """
    user_ids = list(state.users)
    signs = {user_id: "+" if user_id in added else "~" for user_id in changed}
    first = next((row for row, one in enumerate(user_ids) if one in signs), None) if signs else None
    return View(state, user_ids, signs, first)


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


class MarksGone(Message):
    """Users who are marked are no longer there."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__()
        self.user_ids = user_ids


class ExportFinished(Message):
    """An export is done."""

    def __init__(self, exported: Exported) -> None:
        super().__init__()
        self.exported = exported


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
