"""Figures of a store on Citus, beside the same on one PostgreSQL server.

    python -m benchmarks.postgres.citus [USERS]

Starts a coordinator and two workers on this machine, then a server alone; all sync to the disk.
Makes a store of USERS (default: 100,000) in each, and prints the seconds of an import that changes
seven tenths of them and adds two tenths, and of its undo, and the median of other operations.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from benchmarks.figures import OURS, Row, Table, Unit
from qm_tui.store import open_store
from qm_tui.store.changes.edit import save_edit
from qm_tui.store.interface import UserStore
from qm_tui.store.postgres.schema import initialize
from qm_tui.store.postgres.server.location import parse_location
from qm_tui.store.state import FIRST, LAST
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, Query
from qm_tui.users.query.views import SortKey
from tests.helpers import undo, user, users_file
from tests.postgres.citus import start_cluster
from tests.postgres.programs import find_citus
from tests.postgres.server import Server, ServerAddress

_RUNS: Final = 21
_ROWS: Final = 50
_ALONE: Final = "one server"
_DOWN: Final = Query((), (SortKey("last_name", descending=True),))


def _measure_often(row: Row, what: str, do: Callable[[], object]) -> None:
    for _ in range(_RUNS):
        _measure_once(row, what, do)


def _measure_once(row: Row, what: str, do: Callable[[], object]) -> None:
    scale = 1 if row.unit == Unit.SECONDS else 1000
    begin = time.perf_counter()
    do()
    row.add(what, scale * (time.perf_counter() - begin))


def _rows(store: UserStore, begin: int, end: int, location: str) -> Iterator[User]:
    names = [f"n{number}" for number in range(begin, end)]
    for name, owner in zip(names, store.state.owners(names), strict=True):
        yield user(name, user_id=owner or "", last_name=f"L{name}", location=location)


def _measure(table: Table, what: str, url: str, users: int) -> None:
    initialize(parse_location(url))
    with tempfile.TemporaryDirectory() as folder, closing(open_store(url)) as store:
        store.load()
        old, changed = users * 8 // 10, users * 7 // 10
        path = Path(folder)
        first = users_file(path, *_rows(store, 0, old, "Oslo"), name="first.csv")
        import_users(ImportRequest(first), store)
        rows = (*_rows(store, 0, changed, "Rome"), *_rows(store, changed, users, "Oslo"))
        second = users_file(path, *rows, name="second.csv")
        request = ImportRequest(second)
        seconds, milliseconds = Unit.SECONDS, Unit.MILLISECONDS
        _measure_once(table.row("import", seconds), what, lambda: import_users(request, store))
        _measure_once(table.row("undo of it", seconds), what, lambda: undo(store, 2))
        state, texts = store.state, map(str, range(10**6))

        def edit() -> None:
            one = store.state.window(ALL, FIRST, 1).users[0]
            save_edit(store, one, one._replace(location=next(texts)))

        found = Query(parse_filter("oslo"))
        for name, do in {
            "edit of a user": edit,
            "page of users": lambda: state.window(ALL, FIRST, _ROWS),
            "page of users in another order": lambda: state.window(_DOWN, LAST, _ROWS),
            "count of the users that a filter finds": lambda: state.count(found),
            "groups": lambda: state.groups(("department",)),
        }.items():
            _measure_often(table.row(name, milliseconds), what, do)


def main(users: int = 100_000) -> None:
    """Run the benchmark, and print the results."""
    programs = find_citus()
    if programs is None:
        sys.exit("No PostgreSQL server with Citus found")
    table = Table(f"{users:,} users: here Citus with two workers", (_ALONE,))
    for what in (OURS, _ALONE):
        server: ServerAddress
        with ExitStack() as stack:
            if what == OURS:
                server = cluster = start_cluster(programs)
                for node in cluster.nodes:
                    stack.callback(node.remove)
            else:
                server = alone = Server(programs)
                stack.callback(alone.remove)
                alone.start()
            _measure(table, what, server.url(server.create_database()), users)
    table.print()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
