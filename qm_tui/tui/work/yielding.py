"""Rests for work in a thread, so that no key waits for it."""

import time
from typing import Any, Final

from textual.worker import Worker

from qm_tui.users.query.sorting import Rest

_REST: Final = 0.0005
_WORK: Final = 0.002
"""Seconds of work after which it rests."""


class Overtaken(Exception):
    """Nobody waits for the work any more."""


def rests_of(worker: Worker[Any]) -> Rest:
    """What work in a worker's thread calls each millisecond or so.

    It rests where it is time for that, and raises `Overtaken` once the worker was cancelled.
    """
    rested = time.monotonic()

    def rest() -> None:
        nonlocal rested
        if worker.is_cancelled:
            raise Overtaken
        if time.monotonic() - rested >= _WORK:
            time.sleep(_REST)
            rested = time.monotonic()

    return rest
