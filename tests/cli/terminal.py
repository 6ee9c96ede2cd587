"""The program on a terminal that answers its questions."""

import time
from collections.abc import Callable
from contextlib import suppress

from benchmarks.terminal import Terminal
from tests.program import command


def on_terminal(
    *args: object, answer: str, meanwhile: Callable[[], object] = int
) -> tuple[int | None, str]:
    """Return the exit status of the program, and what it showed.

    Args:
        args: the arguments.
        answer: what is typed at each question.
        meanwhile: called before the first answer.
    """
    with Terminal(command(*args)) as terminal:
        answered, until = 0, time.monotonic() + 60
        while terminal.status is None and time.monotonic() < until:
            if terminal.received.count(b"[y/N]") > answered:
                if not answered:
                    meanwhile()
                terminal.send(answer)
                answered += 1
            with suppress(AssertionError):  # it has not ended yet
                terminal.wait_for_end(0.1)
        return terminal.status, terminal.received.decode().replace("\r\n", "\n")
