"""Ends the program when its terminal is gone.

A dropped SSH line sends SIGHUP, but not always: under `nohup`, or where another process holds the
line, nothing comes, and Textual goes on reading a terminal that is not there, with a whole core.
"""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Final

HUNG_UP: Final = 128 + signal.SIGHUP
"""The exit status of a program whose terminal went away."""

_LOOK_EVERY: Final = 1.0
_GRACE: Final = 1.0
"""Seconds that the program has to end by itself. The store is whole at any moment."""


def watch_terminal(hang_up: Callable[[], object]) -> None:
    """Look after the terminal from a thread of its own.

    Args:
        hang_up: called in that thread once the terminal is gone; what it leaves running is ended
            a moment later.
    """
    threading.Thread(target=_watch, args=(hang_up,), name="lifeline", daemon=True).start()


def end_soon() -> None:
    """End the process in a moment, if it does not end by itself."""
    timer = threading.Timer(_GRACE, os._exit, (HUNG_UP,))
    timer.daemon = True
    timer.start()


def _watch(hang_up: Callable[[], object]) -> None:
    descriptor = sys.__stdin__.fileno() if sys.__stdin__ else 0
    while True:
        time.sleep(_LOOK_EVERY)
        try:
            termios.tcgetattr(descriptor)
        except (termios.error, OSError, ValueError):
            end_soon()
            hang_up()
            return
