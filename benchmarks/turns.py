"""Measurement of the times for which an event loop, and therefore all keys, is blocked."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

_EACH: Final = 0.001


class Turns:
    """Measures the longest waits of a task in the event loop.

    Attributes:
        step: the current step.
        longest: the longest wait in seconds, by step.
        at_work: the maximum CPU time of this process in a wait in seconds, by step. It excludes
            waits caused by other programs.
    """

    def __init__(self) -> None:
        self.step = ""
        self.longest: dict[str, float] = defaultdict(float)
        self.at_work: dict[str, float] = defaultdict(float)

    async def watch(self) -> None:
        """Measure waits every millisecond, until canceled."""
        last, spent = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(_EACH)
            now, spends = time.perf_counter(), time.process_time()
            waited, worked = now - last, min(now - last, spends - spent)
            self.longest[self.step] = max(self.longest[self.step], waited)
            self.at_work[self.step] = max(self.at_work[self.step], worked)
            last, spent = now, spends


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition, at most a minute."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
