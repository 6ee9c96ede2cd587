"""Duration of the start of the terminal UI with many users, and of keys that move the cursor.

    python -m benchmarks.interface_speed [USERS] [RUNS]

Runs the program in a pseudo-terminal of 120x40, alternately with an empty Textual app, VisiData and
less with the same users. Prints medians of the time from the start to the first user on the screen
and to the end of loading, of the wait of keys while loading, and of the time and the bytes per key.
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
    print_missing,
    started,
    users_file,
)
from benchmarks.terminal import Terminal

FEW: Final = 1000

TIMES_EMPTY, BEYOND_EMPTY = 1.3, 0.3
"""The maximum time to the first user: a multiple of that of an empty app, plus seconds."""

MOST_WHOLE: Final = 1.3
MOST_WAIT: Final = 50

MOST_BYTES: Final = 14_000
"""From the start to rest; a full page alone is 8,500 bytes."""

_TIMES: Final = 10
_REST: Final = 1.5
_QUIET: Final = 0.06
_EACH: Final = 0.05


def measure_start(table: Table, what: str, program: Program) -> None:
    """Start a program, and measure the time to its first user and to the end of loading."""
    start = started(program)
    start.terminal.end()
    table.row(f"first user on the screen, {what}", Unit.SECONDS).add(program.name, start.first)
    if program.whole:
        row = table.row(f"all users loaded, {what}", Unit.SECONDS, MOST_WHOLE)
        row.add(program.name, start.whole)


def measure_wait(table: Table, what: str, program: Program) -> None:
    """Move the cursor every 50 ms while users are loaded, and measure the longest wait."""
    row = table.row(f"longest wait of a key while loading, {what}", Unit.MILLISECONDS, MOST_WAIT)
    longest, key, step = 0.0, DOWN, 1
    with program.start() as terminal:
        if terminal.seen(lambda text: program.first in text) is None:
            row.add(program.name, None)
            return
        while program.whole not in terminal.text:
            goal = _cursor_line(terminal.text) + step
            begin = time.perf_counter()
            terminal.send(key)
            moved = terminal.seen(lambda text, goal=goal: _cursor_line(text) == goal, 2)  # type: ignore[misc]
            longest = max(longest, (moved or time.perf_counter()) - begin)
            key, step = (UP, -1) if key == DOWN else (DOWN, 1)
            terminal.settle(_EACH, longest=_EACH)
    row.add(program.name, 1000 * longest)


def measure_bytes(table: Table, what: str, program: Program) -> None:
    """Start a program, and count the bytes that it writes until it rests."""
    row = table.row(f"written from the start to rest, {what}", Unit.BYTES, MOST_BYTES)
    with program.start() as terminal:
        row.add(program.name, terminal.settle(_REST, longest=30)[1])


def _cursor_line(text: str) -> int:
    """Return the line of the screen with the cursor of the users table."""
    return next((number for number, line in enumerate(text.split("\n")) if " >" in line), -1)


def measure_keys(table: Table, program: Program, users: int) -> None:
    """Press keys that move the cursor, and measure the time and the bytes written.

    less has no cursor: Down always scrolls.
    """
    with started(program).terminal as terminal:
        terminal.settle(1)
        if program.name != LESS:
            _press(
                table, program.name, terminal, f"Down within the page, {users:,}", DOWN, (5, 500)
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
        duration, count = terminal.settle(_QUIET)
        table.row(what, Unit.MILLISECONDS, most[0]).add(name, 1000 * duration if count else None)
        table.row(f"{what}: written", Unit.BYTES, most[1]).add(name, count or None)


def main(users: int = 100_000, runs: int = 5) -> None:
    """Run the benchmark, and print the results."""
    with apart() as folder:
        many, few = users_file(folder, users), users_file(folder, FEW)
        stores = {
            "snapshot": ours(made_store(many, is_snapshot=True), many, users),
            "log only": ours(made_store(many, is_snapshot=False), many, users),
        }
        references, references_few = others(many, users), others(few, FEW)
        small = ours(made_store(few, is_snapshot=True), few, FEW)
        names = [program.name for program in references]
        print_missing(names)
        medians = f"terminal of 120x40, medians of {runs} runs"
        starts = Table(f"Start with {users:,} users, {medians}", [EMPTY, *names])
        keys = Table(f"Cursor keys, {medians}, {_TIMES} keys each", names)
        for turn in range(-1, runs):
            if not turn:  # the first run fills the caches
                starts.clear()
            for what, program in stores.items():
                for measured in (program, empty(), *references):
                    measure_start(starts, what, measured)
        for _ in range(runs):
            for what, program in stores.items():
                measure_wait(starts, what, program)
                measure_bytes(starts, what, program)
            with_few, with_many = (small, *references_few), (stores["snapshot"], *references)
            for program_few, program_many in zip(with_few, with_many, strict=True):
                measure_keys(keys, program_few, FEW)
                measure_keys(keys, program_many, users)
    for what in stores:
        row = starts.row(f"first user on the screen, {what}", Unit.SECONDS)
        row.bound = TIMES_EMPTY * (row.median(EMPTY) or 0) + BEYOND_EMPTY
    starts.print()
    keys.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
