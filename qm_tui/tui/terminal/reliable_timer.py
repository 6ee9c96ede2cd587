"""Timers that fire even if the machine is busy.

Textual skips the ticks of a timer that it is late for. A one-shot timer has only one: if the
program gets no CPU time for as long as the timer runs, just when it starts, it never fires. Of
48,000 timers of 5 ms in twelve programs on two cores, 18 were lost. A form then never showed its
remaining fields and could not be saved; a resized terminal was never redrawn.
"""

from textual import message_pump
from textual.timer import Timer


class ReliableTimer(Timer):
    """A timer that may be late, but fires as often as it should.

    One without a limit skips the ticks that it is late for, as Textual's timers do.
    """

    def _start(self) -> None:
        self._skip = self._skip and self._repeat is None
        super()._start()


def install_reliable_timers() -> None:
    """Use `ReliableTimer` for all timers, including those that Textual sets itself."""
    message_pump.Timer = ReliableTimer  # type: ignore[attr-defined]
