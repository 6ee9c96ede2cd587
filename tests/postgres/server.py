"""A PostgreSQL server in a folder of its own, which ends with the tests."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, LiteralString
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from tests.postgres import watchdog
from tests.postgres.programs import EMBEDDED

OWNER: Final = "qm_owner"
"""The role that owns the databases of the tests; it may do nothing else."""

ADMIN: Final = "postgres"
"""The superuser."""

_PATIENCE: Final = 60.0
"""The seconds that a server has for its start and for its stop; recovery may take a while."""

_MOST_STARTS: Final = 50

_UNPRIVILEGED: Final = "nobody"
"""The user of the operating system that runs the server if the tests run as root."""

_numbers = itertools.count(1)


class ServerFailed(Exception):
    """The server did not start; the message has its log."""


class ServerAddress:
    """A server that runs, in this process or another one."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        """The folder of its Unix socket."""
        self.port = port
        """The port on 127.0.0.1, which is in the name of the Unix socket too."""

    @property
    def socket(self) -> Path:
        """Its Unix socket."""
        return self.folder / f".s.PGSQL.{self.port}"

    def url(self, database: str, user: str = OWNER, **options: str) -> str:
        """Return the URL of a database, through the Unix socket.

        Args:
            database: its name.
            user: the role.
            options: further parameters of libpq, such as `application_name`.
        """
        return database_url(database, str(self.folder), self.port, user, **options)

    def tcp_url(self, database: str, user: str = OWNER, **options: str) -> str:
        """Return the URL of a database, through TCP and without TLS."""
        return database_url(database, "127.0.0.1", self.port, user, **options)

    def admin_url(self, database: str = "postgres") -> str:
        """Return the URL of a database for the superuser."""
        return self.url(database, ADMIN)

    def create_database(
        self, template: str = "template0", owner: str = OWNER, name: str = ""
    ) -> str:
        """Create a database, and return its name.

        Args:
            template: the database that is copied; by default the new database is empty.
            owner: the role that owns it.
            name: its name; by default one that no other test uses.
        """
        name = name or f"t_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{next(_numbers)}"
        self._admin(
            "CREATE DATABASE {} TEMPLATE {} OWNER {}",
            *map(sql.Identifier, (name, template, owner)),
        )
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, also if it is in use."""
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", sql.Identifier(name))

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """Create a database, yield its name, and drop it."""
        name = self.create_database(template)
        try:
            yield name
        finally:
            self.drop_database(name)

    def _admin(self, statement: LiteralString, *names: sql.Identifier) -> None:
        with psycopg.connect(self.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*names))


def database_url(database: str, host: str, port: int, user: str, **options: str) -> str:
    """Return the URL of a database; the host may be the folder of a Unix socket."""
    parts = {"host": host, "port": str(port), "user": user, **options}
    return f"postgresql:///{quote(database)}?{urlencode(parts, safe='/')}"


class Server(ServerAddress):
    """A server that this process starts, and may kill and start again.

    Its folder and its data are made at once, and exist until `remove`, or until the process that it
    is for has ended.
    """

    def __init__(self, programs: Path, *, until: int | None = None, fsync: bool = True) -> None:
        """Create the server's folder.

        Args:
            programs: the folder with `initdb` and `postgres`.
            until: the process with whose end the server ends; by default this one.
            fsync: whether commits wait for the disk. Without, a killed server loses nothing either,
                but a killed machine would.
        """
        # the path of a Unix socket has at most 107 bytes, which a folder of pytest may exceed
        super().__init__(Path(tempfile.mkdtemp(dir="/tmp", prefix="qm-pg-")), 0)
        self._data = self.folder / "data"
        self._log = self.folder / "log"
        self._programs = programs
        self._fsync = fsync
        self._has_owner = False
        self._process: subprocess.Popen[bytes] | None = None
        # without site packages no coverage is measured, which would be written after the run
        arguments = [sys.executable, "-I", "-S", watchdog.__file__]
        self._watchdog = subprocess.Popen(
            [*arguments, str(until or os.getpid()), str(self.folder)],
            cwd="/",
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._initialize()
        except BaseException:
            self.remove()
            raise

    def _initialize(self) -> None:
        self._log.touch()
        if os.geteuid() == 0:
            for path in (self.folder, self._log):
                shutil.chown(path, _UNPRIVILEGED)
            self.folder.chmod(0o755)
            self._copy_programs_if_private()
        arguments = (
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "--lc-ctype=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        )
        process = self._run("initdb", "-D", str(self._data), "-U", ADMIN, *arguments)
        if process.wait():
            raise ServerFailed(self.log())

    def _copy_programs_if_private(self) -> None:
        """Copy the server's package if the server's user may not read it, as in a home of root."""
        try:
            self._run("postgres", "--version").wait()
        except PermissionError:
            site = self._programs.parents[2]
            if EMBEDDED not in self._programs.parts:
                raise
            for package in site.glob(f"{EMBEDDED}*"):
                shutil.copytree(package, self.folder / "programs" / package.name)
            self._programs = self.folder / "programs" / self._programs.relative_to(site)

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of the programs as the server's user, and return its process."""
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            as_user = {"user": _UNPRIVILEGED, "extra_groups": []}
        others = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [self._programs / program, *arguments],
                cwd=self.folder,
                env=others | {"LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C ends the tests, and these end it
                **as_user,
            )

    def log(self) -> str:
        """Return what the server has logged since its creation."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """The main process of the server, which runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server, also after `kill`, and wait until it accepts connections.

        Raises:
            ServerFailed: if it does not start.
        """
        until = time.monotonic() + _PATIENCE
        starts = 0
        while time.monotonic() < until and starts < _MOST_STARTS:
            if self._process is None or self._process.poll() is not None:
                # the processes of a killed server may still hold its memory
                starts += 1
                if not self._has_owner:
                    # another process may have taken the port that was free before
                    self.port = _free_port()
                self._process = self._run("postgres", *self._arguments())
            with suppress(psycopg.OperationalError):
                with psycopg.connect(self.admin_url(), connect_timeout=10) as connection:
                    if not self._has_owner:
                        role = sql.Identifier(OWNER)
                        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
                self._has_owner = True
                return
            time.sleep(0.05)
        raise ServerFailed(self.log())

    def _arguments(self) -> list[str]:
        settings = {
            "unix_socket_directories": self.folder,
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "max_connections": 300,
            "fsync": "on" if self._fsync else "off",
        }
        return ["-D", str(self._data), *(f"--{name}={value}" for name, value in settings.items())]

    def kill(self) -> None:
        """Kill all processes of the server with SIGKILL, and wait for the end of the main one."""
        children = _children(self.pid)
        for pid in (self.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._end()

    def is_settled(self) -> bool:
        """Whether it has finished all transactions that were prepared for a commit.

        Those of nodes of Citus may be left when a node is killed, until the coordinator ends them.
        """
        with psycopg.connect(self.admin_url()) as connection:
            return not connection.execute("SELECT FROM pg_prepared_xacts").rowcount

    def stop(self) -> None:
        """Stop the server as at a restart: it rolls back what is open, and closes connections."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)
        self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait(_PATIENCE)
        self._process = None

    def remove(self) -> None:
        """Kill the server if it runs, and remove its folder."""
        if self._process is not None:
            self.kill()
        self._watchdog.kill()
        self._watchdog.wait()
        watchdog.end_server(self.folder)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _children(parent: int) -> list[int]:
    """Return the processes that a process has started; none where there is no /proc."""
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # the name, in parentheses, may contain anything
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                children.append(int(path.parent.name))
    return children
