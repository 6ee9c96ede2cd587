"""An operation on a store in its own process.

    python -m benchmarks.postgres.work WORK STORE [ARGUMENT]

The argument of an import is a users file, and that of an undo the number of a transaction. Prints
as JSON the duration of the operation in seconds, without the start of Python, and the peak of the
resident memory of the process in megabytes.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, run
from typing import Final

from qm_tui.store import open_store
from qm_tui.store.state import FIRST, Place, Side, State
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, Query
from qm_tui.users.query.views import SortKey

Result = dict[str, float]

_ROOT: Final = Path(__file__).parents[2]
_ROWS: Final = 200
_PAGES: Final = 200


def done(work: str, store: str | Path, argument: object = "") -> Result:
    """Run an operation in a process of its own, and return what it prints."""
    command = [sys.executable, "-m", "benchmarks.postgres.work", work, str(store), str(argument)]
    printed = run(command, check=True, stdout=PIPE, cwd=_ROOT).stdout
    result: Result = json.loads(printed)
    return result


def _first(location: str, _argument: str) -> Result:
    """Measure the time until the first users can be drawn."""
    begin = time.perf_counter()
    ends: list[float] = []

    def show(state: State) -> None:
        if not ends and state.window(ALL, FIRST, _ROWS).users and state.count():
            ends.append(time.perf_counter())

    store = open_store(location)
    show(store.load(on_loaded=show))
    store.close()
    return {"seconds": ends[0] - begin}


def _pages(location: str, _argument: str) -> Result:
    """Turn pages in several orders, filter and count."""
    store = open_store(location)
    begin = time.perf_counter()
    state = store.load()
    orders = ((), (SortKey("last_name"),), (SortKey("user_name", descending=True),))
    for order in orders:
        query, place = Query(sort=order), FIRST
        for _ in range(_PAGES):
            users = state.window(query, place, _ROWS).users
            state.count(query)
            place = Place(Side.AFTER, (users[-1].user_id,))
    for text in ("s", "sc", "schmidt", "department:sales", "active:no"):
        query = Query(parse_filter(text))
        state.window(query, FIRST, _ROWS)
        state.count(query)
    for keys in (("department",), ("location", "is_active")):
        state.groups(keys)
    store.close()
    return {"seconds": time.perf_counter() - begin}


def _import(location: str, file: str) -> Result:
    """Import a file; the number of the transaction is a result, too."""
    from qm_tui.transfer.importing import ImportRequest, import_users

    store = open_store(location)
    store.load()
    begin = time.perf_counter()
    report = import_users(ImportRequest(Path(file)), store)
    seconds = time.perf_counter() - begin
    assert report.transaction is not None
    store.close()
    return {"seconds": seconds, "number": report.transaction}


def _undo(location: str, number: str) -> Result:
    """Undo a transaction."""
    from qm_tui.store.changes.plan import commit_plan
    from qm_tui.store.changes.undo import plan_undo

    store = open_store(location)
    store.load()
    begin = time.perf_counter()
    plan = plan_undo(store, int(number))
    commit_plan(store, plan, confirmed=plan.required_confirmation)
    seconds = time.perf_counter() - begin
    number_after = store.state.number
    store.close()
    return {"seconds": seconds, "number": number_after}


WORK: Final[dict[str, Callable[[str, str], Result]]] = {
    "first": _first,
    "pages": _pages,
    "import": _import,
    "undo": _undo,
}


def main(work: str, location: str, argument: str = "") -> None:
    """Run an operation, and print its duration and its memory."""
    result = WORK[work](location, argument)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(result | {"peak": peak}))


if __name__ == "__main__":
    main(*sys.argv[1:])
