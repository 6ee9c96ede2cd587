"""Wait for what another process does."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE: Final = 60.0
"""The seconds after which a test fails that waits for what does not happen."""


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail if it does not within a minute."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "the condition does not hold"
        time.sleep(0.02)
