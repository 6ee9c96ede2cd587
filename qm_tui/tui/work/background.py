"""Work on the store in a thread, as the job of a page."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from textual.app import App
from textual.screen import Screen

from qm_tui.gc_control import let_go, no_garbage_collection
from qm_tui.progress import Tick
from qm_tui.tui.work.job import Job, ended_by
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import User

Made = TypeVar("Made")

_REST: Final = 0.0005
"""Seconds of rest after each thousand that is let go of."""


async def in_background(
    page: Screen[Any], session: Session, work: Callable[[Tick], Made], when_cancelled: str
) -> Made | None:
    """Do work in a thread, as the job at work.

    Args:
        page: the page that is told how far it is, and what ended it.
        session: what the pages share.
        work: the work.
        when_cancelled: what is said where it was cancelled, as a sentence.

    Returns:
        What it made, or None where the page was told why not.
    """
    job = session.begin(Job(page.post_message))
    try:
        made = await asyncio.to_thread(_without_garbage, work, job.tick)
    except Exception as error:
        page.post_message(ended_by(error, when_cancelled))
        return None
    session.end("")
    return made


def forget(app: App[Any], changes: dict[str, User | None]) -> None:
    """Let go of changes that nobody looks at any more, in a thread and step by step."""
    # without a description Textual would make one of all that they hold
    work = partial(let_go, changes, rest=_REST)
    app.run_worker(work, thread=True, description="let go of changes")


def _without_garbage(work: Callable[[Tick], Made], tick: Tick) -> Made:
    with no_garbage_collection():
        return work(tick)
