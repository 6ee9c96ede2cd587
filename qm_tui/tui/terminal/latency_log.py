"""Whether a key would have had to wait, for the log."""

import time
from typing import Final

from qm_tui.log import note

LOOK: Final = 0.25
"""Seconds between two looks."""

_LONG: Final = 0.05
"""Seconds that a key may wait."""


class Waits:
    """Looks whether it comes later than it should: a key would have come as late."""

    def __init__(self) -> None:
        self._expected = time.monotonic() + LOOK

    def look(self) -> None:
        """Log how long a key would have waited, if that is long."""
        late = time.monotonic() - self._expected
        if late > _LONG:
            note(f"a key would have waited {late:.2f} s")
        self._expected = time.monotonic() + LOOK
