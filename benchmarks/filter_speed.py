"""Duration of filtering and sorting many users.

    python -m benchmarks.filter_speed [USERS] [RUNS]

Runs the program in a pseudo-terminal of 120x40, alternately with VisiData and less with the same
users. Prints medians of the time from each key of a filter until the matching users are shown, and
from the key that sorts until the output ends.
"""

import re
import sys
import time
from typing import Final

from benchmarks.figures import OURS, Table, Unit
from benchmarks.programs import (
    BACKSPACE,
    ESCAPE,
    LEFT,
    LESS,
    RIGHT,
    VISIDATA,
    Program,
    apart,
    made_store,
    others,
    ours,
    print_missing,
    started,
    users_file,
)
from benchmarks.terminal import Terminal
from qm_tui.users.fields import FIELD
from qm_tui.users.query.columns import DEFAULT_LAYOUT

MOST_KEYSTROKE: Final = 60
MOST_SORT: Final = 150
"""In milliseconds."""

FILTERS: Final = (("", "ber"), ("department:", "sa"), ("extension:", "10*"))
"""The text before the measured letters, and the letters, each of which changes the result."""

SORTED: Final = ("first_name", "extension", "phone_ip", "user_name")
SECOND: Final = "department"

_SHOWN: Final = re.compile(r"([\d,]+) of ([\d,]+) shown")
_SOON: Final = 3.0
_STILL: Final = 0.4
_STILL_BESIDE: Final = 1.5
"""VisiData redraws ten times a second while it works in the background."""

COLUMNS: Final = [placed.key for placed in DEFAULT_LAYOUT.columns]


def _shown(text: str) -> str:
    """Return the number of shown users from the screen; empty if all are shown."""
    match = _SHOWN.search(text)
    return match[1] if match and match[1] != match[2] else ""


def _timed(terminal: Terminal, key: str) -> float | None:
    """Return the milliseconds from a key until other users are shown; None if it has no effect."""
    before = _shown(terminal.text)
    begin = time.perf_counter()
    terminal.send(key)
    end = terminal.seen(lambda text: _shown(text) not in (before, ""), _SOON)
    terminal.settle(_STILL, longest=1)
    return None if end is None else 1000 * (end - begin)


def _stilled(terminal: Terminal, keys: str, still: float = _STILL) -> float | None:
    """Return the milliseconds from a key until the output ends; None if nothing changed."""
    before = terminal.text
    terminal.send(keys)
    duration, _ = terminal.settle(still, longest=60)
    return 1000 * duration if terminal.text != before else None


def filter_ours(table: Table, program: Program) -> None:
    """Filter and sort in the terminal UI."""

    def note(what: str, bound: float, duration: float | None) -> None:
        table.row(what, Unit.MILLISECONDS, bound).add(OURS, duration)

    with started(program).terminal as terminal:
        terminal.send("/")
        terminal.settle(0.05)
        note("/b directly after loading", MOST_KEYSTROKE, _timed(terminal, "b"))
        for before, letters in FILTERS:
            terminal.send(ESCAPE)
            terminal.settle(_STILL, longest=1)
            terminal.send(f"/{before}")
            terminal.settle(_STILL, longest=1)
            for count, letter in enumerate(letters, start=1):
                typed = f"/{before}{letters[:count]}"
                note(typed, MOST_KEYSTROKE, _timed(terminal, letter))
            note(f"{typed} Backspace", MOST_KEYSTROKE, _timed(terminal, BACKSPACE))
        terminal.send(ESCAPE)
        terminal.settle(1)
        for column in SORTED:
            _go_to(terminal, COLUMNS.index(column))
            name = FIELD[column].name
            note(f"s, {name}", MOST_SORT, _stilled(terminal, "s"))
            note(f"s again, {name}", MOST_SORT, _stilled(terminal, "s"))
        _go_to(terminal, COLUMNS.index(SECOND))
        note(f"S, {FIELD[SECOND].name}", MOST_SORT, _stilled(terminal, "S"))


def _go_to(terminal: Terminal, column: int) -> None:
    """Move to a column, starting from the left."""
    terminal.send(LEFT * len(FIELD))
    terminal.settle(_STILL)
    terminal.send(RIGHT * column)
    terminal.settle(_STILL)


def filter_visidata(table: Table, program: Program) -> None:
    """Filter and sort in VisiData, which first selects rows, then shows the selected ones."""

    def note(what: str, keys: str) -> None:
        duration = _stilled(terminal, keys, _STILL_BESIDE)
        table.row(what, Unit.MILLISECONDS).add(VISIDATA, duration)

    def selected(what: str, select: str, pattern: str) -> None:
        """Select rows by a pattern, and show only these."""
        terminal.send(f"{select}{pattern}")
        terminal.settle(_STILL_BESIDE)
        parts = [_stilled(terminal, "\r", _STILL_BESIDE), _stilled(terminal, '"', _STILL_BESIDE)]
        total = None if None in parts else sum(filter(None, parts))
        table.row(what, Unit.MILLISECONDS).add(VISIDATA, total)
        for key in ("q", "gu"):
            terminal.send(key)
            terminal.settle(_STILL_BESIDE)

    def go_to(column: str) -> None:
        terminal.send(f"gh{'l' * FIELD[column].index}")
        terminal.settle(_STILL_BESIDE)

    with started(program).terminal as terminal:
        terminal.settle(_STILL_BESIDE)
        selected("/ber", "g|", "ber")
        go_to("department")
        selected("/department:sa", "|", "sa")
        go_to("extension")
        selected("/extension:10*", "|", "^10")
        for column in SORTED:
            go_to(column)
            note(f"s, {FIELD[column].name}", "[")
            note(f"s again, {FIELD[column].name}", "]")
        go_to(SECOND)
        note(f"S, {FIELD[SECOND].name}", "z[")


def filter_less(table: Table, program: Program) -> None:
    """Filter in less, which searches only until the screen is full."""
    with started(program).terminal as terminal:
        terminal.settle(_STILL)
        terminal.send("&ber")
        terminal.settle(_STILL)
        table.row("/ber", Unit.MILLISECONDS).add(LESS, _stilled(terminal, "\r"))


def main(users: int = 100_000, runs: int = 3) -> None:
    """Run the benchmark, and print the results."""
    with apart() as folder:
        file = users_file(folder, users)
        program = ours(made_store(file, is_snapshot=True), file, users)
        references = {program.name: program for program in others(file, users)}
        print_missing(list(references))
        title = f"Filter and sort {users:,} users, terminal of 120x40, medians of {runs} runs"
        table = Table(title, list(references))
        for _ in range(runs):
            filter_ours(table, program)
            if VISIDATA in references:
                filter_visidata(table, references[VISIDATA])
            if LESS in references:
                filter_less(table, references[LESS])
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
