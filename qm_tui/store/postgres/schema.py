"""The tables of a store on a PostgreSQL server: made and changed by numbered SQL files."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import psycopg
from psycopg import errors as pg

from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.postgres.citus import distribute_tables
from qm_tui.store.postgres.derived import DERIVED_VERSION
from qm_tui.store.postgres.migrations import MIGRATIONS, SCHEMA_VERSION, statements_of
from qm_tui.store.postgres.rebuild import rebuild_derived
from qm_tui.store.postgres.server.connection import reason_of, translated_errors
from qm_tui.store.postgres.server.location import ServerLocation
from qm_tui.users.query.name_order import DEFAULT_NAME_ORDER, NAME_ORDERS


def initialize(location: ServerLocation, name_order: str = DEFAULT_NAME_ORDER) -> None:
    """Make an empty store in a database.

    Args:
        location: the database; the role must own it, or be allowed to create schemas in it.
        name_order: the name of the order of names, one of `NAME_ORDERS`.

    Raises:
        StoreError: there is one already, or the role may not create it.
    """
    if name_order not in NAME_ORDERS:
        raise StoreError(f"Unknown order of names {name_order}. Use {', '.join(NAME_ORDERS)}.")
    with _session(location) as connection:
        try:
            _migrate_tables(connection, 0)
        except pg.DuplicateSchema as error:
            raise StoreError(f"There is a store in {location.shown} already.") from error
        except pg.InsufficientPrivilege as error:
            raise StoreError(
                f"Your role may not create a store in {location.shown}. Ask the owner of the "
                "database to do it."
            ) from error
        connection.execute(
            "INSERT INTO qm_tui.store (schema_version, derived_version, name_order)"
            " VALUES (%s, %s, %s)",
            (SCHEMA_VERSION, DERIVED_VERSION, name_order),
        )


def migrate(
    location: ServerLocation, progress: ProgressCallback = ignore_progress
) -> tuple[int, int]:
    """Bring the tables of a store to the version of this program, or change nothing.

    On Citus, tables that are not distributed are distributed.

    Until it is done, all other programs wait.

    Args:
        location: the database; the role must own the store.
        progress: the progress, in users; it may raise `Cancelled`.

    Returns:
        The version of the tables before and after.

    Raises:
        StoreError: there is no store, it is newer, or the role may not change it.
    """
    with _session(location) as connection:
        try:
            row = connection.execute(
                "SELECT schema_version, derived_version, name_order FROM qm_tui.store FOR UPDATE"
            ).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName) as error:
            raise StoreError(
                f"There is no store in {location.shown}. Create it with qm-tui init."
            ) from error
        if row is None or (row[0], row[1]) > (SCHEMA_VERSION, DERIVED_VERSION):
            raise StoreError(
                f"The store in {location.shown} was made by a newer version of qm-tui. "
                "Install that version."
            )
        before, derived, name_order = row
        if before < SCHEMA_VERSION or derived < DERIVED_VERSION:
            _migrate_tables(connection, before)
            rebuild_derived(connection, name_order, progress)
            connection.execute(
                "UPDATE qm_tui.store SET schema_version = %s, derived_version = %s",
                (SCHEMA_VERSION, DERIVED_VERSION),
            )
        else:  # where a backup was restored, all tables are on the coordinator
            distribute_tables(connection)
        progress(Phase.CHANGING, 1, 1)
    return before, SCHEMA_VERSION


def roles_script() -> str:
    """Return the SQL script that makes the roles of admins and viewers."""
    return files(__package__).joinpath("roles.sql").read_text(encoding="utf-8")


def _migrate_tables(connection: psycopg.Connection, version: int) -> None:
    connection.execute("SET LOCAL search_path = qm_tui, public")
    for name in MIGRATIONS[version:]:
        for statement in statements_of(name):
            connection.execute(statement)
    distribute_tables(connection)


@contextmanager
def _session(location: ServerLocation) -> Iterator[psycopg.Connection]:
    """Connect, and do all in one transaction.

    Raises:
        StoreError: the server cannot be reached, or refuses what is asked.
    """
    try:
        connection = psycopg.connect(**location.conninfo)
    except psycopg.Error as error:
        raise StoreError(f"Cannot connect to {location.shown}: {reason_of(error)}.") from error
    with translated_errors(connection, location.shown), connection:
        yield connection
