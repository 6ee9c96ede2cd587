"""Durations of an edit, of an import and of its undo, beside bare statements in psql."""

import random
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import psycopg

from benchmarks.figures import OURS, Table, Unit
from benchmarks.postgres.bare import (
    BARE,
    EDIT_STATEMENTS,
    ROWS,
    BareEdit,
    edit_script,
    find_psql,
    rows_script,
    run_psql,
)
from benchmarks.postgres.head_lock import watched_head
from benchmarks.postgres.made import Made, copy_users, numbered_users, user_id
from benchmarks.postgres.questions import loaded
from benchmarks.postgres.work import done
from qm_tui.progress import in_chunks
from qm_tui.store.changes.edit import save_edit
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.users.fields import User
from sample_data import generate

TIMES_BARE: Final = 2
"""The maximum duration, in durations of the bare statements."""

MOST_MEMORY: Final = 120
"""In megabytes."""

RECORDS: Final = 100_000
"""The records of the file, unless there are fewer than twice as many users."""

_CHANGED, _NEW, _UNCHANGED = 0.7, 0.2, 0.1
_ROUNDS, _EDITS = 10, 20
_FEW: Final = 5
_RUNS: Final = 3

_NO_PSQL: Final = "psql is not installed, and the bare statements are skipped."


def measure_edits(made: Made) -> None:
    """Measure edits of random users, in rounds: those of the program, those of psql."""
    psql = find_psql()
    if psql is None:
        print(_NO_PSQL)
    table = Table(
        f"An edit, {made.users:,} users, medians of {_ROUNDS * _EDITS}",
        [BARE],
        has_percentile=True,
    )
    row = table.row("location of a random user", Unit.MILLISECONDS)
    some = random.Random(7).sample(range(1, made.users + 1), 2 * (_ROUNDS + 1) * _EDITS)
    numbers = iter(some)
    with loaded(made.url) as store:
        for number in range(_ROUNDS + 1):
            ours, bare = ([user_id(one) for one in islice(numbers, _EDITS)] for _ in range(2))
            milliseconds = {OURS: _edits(store, ours)}
            if psql:
                milliseconds[BARE] = _bare_edits(psql, made, store.state, bare)
            for name, durations in milliseconds.items():
                for one in durations if number else ():  # the first round fills the caches
                    row.add(name, one)
    row.bound = TIMES_BARE * (row.median(BARE) or 0) or None
    table.print()


def _moved(user: User) -> User:
    return user._replace(location=f"Place {time.time_ns() % 10**12}")


def _edits(store: UserStore, user_ids: Sequence[str]) -> list[float]:
    """Return the milliseconds of edits by the program."""
    milliseconds = []
    for user in filter(None, store.state.users(user_ids)):
        begin = time.perf_counter()
        save_edit(store, user, _moved(user))
        milliseconds.append(1000 * (time.perf_counter() - begin))
    return milliseconds


def _bare_edits(psql: str, made: Made, state: State, user_ids: Sequence[str]) -> list[float]:
    """Return the milliseconds of edits by psql."""
    with psycopg.connect(made.url) as connection:
        versions: dict[str, int] = dict(
            connection.execute(
                "SELECT user_id, version FROM qm_tui.users WHERE user_id = ANY(%s)",
                (list(user_ids),),
            ).fetchall()
        )
        transactions = _transaction_ids(connection, len(user_ids))
    edits = [
        BareEdit(transaction, versions[user.user_id], user, _moved(user))
        for transaction, user in zip(transactions, state.users(user_ids), strict=True)
        if user is not None
    ]
    times = run_psql(psql, made.url, edit_script(edits))
    assert len(times) == EDIT_STATEMENTS * len(edits)
    parts = range(0, len(times), EDIT_STATEMENTS)
    return [sum(times[part : part + EDIT_STATEMENTS]) for part in parts]


def _transaction_ids(connection: psycopg.Connection, number: int) -> list[int]:
    rows = connection.execute(
        "SELECT nextval('qm_tui.transaction_ids') FROM generate_series(1, %s)", (number,)
    )
    return [transaction for (transaction,) in rows]


# Import


class Files(NamedTuple):
    """The files of an import.

    Attributes:
        users: the users file.
        rows: the same users for psql.
        undo: the users as they were, for psql, and which of them to delete.
        records: the number of records.
        new: how many of them are new users.
    """

    users: Path
    rows: Path
    undo: Path
    records: int
    new: int


