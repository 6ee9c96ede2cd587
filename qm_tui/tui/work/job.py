"""Jobs in worker threads: their progress, their cancellation, and their messages to the page."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final, NamedTuple

from textual.message import Message

from qm_tui.crash import sentence_of
from qm_tui.errors import Refused
from qm_tui.progress import Cancelled, Phase
from qm_tui.progress_line import Pace
from qm_tui.store.state import State
from qm_tui.users.query.views import SortKey

_REST: Final = 0.0005
"""Seconds that a worker sleeps at a tick. Without them the interpreter rarely switches to the
thread of the UI, and a key waits for up to half a second."""

_WORK: Final = 0.004
"""Seconds of work after which it sleeps at the next tick."""

_INTERVAL: Final = 1 / 8
"""Seconds between two reports of progress."""


class Operation(NamedTuple):
    """A kind of operation, for the questions whether to cancel it.

    Attributes:
        noun: its name inside a sentence.
        not_done: a sentence: what canceling prevents.
    """

    noun: str
    not_done: str

    @property
    def cancel_question(self) -> str:
        """The question whether to cancel it."""
        return f"Cancel the {self.noun}? {self.not_done}"

    @property
    def quit_question(self) -> str:
        """The question whether to cancel it and quit the program."""
        return f"The {self.noun} is still running. Cancel it and quit? {self.not_done}"

    @property
    def cancel_caption(self) -> str:
        """The caption of the button that cancels it."""
        return f"Cancel {self.noun}"

    @property
    def continue_caption(self) -> str:
        """The caption of the button that continues it."""
        return f"Continue {self.noun}"


NOTHING_SAVED: Final = "Nothing will be saved."
OPERATION: Final = Operation("operation", NOTHING_SAVED)
IMPORT: Final = Operation("import", NOTHING_SAVED)
EXPORT: Final = Operation("export", "No file will be written.")
UNDO: Final = Operation("undo", "Nothing will be undone.")


class Progressed(Message):
    """The progress of the job.

    Args:
        said: the progress as text.
        done: the amount done in the current phase.
        total: the amount of the current phase.
    """

    def __init__(self, said: str, done: int, total: int) -> None:
        super().__init__()
        self.said, self.done, self.total = said, done, total


class Job:
    """A running job: its tick lets other threads run, reports progress and raises if canceled.

    Args:
        report: called in the worker's thread with the progress.
        operation: the kind of operation.
    """

    def __init__(
        self, report: Callable[[Progressed], object], operation: Operation = OPERATION
    ) -> None:
        self.operation = operation
        self._report = report
        self._cancelled = Event()
        self._reason: type[Cancelled] = Cancelled
        self._reported = self._slept = 0.0
        self._pace = Pace()

    @property
    def is_cancelled(self) -> bool:
        """Whether it was canceled."""
        return self._cancelled.is_set()

    def cancel(self, why: type[Cancelled] = Cancelled) -> None:
        """Make its next tick raise `Cancelled`, or `HungUp` if that is the reason."""
        self._reason = why
        self._cancelled.set()

    def tick(self, phase: Phase, done: int, total: int) -> None:
        """Report the progress, and let other threads run.

        Raises:
            Cancelled: the job was canceled.
        """
        if self._cancelled.is_set():
            raise self._reason
        now = time.monotonic()
        if now - self._slept >= _WORK:
            time.sleep(_REST)
            self._slept = now = time.monotonic()
        if now - self._reported >= _INTERVAL:
            self._reported = now
            self._report(Progressed(self._pace.described(phase, done, total), done, total))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query of users.

    Attributes:
        filter: the filter, which may be incomplete.
        sort: the sort columns; the order of the store if empty.
    """

    filter: str = ""
    sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The contents of the users table, built in a worker because it grows with the data.

    Attributes:
        state: the store's state.
        user_ids: the User IDs of the shown users, in order.
        signs: by User ID, the effect of the last job: `+` added, `~` changed.
        cursor_row: the row of the cursor; None if it stays on its user.
        fresh: the User IDs of the users that another admin has just added or changed.
        wanted: the query.
        is_lifted: whether the filter of the query was cleared, so that all users are shown.
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
    """The store was loaded."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class StoreUnusable(Message):
    """The store cannot be used."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class JobEnded(Message):
    """A job ended without a result: it was canceled or failed.

    Args:
        sentence: the message for the admin.
        is_fault: whether it is an error that the admin must acknowledge.
    """

    def __init__(self, sentence: str, *, is_fault: bool) -> None:
        super().__init__()
        self.sentence, self.is_fault = sentence, is_fault


def ended_by(error: Exception, when_cancelled: str) -> JobEnded:
    """Return the message for a job that ended with an exception."""
    if isinstance(error, Cancelled):
        return JobEnded(when_cancelled, is_fault=False)
    if isinstance(error, Refused):
        return JobEnded(str(error), is_fault=True)
    return JobEnded(sentence_of(error), is_fault=True)
