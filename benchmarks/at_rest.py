"""What the interface takes while nobody does anything: processor, memory, bytes on the line.

    python -m benchmarks.at_rest [USERS] [SECONDS]

Runs it on many users in a pseudo-terminal of 120x40, and VisiData and less on the same users beside
it, all at once. When all users are read it waits, and looks at each process for so many seconds.
At the end the interface filters and sorts, and its memory is looked at again. Linux only.
"""

import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.figures import OURS, Table, Unit
from benchmarks.programs import (
    ESCAPE,
    apart,
    made_store,
    others,
    ours,
    say_left_out,
    started,
    users_file,
)
from benchmarks.terminal import Terminal

MOST_PROCESSOR: Final = 0.5
"""Percent of a core."""
MOST_MEMORY: Final = 300
"""Megabytes."""

_CALM: Final = 5
"""Seconds between the last user that was read and the first look."""
_TICK: Final = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """What a process has spent so far.

    Attributes:
        processor: seconds of a core.
        written: bytes that it wrote, to the terminal or elsewhere.
        memory: megabytes that it holds.
        peak: the most that it held.
    """

    processor: float
    written: int
    memory: float
    peak: float


def spent(pid: int) -> Spent:
    """What a process has spent so far."""
    folder = Path("/proc") / str(pid)
    times = (folder / "stat").read_text().rpartition(")")[2].split()
    status = _named(folder / "status")
    return Spent(
        (int(times[11]) + int(times[12])) / _TICK,
        int(_named(folder / "io")["wchar"]),
        _megabytes(status["VmRSS"]),
        _megabytes(status["VmHWM"]),
    )


def _named(file: Path) -> dict[str, str]:
    """The lines of a file of names and values."""
    parts = (line.partition(":") for line in file.read_text().splitlines())
    return {name: value.strip() for name, _, value in parts}


def _megabytes(value: str) -> float:
    return int(value.split(maxsplit=1)[0]) * 1024 / 1e6


def use(terminal: Terminal) -> None:
    """Filter and sort, so that what that needs is made."""
    for keys in ("/", "b", "e", "r", ESCAPE, "s", "s"):
        terminal.send(keys)
        terminal.settle(0.4, longest=2)


def main(users: int = 100_000, seconds: int = 30) -> None:
    """Measure, and print."""
    with apart() as folder, ExitStack() as ends:
        file = users_file(folder, users)
        programs = [ours(made_store(file, is_snapshot=True), file, users), *others(file, users)]
        names = [one.name for one in programs[1:]]
        say_left_out(names)
        table = Table(f"At rest with {users:,} users, {seconds} seconds", names)
        terminals = {one.name: ends.enter_context(started(one).terminal) for one in programs}
        for terminal in terminals.values():
            terminal.settle(_CALM, longest=_CALM)
        before = {name: spent(terminal.pid) for name, terminal in terminals.items()}
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            for terminal in terminals.values():
                terminal.read(0.1)
        for name, terminal in terminals.items():
            was, now = before[name], spent(terminal.pid)
            took = time.perf_counter() - begin
            share = 100 * (now.processor - was.processor) / took
            table.row("processor, of a core", Unit.PERCENT, MOST_PROCESSOR).add(name, share)
            table.row("written", Unit.BYTES, 0).add(name, now.written - was.written)
            table.row("memory", Unit.MEGABYTES, MOST_MEMORY).add(name, now.memory)
            table.row("memory at its peak", Unit.MEGABYTES).add(name, now.peak)
        use(terminals[OURS])
        now = spent(terminals[OURS].pid)
        table.row("memory after a filter and an order", Unit.MEGABYTES, MOST_MEMORY).add(
            OURS, now.memory
        )
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
