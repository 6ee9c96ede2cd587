"""How long the interface takes to open on many users, and to answer the keys that move in them.

    python -m benchmarks.interface_speed [USERS] [RUNS]

Runs the program in a pseudo-terminal of 120x40, in turns with an empty Textual app, VisiData and
less on the same users. Prints medians: the time from the start to the first user on the screen, and
to the last that is read; how long keys wait meanwhile; the time and the bytes that keys take.
"""

import sys
import time
from typing import Final

from benchmarks.figures import Table, Unit
from benchmarks.programs import (
    DOWN,
    EMPTY,
    LESS,
    PAGE_DOWN,
    UP,
    Program,
    apart,
    empty,
    made_store,
    others,
    ours,
    say_left_out,
    started,
    users_file,
)
from benchmarks.terminal import Terminal

FEW: Final = 1000

TIMES_EMPTY, BEYOND_EMPTY = 1.3, 0.3
"""The first user comes in so many times the time of an empty app, and so many seconds."""

MOST_WHOLE: Final = 1.3
MOST_WAIT: Final = 50

_TIMES: Final = 10
_QUIET: Final = 0.06
_EACH: Final = 0.05


def measure_start(table: Table, what: str, program: Program) -> None:
    """Start a program, and note when its first and its last user are there."""
    start = started(program)
    start.terminal.end()
    table.row(f"first user on the screen, {what}", Unit.SECONDS).add(program.name, start.first)
    if program.whole:
        row = table.row(f"all users read, {what}", Unit.SECONDS, MOST_WHOLE)
        row.add(program.name, start.whole)


def measure_wait(table: Table, what: str, program: Program) -> None:
    """Move the cursor each 50 ms from the first user to the last that is read.

    Noted is the longest time until the cursor was where it was to go.
    """
    row = table.row(f"longest wait of a key meanwhile, {what}", Unit.MILLISECONDS, MOST_WAIT)
    longest, key, step = 0.0, DOWN, 1
    with program.start() as terminal:
        if terminal.seen(lambda text: program.first in text) is None:
            row.add(program.name, None)
            return
        while program.whole not in terminal.text:
            to = _cursor_line(terminal.text) + step
            begin = time.perf_counter()
            terminal.send(key)
            moved = terminal.seen(lambda text, to=to: _cursor_line(text) == to, 2)  # type: ignore[misc]
            longest = max(longest, (moved or time.perf_counter()) - begin)
            key, step = (UP, -1) if key == DOWN else (DOWN, 1)
            terminal.settle(_EACH, longest=_EACH)
    row.add(program.name, 1000 * longest)


def _cursor_line(text: str) -> int:
    """The line in which the cursor of the users table stands."""
    return next((at for at, line in enumerate(text.split("\n")) if "│>" in line), -1)


def measure_keys(table: Table, program: Program, users: int) -> None:
    """Press the keys that move, and note the time and the bytes that they take.

    less has no cursor: each Down scrolls.
    """
    with started(program).terminal as terminal:
        terminal.settle(1)
        if program.name != LESS:
            _press(
                table, program.name, terminal, f"Down inside the page, {users:,}", DOWN, (5, 500)
            )
        _press(table, program.name, terminal, f"PgDn, {users:,}", PAGE_DOWN, (12, 9000))
        for _ in range(40):
            terminal.send(DOWN)
            terminal.settle(0.01)
        terminal.settle(1)
        _press(table, program.name, terminal, f"Down that scrolls, {users:,}", DOWN, (12, 9000))


def _press(
    table: Table, name: str, terminal: Terminal, what: str, key: str, most: tuple[int, int]
) -> None:
    for _ in range(_TIMES):
        terminal.send(key)
        took, count = terminal.settle(_QUIET)
        table.row(what, Unit.MILLISECONDS, most[0]).add(name, 1000 * took if count else None)
        table.row(f"{what}: sent", Unit.BYTES, most[1]).add(name, count or None)


def main(users: int = 100_000, runs: int = 5) -> None:
    """Measure, and print."""
    with apart() as folder:
        many, few = users_file(folder, users), users_file(folder, FEW)
        stores = {
            "snapshot": ours(made_store(many, is_snapshot=True), many, users),
            "log only": ours(made_store(many, is_snapshot=False), many, users),
        }
        beside, beside_few = others(many, users), others(few, FEW)
        small = ours(made_store(few, is_snapshot=True), few, FEW)
        names = [one.name for one in beside]
        say_left_out(names)
        medians = f"terminal of 120x40, medians of {runs} runs"
        starts = Table(f"Starting on {users:,} users, {medians}", [EMPTY, *names])
        keys = Table(f"Keys that move, {medians}, {_TIMES} keys in each", names)
        for turn in range(-1, runs):
            if not turn:  # what came before filled the caches
                starts.clear()
            for what, program in stores.items():
                for one in (program, empty(), *beside):
                    measure_start(starts, what, one)
        for _ in range(runs):
            for what, program in stores.items():
                measure_wait(starts, what, program)
            for one, other in zip((small, *beside_few), (stores["snapshot"], *beside), strict=True):
                measure_keys(keys, one, FEW)
                measure_keys(keys, other, users)
    for what in stores:
        row = starts.row(f"first user on the screen, {what}", Unit.SECONDS)
        row.bound = TIMES_EMPTY * (row.median(EMPTY) or 0) + BEYOND_EMPTY
    starts.print()
    keys.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
