"""An operation of the store in its own process.

    python -m benchmarks.store_work WORK PATH [NUMBER] [--ticking]

Prints the duration of the operation in seconds, without its preparation. With `--ticking`, also
prints the longest gap of a thread that ticks every millisecond until the store is closed, which
writes users.json unless it was written in the background.
"""

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from pathlib import Path
from statistics import median

from benchmarks.sample_users import sample_users, stored_users
from benchmarks.ticking import Ticking
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.validation import ValidationOptions

Seconds = list[float]

_closing = ExitStack()
"""Closes the opened stores."""


def _opened(path: Path) -> UserStore:
    store = open_store(path)
    _closing.callback(store.close)
    return store


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def _make(path: Path, users: int) -> Callable[[], Seconds]:
    """Prepare the creation of a store."""
    store, changes = _opened(path), sample_users(users)

    def make() -> Seconds:
        with store.transaction(Action(TransactionKind.IMPORT, "users.csv")) as transaction:
            return [_timed(lambda: transaction.commit(changes))]

    return make


def _edit(path: Path, edits: int) -> Callable[[], Seconds]:
    """Prepare durable edits of single users."""
    store = _opened(path)
    user_ids = list(stored_users(store.load()))

    def edit_one(number: int) -> None:
        user_id = user_ids[number * 7919 % len(user_ids)]
        with store.transaction(Action(TransactionKind.EDIT)) as transaction:
            user = transaction.state.user(user_id)
            assert user is not None
            transaction.commit({user_id: user._replace(location=f"Place {time.time_ns()}")})

    def edit() -> Seconds:
        return [_timed(lambda number=number: edit_one(number)) for number in range(edits)]  # type: ignore[misc]

    return edit


def _commit(path: Path, is_validated: int) -> Callable[[], Seconds]:
    """Prepare a commit of all users of a store as new users of an empty store next to it.

    Args:
        path: the store.
        is_validated: whether the users were already validated, as by the plan of an import.
    """
    changes = stored_users(open_store(path).load())
    store = _opened(path.with_name("commit") / "users.json")
    store.load()

    def commit() -> Seconds:
        def commit_all() -> None:
            with store.transaction(Action(TransactionKind.IMPORT, "users.csv")) as transaction:
                version = transaction.state.version if is_validated else 0
                transaction.commit(changes, options=ValidationOptions(validated_version=version))

        return [_timed(commit_all)]

    return commit


def _open(path: Path, _number: int) -> Callable[[], Seconds]:
    """Prepare the opening of a store, without the import of the backend."""
    store = _opened(path)
    return lambda: [_timed(store.load)]


def _rewrite(path: Path, _number: int) -> Callable[[], Seconds]:
    """Prepare a rewrite of users.json after an edit."""
    store = _opened(path)
    user = next(iter(store.load().stream()))[0]

    def rewrite() -> Seconds:
        with store.transaction(Action(TransactionKind.EDIT)) as transaction:
            transaction.commit({user.user_id: user._replace(location=f"Place {time.time_ns()}")})
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
    """Run an operation, and print its duration."""
    ready = WORK[work](Path(path), int(number))
    with Ticking() if ticking else nullcontext() as ticks:
        durations = ready()
        if ticking:
            _closing.close()
    _closing.close()
    result: dict[str, float | str] = {"seconds": median(durations)}
    if ticks is not None:
        result |= {"gap": ticks.longest, "where": ticks.where}
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
