"""Latency of live updates: the time until a change of another program is on the screen.

    python -m benchmarks.news [USERS] [TIMES]

Runs the idle terminal UI with many users in a pseudo-terminal of 120x40. Another program saves the
first user repeatedly, at random intervals. Prints the time from the end of its commit, which is
synced by then, until the new name is written to the terminal. The reference is the duration of one
commit.
"""

import random
import sys
import time
from typing import Final

from benchmarks.figures import OURS, Table, Unit
from benchmarks.programs import apart, made_store, ours, started, users_file
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind

MOST: Final = 500
"""In milliseconds."""

COMMIT: Final = "one commit"

_LONGEST: Final = 5.0
"""The timeout in seconds."""


def main(users: int = 100_000, times: int = 40) -> None:
    """Run the benchmark, and print the results."""
    table = Table(f"Live updates, {users:,} users, median of {times} changes", [COMMIT])
    row = table.row("until a change is on the screen", Unit.MILLISECONDS, MOST)
    with apart() as folder:
        file = users_file(folder, users)
        path = made_store(file, is_snapshot=True)
        store = open_store(path)
        user = next(iter(store.load().stream()))[0]
        with started(ours(path, file, users)).terminal as terminal:
            for number in range(times):
                terminal.settle(1 + random.random())
                name = f"N{number}Z"
                begin = time.perf_counter()
                with store.transaction(Action(TransactionKind.EDIT)) as transaction:
                    transaction.commit({user.user_id: user._replace(first_name=name)})
                done = time.perf_counter()
                row.add(COMMIT, 1000 * (done - begin))
                while name.encode() not in terminal.received[-20_000:]:
                    if time.perf_counter() - done > _LONGEST:
                        row.add(OURS, None)
                        break
                    terminal.read(0.01)
                else:
                    row.add(OURS, 1000 * (time.perf_counter() - done))
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
