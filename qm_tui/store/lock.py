"""One writer at a time: a lock file beside the store, held over read, change and write."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from qm_tui.refusal import reason
from qm_tui.store.interface import StoreBusy, StoreRefused
from qm_tui.text import visible

WAIT: Final = 10.0
"""Seconds to wait for another writer."""

_POLL: Final = 0.05


@contextmanager
def locked(path: Path, wait: float = WAIT) -> Iterator[None]:
    """Hold the lock file at `path`. It is made if need be, and never removed or replaced.

    Raises:
        StoreBusy: it is held by another for longer than `wait` seconds.
        StoreRefused: it cannot be made or opened.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        msg = f"The store's lock {visible(str(path))} cannot be opened: {reason(error)}."
        raise StoreRefused(msg) from error
    try:
        until = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    msg = (
                        f"The store is busy: another qm-tui has been writing for {wait:.0f} "
                        "seconds. Nothing was changed; try again in a moment."
                    )
                    raise StoreBusy(msg) from None
                time.sleep(_POLL)
            except OSError as error:
                msg = f"The store's lock {visible(str(path))} cannot be taken: {reason(error)}."
                raise StoreRefused(msg) from error
        yield
    finally:
        os.close(descriptor)
