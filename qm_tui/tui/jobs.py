"""Work in the background: what a worker thread tells the page, and how it is stopped."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final

from textual.message import Message

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.interface import State
from qm_tui.transfer.importing import Report

_REST: Final = 0.0005
"""Seconds that a worker rests at each tick. Without them the interpreter hardly ever lets the
interface have its turn, and a key waits for up to half a second."""

_INTERVAL: Final = 1 / 15
"""Seconds between two reports of progress."""


class Progressed(Message):
    """The job is so far."""

    def __init__(self, phase: Phase, done: int, total: int) -> None:
        super().__init__()
        self.phase, self.done, self.total = phase, done, total


class Job:
    """A job's tick: rests, reports a few times a second, and stops when it is cancelled.

    Args:
        report: called in the worker's thread with how far the job is.
    """

    def __init__(self, report: Callable[[Progressed], object]) -> None:
        self._report = report
        self._cancelled = Event()
        self._reported = 0.0

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
        time.sleep(_REST)
        now = time.monotonic()
        if now - self._reported >= _INTERVAL:
            self._reported = now
            self._report(Progressed(phase, done, total))


@dataclass(frozen=True, slots=True)
class View:
    """What the users table shows after a job, made in the worker because it grows with the data.

    Attributes:
        state: the store's state.
        user_ids: the User IDs in the order in which they are shown.
        signs: by User ID, what the job did to a user: `+` added, `~` changed.
        cursor_row: where the cursor stands.
    """

    state: State
    user_ids: Sequence[str]
    signs: Mapping[str, str]
    cursor_row: int = 0


def view_of(state: State, report: Report | None = None) -> View:
    """All users of a state; after an import with its signs, and the cursor on its first user."""
    user_ids = list(state.users)
    if report is None or not report.committed:
        return View(state, user_ids, {})
    added, changes = report.plan.added, report.plan.changes
    signs = {user_id: "+" if user_id in added else "~" for user_id in changes}
    first = next(row for row, user_id in enumerate(user_ids) if user_id in signs)
    return View(state, user_ids, signs, first)


class StoreOpened(Message):
    """The store was read to its end."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class StoreRefused(Message):
    """The store cannot be used."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class ImportFinished(Message):
    """An import is done."""

    def __init__(self, name: str, report: Report, view: View) -> None:
        super().__init__()
        self.name, self.report, self.view = name, report, view


class ExportFinished(Message):
    """An export is done."""

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