def measure_import(made: Made) -> None:
    """Measure an import and its undo, by the program and by psql in turn."""
    psql = find_psql()
    if psql is None:
        print(_NO_PSQL)
    with TemporaryDirectory() as name:
        files = _write_files(made, Path(name))
        title = f"{files.records:,} records into {made.users:,} users, medians of {_RUNS} runs"
        table = Table(title, [BARE])
        ways: list[Callable[[], None]] = [lambda: _import_ours(table, made, files)]
        if psql:
            ways.append(lambda: _import_bare(table, made, files, psql))
        made.rest()
        for run in range(_RUNS):
            for way in ways if run % 2 else reversed(ways):
                way()
    for what in ("import", "undo"):
        row = table.row(what, Unit.SECONDS)
        row.bound = TIMES_BARE * (row.median(BARE) or 0) or None
    table.print()


def _import_ours(table: Table, made: Made, files: Files) -> None:
    argument: object = files.users
    for what in ("import", "undo"):
        with watched_head(made.url) as locked:
            spent = done(what, made.url, argument)
        argument = int(spent["number"])
        table.row(what, Unit.SECONDS).add(OURS, spent["seconds"])
        table.row(f"{what}: head locked", Unit.MILLISECONDS).add(OURS, locked.longest)
        row = table.row(f"{what}: peak memory", Unit.MEGABYTES, MOST_MEMORY)
        row.add(OURS, spent["peak"])
        with loaded(made.url) as store:
            row = table.row(f"an edit right after the {what}", Unit.MILLISECONDS)
            for one in _edits(store, _spread(made, _FEW, first=2)):
                row.add(OURS, one)
        made.rest()


def _import_bare(table: Table, made: Made, files: Files, psql: str) -> None:
    for what, file, more in (("import", files.rows, files.new), ("undo", files.undo, -files.new)):
        with psycopg.connect(made.url) as connection:
            (transaction,) = _transaction_ids(connection, 1)
        with watched_head(made.url) as locked:
            times = run_psql(psql, made.url, rows_script(file, transaction, more))
        table.row(what, Unit.SECONDS).add(BARE, sum(times) / 1000)
        table.row(f"{what}: head locked", Unit.MILLISECONDS).add(BARE, locked.longest)
        made.rest()


def _write_files(made: Made, folder: Path) -> Files:
    """Write the files of an import: users from everywhere in the store, and new ones."""
    records = min(RECORDS, made.users // 2)
    changed, new, unchanged = (int(share * records) for share in (_CHANGED, _NEW, _UNCHANGED))
    stored = _stored(made, changed + unchanged)
    new_users = list(islice(generate.users(made.users + new), made.users, None))
    imported = [
        user if number % (changed + unchanged) >= changed else user._replace(location="Voss")
        for number, user in enumerate(stored)
    ]
    files = Files(
        folder / "users.csv", folder / "rows", folder / "undo", changed + new + unchanged, new
    )
    with files.users.open("w", encoding="utf-8", newline="") as file:
        generate.write([*imported, *new_users], file)
    added = list(numbered_users(new_users, made.users + 1))
    _write_rows(made, files.rows, [*imported, *added], deleted=0)
    _write_rows(made, files.undo, [*stored, *added], deleted=len(added))
    return files


def _stored(made: Made, number: int) -> list[User]:
    user_ids = _spread(made, number)
    random.Random(8).shuffle(user_ids)
    with loaded(made.url) as store:
        users = [user for batch in in_chunks(user_ids) for user in store.state.users(batch)]
    return [user for user in users if user is not None]


def _spread(made: Made, number: int, first: int = 1) -> list[str]:
    """Return the User IDs of some users, from everywhere in the store."""
    step = made.users // number
    return [user_id(first + step * place) for place in range(number)]


def _write_rows(made: Made, path: Path, users: Sequence[User], *, deleted: int) -> None:
    """Write users as COPY does, the last of them as deleted ones."""
    places = ((row, row >= len(users) - deleted) for row in range(len(users)))
    with psycopg.connect(made.url) as connection:
        connection.execute("CREATE TEMP TABLE written (LIKE qm_tui.staged) ON COMMIT DROP")
        copy_users(connection, "written", users, ("position", "is_deleted"), places)
        statement = f"COPY written ({', '.join(ROWS)}) TO STDOUT"
        with (
            path.open("wb") as file,
            connection.cursor() as cursor,
            cursor.copy(statement.encode()) as copy,
        ):
            for data in copy:
                file.write(data)
