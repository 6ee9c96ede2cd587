"""End a server of the tests when a process has ended, however it ended.

A run that is killed cannot stop its server. This is a process of its own, in a session of its own,
which needs nothing but the standard library: `watchdog.py PID FOLDER`.
"""

import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PATIENCE = 10.0
"""The seconds that a server has for its end, and that its folder may be in use."""


def wait_for_end(pid: int, timeout: float | None = None) -> bool:
    """Wait until a process, which need not be a child, has ended; return whether it has.

    Args:
        pid: the process.
        timeout: how many seconds to wait; by default until the end.
    """
    until = None if timeout is None else time.monotonic() + timeout
    try:
        if hasattr(os, "pidfd_open"):
            descriptor = os.pidfd_open(pid)
            try:
                return bool(select.select([descriptor], [], [], timeout)[0])
            finally:
                os.close(descriptor)
        while until is None or time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.2)
    except ProcessLookupError:
        return True
    return False


def end_server(folder: Path) -> None:
    """End the server of a folder at once, and remove the folder."""
    with suppress(OSError, ValueError, IndexError):
        pid = int((folder / "data/postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGQUIT)
        if not wait_for_end(pid, PATIENCE):
            os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    # a process that was about to start may still write files
    while folder.exists() and time.monotonic() < until:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.05)


if __name__ == "__main__":
    wait_for_end(int(sys.argv[1]))
    end_server(Path(sys.argv[2]))
