"""Many new objects are not scanned by the garbage collector; an open dialog is still freed."""

import subprocess
import sys

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


def test_open_dialog_is_freed_after_few_new_objects():
    program = """
for number in (0, 1000, 10_000):
    dialog = Dialog()
    is_there = weakref.ref(dialog)
    with gc_paused():
        more = made(number)
    del dialog
    gc.collect()
    print(is_there() is not None)
"""
    assert _said(program).split() == ["False"] * 3


def test_first_and_many_new_objects_are_frozen():
    program = """
print(gc.get_freeze_count())
with gc_paused():
    with gc_paused():
        more = made(100_000)
    print(gc.isenabled())
print(gc.isenabled(), gc.get_freeze_count())
"""
    at_first, inside, after, later = _said(program).split()
    assert (inside, after) == ("False", "True")
    assert 1000 < int(at_first) <= int(later) - 100_000
