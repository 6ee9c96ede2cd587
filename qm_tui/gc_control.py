"""Memory in bulk: made without looking for garbage, and let go of in steps."""

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_STEP: Final = 1000

_MUCH: Final = 20_000
"""Objects among which to look for garbage takes a few milliseconds."""

_first_time: Final = iter([True])


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Make many users without Python looking for garbage among them.

    Users form no cycles: to look for some again and again doubles the time of an import. What was
    made is frozen at the end, because one look at all of it afterwards holds every key for a tenth
    of a second. What is frozen is never looked at again, and with it whatever else there was: a
    dialog that was open then is never let go of. So the first time freezes, before any dialog, and
    after that only what made much.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        made = gc.get_count()[0]
        if next(_first_time, False) or made > _MUCH:
            gc.freeze()
        gc.enable()


def let_go(*containers: dict[Any, Any] | set[Any] | list[Any], rest: float = 0) -> None:
    """Empty containers step by step.

    To free 100,000 users at once would keep every key waiting for a tenth of a second.

    Args:
        containers: what is emptied. Nobody else may use it any more.
        rest: seconds to rest after each thousand.
    """
    for one in containers:
        while one:
            if isinstance(one, list):
                del one[-_STEP:]
            else:
                take = one.popitem if isinstance(one, dict) else one.pop
                for _ in range(min(_STEP, len(one))):
                    take()
            if rest:
                time.sleep(rest)
