"""The program on a terminal that answers its questions."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Callable

from tests.program import command


def on_terminal(
    *args: object, answer: bytes, meanwhile: Callable[[], object] = int
) -> tuple[int, str]:
    """Return the exit status of the program, and what it showed.

    Args:
        args: the arguments.
        answer: what is typed at each question.
        meanwhile: called before the first answer.
    """
    ours, theirs = pty.openpty()
    shown = b""
    try:
        with subprocess.Popen(
            command(*args),
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - there are no threads
        ) as program:
            os.close(theirs)
            until = time.monotonic() + 60
            answered = 0
            while time.monotonic() < until:
                if not select.select([ours], [], [], 0.1)[0]:
                    continue
                try:
                    shown += os.read(ours, 4096)
                except OSError:
                    break
                if shown.count(b"[y/N]") > answered:
                    if not answered:
                        meanwhile()
                    os.write(ours, answer)
                    answered += 1
            else:
                program.kill()
    finally:
        os.close(ours)
    return program.returncode, shown.decode().replace("\r\n", "\n")
