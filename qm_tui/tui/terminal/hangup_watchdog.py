"""Ending the program when its terminal is disconnected.

A dropped SSH connection usually sends SIGHUP. Under `nohup`, or if another process keeps the
terminal open, it does not, and Textual would go on reading and use a whole CPU core.
"""

import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Final

HANGUP_STATUS: Final = 128 + signal.SIGHUP
"""The exit status after the terminal was disconnected."""

_POLL_EVERY: Final = 1.0
"""Seconds."""

_GRACE: Final = 1.0
"""Seconds until the process is ended. The store is consistent at any time."""


def watch_terminal(hang_up: Callable[[], object]) -> None:
    """Watch the terminal in a separate thread.

    Args:
        hang_up: called in that thread when the terminal is disconnected; `_GRACE` seconds later
            the process is ended.
    """
    threading.Thread(target=_watch, args=(hang_up,), name="lifeline", daemon=True).start()


def force_exit_after_grace() -> None:
    """End the process after `_GRACE` seconds, unless it ends by itself."""
    timer = threading.Timer(_GRACE, os._exit, (HANGUP_STATUS,))
    timer.daemon = True
    timer.start()


def _watch(hang_up: Callable[[], object]) -> None:
    descriptor = sys.__stdin__.fileno() if sys.__stdin__ else 0
    while True:
        time.sleep(_POLL_EVERY)
        try:
            termios.tcgetattr(descriptor)
        except (termios.error, OSError, ValueError):
            force_exit_after_grace()
            hang_up()
            return
