"""The store on a PostgreSQL server. Only a program that opens one imports psycopg."""

from qm_tui.store.interface import UserStore
from qm_tui.store.postgres.server.location import parse_location


def open_postgres_store(url: str, *, wait: float, read_only: bool = False) -> UserStore:
    """Open the store at a URL. It is not connected to before `load`.

    Args:
        url: the URL of its database.
        wait: the seconds to wait for another writer.
        read_only: whether it must not be changed.

    Raises:
        StoreError: the URL is not valid or contains a password, or psycopg is not installed.
    """
    location = parse_location(url)
    from qm_tui.store.postgres.store import PostgresStore

    return PostgresStore(location, wait=wait, read_only=read_only)
