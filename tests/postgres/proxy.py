"""A proxy between a program and a PostgreSQL server, which breaks connections as a network does."""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from typing import Final, Self

from tests.postgres.server import OWNER, ServerAddress, database_url

_CHUNK: Final = 1 << 20

_LONGEST: Final = 256
"""The most bytes that a trap can wait for."""

_PORT: Final = 5432
"""The port in the name of the Unix socket, in a folder of its own."""


class Direction(Enum):
    """The way that bytes go."""

    TO_SERVER = "to the server"
    TO_CLIENT = "to the client"


class When(Enum):
    """Whether the bytes at which a connection is dropped still arrive."""

    BEFORE = "before"
    AFTER = "after"


class Trap:
    """What drops a connection when given bytes pass; it works once."""

    def __init__(self, wanted: bytes, when: When, direction: Direction) -> None:
        self.wanted = wanted
        self.when = when
        self.direction = direction
        self.sprung = threading.Event()
        """Set when the connection has been dropped."""


class _Connection:
    """The two sockets of a connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.is_dropped = False
        self.has_answers = True

    def drop(self) -> None:
        """End both sides; what was written before arrives."""
        self.is_dropped = True
        for each in (self.client, self.server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Proxy:
    """A proxy with threads of its own; a context manager.

    Programs reach it through a Unix socket and through TCP, both without TLS, so that it can read
    what passes.
    """

    def __init__(self, server: ServerAddress) -> None:
        self._server = server
        # the path of a Unix socket has at most 107 bytes
        self._folder = tempfile.TemporaryDirectory(dir="/tmp", prefix="qm-proxy-")
        path = Path(self._folder.name) / f".s.PGSQL.{_PORT}"
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self._unix = socket.create_server(str(path), family=socket.AF_UNIX)
        self._state = threading.Condition()
        """Guards all that follows, and tells the threads of a change."""
        self._connections: set[_Connection] = set()
        self._refuses = False
        self._ends = False
        self._delay = 0.0
        self._stalled: set[Direction] = set()
        self._traps: list[Trap] = []
        self._threads = [
            threading.Thread(target=self._accept, args=(each,), daemon=True)
            for each in (self._tcp, self._unix)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._state:
            self._ends = True
        for each in (self._tcp, self._unix):
            # wakes the thread that accepts
            with socket.socket(each.family) as waking, suppress(OSError):
                waking.connect(each.getsockname())
        self.drop()
        while self._threads:
            self._threads.pop().join()
        self._tcp.close()
        self._unix.close()
        self._folder.cleanup()

    def url(self, database: str, user: str = OWNER, **options: str) -> str:
        """Return the URL of a database, through the proxy's Unix socket."""
        return database_url(database, self._folder.name, _PORT, user, **options)

    def tcp_url(self, database: str, user: str = OWNER, **options: str) -> str:
        """Return the URL of a database, through TCP and without TLS."""
        port = self._tcp.getsockname()[1]
        return database_url(database, "127.0.0.1", port, user, **options)

    def connections(self) -> int:
        """Return how many connections are open."""
        with self._state:
            return len(self._connections)

    def drop(self) -> None:
        """Drop all connections; new ones are accepted."""
        with self._state:
            for connection in self._connections:
                connection.drop()
            self._connections.clear()
            self._state.notify_all()

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Drop all connections, and accept none inside the block."""
        with self._state:
            self._refuses = True
        self.drop()
        try:
            yield
        finally:
            with self._state:
                self._refuses = False

    @contextmanager
    def stalled(self, *directions: Direction) -> Iterator[None]:
        """Forward nothing inside the block, not even an end; what was held is forwarded after it.

        Args:
            directions: which way; by default both.
        """
        chosen = directions or tuple(Direction)
        with self._state:
            self._stalled.update(chosen)
        try:
            yield
        finally:
            with self._state:
                self._stalled.difference_update(chosen)
                self._state.notify_all()

    @contextmanager
    def delayed(self, seconds: float) -> Iterator[None]:
        """Wait inside the block before each forwarding, in each direction."""
        self._delay = seconds
        try:
            yield
        finally:
            self._delay = 0.0

    def drop_at(
        self, wanted: bytes, when: When, direction: Direction = Direction.TO_SERVER
    ) -> Trap:
        """Drop the next connection on which given bytes pass.

        Args:
            wanted: the bytes, such as `b"COMMIT"`.
            when: BEFORE: neither they nor what comes with them is forwarded. AFTER: they are, and
                if they go to the server, no byte of its answer is.
            direction: the way that they go.
        """
        trap = Trap(wanted, when, direction)
        with self._state:
            self._traps.append(trap)
        return trap

    def _accept(self, listening: socket.socket) -> None:
        while True:
            client, _ = listening.accept()
            server = socket.socket(socket.AF_UNIX)
            connection = _Connection(client, server)
            with self._state:
                try:
                    if self._ends or self._refuses:
                        raise ConnectionRefusedError
                    server.connect(str(self._server.socket))
                except OSError:
                    client.close()
                    server.close()
                    if self._ends:
                        return
                    continue
                self._connections.add(connection)
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.insert(0, thread)
                thread.start()

    def _serve(self, connection: _Connection) -> None:
        answers = threading.Thread(
            target=self._forward,
            args=(connection, connection.server, connection.client, Direction.TO_CLIENT),
            daemon=True,
        )
        answers.start()
        self._forward(connection, connection.client, connection.server, Direction.TO_SERVER)
        answers.join()
        connection.client.close()
        connection.server.close()

    def _forward(
        self,
        connection: _Connection,
        source: socket.socket,
        target: socket.socket,
        direction: Direction,
    ) -> None:
        """Forward one direction of a connection until its end."""
        before = b""
        trap: Trap | None = None
        with suppress(OSError):
            while trap is None and (read := source.recv(_CHUNK)):
                time.sleep(self._delay)
                with self._state:
                    self._wait_while_stalled(connection, direction)
                    trap = self._sprung(before, read, direction)
                    if trap and direction is Direction.TO_SERVER:
                        connection.has_answers = False
                    if direction is Direction.TO_CLIENT and not connection.has_answers:
                        break
                # without the lock, as the other side may not read now
                if trap is None or trap.when is When.AFTER:
                    target.sendall(read)
                before = (before + read)[-_LONGEST:]
        with self._state:
            if trap is None and connection.has_answers:
                self._wait_while_stalled(connection, direction)
            if trap or connection.has_answers:
                connection.drop()
                self._connections.discard(connection)
                self._state.notify_all()
        if trap:
            trap.sprung.set()

    def _wait_while_stalled(self, connection: _Connection, direction: Direction) -> None:
        self._state.wait_for(lambda: connection.is_dropped or direction not in self._stalled)

    def _sprung(self, before: bytes, read: bytes, direction: Direction) -> Trap | None:
        """Return the trap for bytes that end in those read, and remove it; None if there is none.

        Args:
            before: the bytes that passed before.
            read: the new ones.
            direction: the way that they go.
        """
        for trap in self._traps:
            begin = max(0, len(before) - len(trap.wanted) + 1)
            if trap.direction is direction and trap.wanted in (before + read)[begin:]:
                self._traps.remove(trap)
                return trap
        return None
