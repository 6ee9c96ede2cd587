"""Processes with a store on a server: their start, their memory, and what they cost idle."""

import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from benchmarks import programs
from benchmarks.figures import OURS, Table, Unit
from benchmarks.postgres.made import Made
from benchmarks.postgres.questions import loaded
from benchmarks.postgres.work import done

TINYDB: Final = "TinyDB"
BESIDE: Final = 100_000
"""The users of the TinyDB store."""

TIMES_TINYDB: Final = 1.5
MOST_MEMORY: Final = 120
"""In megabytes."""
MOST_IDLE: Final = 10
"""In percent of a core."""

_RUNS: Final = 7
_PROGRAMS: Final = 100
_POLL: Final = 0.3
"""The seconds between two questions of a program whether there is something new."""
_CALM, _SECONDS = 5, 20


def measure_first(made: Made) -> None:
    """Measure the time to the first users, beside that of a TinyDB store."""
    beside = min(BESIDE, made.users)
    title = f"First of {made.users:,} users, medians of {_RUNS} runs; TinyDB: {beside:,} users"
    table = Table(title, [TINYDB])
    with programs.apart() as folder:
        file = programs.users_file(folder, beside)
        path = programs.made_store(file, is_snapshot=True)
        stores: dict[str, str | Path] = {OURS: made.url, TINYDB: path}
        totals = {OURS: made.users, TINYDB: beside}
        for run in range(_RUNS + 1):
            for name, store in stores.items():
                seconds = done("first", store)["seconds"]
                start = programs.started(programs.ours(store, file, totals[name]))
                start.terminal.end()
                if not run:  # the first run fills the caches
                    continue
                table.row("store, without the screen", Unit.SECONDS).add(name, seconds)
                table.row("first users on the screen", Unit.SECONDS).add(name, start.first)
                table.row("all users counted or read", Unit.SECONDS).add(name, start.whole)
        row = table.row("first users on the screen", Unit.SECONDS)
        row.bound = TIMES_TINYDB * (row.median(TINYDB) or 0)
    table.print()


def measure_memory(made: Made) -> None:
    """Measure the memory of a process that turns pages, filters and counts."""
    table = Table(f"Peak memory with {made.users:,} users")
    row = table.row("200 pages in three orders, filters, counts", Unit.MEGABYTES, MOST_MEMORY)
    for _ in range(3):
        row.add(OURS, done("pages", made.url)["peak"])
    table.print()


def measure_idle(made: Made) -> None:
    """Measure the CPU time that idle programs cost the server."""
    table = Table(f"{_PROGRAMS} idle programs, {_SECONDS} seconds")
    with ExitStack() as ends:
        stores = [ends.enter_context(loaded(made.url)) for _ in range(_PROGRAMS)]

        def poll(seconds: float) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                for store in stores:
                    assert not store.has_external_changes()
                time.sleep(_POLL)

        poll(_CALM)
        before, begin = _spent(made.server.pid), time.perf_counter()
        poll(_SECONDS)
        after, elapsed = _spent(made.server.pid), time.perf_counter() - begin
        # a process that has started since then began at 0
        used = sum(seconds - before.get(pid, 0) for pid, seconds in after.items())
        row = table.row("CPU time of the server, of a core", Unit.PERCENT, MOST_IDLE)
        row.add(OURS, 100 * used / elapsed)
    table.print()


def _spent(server: int) -> dict[int, float]:
    """Return the CPU time in seconds of each process of a server."""
    seconds = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        pid = int(path.parent.name)
        with suppress(OSError):
            # the name, in parentheses, may contain anything
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            if server in (pid, parent):
                # in nanoseconds: each of the processes uses less than a tick of the clock
                used = path.with_name("schedstat").read_text().split()[0]
                seconds[pid] = int(used) / 1e9
    return seconds
