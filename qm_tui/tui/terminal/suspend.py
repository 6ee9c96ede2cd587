"""Ctrl+Z: suspend the program and return to the shell; `fg` resumes it.

Textual suspends immediately. A program that is suspended while it holds the store's lock would
block all others, so this waits until the lock is released. Without a shell with job control, as in
a tmux window that runs only qm-tui, nothing could resume the program: there it is not suspended.
"""

import asyncio
import os
import signal
from typing import Final

from qm_tui.store.interface import UserStore

_RETRY_DELAY: Final = 0.02
"""Seconds between two checks whether the lock is released."""


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
