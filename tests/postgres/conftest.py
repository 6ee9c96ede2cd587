"""Fixtures of the tests of a store on a server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final

import psycopg
import pytest

from qm_tui.store import open_store
from qm_tui.store.interface import UserStore

Opened = Callable[..., UserStore]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens and loads a store, as one of several programs; closes it after the test."""
    with ExitStack() as stack:

        def opened(url: str, wait: float = 10) -> UserStore:
            store = open_store(url, wait=wait)
            stack.callback(store.close)
            store.load()
            return store

        yield opened


_SERVER: Final = pytest.param("postgres", marks=pytest.mark.postgres)

both: Final = pytest.mark.parametrize(
    "server", [_SERVER, pytest.param("citus", marks=pytest.mark.citus)], indirect=True
)
"""Runs a test on a server, and on Citus."""


@pytest.fixture(params=[_SERVER])
def server(request: pytest.FixtureRequest) -> str:
    """The kind of server; without `both`, none with Citus."""
    return str(request.param)


@pytest.fixture
def store_url(request: pytest.FixtureRequest, server: str) -> str:
    """The URL of an empty store."""
    return str(request.getfixturevalue(f"{server}_store_url"))


@pytest.fixture
def store(opened: Opened, store_url: str) -> UserStore:
    """An empty store."""
    return opened(store_url)


@pytest.fixture
def other(opened: Opened, store_url: str) -> UserStore:
    """The same store, as another program opened it."""
    return opened(store_url)


@pytest.fixture
def direct(store_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the owner to the database of the store, for what no program does."""
    with psycopg.connect(store_url, autocommit=True) as connection:
        yield connection
