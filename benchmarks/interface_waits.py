"""Longest wait of a key in the terminal UI with many users.

    python -m benchmarks.interface_waits [USERS] [RUNS]

Runs the terminal UI without a terminal. Prints for each step the median over the runs of the
longest time for which the event loop, and therefore all keys, was blocked, and the CPU time of the
terminal UI in such a wait, since other programs on the machine cause waits, too.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from benchmarks.figures import OURS, Table, Unit
from benchmarks.filter_speed import COLUMNS, FILTERS, SECOND, SORTED
from benchmarks.programs import apart, made_store, users_file
from benchmarks.turns import Turns, until
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.users.page import UsersPage

MOST: Final = 50
"""In milliseconds."""

_REST: Final = 0.4
_FIELDS: Final = 5
"""The number of fields by which users are counted."""


async def way(store: Path, what: str) -> Turns:
    """Load, filter, sort and count users."""
    app = QmTuiApp(open_store(store), login="benchmark")
    turns = Turns()
    turns.step = f"load from a {what}"
    async with app.run_test(size=(120, 40)) as pilot:
        watching = asyncio.create_task(turns.watch())

        async def press(step: str, *keys: str, rest: float = _REST) -> None:
            turns.step = step
            for key in keys:
                await pilot.press(key)
                await asyncio.sleep(rest)

        async def go_to(column: str) -> None:
            keys = [*["left"] * len(COLUMNS), *["right"] * COLUMNS.index(column)]
            await press("move to a column", *keys, rest=0.03)

        page = app.screen
        assert isinstance(page, UsersPage)
        await until(lambda: page.session.view is not None)
        await press("move the cursor", "down", "pagedown", "end", "home")
        for before, letters in FILTERS:
            await press("type a filter", "slash", *before, *letters, "backspace")
            await press("clear the filter", "escape")
        for column in SORTED:
            await go_to(column)
            await press("sort", "s", "s")
        await go_to(SECOND)
        await press("sort", "S")
        await press("open counts", "F")
        await press("count", *["right"] * _FIELDS, "escape")
        watching.cancel()
    return turns


def main(users: int = 100_000, runs: int = 3) -> None:
    """Run the benchmark, and print the results."""
    with apart() as folder:
        file = users_file(folder, users)
        table = Table(f"Longest wait of a key, {users:,} users, medians of {runs} runs")
        for is_snapshot in (True, False):
            store = made_store(file, is_snapshot=is_snapshot)
            for _ in range(runs):
                with apart():  # without a saved view
                    turns = asyncio.run(way(store, store.parent.name.partition("-")[2]))
                for step, longest in turns.longest.items():
                    table.row(step, Unit.MILLISECONDS, MOST).add(OURS, 1000 * longest)
                    worked = table.row(f"{step}: CPU time", Unit.MILLISECONDS, MOST)
                    worked.add(OURS, 1000 * turns.at_work[step])
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
