"""A thread that ticks every millisecond, and measures the longest gap.

The gap shows for how long work in one thread would block the keys of a user interface in another.
"""

import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Self

_EACH = 0.001


class Ticking:
    """Ticks while its block runs.

    Attributes:
        longest: the seconds of the longest gap between two ticks.
        where: the function and the line of the main thread at the end of that gap.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.where = ""
        self._main = threading.get_ident()
        self._ends = threading.Event()
        self._ticks = threading.Event()
        self._thread = threading.Thread(target=self._tick)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ticks.wait()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._thread.join()

    def _tick(self) -> None:
        last = time.perf_counter()
        while not self._ends.is_set():
            self._ticks.set()
            time.sleep(_EACH)
            now = time.perf_counter()
            if now - last > self.longest:
                self.longest = now - last
                self.where = _place(sys._current_frames()[self._main])
            last = time.perf_counter()


def _place(frame: FrameType | None) -> str:
    """Return the innermost function of qm-tui, and its line."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("qm_tui."):
            return f"{name.rpartition('.')[2]}.{frame.f_code.co_qualname}:{frame.f_lineno}"
        frame = frame.f_back
    return ""
