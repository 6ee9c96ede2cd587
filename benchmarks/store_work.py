"""What the store does, one piece of work in a process of its own.

    python -m benchmarks.store_work WORK PATH [NUMBER] [--ticking]

Prints the seconds that the work took, without those of what leads to it, and with `--ticking` the
longest gap of a thread that ticks each millisecond meanwhile, and until the store is closed: that
writes users.json, if it has not been written in the background.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from statistics import median

from benchmarks.sample_users import sample_users
from benchmarks.ticking import Ticking
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.validation import ValidationOptions

Seconds = list[float]

_closing = ExitStack()
"""Closes the stores that were opened."""


def _opened(path: Path) -> UserStore:
    store = open_store(path)
    _closing.callback(store.close)
    return store


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _make(path: Path, users: int) -> Callable[[], Seconds]:
    """A store of so many users."""
    store, changes = _opened(path), sample_users(users)

    def make() -> Seconds:
        with store.transaction(Action(TransactionKind.IMPORT, "import")) as transaction:
            return [_timed(lambda: transaction.commit(changes))]

    return make


def _edit(path: Path, edits: int) -> Callable[[], Seconds]:
    """So many durable edits of single users."""
    store = _opened(path)
    user_ids = list(store.load().users)

    def edit_one(number: int) -> None:
        user_id = user_ids[number * 7919 % len(user_ids)]
        with store.transaction(Action(TransactionKind.EDIT, "edit")) as transaction:
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
    store = _opened(path.with_name("commit") / "users.json")
    store.load()

    def commit() -> Seconds:
        def all_of_it() -> None:
            with store.transaction(Action(TransactionKind.IMPORT, "import")) as transaction:
                version = transaction.state.version if is_judged else 0
                transaction.commit(changes, terms=ValidationOptions(validated_version=version))

        return [_timed(all_of_it)]

    return commit


def _open(path: Path, _number: int) -> Callable[[], Seconds]:
    """Opening a store, without the import of the engine."""
    store = _opened(path)
    return lambda: [_timed(store.load)]


def _rewrite(path: Path, _number: int) -> Callable[[], Seconds]:
    """Rewriting users.json, after an edit."""
    store = _opened(path)
    user_id, user = next(iter(store.load().users.items()))

    def rewrite() -> Seconds:
        with store.transaction(Action(TransactionKind.EDIT, "edit")) as transaction:
            transaction.commit({user_id: user._replace(location=f"Place {time.time_ns()}")})
        return [_timed(store.close)]

    return rewrite


WORK = {
    "make": _make,
    "edit": _edit,
    "commit": _commit,
    "open": _open,
    "rewrite": _rewrite,
}


def main(work: str, path: str, number: str = "0", ticking: str = "") -> None:
    """Do it, and print what it took."""
    ready = WORK[work](Path(path), int(number))
    with Ticking() if ticking else nullcontext() as ticks:
        taken = ready()
        if ticking:
            _closing.close()
    _closing.close()
    said: dict[str, float | str] = {"seconds": median(taken)}
    if ticks is not None:
        said |= {"gap": ticks.longest, "where": ticks.where}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
