"""Control of the garbage collector while many objects are allocated or freed."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_CHUNK: Final = 1000

_MIN_USERS: Final = 20_000
"""The number of objects that the collector scans in a few milliseconds."""

_first_time: Final = iter([True])


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause the garbage collector while many users are created.

    Users form no cycles, and scanning them repeatedly doubles the time of an import. At the end all
    objects are frozen, because a single scan of them would block the terminal UI for a tenth of a
    second. Frozen objects are never freed, and that includes a dialog that is open at this moment.
    So it freezes the first time, before any dialog, and later only after many new objects.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        new_objects = gc.get_count()[0]
        if next(_first_time, False) or new_objects > _MIN_USERS:
            gc.freeze()
        gc.enable()


def clear_in_chunks(
    *containers: dict[Any, Any] | set[Any] | list[Any], yield_control: Callable[[], object] = int
) -> None:
    """Empty containers in chunks.

    To free 100,000 users in one step would block the terminal UI for a tenth of a second.

    Args:
        containers: the containers, which must not be used afterward.
        yield_control: called after each chunk.
    """
    for container in containers:
        while container:
            if isinstance(container, list):
                del container[-_CHUNK:]
            else:
                pop = container.popitem if isinstance(container, dict) else container.pop
                for _ in range(min(_CHUNK, len(container))):
                    pop()
            yield_control()
