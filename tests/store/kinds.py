"""The kinds of stores that fulfill the contract."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from qm_tui.store import IN_MEMORY, open_store
from qm_tui.store.interface import Action, UserStore
from qm_tui.store.state import State
from qm_tui.users.fields import User
from tests.helpers import EDIT, by_id, state_of, users_of, write_unchecked
from tests.store.slow_store import SlowStore

MEMORY, FILE, SLOW, SERVER, CITUS = KINDS = (
    *("in memory", "a file", "a slow one"),
    *("on a server", "on Citus"),
)

SERVERS = {SERVER: "postgres", CITUS: "citus"}
"""The kinds on a PostgreSQL server, and the markers of their tests."""

DATABASES: dict[Path, str] = {}
"""The URL of the database of each folder, for stores on a server."""

OPENED: list[UserStore] = []
"""Stores on a server, whose connections must be closed before their database is removed."""


def new_store(kind: str, folder: Path) -> UserStore:
    """Return an empty store of a kind."""
    if kind == FILE:
        return open_store(folder / "data" / "users.json", wait=0)
    if kind in SERVERS:
        OPENED.append(open_store(DATABASES[folder], wait=0))
        OPENED[-1].load()
        return OPENED[-1]
    store = open_store(IN_MEMORY, wait=0)
    return SlowStore(store, delay=0) if kind == SLOW else store


def state_with(kind: str, folder: Path, *users: User) -> State:
    """Return a state of a store of a kind with any users, even if they break rules."""
    if kind == MEMORY:
        return state_of(*users)
    if kind in SERVERS:
        store = new_store(kind, folder)
        return write_unchecked(store, dict.fromkeys(users_of(store.state)) | by_id(*users))
    path = folder / "users.json"
    documents = {str(number): one._asdict() for number, one in enumerate(users, start=1)}
    path.write_text(json.dumps({"users": documents}))
    store = open_store(path, read_only=True)
    return (SlowStore(store, delay=0) if kind == SLOW else store).load()


def commit(
    store: UserStore, *users: User, delete: tuple[str, ...] = (), action: Action = EDIT
) -> State:
    """Change users of a store in one transaction."""
    with store.transaction(action) as transaction:
        return transaction.commit({one.user_id: one for one in users} | dict.fromkeys(delete))


def only_without_server(kind: str, why: str) -> None:
    """Skip a test for a store on a server, which keeps another promise there."""
    if kind in SERVERS:
        pytest.skip(f"on a server, {why}")


def eventually(is_so: Callable[[], bool]) -> bool:
    """Return whether something becomes true within some seconds: a server is asked in between."""
    end = time.monotonic() + 10
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
