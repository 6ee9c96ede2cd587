"""Progress on the command line: a line on standard error that is redrawn."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from types import FrameType
from typing import Final

from qm_tui.progress import Cancelled, Phase, ProgressCallback, TerminalDisconnected
from qm_tui.text import size_text

_INTERVAL: Final = 0.1
_BAR: Final = 24
_RATE_AFTER: Final = 1.0
"""Seconds of a phase after which its rate is shown."""

_LONG: Final = 100
"""Seconds above which the time left is shown in minutes."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def progress_bar(done: int, total: int, width: int = _BAR) -> str:
    """Return a progress bar of `width` cells. It needs no color."""
    filled = width * done // total if total else 0
    return "█" * filled + "─" * (width - filled)


class RateEstimator:
    """An estimate of the rate and the time left of an operation, for each phase."""

    def __init__(self) -> None:
        self._phase: Phase | None = None
        self._started = 0.0
        self._first = self._last = 0

    def describe(self, phase: Phase, done: int, total: int) -> str:
        """Return the progress as it is shown, with rate and time left as soon as they are known.

        Args:
            phase: the phase.
            done: how much of it is done.
            total: how much there is to do.
        """
        now = time.monotonic()
        if phase is not self._phase or done < self._last:
            self._phase, self._started, self._first = phase, now, done
        self._last = done
        in_bytes = phase in (Phase.READING, Phase.OPENING)
        percent = 100 * done // total if total else 0
        progress = f"{percent}%" if in_bytes else f"{done:,} of {total:,}"
        elapsed = now - self._started
        if elapsed < _RATE_AFTER or done <= self._first:
            return f"{phase} {progress}"
        rate = (done - self._first) / elapsed
        rate_text = size_text(int(rate)) if in_bytes else f"{int(rate):,}"
        return f"{phase} {progress}, {rate_text}/s, {_time_text((total - done) / rate)} left"


def _time_text(seconds: float) -> str:
    """Return a duration as text: `2 s`, `3 min`."""
    return f"{ceil(seconds)} s" if seconds <= _LONG else f"{ceil(seconds / 60)} min"


@contextmanager
def progress_line() -> Iterator[ProgressCallback]:
    """Yield a tick that draws the progress if standard error is a terminal.

    After SIGINT, SIGTERM or SIGHUP the next call of the tick raises `Cancelled`, so that a write is
    never interrupted. Ctrl+Z is delayed until the end of the operation: a suspended program that
    holds the store's lock would block all others.
    """
    shows = sys.stderr.isatty()
    stopped: type[Cancelled] | None = None
    suspended = False
    drawn = time.monotonic()
    pace = RateEstimator()

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = Cancelled if number == signal.SIGINT else TerminalDisconnected

    def suspend(_signal: int, _frame: FrameType | None) -> None:
        nonlocal suspended
        suspended = True

    def tick(phase: Phase, done: int, total: int) -> None:
        nonlocal drawn
        if stopped is not None:
            raise stopped
        now = time.monotonic()
        if shows and now - drawn >= _INTERVAL:
            drawn = now
            _draw(f"\r{pace.describe(phase, done, total)}  {progress_bar(done, total)}\x1b[K")

    # signals that were ignored at the start, as under nohup, stay ignored
    handled = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in handled}
    if signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, suspend)
    try:
        yield tick
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if shows:
            _draw("\r\x1b[K")
        if suspended:
            os.kill(os.getpid(), signal.SIGTSTP)


def _draw(line: str) -> None:
    with suppress(OSError):  # the terminal is disconnected: a signal follows
        sys.stderr.write(line)
        sys.stderr.flush()
