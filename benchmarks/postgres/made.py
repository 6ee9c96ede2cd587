"""A server with a store of many users, made as fast as the server can."""

import secrets
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

import psycopg

from qm_tui.store.postgres.derived import COLUMNS, Deriver
from qm_tui.store.postgres.schema import initialize
from qm_tui.store.postgres.server.location import parse_location
from qm_tui.users.fields import KEYS, User
from qm_tui.users.query.name_order import DEFAULT_NAME_ORDER
from sample_data import generate
from tests.postgres.programs import find_programs
from tests.postgres.server import Server

VALUES: Final = (*KEYS, *COLUMNS)
"""The columns with the values of a user, and with what is made of them."""

_BATCH: Final = 1000
_POSITIONS: Final = 24
"""Bits of the position of a user within its transaction, in `users.seq`."""

_INDEXES: Final = """
SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
WHERE i.indrelid = 'qm_tui.users'::regclass AND NOT i.indisprimary
"""

_FIRST: Final = """
INSERT INTO qm_tui.transactions (id, number, version, committed_at, session_role, login, address,
    kind, subject, details, digest, token, added, changed, deleted, is_available)
VALUES (%s, 1, %s, now(), session_user, 'benchmark', '', 'takeover', 'users.csv', '', '', '', %s,
    0, 0, false)
"""


class Made:
    """A store on a server that runs.

    Args:
        server: the server.
        database: the name of the database.
        users: the number of users.
    """

    def __init__(self, server: Server, database: str, users: int) -> None:
        self.server, self.users = server, users
        self.url = server.url(database)
        self.admin_url = server.admin_url(database)

    def rest(self) -> None:
        """Let the server do what it would do later, so that no measured work pays for it."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")

    def explain_from(self, milliseconds: int) -> None:
        """Log the plans of statements that take at least so long."""
        settings = {
            "session_preload_libraries": "'auto_explain'",
            "auto_explain.log_min_duration": f"{milliseconds}",
            "auto_explain.log_analyze": "on",
            "auto_explain.log_buffers": "on",
            "auto_explain.log_timing": "off",  # it would slow down what is measured
        }
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute("LOAD 'auto_explain'")
            for name, value in settings.items():
                connection.execute(f"ALTER ROLE ALL SET {name} = {value}".encode())


@contextmanager
def made_store(users: int) -> Iterator[Made]:
    """Start a server, make a store, and remove both in the end.

    The server syncs to the disk, and has its default settings.
    """
    programs = find_programs()
    if programs is None:
        sys.exit("No PostgreSQL server found")
    server = Server(programs)
    try:
        server.start()
        made = Made(server, server.create_database(), users)
        begin = time.perf_counter()
        initialize(parse_location(made.url))
        _fill(made)
        made.rest()
        print(f"{users:,} users, made in {time.perf_counter() - begin:.0f} s\n", flush=True)
        yield made
    finally:
        server.remove()


def numbered_users(users: Iterable[User], first: int = 1) -> Iterator[User]:
    """Yield users with User IDs that can be reproduced."""
    for number, user in enumerate(users, first):
        yield user._replace(user_id=user_id(number))


def user_id(number: int) -> str:
    """Return the User ID of a user by its number, from 1."""
    return f"u{number:011}"


def copy_users(
    connection: psycopg.Connection,
    table: str,
    users: Iterable[User],
    columns: Iterable[str] = (),
    values: Iterable[tuple[object, ...]] = (),
) -> None:
    """Write users and what is made of them to a table.

    Args:
        connection: the connection.
        table: the name of the table.
        users: the users.
        columns: the names of further columns.
        values: the values of these columns, for each user.
    """
    deriver, remaining, others = Deriver(DEFAULT_NAME_ORDER), iter(users), iter(values)
    statement = f"COPY {table} ({', '.join((*VALUES, *columns))}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        while batch := list(islice(remaining, _BATCH)):
            for user, derived in zip(batch, deriver.derive(batch), strict=True):
                copy.write_row((*user, *derived, *next(others, ())))


def _fill(made: Made) -> None:
    """Write the users, the first transaction, and the indexes again."""
    version = secrets.randbits(62) + 1
    with psycopg.connect(made.url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        connection.execute("SET work_mem = '256MB'")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}".encode())
        ((transaction,),) = connection.execute("SELECT nextval('qm_tui.transaction_ids')")
        places = (((transaction << _POSITIONS) + row, transaction) for row in range(made.users))
        users = numbered_users(generate.users(made.users))
        copy_users(connection, "qm_tui.users", users, ("seq", "version"), places)
        connection.execute(
            "INSERT INTO qm_tui.names (name, user_id)"
            " SELECT name, user_id FROM qm_tui.users ORDER BY name"
        )
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute(_FIRST, (transaction, version, made.users))
        connection.execute(
            "UPDATE qm_tui.head SET number = 1, version = %s, total = %s", (version, made.users)
        )
