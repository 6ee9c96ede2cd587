"""Citus on this machine: a coordinator and two workers, which end with the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final, Generic, TypeVar

import psycopg
from psycopg import sql

from tests.postgres.server import OWNER, Server, ServerAddress

WORKERS: Final = 2

_EMPTY: Final = "template0"

_TEMPLATE: Final = "citus"
"""A database of each node that has the extension and does not know the other nodes."""

Address = TypeVar("Address", bound=ServerAddress)
"""`Server` where the test may kill the nodes, else `ServerAddress`."""


class Node(Server):
    """A server with Citus. Nodes connect to each other through their Unix sockets."""

    def _arguments(self) -> list[str]:
        settings = {
            # no other user of the machine can connect
            "listen_addresses": "",
            "shared_preload_libraries": "citus",
            # each database has a process for maintenance
            "max_worker_processes": 64,
            "citus.enable_statistics_collection": "off",
            "citus.local_hostname": self.folder,
            "citus.node_conninfo": "sslmode=disable",
            # by default, what a killed node has not finished waits for a minute
            "citus.recover_2pc_interval": "1s",
            # the default of 32 makes each table slow
            "citus.shard_count": 4,
        }
        return super()._arguments() + [f"--{name}={value}" for name, value in settings.items()]


class Cluster(ServerAddress, Generic[Address]):
    """Nodes that run; it has the address of the coordinator, which programs connect to."""

    def __init__(self, nodes: Sequence[Address]) -> None:
        """Remember the nodes.

        Args:
            nodes: the coordinator, then the workers.
        """
        super().__init__(nodes[0].folder, nodes[0].port)
        self.nodes = nodes
        """The coordinator, then the workers."""

    @property
    def workers(self) -> Sequence[Address]:
        """The nodes that have the shards of distributed tables."""
        return self.nodes[1:]

    def create_database(self, template: str = _EMPTY, owner: str = OWNER, name: str = "") -> str:
        """Create a database on all nodes that has the extension and nothing else.

        Args:
            template: only the default: a copy would have the nodes of its template.
            owner: the role that owns it.
            name: its name; by default one that no other test uses.

        Returns:
            Its name.
        """
        assert template == _EMPTY, "databases that know their nodes cannot be copied"
        name = super().create_database(_TEMPLATE, owner, name)
        for worker in self.workers:
            worker.create_database(_TEMPLATE, owner, name)
        with (
            self.roles_locked(),
            psycopg.connect(self.admin_url(name), autocommit=True) as connection,
        ):
            add = "SELECT citus_set_coordinator_host(%s, %s)"
            for node in self.nodes:
                connection.execute(add, (str(node.folder), node.port))
                add = "SELECT citus_add_node(%s, %s)"
        return name

    @contextmanager
    def roles_locked(self) -> Iterator[None]:
        """Keep other processes from what lets Citus alter roles, which all databases share.

        A node that is told twice at once to alter a role fails once.
        """
        with psycopg.connect(self.admin_url()) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(1)")
            yield

    def drop_database(self, name: str) -> None:
        """Drop a database on all nodes, also if it is in use."""
        super().drop_database(name)
        for worker in self.workers:
            worker.drop_database(name)


class AnyNode:
    """The nodes of a cluster, of which one after the other is killed.

    Args:
        cluster: the cluster.
        seed: of the choice.
    """

    def __init__(self, cluster: Cluster[Server], seed: int) -> None:
        self._nodes = cluster.nodes
        self._chance = Random(seed)  # noqa: S311 - which node, not secrets
        self._killed = cluster.nodes[0]

    def kill(self) -> None:
        """Kill the coordinator or a worker."""
        self._killed = self._chance.choice(self._nodes)
        self._killed.kill()

    def start(self) -> None:
        """Start it again."""
        self._killed.start()

    def is_settled(self) -> bool:
        """Whether no node has transactions that are prepared for a commit."""
        return all(node.is_settled() for node in self._nodes)


def _create_template(node: ServerAddress) -> None:
    """Create the database that others are copied from: creating the extension takes longer."""
    node.create_database(name=_TEMPLATE)
    with psycopg.connect(node.admin_url(_TEMPLATE), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION citus")
    with psycopg.connect(node.admin_url(), autocommit=True) as connection:
        # the process for maintenance would connect to it again, and so prevent its copies
        name = sql.Identifier(_TEMPLATE)
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            (_TEMPLATE,),
        )


def start_cluster(
    programs: Path, *, until: int | None = None, fsync: bool = True
) -> Cluster[Server]:
    """Start a coordinator and workers.

    Args:
        programs: the folder with `initdb` and `postgres`.
        until: the process with whose end the nodes end; by default this one.
        fsync: whether commits wait for the disk.

    Raises:
        ServerFailed: if a node does not start.
    """
    nodes: list[Server] = []
    try:
        for _ in range(1 + WORKERS):
            nodes.append(Node(programs, until=until, fsync=fsync))
            nodes[-1].start()
            _create_template(nodes[-1])
    except BaseException:
        for node in nodes:
            node.remove()
        raise
    return Cluster(nodes)
