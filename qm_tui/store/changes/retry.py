"""Changes that are made again if another program changed the same users at the same time."""

from collections.abc import Callable
from typing import Final, TypeVar

from qm_tui.store.errors import StoreConflict

Result = TypeVar("Result")

_ATTEMPTS: Final = 5


def retry_conflicts(change: Callable[[], Result]) -> Result:
    """Make a change, and again on the newest state as long as it conflicts; return its result.

    Args:
        change: the change. It opens a new transaction, and merges or plans again.

    Raises:
        StoreConflict: it conflicts each time.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return change()
        except StoreConflict:
            continue
    return change()
