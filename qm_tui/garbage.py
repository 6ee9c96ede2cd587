"""Bulk work without looking for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Make many users without Python looking for garbage among them.

    Users form no cycles: to look for some again and again doubles the time of an import. What was
    made is frozen at the end, because one look at all of it afterwards holds every key for a tenth
    of a second.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
