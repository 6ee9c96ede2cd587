"""Work in threads, and questions to the store: asked directly only if the answer is at hand.

A server may not be reachable for a while. What is shown then is asked for again until there is an
answer (`ask_until_answered`). What an admin begins fails: a flow or another worker that raises
`StoreError` ends, and the app shows the message.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from threading import Event
from typing import Any, Final, TypeVar, cast

from textual.dom import DOMNode
from textual.timer import Timer
from textual.worker import Worker

from qm_tui.progress import YieldControl, no_rest, yield_control
from qm_tui.store.errors import StoreDisconnected
from qm_tui.store.state import State

DEBOUNCE: Final = 0.15
"""Seconds without a key before a screen computes again what depends on the typed text."""

ASK_AGAIN: Final = 0.5
"""Seconds after which a question is asked again if the server could not be reached."""

COUNT_EVERY: Final = 5.0
"""Seconds between two counts on a server while other admins change users."""

Result = TypeVar("Result")

Question = Callable[[YieldControl], Result]
"""Asks a state. It gets the callback to be called about every millisecond, which may raise."""


class WorkerCancelled(Exception):
    """The result of the work is no longer needed."""


async def run_in_thread(work: Question[Result]) -> Result:
    """Run work in a thread for a worker or a flow, and return its result.

    Args:
        work: the work. It gets the callback that lets other threads run, to be called about every
            millisecond. If who waits for the work is canceled, the callback ends the work.
    """
    is_cancelled = Event()

    def check() -> None:
        if is_cancelled.is_set():
            raise WorkerCancelled

    return await in_thread(partial(work, yield_control(check)), is_cancelled.set)


async def in_thread(work: Callable[[], Result], cancel: Callable[[], object]) -> Result:
    """Run work in a thread. If who waits for it is canceled, cancel it."""
    try:
        return await asyncio.to_thread(work)
    except asyncio.CancelledError:
        cancel()
        raise


async def ask(state: State, question: Question[Result]) -> Result:
    """Ask a state: directly if its answers are at hand, else in a thread.

    Args:
        state: the state.
        question: asks it for something that is at hand if anything is.

    Raises:
        StoreError: the server cannot be reached, or cannot answer.
    """
    return question(no_rest) if state.is_at_hand else await run_in_thread(question)


async def ask_until_answered(question: Question[Result]) -> Result:
    """Ask a state in a thread. If the server cannot be reached, ask again until it can.

    Args:
        question: asks the state. If who waits for the answer is canceled, its callback ends it.

    Raises:
        StoreError: the server cannot answer.
    """
    while True:
        try:
            return await run_in_thread(question)
        except StoreDisconnected:
            await asyncio.sleep(ASK_AGAIN)


def when_answered(
    owner: DOMNode,
    state: State,
    question: Question[Result],
    take: Callable[[Result], object],
    group: str,
) -> None:
    """Ask a state, and take the answer: at once if it is at hand, else when it comes.

    Args:
        owner: the widget or screen that needs the answer.
        state: the state.
        question: asks it for something that is at hand if anything is.
        take: called with the answer.
        group: the name of the question. A newer question of the same name outdates it, and ends it.
    """
    if state.is_at_hand:
        take(question(no_rest))
        return

    async def wait() -> None:
        take(await ask_until_answered(question))

    start_worker(owner, wait, group, exclusive=True)


def start_worker(
    owner: DOMNode,
    work: Callable[[], Coroutine[Any, Any, None]],
    group: str,
    *,
    exclusive: bool = False,
) -> Worker[None]:
    """Run a coroutine in the background, made when it starts: it may be canceled before that.

    Args:
        owner: the widget or screen that it is for.
        work: makes the coroutine.
        group: the name of the work.
        exclusive: whether other work of the same name is canceled.

    Returns:
        The worker.
    """
    begun = cast("Callable[[], Coroutine[None, None, None]]", work)
    return owner.run_worker(begun, group=group, description=group, exclusive=exclusive)


class BackgroundCounter:
    """Counts in the background, on a server at most every `COUNT_EVERY` seconds.

    Args:
        owner: the screen that shows the count.
        count: counts what is shown then, and shows it.
        group: the name of the work.
    """

    def __init__(
        self, owner: DOMNode, count: Callable[[], Coroutine[Any, Any, None]], group: str
    ) -> None:
        self._owner, self._count, self._group = owner, count, group
        self._worker: Worker[None] | None = None
        self._timer: Timer | None = None
        self._begun = 0.0

    def begin(self, *, now: bool = True) -> None:
        """Count now, or soon: then a count that has not ended may end, and not many follow.

        Args:
            now: whether to count now; a count that has not ended is outdated.
        """
        delay = 0.0 if now else max(0.0, self._begun + COUNT_EVERY - time.monotonic())
        if not now and not delay and self._is_counting:
            delay = COUNT_EVERY
        if not delay:
            self._begin()
        elif self._timer is None:
            self._timer = self._owner.set_timer(delay, self._begin_later)

    def _begin_later(self) -> None:
        self._timer = None
        self.begin(now=False)

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer, self._begun = None, time.monotonic()
        self._worker = start_worker(self._owner, self._count, self._group, exclusive=True)

    @property
    def _is_counting(self) -> bool:
        return self._worker is not None and not self._worker.is_finished
