"""Short sleeps for work in a thread, so that no key waits for it."""

import time
from typing import Any, Final

from textual.worker import Worker

from qm_tui.users.query.sorting import YieldControl

_YIELD_SECONDS: Final = 0.0005
"""Seconds of sleep."""

_WORK_SECONDS: Final = 0.002
"""Seconds of work between two sleeps."""


class WorkerCancelled(Exception):
    """The result of the work is no longer needed."""


def yield_control_for(worker: Worker[Any]) -> YieldControl:
    """Return the callback for work in a worker's thread, to be called about every millisecond.

    It sleeps for other threads if it is time, and raises `WorkerCancelled` if the worker was
    canceled.
    """
    slept = time.monotonic()

    def rest() -> None:
        nonlocal slept
        if worker.is_cancelled:
            raise WorkerCancelled
        if time.monotonic() - slept >= _WORK_SECONDS:
            time.sleep(_YIELD_SECONDS)
            slept = time.monotonic()

    return rest
