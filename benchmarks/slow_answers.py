"""How long a key waits at most if the store answers slowly, and how long its rows stay empty.

    python -m benchmarks.slow_answers [USERS] [RUNS]

Runs the terminal UI without a terminal, 120x40, on a store that answers each question after 50 ms
and with at most 50 users. Prints for some keys the longest time for which the event loop was held,
which is how long another key would wait, and the time until the screen is complete.
"""

import asyncio
import sys
import time
from contextlib import suppress
from typing import Any, Final

from textual.pilot import Pilot

from benchmarks.figures import OURS, Table, Unit
from benchmarks.sample_users import sample_users
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.memory.store import MemoryStore
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.users.page import UsersPage
from tests.store.slow_store import SlowStore

IN_MEMORY: Final = "in memory"
"""The same with users in memory, for comparison."""

_TICK: Final = 0.005
"""Seconds between two looks at the event loop; more of them would keep the pilot waiting."""

BOUND: Final = 50.0
"""Milliseconds for which a key may wait."""

STEPS: Final = (
    ("PgDn, ten times", ["pagedown"] * 10),
    ("End", ["end"]),
    ("Home", ["home"]),
    ("s, sort", ["s"]),
    ("/ber Enter, filter", ["slash", *"ber", "enter"]),
    ("* and Esc, mark all", ["asterisk", "escape"]),
    ("Space, five times", ["space", "down"] * 5),
    ("m and Esc, set field", ["m", "escape"]),
    ("4 and 1, other pages", ["4", "1"]),
)


class Ticker:
    """Measures how long the event loop is held."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Tick until it is canceled."""
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - begin - _TICK)


def _is_complete(pilot: Pilot[Any]) -> bool:
    page = pilot.app.get_screen("users", UsersPage)
    rows = page.table.rows_in_sight
    asks = any(worker.is_running for worker in pilot.app.workers)
    return not asks and all(page.table.user_at(row) is not None for row in rows)


async def _steps(users: int, *, slow: bool) -> list[tuple[str, float, float]]:
    store = MemoryStore()
    with store.transaction(Action(TransactionKind.ADD)) as transaction:
        transaction.commit(sample_users(users))
    app = QmTuiApp(SlowStore(store) if slow else store, login="benchmark")
    found: list[tuple[str, float, float]] = []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause(1.0)
        await pilot.press("m", "escape", "4", "1")  # imports what is opened for the first time
        await pilot.pause(1.0)
        for name, keys in STEPS:
            ticker = Ticker()
            ticking = asyncio.create_task(ticker.run())
            begin = time.perf_counter()
            for key in keys:
                await pilot.press(key)
            while not _is_complete(pilot):
                await asyncio.sleep(0.005)
            found.append((name, ticker.longest, time.perf_counter() - begin))
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
    return found


def main(users: int = 20_000, runs: int = 3) -> None:
    """Measure, and print."""
    table = Table(f"{users:,} users, answers after 50 ms, medians of {runs}", [IN_MEMORY])
    for _ in range(runs):
        for column, slow in ((OURS, True), (IN_MEMORY, False)):
            for name, longest, complete in asyncio.run(_steps(users, slow=slow)):
                held = table.row(f"{name}: longest wait of a key", Unit.MILLISECONDS, bound=BOUND)
                held.add(column, 1000 * longest)
                table.row(f"{name}: complete", Unit.MILLISECONDS).add(column, 1000 * complete)
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
