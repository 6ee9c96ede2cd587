"""Ctrl+Z: the program is stopped, the shell has the terminal, and `fg` goes on.

Textual does that as soon as it is told to. A program that is stopped while it holds the store's
lock would keep all others out, so this waits until it does not. And where no shell waits, as in a
tmux window of its own, nobody could ever go on: there nothing is stopped, as the kernel has it.
"""

import asyncio
import os
import signal
from typing import Final

from qm_tui.store.interface import UserStore

_SOON: Final = 0.02
"""Seconds between two looks whether the store is let go of."""


class Stopping:
    """Stops the program when it is told to, between two uses of the store.

    Args:
        store: the store.
    """

    def __init__(self, store: UserStore) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._textuals = signal.getsignal(signal.SIGTSTP)
        self._is_waiting = False
        self._loop.add_signal_handler(signal.SIGTSTP, self.stop)

    def stop(self) -> None:
        """Stop the program, if there is a shell that can let it go on."""
        if has_shell() and not self._is_waiting:
            self._is_waiting = True
            self._stop_when_free()

    def _stop_when_free(self) -> None:
        with self._store.lock_free() as is_free:
            if is_free and callable(self._textuals):
                self._is_waiting = False
                self._textuals(signal.SIGTSTP, None)
                return
        self._loop.call_later(_SOON, self._stop_when_free)


def has_shell() -> bool:
    """Whether a shell with jobs started the program."""
    try:
        parent = os.getppid()
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False
