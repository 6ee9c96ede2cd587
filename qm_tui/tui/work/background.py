"""Work on the store in a thread, as the job of a page."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from textual.app import App
from textual.screen import Screen

from qm_tui.gc_control import let_go, no_garbage_collection
from qm_tui.progress import Tick
from qm_tui.tui.work.job import OPERATION, Job, Operation, ended_by
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import User

Made = TypeVar("Made")

_REST: Final = 0.0005
"""Seconds of sleep after each thousand entries that are freed."""


async def in_background(
    page: Screen[Any],
    session: Session,
    work: Callable[[Tick], Made],
    when_cancelled: str,
    operation: Operation = OPERATION,
) -> Made | None:
    """Run work in a thread, as the running job.

    Args:
        page: the page that receives the progress and the errors.
        session: the state that the pages share.
        work: the work; it gets the progress callback.
        when_cancelled: the sentence for the Actions bar if it is canceled.
        operation: the kind of operation, for the question whether to cancel it.

    Returns:
        The result of the work; None if it was canceled or failed, which the page shows.
    """
    job = session.begin(Job(page.post_message, operation))
    try:
        made = await asyncio.to_thread(_without_garbage, work, job.tick)
    except Exception as error:
        page.post_message(ended_by(error, when_cancelled))
        return None
    session.end("")
    return made


def forget(app: App[Any], changes: dict[str, User | None]) -> None:
    """Free changes that are no longer needed, in steps in a thread."""
    # without a description Textual would make one from the whole contents
    work = partial(let_go, changes, rest=_REST)
    app.run_worker(work, thread=True, description="free changes")


def _without_garbage(work: Callable[[Tick], Made], tick: Tick) -> Made:
    with no_garbage_collection():
        return work(tick)
