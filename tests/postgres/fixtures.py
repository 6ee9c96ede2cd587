"""Fixtures of the tests that need a PostgreSQL server; without one these are skipped.

One server serves a whole run, with all its workers. The first test that needs it starts it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.postgres.programs import needed_programs

if TYPE_CHECKING:
    from tests.postgres.server import Server, ServerAddress

_RUN = "postgres_run"

_started: list[Server] = []
"""The server if this process started it: kept, as the process is its parent."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which process the run is."""
    node.workerinput[_RUN] = os.getpid()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that need the server."""
    if {"postgres_server", "private_postgres"} & {*getattr(item, "fixturenames", ())}:
        item.add_marker("postgres")


@pytest.fixture(scope="session")
def postgres_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ServerAddress:
    """The server of the run."""
    from tests.postgres.server import ServerAddress

    programs = needed_programs()
    worker: dict[str, Any] | None = getattr(request.config, "workerinput", None)
    if worker is None:
        return _start(programs, os.getpid())
    # the folder of the run, which has a folder for each worker
    path = tmp_path_factory.getbasetemp().parent / "postgres.json"
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if text := file.read():
            folder, port = json.loads(text)
            return ServerAddress(Path(folder), port)
        server = _start(programs, worker[_RUN])
        json.dump([str(server.folder), server.port], file)
        return server


def _start(programs: Path, until: int) -> Server:
    """Start the server of the run, which no test crashes, so that it need not wait for the disk."""
    from tests.postgres.server import Server

    server = Server(programs, until=until, fsync=False)
    _started.append(server)
    server.start()
    return server


@pytest.fixture
def postgres_url(postgres_server: ServerAddress) -> Iterator[str]:
    """The URL of an empty database of its own; the test connects as its owner."""
    with postgres_server.database() as name:
        yield postgres_server.url(name)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: ServerAddress) -> str:
    """The name of a database with an empty store, to be copied."""
    from qm_tui.store.postgres.location import parse_location
    from qm_tui.store.postgres.schema import initialize

    name = postgres_server.create_database()
    initialize(parse_location(postgres_server.url(name)))
    return name


@pytest.fixture
def postgres_store_url(postgres_server: ServerAddress, postgres_template: str) -> Iterator[str]:
    """The URL of an empty store of its own; the test connects as its owner."""
    with postgres_server.database(postgres_template) as name:
        yield postgres_server.url(name)


@pytest.fixture
def private_postgres() -> Iterator[Server]:
    """A server of its own that runs, for a test that crashes it."""
    from tests.postgres.server import Server

    programs = needed_programs()
    server = Server(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()
