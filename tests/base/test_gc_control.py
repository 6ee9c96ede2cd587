"""Many new objects are not scanned by the garbage collector; an open dialog is still freed."""

import subprocess
import sys

import pytest

_START = """
import gc, weakref
from qm_tui.gc_control import gc_paused

class Dialog:
    def __init__(self):
        self.itself = self

def made(number):
    return [(one,) for one in map(str, range(number))]

with gc_paused():
    users = made(10)
"""


def _said(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", _START + program], check=True, capture_output=True, timeout=30
    )
    return done.stdout.decode().strip()


_CLOSED = """
dialog = Dialog()
is_there = weakref.ref(dialog)
with gc_paused():
    more = made(NUMBER)
del dialog
gc.collect()
print(is_there() is not None)
"""


@pytest.mark.parametrize("number", [0, 1, 1000, 10_000])
def test_open_dialog_is_freed_after_few_new_objects(number):
    assert _said(_CLOSED.replace("NUMBER", str(number))) == "False"


def test_first_and_many_new_objects_are_frozen():
    frozen = "print(gc.get_freeze_count())"
    at_first = int(_said(frozen))
    assert at_first > 1000
    later = f"with gc_paused():\n    more = made(100_000)\n{frozen}"
    assert int(_said(later)) >= at_first + 100_000


def test_nested_pause_ends_with_the_outer_one():
    inner = "print(gc.isenabled())"
    program = f"with gc_paused():\n    with gc_paused():\n        pass\n    {inner}\n{inner}"
    assert _said(program).split() == ["False", "True"]
