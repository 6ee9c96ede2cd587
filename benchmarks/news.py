"""How soon what another program saved is on the screen.

    python -m benchmarks.news [USERS] [TIMES]

Runs the interface on many users in a pseudo-terminal of 120x40, and at rest. Another program saves
the first user again and again, at no fixed pace. Prints the time from the end of its commit, which
is synced then, until the new name was written to the terminal. Beside it stands one commit: what
whoever saves waits for.
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
"""Milliseconds."""

COMMIT: Final = "one commit"

_LONGEST: Final = 5.0
"""Seconds after which it is taken for not seen."""


def main(users: int = 100_000, times: int = 40) -> None:
    """Measure, and print."""
    table = Table(f"What another program saved, {users:,} users, median of {times}", [COMMIT])
    row = table.row("until it is on the screen", Unit.MILLISECONDS, MOST)
    with apart() as folder:
        file = users_file(folder, users)
        path = made_store(file, is_snapshot=True)
        store = open_store(path)
        user_id, user = next(iter(store.load().users.items()))
        with started(ours(path, file, users)).terminal as terminal:
            for number in range(times):
                terminal.settle(1 + random.random())
                name = f"N{number}Z"
                begin = time.perf_counter()
                with store.transaction(Action(TransactionKind.EDIT, "edit")) as transaction:
                    transaction.commit({user_id: user._replace(first_name=name)})
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
