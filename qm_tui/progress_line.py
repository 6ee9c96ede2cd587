"""Progress on the command line: one line on standard error that is drawn over itself."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from qm_tui.progress import Cancelled, Phase, Tick

_INTERVAL: Final = 0.1
_BAR: Final = 24
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def bar(done: int, total: int, width: int = _BAR) -> str:
    """A bar of so many cells, filled as far as the work is done. Readable without colour."""
    filled = width * done // total if total else 0
    return "█" * filled + "─" * (width - filled)


def described(phase: Phase, done: int, total: int) -> str:
    """How far it is, in the words of the Actions bar."""
    if phase in (Phase.READING, Phase.OPENING):
        return f"{phase} {100 * done // total if total else 0} %"
    return f"{phase} {done:,} of {total:,}"


@contextmanager
def progress_line() -> Iterator[Tick]:
    """A tick that draws the progress, where standard error is a terminal.

    Ctrl+C, a hang-up and a termination make the tick raise `Cancelled` at its next call, so that
    nothing is torn in the middle. Ctrl+Z waits until the work is done: a program that is stopped
    while it holds the store's lock would keep all others waiting.
    """
    shows = sys.stderr.isatty()
    stopped = suspended = False
    drawn = time.monotonic()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True

    def suspend(_signal: int, _frame: FrameType | None) -> None:
        nonlocal suspended
        suspended = True

    def tick(phase: Phase, done: int, total: int) -> None:
        nonlocal drawn
        if stopped:
            raise Cancelled
        now = time.monotonic()
        if shows and now - drawn >= _INTERVAL:
            drawn = now
            line = f"\r{described(phase, done, total)}  {bar(done, total)}\x1b[K"
            sys.stderr.write(line)
            sys.stderr.flush()

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
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        if suspended:
            os.kill(os.getpid(), signal.SIGTSTP)
