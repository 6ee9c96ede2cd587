"""How long the event loop of an interface, which answers keys, has no turn."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

_EACH: Final = 0.001


class Turns:
    """Notes how long the event loop keeps a task from its turn.

    Attributes:
        step: what is being done.
        longest: by step, the seconds of the longest wait.
        at_work: likewise, but of those only the ones that this process was at work itself, which
            leaves out what others did on the machine.
    """

    def __init__(self) -> None:
        self.step = ""
        self.longest: dict[str, float] = defaultdict(float)
        self.at_work: dict[str, float] = defaultdict(float)

    async def watch(self) -> None:
        """Ask for a turn each millisecond, until it is cancelled."""
        last, spent = time.perf_counter(), time.process_time()
        while True:
            await asyncio.sleep(_EACH)
            now, spends = time.perf_counter(), time.process_time()
            waited, worked = now - last, min(now - last, spends - spent)
            self.longest[self.step] = max(self.longest[self.step], waited)
            self.at_work[self.step] = max(self.at_work[self.step], worked)
            last, spent = now, spends


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something, for a minute at most."""
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
