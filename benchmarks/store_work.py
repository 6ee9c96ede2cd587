"""What the store does, one piece of work in a process of its own.

    python -m benchmarks.store_work WORK PATH [NUMBER] [--ticking]

Prints the seconds that the work took, without those of what leads to it, and with `--ticking` the
longest gap of a thread that ticks each millisecond meanwhile.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import median

from benchmarks.sample_users import sample_users
from benchmarks.ticking import Ticking
from qm_tui.store.interface import UserStore
from qm_tui.store.tinydb_store import open_store
from qm_tui.store.validation import ValidationOptions

Seconds = list[float]


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _make(path: Path, users: int) -> Callable[[], Seconds]:
    """A store of so many users, all of them in the journal."""
    store, changes = open_store(path), sample_users(users)

    def make() -> Seconds:
        with store.transaction("import") as transaction:
            return [_timed(lambda: transaction.commit(changes))]

    return make


def _edit(path: Path, edits: int) -> Callable[[], Seconds]:
    """So many durable edits of single users."""
    store = open_store(path)
    user_ids = list(store.load().users)

    def edit_one(number: int) -> None:
        user_id = user_ids[number * 7919 % len(user_ids)]
        with store.transaction("edit") as transaction:
            user = transaction.state.users[user_id]
            transaction.commit({user_id: user._replace(location=f"Place {time.time_ns()}")})

    def edit() -> Seconds:
        return [_timed(lambda number=number: edit_one(number)) for number in range(edits)]  # type: ignore[misc]

    return edit


def _commit(path: Path, is_judged: int) -> Callable[[], Seconds]:
    """A commit of all users of a store as new ones of an empty one beside it.

    Args:
        path: the store.
        is_judged: whether the rules were asked before, as by the plan of an import.
    """
    changes = dict(open_store(path).load().users)
    store = open_store(path.with_name("commit") / "users.json")
    store.load()

    def commit() -> Seconds:
        def all_of_it() -> None:
            with store.transaction("import") as transaction:
                judged_on = transaction.state if is_judged else None
                transaction.commit(changes, terms=ValidationOptions(judged_on=judged_on))

        return [_timed(all_of_it)]

    return commit


def _open(path: Path, _number: int) -> Callable[[], Seconds]:
    """Opening a store. What it holds is let go only after the time was taken."""
    opened: list[UserStore] = []

    def open_it() -> None:
        opened.append(open_store(path))
        opened[0].load()

    return lambda: [_timed(open_it)]


def _checkpoint(path: Path, _number: int) -> Callable[[], Seconds]:
    """A checkpoint."""
    store = open_store(path)
    store.load()
    return lambda: [_timed(store.checkpoint)]


WORK = {
    "make": _make,
    "edit": _edit,
    "commit": _commit,
    "open": _open,
    "checkpoint": _checkpoint,
}


def main(work: str, path: str, number: str = "0", ticking: str = "") -> None:
    """Do it, and print what it took."""
    ready = WORK[work](Path(path), int(number))
    with Ticking() if ticking else nullcontext() as ticks:
        taken = ready()
    said: dict[str, float | str] = {"seconds": median(taken)}
    if ticks is not None:
        said |= {"gap": ticks.longest, "where": ticks.where}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
