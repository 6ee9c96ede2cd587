"""The lock of a store against other threads of the program."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from qm_tui.store.errors import StoreBusy


class ThreadLock:
    """Lets one thread of the program write at a time.

    Args:
        wait: the seconds to wait for another thread.
    """

    def __init__(self, wait: float) -> None:
        self._wait, self._lock = max(wait, 0), RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other threads from writing.

        Raises:
            StoreBusy: another thread is writing and does not finish in time.
        """
        if not self._lock.acquire(timeout=self._wait):
            raise StoreBusy(
                "The store is busy: another change has not finished. Nothing was changed."
            )
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def free(self) -> Iterator[bool]:
        """Keep other threads from writing for a moment; yield whether none is writing now."""
        is_free = self._lock.acquire(blocking=False)
        try:
            yield is_free
        finally:
            if is_free:
                self._lock.release()
