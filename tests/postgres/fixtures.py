"""Fixtures of the tests that need a PostgreSQL server; without one these are skipped.

One server serves a whole run, with all its workers. The first test that needs it starts it. The
same holds for the nodes of Citus.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.postgres.programs import needed_citus, needed_programs

if TYPE_CHECKING:
    from tests.postgres.citus import Cluster
    from tests.postgres.server import Server, ServerAddress

_RUN = "postgres_run"

_MARKERS = {
    "postgres": {"postgres_server", "private_postgres"},
    "citus": {"citus_cluster", "private_citus"},
}
"""The fixtures that start a server, by the marker of the tests that use one of them."""

_started: list[Server] = []
"""The servers that this process started: kept, as the process is their parent."""


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which process the run is."""
    node.workerinput[_RUN] = os.getpid()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that need a server."""
    for marker, fixtures in _MARKERS.items():
        if fixtures & {*getattr(item, "fixturenames", ())}:
            item.add_marker(marker)


@pytest.fixture(scope="session")
def postgres_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ServerAddress:
    """The server of the run."""
    programs = needed_programs()

    def start(until: int) -> Sequence[Server]:
        from tests.postgres.server import Server

        # no test crashes it, so that it need not wait for the disk
        server = Server(programs, until=until, fsync=False)
        _started.append(server)
        server.start()
        return [server]

    return _shared("postgres", request.config, tmp_path_factory, start)[0]


@pytest.fixture(scope="session")
def citus_cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Cluster[ServerAddress]:
    """The nodes of the run."""
    programs = needed_citus()
    from tests.postgres.citus import Cluster, start_cluster

    def start(until: int) -> Sequence[Server]:
        nodes = start_cluster(programs, until=until, fsync=False).nodes
        _started.extend(nodes)
        return nodes

    return Cluster(_shared("citus", request.config, tmp_path_factory, start))


def _shared(
    name: str,
    config: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
    start: Callable[[int], Sequence[Server]],
) -> Sequence[ServerAddress]:
    """Return the servers of the run, which the first of its processes starts.

    Args:
        name: what they are.
        config: the configuration of this process.
        tmp_path_factory: knows the folder of the run.
        start: starts them; they end with the process of the given number.
    """
    from tests.postgres.server import ServerAddress

    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    if worker is None:
        return start(os.getpid())
    # the folder of the run, which has a folder for each worker
    path = tmp_path_factory.getbasetemp().parent / f"{name}.json"
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if text := file.read():
            return [ServerAddress(Path(folder), port) for folder, port in json.loads(text)]
        servers = start(worker[_RUN])
        json.dump([(str(server.folder), server.port) for server in servers], file)
        return servers


@pytest.fixture
def postgres_url(postgres_server: ServerAddress) -> Iterator[str]:
    """The URL of an empty database of its own; the test connects as its owner."""
    with postgres_server.database() as name:
        yield postgres_server.url(name)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: ServerAddress) -> str:
    """The name of a database with an empty store, to be copied."""
    from qm_tui.store.postgres.schema import initialize
    from qm_tui.store.postgres.server.location import parse_location

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


@pytest.fixture
def citus_url(citus_cluster: Cluster[ServerAddress]) -> Iterator[str]:
    """The URL of a database of its own, with Citus only; the test connects as its owner."""
    with citus_cluster.database() as name:
        yield citus_cluster.url(name)


@pytest.fixture(scope="session")
def citus_template(citus_cluster: Cluster[ServerAddress]) -> str:
    """The URL of a database with a store, which tests use one after the other."""
    from qm_tui.store.postgres.schema import initialize
    from qm_tui.store.postgres.server.location import parse_location

    url = citus_cluster.url(citus_cluster.create_database())
    with citus_cluster.roles_locked():
        initialize(parse_location(url))
    return url


@pytest.fixture
def citus_store_url(citus_template: str) -> Iterator[str]:
    """The URL of an empty store on Citus; the test connects as its owner.

    It is emptied after each test: a database on three nodes takes a second to make.
    """
    import psycopg
    from psycopg import sql

    yield citus_template
    with psycopg.connect(citus_template) as connection:
        for table in ("users", "names", "changes", "transactions"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier("qm_tui", table)))
        connection.execute("ALTER SEQUENCE qm_tui.transaction_ids RESTART")
        connection.execute("UPDATE qm_tui.head SET number = 0, version = 0, total = 0")


@pytest.fixture
def private_citus() -> Iterator[Cluster[Server]]:
    """Nodes of its own that run, for a test that crashes them."""
    programs = needed_citus()
    from tests.postgres.citus import start_cluster

    cluster = start_cluster(programs)
    try:
        yield cluster
    finally:
        for node in cluster.nodes:
            node.remove()
