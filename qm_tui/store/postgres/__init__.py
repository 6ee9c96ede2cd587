"""The store on a PostgreSQL server. It imports psycopg only if such a store is opened."""

from qm_tui.store.interface import UserStore
from qm_tui.store.postgres.location import parse_location


def open_postgres_store(location: str, *, wait: float, read_only: bool = False) -> UserStore:
    """Open a store on a PostgreSQL server. Nothing is read before `load`.

    Args:
        location: its URL.
        wait: the seconds to wait for another writer.
        read_only: whether it must not be changed.

    Raises:
        StoreError: the URL is not valid or contains a password, or psycopg is not installed.
    """
    parsed = parse_location(location)
    from qm_tui.store.postgres.store import PostgresStore  # type: ignore[import-untyped]

    opened: UserStore = PostgresStore(parsed, wait=wait, read_only=read_only)
    return opened
