"""A debug log of the latency of the event loop, which delays keys."""

import time
from typing import Final

from qm_tui.log import note

LOOK: Final = 0.25
"""Seconds between two measurements."""

_LONG: Final = 0.05
"""Seconds of latency from which it is logged."""


class Waits:
    """Measures how late a timer fires: a key would be handled as late."""

    def __init__(self) -> None:
        self._expected = time.monotonic() + LOOK

    def look(self) -> None:
        """Log the latency if it is long."""
        late = time.monotonic() - self._expected
        if late > _LONG:
            note(f"key latency: {late:.2f} s")
        self._expected = time.monotonic() + LOOK
