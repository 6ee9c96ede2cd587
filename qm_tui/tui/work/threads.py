"""Work in threads, and questions to the store: asked directly only if the answer is at hand."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from threading import Event
from typing import Any, Final, TypeVar, cast

from textual.dom import DOMNode
from textual.worker import Worker

from qm_tui.progress import YieldControl, yield_control
from qm_tui.store.state import State

DEBOUNCE: Final = 0.15
"""Seconds without a key before a screen computes again what depends on the typed text."""

Result = TypeVar("Result")


class WorkerCancelled(Exception):
    """The result of the work is no longer needed."""


async def run_in_thread(work: Callable[[YieldControl], Result]) -> Result:
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


async def ask(state: State, question: Callable[[], Result]) -> Result:
    """Ask a state: directly if its answers are at hand, else in a thread.

    Args:
        state: the state.
        question: asks it for something that is at hand if anything is.
    """
    return question() if state.is_at_hand else await asyncio.to_thread(question)


def when_answered(
    owner: DOMNode,
    state: State,
    question: Callable[[], Result],
    take: Callable[[Result], object],
    group: str,
) -> None:
    """Ask a state, and take the answer: at once if it is at hand, else when it comes.

    Args:
        owner: the widget or screen that needs the answer.
        state: the state.
        question: asks it for something that is at hand if anything is.
        take: called with the answer.
        group: the name of the question. A newer question of the same name outdates it.
    """
    if state.is_at_hand:
        take(question())
        return

    async def wait() -> None:
        take(await asyncio.to_thread(question))

    start_worker(owner, wait, group, exclusive=True)


def start_worker(
    owner: DOMNode,
    work: Callable[[], Coroutine[Any, Any, None]],
    group: str,
    *,
    exclusive: bool = False,
) -> None:
    """Run a coroutine in the background, made when it starts: it may be canceled before that.

    Args:
        owner: the widget or screen that it is for.
        work: makes the coroutine.
        group: the name of the work.
        exclusive: whether other work of the same name is canceled.
    """
    begun = cast("Callable[[], Coroutine[None, None, None]]", work)
    _: Worker[None] = owner.run_worker(begun, group=group, description=group, exclusive=exclusive)
