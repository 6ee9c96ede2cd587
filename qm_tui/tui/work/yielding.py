"""Short sleeps for work in a thread, so that no key waits for it."""

import time
from typing import Any, Final

from textual.worker import Worker

from qm_tui.users.query.sorting import Rest

_REST: Final = 0.0005
"""Seconds of sleep."""

_WORK: Final = 0.002
"""Seconds of work between two sleeps."""


class Overtaken(Exception):
    """The result of the work is no longer needed."""


def rests_of(worker: Worker[Any]) -> Rest:
    """Return the callback for work in a worker's thread, to be called about every millisecond.

    It sleeps for other threads if it is time, and raises `Overtaken` if the worker was canceled.
    """
    slept = time.monotonic()

    def rest() -> None:
        nonlocal slept
        if worker.is_cancelled:
            raise Overtaken
        if time.monotonic() - slept >= _WORK:
            time.sleep(_REST)
            slept = time.monotonic()

    return rest
