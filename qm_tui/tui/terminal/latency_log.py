"""A debug log of the latency of the event loop, which delays keys."""

import time
from typing import Final

from qm_tui.log import debug

POLL_INTERVAL: Final = 0.25
"""Seconds between two measurements."""

_LONG: Final = 0.05
"""Seconds of latency from which it is logged."""


class LatencyProbe:
    """Measures how late a timer fires: a key would be handled as late."""

    def __init__(self) -> None:
        self._expected = time.monotonic() + POLL_INTERVAL

    def check(self) -> None:
        """Log the latency if it is long."""
        late = time.monotonic() - self._expected
        if late > _LONG:
            debug(f"key latency: {late:.2f} s")
        self._expected = time.monotonic() + POLL_INTERVAL
