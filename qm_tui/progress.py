"""How long work says how far it is, and how it is told to stop.

Everything that grows with the data takes a `Tick` and calls it at least every `STEP` rows. The
one who started the work decides what a tick does: draw a bar, wait a moment so that the interface
gets its turn, or raise `Cancelled`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """What is being done, in the admin's words."""

    OPENING = "Opening"
    """Bytes of the store's file."""
    READING = "Reading"
    """Bytes of the users file."""
    CHECKING = "Checking"
    """Records held against the store."""
    IMPORTING = "Importing"
    """Records on their way into the store."""
    CHANGING = "Changing"
    """Users on their way into the store."""
    SAVING = "Saving"
    """Users on their way into the store's main file."""
    EXPORTING = "Exporting"
    """Users on their way into a file."""


class Cancelled(Exception):
    """The admin cancelled the work; nothing was changed."""


class HungUp(Cancelled):
    """The terminal is gone, or the system ended the program; nothing was changed.

    Nobody was there to be told, so the next start says it.
    """


Tick = Callable[[Phase, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

STEP: Final = 1000
"""Rows between two ticks: a few milliseconds of work."""


def no_tick(_phase: Phase, _done: int, _total: int) -> None:
    """A tick that does nothing."""
