"""Connections to a PostgreSQL server: a few that are reused, and made again when they are lost."""

import random
import re
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, NamedTuple, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.errors import StoreDisconnected, StoreError
from qm_tui.store.postgres.citus import error_of_node
from qm_tui.store.postgres.derived import DERIVED_VERSION
from qm_tui.store.postgres.migrations import SCHEMA_VERSION
from qm_tui.store.postgres.server.location import ServerLocation
from qm_tui.text import sanitize

Row = tuple[Any, ...]
Errors = tuple[type[psycopg.Error], ...]
Result = TypeVar("Result")

_WAIT: Final = 0.02
"""Seconds between two calls of `rest` while the server works."""

_CANCEL: Final = 5.0
"""Seconds that the server gets to cancel a statement; then the connection is closed."""

_FIRST_DELAY, _LONGEST_DELAY = 0.5, 15.0
"""Seconds until the first and until each later attempt to connect again."""

_NEVER: Final = 10**9
"""Executions before a statement is prepared without being asked for."""

_IDLE: Final = 2
"""Connections that stay open while they are not used."""

_CONNECT_FIX: Final = "Check the URL, the server and the role, and try again."

_TLS: Final = re.compile("SSL|certificate")
_TLS_FIX: Final = (
    "Over TCP, the server must have a certificate that this host trusts (sslmode=verify-full), "
    "unless the URL has another sslmode."
)

_SETTINGS: Final = (
    # a plan for each statement's values: a plan for any values once took 15 s instead of 1 s
    "SET plan_cache_mode = force_custom_plan",
    # compiling takes longer than most answers
    "SET jit = off",
    # values that several users share are found in memory
    "SET work_mem = '32MB'",
    # no object of another schema can take the place of one of ours
    "SET search_path = pg_catalog",
    # a program that hangs must not keep rows locked
    "SET idle_in_transaction_session_timeout = '10min'",
    # nor one on a dead line: the server notices it as early as the program does
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 3",
    # for Citus; other servers take any name with a dot. What a transaction sets holds on all nodes
    "SET citus.propagate_set_commands = 'local'",
    # and no writer waits for another one that changes other users
    "SET citus.all_modifications_commutative = on",
)


class Rights(NamedTuple):
    """What a session may do, and how the store is set up.

    Attributes:
        name_order: the name of the order of names.
        may_write: whether it may change users.
        sees_secrets: whether it may read passwords and salts.
        is_read_only: whether the server takes no changes at all, as a standby.
        knows_letters: whether its trigram index knows letters beyond ASCII.
        is_distributed: whether the tables are on several nodes of Citus.
    """

    name_order: str
    may_write: bool
    sees_secrets: bool
    is_read_only: bool
    knows_letters: bool
    is_distributed: bool


