"""Watches for how long other programs keep the row of `head` locked.

    python -m benchmarks.postgres.head_lock URL

Tries to lock it every 5 milliseconds, until its input ends. Prints the longest and the whole time
for which that was refused, in milliseconds.
"""

import json
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final

import psycopg
from psycopg import errors as pg

_EVERY: Final = 0.005
_ROOT: Final = Path(__file__).parents[2]


class Locked:
    """For how long the row was locked.

    Attributes:
        longest: the longest time, in milliseconds.
        whole: the whole time.
    """

    def __init__(self) -> None:
        self.longest = self.whole = 0.0


@contextmanager
def watched_head(url: str) -> Iterator[Locked]:
    """Watch the row while the block runs; the result is known after it."""
    locked = Locked()
    command = [sys.executable, "-m", "benchmarks.postgres.head_lock", url]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdout
        process.stdout.readline()  # it is connected
        yield locked
        printed, _ = process.communicate()
    locked.longest, locked.whole = json.loads(printed)


def main(url: str) -> None:
    """Watch the row, and print the result."""
    longest = whole = 0.0
    since: float | None = None
    with psycopg.connect(url, autocommit=True) as connection:
        # a lock is written to the log, too, and must not wait for the disk
        connection.execute("SET synchronous_commit = off")
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], _EVERY)[0]:
            begin = time.perf_counter()
            try:
                connection.execute("SELECT FROM qm_tui.head FOR UPDATE NOWAIT")
            except pg.LockNotAvailable:
                since = begin if since is None else since
                continue
            if since is not None:
                longest, whole = max(longest, begin - since), whole + begin - since
                since = None
    print(json.dumps([1000 * longest, 1000 * whole]))


if __name__ == "__main__":
    main(*sys.argv[1:])
