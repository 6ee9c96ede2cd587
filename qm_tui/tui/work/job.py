"""Jobs in worker threads: their progress, their cancellation, and their messages to the page."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event
from typing import Final, NamedTuple

from textual.message import Message

from qm_tui.crash import log_and_describe
from qm_tui.errors import UserError
from qm_tui.progress import Cancelled, Phase, yield_control
from qm_tui.progress_line import RateEstimator
from qm_tui.store.state import State, UserCount, Window
from qm_tui.tui.work.flow import PAGES_OPEN, flow_depth
from qm_tui.tui.work.marks import MarkChanges
from qm_tui.users.query.query import Query
from qm_tui.users.query.views import SortKey

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


class JobProgressed(Message):
    """The progress of the job.

    Args:
        text: the progress as text.
        done: the amount done in the current phase.
        total: the amount of the current phase.
    """

    def __init__(self, text: str, done: int, total: int) -> None:
        super().__init__()
        self.text, self.done, self.total = text, done, total


class Job:
    """A running job: its tick lets other threads run, reports progress and raises if canceled.

    Args:
        report: called in the worker's thread with the progress.
        operation: the kind of operation.
        interval: the seconds between two reports.
    """

    def __init__(
        self,
        report: Callable[[JobProgressed], object],
        operation: Operation = OPERATION,
        *,
        interval: float = _INTERVAL,
    ) -> None:
        self.operation = operation
        self._report, self._interval = report, interval
        self._cancelled = Event()
        self._reason: type[Cancelled] = Cancelled
        self._reported = 0.0
        self._started = time.monotonic()
        self._yield_control = yield_control(self._check)
        self._rate = RateEstimator()

    @property
    def seconds(self) -> float:
        """The time since it was started in seconds."""
        return time.monotonic() - self._started

    @property
    def is_cancelled(self) -> bool:
        """Whether it was canceled."""
        return self._cancelled.is_set()

    def cancel(self, reason: type[Cancelled] = Cancelled) -> None:
        """Make its next tick raise `Cancelled`, or `TerminalDisconnected` if that is the reason.

        The first reason counts: a program that ends because of one cancels its workers, too.
        """
        if not self._cancelled.is_set():
            self._reason = reason
        self._cancelled.set()

    def report_progress(self, phase: Phase, done: int, total: int) -> None:
        """Report the progress, and let other threads run.

        Raises:
            Cancelled: the job was canceled.
        """
        self._yield_control()
        now = time.monotonic()
        if now - self._reported >= self._interval:
            self._reported = now
            self._report(JobProgressed(self._rate.describe(phase, done, total), done, total))

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise self._reason


@dataclass(frozen=True, slots=True)
class ViewQuery:
    """A query of users.

    Attributes:
        filter: the filter, which may be incomplete.
        sort: the sort columns; the order of the store if empty.
    """

    filter: str = ""
    sort: tuple[SortKey, ...] = ()


@dataclass(frozen=True, slots=True)
class UserListView:
    """The contents of the users table, found in a worker.

    Attributes:
        state: the store's state.
        searched: the query as the store is asked.
        count: how many users it finds, as far as they have been counted.
        window: the users near the cursor that are loaded first.
        change_symbols: by User ID, the effect of the last job: `+` added, `~` changed.
        cursor_id: the User ID of the user that the cursor moves to; empty for the first one, None
            if it stays on its user.
        externally_changed: the User IDs of the users that another admin has just added or changed.
        query: the query as the admin wrote it.
        is_lifted: whether the filter of the query was cleared, so that all users are shown.
        mark_changes: what must change so that the same users stay marked.
        is_counted: whether the count is exact, and that of this state.
    """

    state: State
    searched: Query
    count: UserCount
    window: Window
    change_symbols: Mapping[str, str]
    cursor_id: str | None = None
    externally_changed: frozenset[str] = frozenset()
    query: ViewQuery = ViewQuery()
    is_lifted: bool = False
    mark_changes: MarkChanges | None = None
    is_counted: bool = True


class FirstUsersLoaded(Message):
    """The first users were read.

    Args:
        state: the users that were read; it grows.
    """

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state


class StoreOpened(Message):
    """The store was loaded."""

    def __init__(self, view: UserListView) -> None:
        super().__init__()
        self.view = view


class StoreFailed(Message):
    """The store cannot be used."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message


class JobEnded(Message):
    """A job ended without a result: it was canceled or failed.

    Args:
        message: the message for the admin.
        is_error: whether it is an error that the admin must acknowledge.

    Attributes:
        depth: the number of open screens above which the error is shown.
    """

    def __init__(self, message: str, *, is_error: bool) -> None:
        super().__init__()
        self.message, self.is_error = message, is_error
        self.depth = flow_depth() or PAGES_OPEN


def job_end_message(error: Exception, when_cancelled: str) -> JobEnded:
    """Return the message for a job that ended with an exception."""
    if isinstance(error, Cancelled):
        return JobEnded(when_cancelled, is_error=False)
    if isinstance(error, UserError):
        return JobEnded(str(error), is_error=True)
    return JobEnded(log_and_describe(error), is_error=True)