class ServerConnection(psycopg.Connection[Row]):
    """A connection that calls a function while it waits.

    Attributes:
        rest: called about every 20 milliseconds while the server works. If it raises an exception,
            the statement is canceled on the server, and the exception ends the question.
        process: the process of the server that it is connected to.
    """

    rest: YieldControl = staticmethod(no_rest)

    def wait(self, gen: Any, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - as in psycopg
        """Wait for the server."""
        if self.rest is no_rest:
            return super().wait(gen, *more, **named)
        try:
            return super().wait(_resting(gen, self.rest), _WAIT)
        except psycopg.Error:
            raise
        except BaseException:
            self._cancel(gen)
            raise

    def _cancel(self, gen: Any) -> None:  # noqa: ANN401 - as in psycopg
        """Cancel the statement that runs, so that the connection can be used again."""
        if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
            return
        try:
            self.cancel_safe(timeout=_CANCEL)
            super().wait(gen)
        except pg.QueryCanceled:
            pass
        except Exception:  # its state is unknown
            self.close()


def _resting(gen: Generator[Any, Any, Result], rest: YieldControl) -> Generator[Any, Any, Result]:
    """Run what psycopg runs, and rest each time it only waits."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready:
                rest()
            wanted = gen.send(ready)
    except StopIteration as end:
        answer: Result = end.value
        return answer


class Server:
    """The connections to a server. Several threads may use it.

    Args:
        location: where it is.
    """

    def __init__(self, location: ServerLocation) -> None:
        self._location, self._lock = location, Lock()
        self._idle: list[ServerConnection] = []
        self._was_connected = False
        self._delay = self._retry_at = 0.0
        self._failure = ""
        self._rights: Rights | None = None

    @property
    def shown(self) -> str:
        """Where it is, for display."""
        return self._location.shown

    @property
    def failure(self) -> str:
        """Why it cannot be reached at the moment, without a full stop; empty if it can."""
        return self._failure

    @property
    def rights(self) -> Rights:
        """What the sessions may do.

        Raises:
            StoreError: it cannot be reached, or there is no store of this version.
        """
        if self._rights is None:
            with self.connection():
                pass
        assert self._rights is not None  # noqa: S101 - each new connection sets them
        return self._rights

    @property
    def seconds_until_retry(self) -> float:
        """The seconds until it is tried again to connect; 0 if it is connected."""
        return max(0.0, self._retry_at - time.monotonic()) if self._failure else 0.0

    @contextmanager
    def connection(
        self, rest: YieldControl = no_rest, passed: Errors = ()
    ) -> Iterator[ServerConnection]:
        """Use a connection, outside of any transaction.

        Args:
            rest: called about every 20 milliseconds while the server works.
            passed: the errors of the server that the caller handles.

        Raises:
            StoreDisconnected: the server cannot be reached.
            StoreError: the server refuses what is asked.
        """
        rest()
        connection = self._taken()
        connection.rest = rest
        try:
            with translated_errors(connection, self.shown, passed):
                yield connection
        except StoreDisconnected as error:
            self._lost(str(error))
            raise
        finally:
            connection.rest = no_rest
            self._give_back(connection)

    def close(self) -> None:
        """Close all connections that are not used."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _taken(self) -> ServerConnection:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not connection.closed:
                    return connection
            if self._failure and time.monotonic() < self._retry_at:
                raise StoreDisconnected(self._failure)
        return self._connect()

    def _connect(self) -> ServerConnection:
        connection: ServerConnection | None = None
        is_ready = False
        try:
            connection = ServerConnection.connect(
                **self._location.conninfo, autocommit=True, prepare_threshold=_NEVER
            )
            connection.execute("; ".join(_SETTINGS))
            self._rights = _rights_of(connection, self.shown)
            is_ready = True
        except psycopg.OperationalError as error:
            reason = f"Cannot connect to {self.shown}: {reason_of(error)}."
            if not self._was_connected:
                fix = _TLS_FIX if _TLS.search(reason_of(error)) else _CONNECT_FIX
                raise StoreError(f"{reason} {fix}") from error
            self._lost(f"{reason} Nothing was changed. The connection is tried again.")
            raise StoreDisconnected(self._failure) from error
        except psycopg.Error as error:
            raise StoreError(f"Cannot use {self.shown}: {reason_of(error)}.") from error
        finally:
            if connection is not None and not is_ready:
                connection.close()
        with self._lock:
            self._was_connected, self._failure, self._delay = True, "", 0.0
        return connection

    def _lost(self, failure: str) -> None:
        with self._lock:
            idle, self._idle = self._idle, []  # they are lost, too
            self._failure = failure
            self._delay = min(max(self._delay * 2, _FIRST_DELAY), _LONGEST_DELAY)
            # so that a hundred programs do not connect in the same moment
            share = random.uniform(0.5, 1.0)  # noqa: S311 - nothing to guess
            self._retry_at = time.monotonic() + self._delay * share
        for connection in idle:
            connection.close()

    def _give_back(self, connection: ServerConnection) -> None:
        if not connection.closed:
            try:
                if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                    connection.rollback()
            except psycopg.Error:
                connection.close()
        with self._lock:
            if not connection.closed and len(self._idle) < _IDLE:
                self._idle.append(connection)
                return
        connection.close()


def _rights_of(connection: ServerConnection, shown: str) -> Rights:
    """Return what a session may do.

    Raises:
        StoreError: the database holds no store, or one of another version.
    """
    try:
        row = connection.execute(
            "SELECT schema_version, derived_version, name_order,"
            " has_table_privilege('qm_tui.users', 'INSERT'),"
            " has_column_privilege('qm_tui.users', 'password', 'SELECT'),"
            " current_setting('transaction_read_only')::boolean,"
            " (SELECT datctype NOT IN ('C', 'POSIX') FROM pg_database"
            " WHERE datname = current_database()),"
            " EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')"
            " FROM qm_tui.store"
        ).fetchone()
    except (pg.UndefinedTable, pg.InvalidSchemaName, pg.InsufficientPrivilege) as error:
        if isinstance(error, pg.InsufficientPrivilege):
            raise StoreError(
                f"Your role may not use the store in {shown}. Ask its owner for the role "
                "qm_tui_viewer or qm_tui_admin."
            ) from error
        raise StoreError(
            f"There is no store in {shown}. Run qm-tui init as the owner of the database."
        ) from error
    if row is None:
        raise StoreError(f"The store in {shown} is incomplete. Run qm-tui init on a new database.")
    schema_version, derived_version, *rights = row
    if (schema_version, derived_version) > (SCHEMA_VERSION, DERIVED_VERSION):
        raise StoreError(
            f"The store in {shown} was made by a newer version of qm-tui. Install that version."
        )
    if (schema_version, derived_version) != (SCHEMA_VERSION, DERIVED_VERSION):
        raise StoreError(
            f"The store in {shown} was made by an older version of qm-tui. "
            "Run qm-tui migrate as its owner."
        )
    return Rights(*rights)


@contextmanager
def translated_errors(
    connection: psycopg.Connection[Any], shown: str, passed: Errors = ()
) -> Iterator[None]:
    """Turn errors of the server into those of a store.

    Args:
        connection: the connection that is used.
        shown: where the server is.
        passed: the errors that are passed on.
    """
    try:
        yield
    except passed:
        raise
    except pg.InsufficientPrivilege as error:
        raise StoreError(
            f"Your role may not do this in {shown}: {reason_of(error)}. Nothing was changed. "
            "Ask the owner of the store."
        ) from error
    except psycopg.Error as error:
        if isinstance(known := error_of_node(error), passed):
            raise known from error
        # a server may end a statement without the connection, for example if its disk is full
        is_local = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        if connection.closed or (is_local and error.sqlstate is None):
            raise StoreDisconnected(
                f"The connection to {shown} was lost: {reason_of(error)}. Nothing was changed. "
                "The connection is tried again."
            ) from error
        raise StoreError(
            f"{shown} reported an error: {reason_of(error)}. Nothing was changed."
        ) from error


def reason_of(error: psycopg.Error) -> str:
    """Return what the server or the library says, in one line without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # a failed connection: the first line has the reason, after the address that is shown already
    failed = next((line.rpartition(" failed: ")[2] for line in lines if " failed: " in line), "")
    text = error.diag.message_primary or failed or (lines[0] if lines else "no reason given")
    text = text.removeprefix("connection is bad: ").removeprefix("FATAL: ").strip()
    return sanitize(text, 300).rstrip(".")


def run(
    connection: ServerConnection,
    statement: str,
    values: Sequence[object] | Mapping[str, object] = (),
    *,
    prepared: bool = False,
) -> psycopg.Cursor[Row]:
    """Execute a statement. Values are always parameters, so that none can be taken for SQL.

    Args:
        connection: the connection.
        statement: the statement.
        values: its values.
        prepared: whether the server keeps the parsed statement for the next time.
    """
    return connection.execute(statement.encode(), values or None, prepare=prepared)
