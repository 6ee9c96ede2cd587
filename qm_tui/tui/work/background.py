"""Work on the store in a thread, as the job of a page."""

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any, TypeVar

from textual.app import App
from textual.screen import Screen

from qm_tui.gc_control import clear_in_chunks, gc_paused
from qm_tui.progress import ProgressCallback, yield_control
from qm_tui.store.errors import StoreDisconnected
from qm_tui.tui.work.flow import keys_released
from qm_tui.tui.work.job import OPERATION, Job, JobProgressed, Operation, job_end_message
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import ASK_AGAIN, in_thread
from qm_tui.users.fields import User

Result = TypeVar("Result")


async def run_with_progress(
    work: Callable[[ProgressCallback], Result],
    report: Callable[[JobProgressed], object] = lambda _progress: None,
    disconnected: Callable[[str], object] | None = None,
) -> Result:
    """Run work in a thread. If the task that waits for it is canceled, the work is, too.

    Args:
        work: the work; it gets the progress callback.
        report: called in the thread with the progress.
        disconnected: called with the message if the server of the store cannot be reached; then
            the work is tried again until it can. If not given, that is an error as any other.
    """
    while True:
        try:
            return await _run(work, Job(report))
        except StoreDisconnected as error:
            if disconnected is None:
                raise
            disconnected(str(error))
            await asyncio.sleep(ASK_AGAIN)


async def run_job(
    page: Screen[Any],
    session: Session,
    work: Callable[[ProgressCallback], Result],
    when_cancelled: str,
    operation: Operation = OPERATION,
    *,
    result_text: Callable[[Result], str] = lambda _result: "",
    holds_keys: bool = False,
) -> Result | None:
    """Run work in a thread, as the running job.

    Args:
        page: the page that receives the progress and the errors.
        session: the state that the pages share.
        work: the work; it gets the progress callback.
        when_cancelled: the sentence for the Actions bar if it is canceled.
        operation: the kind of operation, for the question whether to cancel it.
        result_text: returns the message for the Actions bar; if empty, the last one stays.
        holds_keys: whether keys wait for its end, because it leads to a dialog.

    Returns:
        The result of the work; None if it was canceled or failed, which the page shows.
    """
    job = session.begin_job(Job(page.post_message, operation))
    try:
        with nullcontext() if holds_keys else keys_released():
            made = await _run(work, job)
    except asyncio.CancelledError:
        session.end_job(when_cancelled)
        raise
    except Exception as error:
        page.post_message(job_end_message(error, when_cancelled))
        return None
    session.end_job(result_text(made))
    return made


async def _run(work: Callable[[ProgressCallback], Result], job: Job) -> Result:
    return await in_thread(partial(_with_gc_paused, work, job.report_progress), job.cancel)


def free_in_background(app: App[Any], *users: dict[str, User | None] | dict[str, User]) -> None:
    """Free users of a plan that are no longer needed, in steps in a thread."""
    # without a description Textual would make one from the whole contents
    work = partial(clear_in_chunks, *users, yield_control=yield_control())
    app.run_worker(work, thread=True, description="free changes")


def _with_gc_paused(
    work: Callable[[ProgressCallback], Result], progress: ProgressCallback
) -> Result:
    """Run work without garbage collection. For worker threads."""
    with gc_paused():
        return work(progress)
