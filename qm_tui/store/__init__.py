"""Stores of users: several kinds behind one interface."""

import re
from pathlib import Path

from qm_tui.paths import is_server_location, is_url
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import RetentionPolicy, UserStore
from qm_tui.text import sanitize

IN_MEMORY = ":memory:"
"""The location of a store in memory, which is lost when the program ends."""

WAIT = 10.0
"""Seconds to wait for another writer."""


def open_store(
    location: str | Path,
    *,
    wait: float = WAIT,
    read_only: bool = False,
    retention: RetentionPolicy | None = None,
) -> UserStore:
    """Open a store. Nothing is read before `load`.

    Args:
        location: the path of its file, the URL of a database on a PostgreSQL server, or `:memory:`
            for an empty store in memory.
        wait: the seconds to wait for another writer.
        read_only: whether it must not be changed.
        retention: how long the changes of each user are available.

    Raises:
        StoreError: no store can be at this location.
    """
    if location == IN_MEMORY:
        from qm_tui.store.memory.store import MemoryStore

        return MemoryStore(wait=wait, read_only=read_only)
    if isinstance(location, str) and is_url(location):
        _check_kind(location)
        from qm_tui.store.postgres import open_postgres_store

        return open_postgres_store(location, wait=wait, read_only=read_only)
    # late: only a program that opens such a store pays for the import of TinyDB
    from qm_tui.store.tinydb import open_tinydb_store

    return open_tinydb_store(Path(location), wait=wait, read_only=read_only, retention=retention)


def shown_location(location: str) -> str:
    """Return the location of a store for display, without opening the store.

    Raises:
        StoreError: no store can be at this location.
    """
    if not is_url(location):
        return location
    _check_kind(location)
    from qm_tui.store.postgres.server.location import parse_location

    return parse_location(location).shown


def _check_kind(url: str) -> None:
    if not is_server_location(url):
        # without what may be a password
        shown = re.sub("//.*@", "//", url.partition("?")[0], flags=re.DOTALL)
        raise StoreError(
            f"Unknown kind of store: {sanitize(shown, 200)}. Give the path of the store's file, "
            "users.json, or a URL that begins with postgresql://."
        )
