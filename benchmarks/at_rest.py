"""CPU time, memory and terminal output of the idle terminal UI.

    python -m benchmarks.at_rest [USERS] [SECONDS]

Runs the terminal UI with many users in a pseudo-terminal of 120x40, and VisiData and less with the
same users at the same time. After all users are loaded, measures each process for SECONDS. At the
end, the terminal UI filters and sorts, and its memory is measured again. Linux only.
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
    print_missing,
    started,
    users_file,
)
from benchmarks.terminal import Terminal

MOST_PROCESSOR: Final = 0.5
"""In percent of a core."""
MOST_MEMORY: Final = 300
"""In megabytes."""

_CALM: Final = 5
"""Seconds between the end of loading and the first measurement."""
_TICK: Final = os.sysconf("SC_CLK_TCK")


class Spent(NamedTuple):
    """The resources that a process has used so far.

    Attributes:
        processor: CPU time in seconds.
        written: bytes written, to the terminal or elsewhere.
        memory: resident memory in megabytes.
        peak: peak of the resident memory in megabytes.
    """

    processor: float
    written: int
    memory: float
    peak: float


def spent(pid: int) -> Spent:
    """Return the resources that a process has used so far."""
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
    """Return the values of a file with lines `name: value`, by name."""
    parts = (line.partition(":") for line in file.read_text().splitlines())
    return {name: value.strip() for name, _, value in parts}


def _megabytes(value: str) -> float:
    return int(value.split(maxsplit=1)[0]) * 1024 / 1e6


def use(terminal: Terminal) -> None:
    """Filter and sort, so that the caches are built."""
    for keys in ("/", "b", "e", "r", ESCAPE, "s", "s"):
        terminal.send(keys)
        terminal.settle(0.4, longest=2)


def main(users: int = 100_000, seconds: int = 30) -> None:
    """Run the benchmark, and print the results."""
    with apart() as folder, ExitStack() as ends:
        file = users_file(folder, users)
        programs = [ours(made_store(file, is_snapshot=True), file, users), *others(file, users)]
        names = [program.name for program in programs[1:]]
        print_missing(names)
        table = Table(f"Idle with {users:,} users, {seconds} seconds", names)
        terminals = {
            program.name: ends.enter_context(started(program).terminal) for program in programs
        }
        for terminal in terminals.values():
            terminal.settle(_CALM, longest=_CALM)
        before = {name: spent(terminal.pid) for name, terminal in terminals.items()}
        begin = time.perf_counter()
        while time.perf_counter() - begin < seconds:
            for terminal in terminals.values():
                terminal.read(0.1)
        for name, terminal in terminals.items():
            start, now = before[name], spent(terminal.pid)
            elapsed = time.perf_counter() - begin
            share = 100 * (now.processor - start.processor) / elapsed
            table.row("CPU time, of a core", Unit.PERCENT, MOST_PROCESSOR).add(name, share)
            table.row("bytes written", Unit.BYTES, 0).add(name, now.written - start.written)
            table.row("memory", Unit.MEGABYTES, MOST_MEMORY).add(name, now.memory)
            table.row("peak memory", Unit.MEGABYTES).add(name, now.peak)
        use(terminals[OURS])
        now = spent(terminals[OURS].pid)
        table.row("memory after filtering and sorting", Unit.MEGABYTES, MOST_MEMORY).add(
            OURS, now.memory
        )
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
