"""Ending the program when its terminal is disconnected, and suspending it with Ctrl+Z.

A dropped SSH connection usually sends SIGHUP. Under `nohup`, or if another process keeps the
terminal open, it does not, and Textual would go on reading and use a whole CPU core.

Textual suspends immediately. A program that is suspended while it holds the store's lock would
block all others, so this waits until the lock is released. Without a shell with job control, as in
a tmux window that runs only qm-tui, nothing could resume the program: there it is not suspended.
"""

import asyncio
import os
import signal
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Final

from qm_tui.store.interface import UserStore

_RETRY_DELAY: Final = 0.02
"""Seconds between two checks whether the lock is released."""

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


class SuspendHandler:
    """Suspends the program while it does not hold the store's lock.

    Args:
        store: the store.
    """

    def __init__(self, store: UserStore) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._textual_handler = signal.getsignal(signal.SIGTSTP)
        self._is_waiting = False
        self._loop.add_signal_handler(signal.SIGTSTP, self.suspend)

    def suspend(self) -> None:
        """Suspend the program, if there is a shell that can resume it."""
        if has_shell() and not self._is_waiting:
            self._is_waiting = True
            self._suspend_when_free()

    def _suspend_when_free(self) -> None:
        with self._store.lock_free() as is_free:
            if is_free and callable(self._textual_handler):
                self._is_waiting = False
                self._textual_handler(signal.SIGTSTP, None)
                return
        self._loop.call_later(_RETRY_DELAY, self._suspend_when_free)


def has_shell() -> bool:
    """Whether the program was started by a shell with job control."""
    try:
        parent = os.getppid()
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False
