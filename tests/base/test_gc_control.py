"""What is made in bulk is not looked through for garbage; what was open then is not kept for it."""

import subprocess
import sys

import pytest

_START = """
import gc, weakref
from qm_tui.gc_control import no_garbage_collection

class Dialog:
    def __init__(self):
        self.itself = self

def made(number):
    return [(one,) for one in map(str, range(number))]

with no_garbage_collection():
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
with no_garbage_collection():
    more = made(NUMBER)
del dialog
gc.collect()
print(is_there() is not None)
"""


@pytest.mark.parametrize("number", [0, 1, 1000, 10_000])
def test_a_dialog_that_was_open_while_little_was_made_is_let_go_of(number):
    assert _said(_CLOSED.replace("NUMBER", str(number))) == "False"


def test_what_is_there_at_first_and_much_that_is_made_later_are_not_looked_at_again():
    frozen = "print(gc.get_freeze_count())"
    at_first = int(_said(frozen))
    assert at_first > 1000
    later = f"with no_garbage_collection():\n    more = made(100_000)\n{frozen}"
    assert int(_said(later)) >= at_first + 100_000


def test_within_another_it_ends_with_that_one():
    inner = "print(gc.isenabled())"
    program = (
        "with no_garbage_collection():\n"
        "    with no_garbage_collection():\n"
        "        pass\n"
        f"    {inner}\n"
        f"{inner}"
    )
    assert _said(program).split() == ["False", "True"]
