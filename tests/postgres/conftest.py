"""Fixtures of the tests of a store on a server."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

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


@pytest.fixture
def store(opened: Opened, postgres_store_url: str) -> UserStore:
    """An empty store."""
    return opened(postgres_store_url)


@pytest.fixture
def other(opened: Opened, postgres_store_url: str) -> UserStore:
    """The same store, as another program opened it."""
    return opened(postgres_store_url)


@pytest.fixture
def direct(postgres_store_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the owner to the database of the store, for what no program does."""
    with psycopg.connect(postgres_store_url, autocommit=True) as connection:
        yield connection
