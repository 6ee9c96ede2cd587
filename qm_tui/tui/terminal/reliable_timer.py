"""Timers that fire even if the machine is busy.

Textual skips the ticks of a timer that it is late for. A one-shot timer has only one: if the
program gets no CPU time for as long as the timer runs, just when it starts, it never fires. Of
48,000 timers of 5 ms in twelve programs on two cores, 18 were lost. A form then never showed its
remaining fields and could not be saved; a resized terminal was never redrawn.
"""

from inspect import isawaitable
from typing import Final

from textual.message_pump import MessagePump
from textual.timer import Timer, TimerCallback

_SHORTEST: Final = 0.0001
"""Seconds. Timers that repeat cannot have an interval of 0."""


class ReliableTimers(MessagePump):
    """A base of apps, screens and widgets whose one-shot timers may be late, but fire."""

    def set_timer(
        self,
        delay: float,
        callback: TimerCallback | None = None,
        *,
        name: str | None = None,
        pause: bool = False,
    ) -> Timer:
        """Call a function once after a delay in seconds. The result can be stopped before."""

        async def fire() -> None:
            nonlocal callback
            once, callback = callback, None  # a stopped timer may still fire before it next sleeps
            try:
                result = once() if once is not None else None
                if isawaitable(result):
                    await result
            finally:
                timer.stop()

        # one that repeats skips the ticks that it is late for, but not all of them
        timer = self.set_interval(delay or _SHORTEST, fire, name=name, pause=pause)
        return timer
