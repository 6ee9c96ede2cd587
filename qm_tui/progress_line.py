"""Progress on the command line: one line on standard error that is drawn over itself."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import ceil
from types import FrameType
from typing import Final

from qm_tui.progress import Cancelled, HungUp, Phase, Tick
from qm_tui.text import size_text

_INTERVAL: Final = 0.1
_BAR: Final = 24
_SURE_AFTER: Final = 1.0
"""Seconds of a phase after which its rate says something."""

_LONG: Final = 100
"""Seconds from which a time left is said in minutes."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def bar(done: int, total: int, width: int = _BAR) -> str:
    """A bar of so many cells, filled as far as the work is done. Readable without colour."""
    filled = width * done // total if total else 0
    return "█" * filled + "─" * (width - filled)


class Pace:
    """How far work is, how fast it goes, and how long it takes yet.

    It knows when each phase began, as far as it was told of it.
    """

    def __init__(self) -> None:
        self._phase: Phase | None = None
        self._begun = 0.0
        self._first = self._last = 0

    def described(self, phase: Phase, done: int, total: int) -> str:
        """How far it is, in the words of the Actions bar; once it can be told, rate and time left.

        Args:
            phase: what is being done.
            done: how much of it is done.
            total: how much there is.
        """
        now = time.monotonic()
        if phase is not self._phase or done < self._last:
            self._phase, self._begun, self._first = phase, now, done
        self._last = done
        in_bytes = phase in (Phase.READING, Phase.OPENING)
        percent = 100 * done // total if total else 0
        so_far = f"{percent} %" if in_bytes else f"{done:,} of {total:,}"
        took = now - self._begun
        if took < _SURE_AFTER or done <= self._first:
            return f"{phase} {so_far}"
        rate = (done - self._first) / took
        speed = size_text(int(rate)) if in_bytes else f"{int(rate):,}"
        return f"{phase} {so_far}, {speed}/s, {_time_text((total - done) / rate)} left"


def _time_text(seconds: float) -> str:
    """A time to wait: `2 s`, `3 min`."""
    return f"{ceil(seconds)} s" if seconds <= _LONG else f"{ceil(seconds / 60)} min"


@contextmanager
def progress_line() -> Iterator[Tick]:
    """A tick that draws the progress, where standard error is a terminal.

    Ctrl+C, a hang-up and a termination make the tick raise `Cancelled` at its next call, so that
    nothing is torn in the middle. Ctrl+Z waits until the work is done: a program that is stopped
    while it holds the store's lock would keep all others waiting.
    """
    shows = sys.stderr.isatty()
    stopped: type[Cancelled] | None = None
    suspended = False
    drawn = time.monotonic()
    pace = Pace()

    def stop(number: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = Cancelled if number == signal.SIGINT else HungUp

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
            _draw(f"\r{pace.described(phase, done, total)}  {bar(done, total)}\x1b[K")

    # what was ignored at the start, as under nohup, stays ignored
    heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
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
    with suppress(OSError):  # the terminal is gone: a signal says what is to be done then
        sys.stderr.write(line)
        sys.stderr.flush()
