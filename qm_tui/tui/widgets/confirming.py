"""Screens that confirm something, and when they were drawn."""

import time
from math import inf
from typing import Any, ClassVar, Final
from weakref import WeakKeyDictionary

from textual.screen import Screen

_drawn_at: Final[WeakKeyDictionary[Screen[Any], float]] = WeakKeyDictionary()


class Confirms:
    """A screen that confirms something, or shows a message that must be read.

    Enter and the keys of its buttons count only if they were typed after it had been drawn. Keys
    that were typed before fill fields and move.
    """

    takes_early_escape: ClassVar[bool] = True
    """Whether Esc typed before it was drawn closes it."""

    def may_confirm(self, key: str) -> bool:
        """Whether a key may confirm something now. Text in a field and moves never do."""
        return True


def drawn_at(screen: Screen[Any]) -> float:
    """Return when a screen was drawn, in seconds of the monotonic clock.

    It is infinity if the screen has not been drawn with what it shows now.
    """
    return _drawn_at.get(screen, inf)


def redraw_pending(screen: Screen[Any]) -> None:
    """Note that a screen is new, or shows something else that it asks to confirm."""
    _drawn_at.pop(screen, None)
    screen.call_after_refresh(note_drawn, screen)  # nothing may be left to draw


def note_drawn(screen: Screen[Any]) -> None:
    """Note that a screen was drawn, if it is on top."""
    if screen.is_mounted and screen.is_current:
        _drawn_at.setdefault(screen, time.monotonic())
