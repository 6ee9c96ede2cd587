"""How long the table of users takes to its first frame, beside Textual's own `DataTable`.

    python -m benchmarks.table_speed [USERS] [RUNS]

Both show all fields of the same users without a terminal, 120x40, each in a process of its own.
Prints the seconds from the users in memory to the first frame, and the memory that they added.
`DataTable` takes most of a minute for 100,000 users, so the default is one run.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from typing import Final

from textual.app import App, ComposeResult
from textual.widgets import DataTable

from benchmarks.figures import OURS, Table, Unit
from benchmarks.sample_users import sample_users
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.state import FIRST
from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.user_rows import LOADED, UserRows
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query.query import ALL

TEXTUALS: Final = "DataTable"
SIZE: Final = (120, 40)


class OurTable(App[None]):
    """The table of the Users page.

    Args:
        users: the users by User ID.
    """

    def __init__(self, users: dict[str, User]) -> None:
        super().__init__(css_path=[str(path) for path in style_sheets()])
        self.store, self.marks = MemoryStore(), Marks()
        with self.store.transaction(Action(TransactionKind.ADD)) as transaction:
            transaction.commit(users)

    def compose(self) -> ComposeResult:  # noqa: D102
        yield UsersDataTable(self.marks)

    def fill(self) -> None:
        """Show the users."""
        state = self.store.state
        count, window = state.count(ALL), state.window(ALL, FIRST, LOADED)
        self.query_one(UsersDataTable).show(UserRows(state, ALL, count, window, self.marks))


class TextualsTable(App[None]):
    """Textual's own table.

    Args:
        users: the users by User ID.
    """

    def __init__(self, users: dict[str, User]) -> None:
        super().__init__()
        self.users = users

    def compose(self) -> ComposeResult:  # noqa: D102
        yield DataTable[str]()

    def fill(self) -> None:
        """Show the users."""
        table = self.query_one(DataTable)
        table.add_columns(*(f"{field.number} {field.name}" for field in FIELDS))
        table.add_rows(self.users.values())


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measure(app: OurTable | TextualsTable) -> dict[str, float]:
    """Measure the first frame with all users."""
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        before, begin = _megabytes(), time.perf_counter()
        app.fill()
        is_drawn = asyncio.Event()
        app.call_after_refresh(is_drawn.set)
        await is_drawn.wait()
        return {"seconds": time.perf_counter() - begin, "megabytes": _megabytes() - before}


def main(users: int = 100_000, runs: int = 1) -> None:
    """Measure both in turns, and print."""
    table = Table(f"{users:,} users with {len(FIELDS)} fields, median of {runs}", [TEXTUALS])
    for _ in range(runs):
        for program in (OURS, TEXTUALS):
            run = [sys.executable, "-m", "benchmarks.table_speed", program, str(users)]
            taken = json.loads(subprocess.run(run, check=True, capture_output=True).stdout)
            milliseconds = 1000 * taken["seconds"]
            table.row("to the first frame", Unit.MILLISECONDS).add(program, milliseconds)
            table.row("memory", Unit.MEGABYTES).add(program, taken["megabytes"])
    table.print()


if __name__ == "__main__":
    if sys.argv[1:2] in ([OURS], [TEXTUALS]):
        kind = OurTable if sys.argv[1] == OURS else TextualsTable
        print(json.dumps(asyncio.run(measure(kind(sample_users(int(sys.argv[2])))))))
    else:
        main(*map(int, sys.argv[1:]))
