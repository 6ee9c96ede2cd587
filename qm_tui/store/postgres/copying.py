"""Copying a whole store from or to a server: read in one transaction, and written in one.

The IDs of copied transactions are their numbers. Users have the numbers from 0 in `seq`: those that
are added later come after them.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Final

import psycopg

from qm_tui.progress import (
    CHUNK_SIZE,
    Phase,
    ProgressCallback,
    YieldControl,
    ignore_progress,
    no_rest,
)
from qm_tui.store.errors import CommitOutcomeUnknown, StoreBusy, StoreError, StoreReadOnly
from qm_tui.store.interface import (
    CopiedParts,
    Copier,
    StoreContents,
    TransactionSummary,
    UserChange,
)
from qm_tui.store.postgres.derived import COLUMNS, Deriver
from qm_tui.store.postgres.history import CHANGE, HIDDEN_CHANGE, SUMMARY, change_of, summary_of
from qm_tui.store.postgres.server.connection import Row, Server, ServerConnection, run
from qm_tui.store.postgres.writing import MAX_KEY, PASSED, POSITIONS, limit_waits
from qm_tui.text import listed, pluralize, sanitize
from qm_tui.users.fields import FIELD, FIELDS, KEYS, SECRETS, User
from qm_tui.users.identity import normalize_user_name

_MOST_SHOWN: Final = 5
"""The users that a message names at most."""

_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""A character in JSON that the server cannot hold."""

_USERS: Final = ("seq", "version", *KEYS, *COLUMNS, "extra")
_TRANSACTIONS: Final = (
    *("id", "number", "version", "committed_at", "session_role", "login", "address", "kind"),
    *("subject", "details", "digest", "token", "added", "changed", "deleted", "is_available"),
)
_CHANGES: Final = (
    *("transaction", "position", "user_id", "before", "after"),
    *("secrets_before", "secrets_after"),
)

_NOTHING_COPIED: Final = "Nothing was copied."


class PostgresCopier(Copier):
    """Reads or fills a store on a server.

    Args:
        server: the server.
        wait: the seconds to wait for another writer.
        read_only_reason: returns why the store cannot be changed; empty if it can.
    """

    def __init__(self, server: Server, wait: float, read_only_reason: Callable[[], str]) -> None:
        self._server, self._wait, self._read_only_reason = server, wait, read_only_reason

    @contextmanager
    def contents(self, rest: YieldControl = no_rest) -> Iterator["PostgresContents"]:
        """Yield what the store holds now, in one transaction of the server."""
        if not self._server.rights.sees_secrets:
            raise StoreError(
                f"Your role may not read the passwords in {self._server.shown}. {_NOTHING_COPIED} "
                "Ask the owner of the store."
            )
        with (
            self._server.connection(rest) as connection,
            connection.transaction(force_rollback=True),
        ):
            run(connection, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            _set_patient(connection)
            yield PostgresContents(connection, self._server.shown)

    def fill(
        self, contents: StoreContents, progress: ProgressCallback = ignore_progress
    ) -> CopiedParts:
        """Write all in one transaction of the server."""
        shown = self._server.shown
        if reason := self._read_only_reason():
            raise StoreReadOnly(f"{reason} {_NOTHING_COPIED}")
        _check_users(contents, progress)
        try:
            with self._server.connection(passed=PASSED) as connection:
                _Filling(connection, contents, progress).fill(self._server, self._wait)
                connection.rest = no_rest  # from here on, it cannot be canceled
                try:
                    run(connection, "COMMIT")
                except psycopg.OperationalError as error:
                    if error.sqlstate is not None and not connection.closed:
                        raise  # the server rolled it back, and said so
                    raise CommitOutcomeUnknown(
                        f"The connection to {shown} was lost while the copy was being saved. It "
                        "may not have been saved. If the store has no users when the server is "
                        "back, copy again."
                    ) from error
        except PASSED as error:
            raise StoreBusy(
                f"Another program is writing to {shown}. {_NOTHING_COPIED} Use a new store."
            ) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"A transaction of {contents.location} contains a value that is not valid Unicode. "
                f"{_NOTHING_COPIED} Copy it to a store in a file."
            ) from error
        names = [sanitize(name, 60) for name in json.loads(contents.other_tables or "{}")]
        lost = f"Tables of other programs were not copied: {listed(names)}." if names else ""
        return CopiedParts(1, [lost] if lost else [])


class PostgresContents(StoreContents):
    """What a store on a server holds, as the open transaction of a connection sees it.

    Args:
        connection: the connection.
        location: where it is, for display.
    """

    def __init__(self, connection: ServerConnection, location: str) -> None:
        self._connection, self.location = connection, location
        ((self.number, self.total),) = run(
            connection, "SELECT number, total FROM qm_tui.head"
        ).fetchall()
        self.names_in_use: Mapping[str, Sequence[str]] = {}
        self.other_tables = ""

    def users(self) -> Iterator[Sequence[tuple[User, str]]]:
        """Yield all users."""
        statement = f"SELECT {', '.join(KEYS)}, extra::text FROM qm_tui.users ORDER BY seq"
        for rows in self._batches(statement):
            yield [(User(*values), extra or "") for *values, extra in rows]

    def transactions(self) -> Iterator[TransactionSummary]:
        """Yield all transactions."""
        statement = f"SELECT {SUMMARY} FROM qm_tui.transactions t ORDER BY t.number"
        for rows in self._batches(statement):
            yield from map(summary_of, rows)

    def changes(self, first: int) -> Iterator[tuple[int, Sequence[UserChange]]]:
        """Yield what transactions did."""
        statement = (
            f"SELECT t.number, {CHANGE}, {HIDDEN_CHANGE} FROM qm_tui.transactions t"
            " JOIN qm_tui.changes c ON c.transaction = t.id"
            " WHERE t.number >= %s AND t.is_available ORDER BY t.number, c.position, c.user_id"
        )
        for rows in self._batches(statement, (first,)):
            for number, group in groupby(rows, itemgetter(0)):
                yield number, [change_of(row[1:]) for row in group]

    def _batches(self, statement: str, values: Sequence[object] = ()) -> Iterator[list[Row]]:
        with self._connection.cursor("contents") as cursor:
            cursor.execute(statement.encode(), values or None)
            while rows := cursor.fetchmany(CHUNK_SIZE):
                yield rows


class _Filling:
    """Fills a store, up to the commit.

    Args:
        connection: the connection.
        contents: what is written.
        progress: the progress; if it raises an exception, the server cancels what it does.
    """

    def __init__(
        self, connection: ServerConnection, contents: StoreContents, progress: ProgressCallback
    ) -> None:
        self._connection, self._contents, self._progress = connection, contents, progress
        self._done, self._total = 0, contents.total
        self._version = 0

    def fill(self, server: Server, wait: float) -> None:
        """Write all.

        Raises:
            StoreError: the store is not new.
        """
        do, number = partial(run, self._connection), self._contents.number
        do("BEGIN")
        _set_patient(self._connection)
        limit_waits(self._connection, wait)
        head = do("SELECT number, total FROM qm_tui.head FOR UPDATE").fetchall()
        if head != [(0, 0)]:
            raise StoreError(
                f"The store {server.shown} already has users or transactions. {_NOTHING_COPIED} "
                "Use a new database, and run qm-tui init."
            )
        # new users come after the copied ones
        last_id = max(number, self._contents.total >> POSITIONS)
        do("SELECT setval('qm_tui.transaction_ids', %s, %s)", (max(1, last_id), last_id > 0))
        self._copy("transactions", _TRANSACTIONS, self._transactions())
        self._copy("users", _USERS, self._users(Deriver(server.rights.name_order)))
        users = self._done
        do("INSERT INTO qm_tui.names (name, user_id) SELECT name, user_id FROM qm_tui.users")
        self._copy("changes", _CHANGES, self._changes())
        if users and not self._version:
            self._version = _random_version()
        do(
            "UPDATE qm_tui.head SET number = %s, version = %s, total = %s",
            (number, self._version, users),
        )
        do("ANALYZE qm_tui.users, qm_tui.names, qm_tui.transactions, qm_tui.changes")

    def _copy(self, table: str, columns: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
        statement = f"COPY qm_tui.{table} ({', '.join(columns)}) FROM STDIN"
        with self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def _advance(self, number: int) -> None:
        tick = partial(self._progress, Phase.COPYING, min(self._done, self._total), self._total)
        self._connection.rest = tick
        tick()
        self._done += number

    def _transactions(self) -> Iterator[Sequence[object]]:
        for one in self._contents.transactions():
            if one.is_available:
                self._total += one.users
            self._version = _random_version()
            yield (
                *(one.number, one.number, self._version, one.time, one.login, one.login),
                *(one.address, *one.action, one.added, one.changed, one.deleted),
                one.is_available,
            )

    def _users(self, deriver: Deriver) -> Iterator[Sequence[object]]:
        for users in self._contents.users():
            place = self._done
            self._advance(len(users))
            derived = deriver.derive([user for user, _ in users])
            for (user, extra), more in zip(users, derived, strict=True):
                yield (place, self._contents.number, *user, *more, extra or None)
                place += 1

    def _changes(self) -> Iterator[Sequence[object]]:
        last = place = 0
        for number, changes in self._contents.changes(1):
            self._advance(len(changes))
            if number != last:
                last, place = number, 0
            for user_id, before, after in changes:
                secrets_before, secrets_after = _secrets(before), _secrets(after)
                yield (
                    *(number, place, user_id, _values(before), _values(after)),
                    *(secrets_before, secrets_after),
                )
                place += 1


def _values(values: Mapping[str, str] | None) -> list[str | None] | None:
    """Return the array of values, without secrets, as `changes` has it."""
    if values is None:
        return None
    return [
        "" if field.is_secret and field.key in values else values.get(field.key) for field in FIELDS
    ]


def _secrets(values: Mapping[str, str] | None) -> list[str | None] | None:
    return None if values is None else [values.get(field.key) for field in SECRETS]


def _random_version() -> int:
    return secrets.randbits(62) + 1


def _set_patient(connection: ServerConnection) -> None:
    """Let the server wait while the other store is read or written."""
    run(connection, "SET LOCAL idle_in_transaction_session_timeout = 0")


def _check_users(contents: StoreContents, progress: ProgressCallback) -> None:
    """Check that a server can hold all users.

    Raises:
        StoreError: it cannot.
    """
    unfit: list[str] = []
    same: dict[str, list[str]] = {name: [] for name in contents.names_in_use}
    done = 0
    for users in contents.users():
        progress(Phase.CHECKING, done, contents.total)
        done += len(users)
        for user, extra in users:
            user_id = sanitize(user.user_id, 60)
            if why := _why_unfit(user, extra):
                unfit.append(f"{user_id} ({why})")
            name = normalize_user_name(user.user_name) if same else ""
            if name in same:
                same[name].append(user_id)
    if same:
        names = [f"'{sanitize(name, 60)}' ({listed(user_ids)})" for name, user_ids in same.items()]
        raise StoreError(
            "In a PostgreSQL store, each User Name belongs to one user. Several users have the "
            f"same: {_first(names, 'User Name')}. {_NOTHING_COPIED} Change their User Names."
        )
    if unfit:
        raise StoreError(
            "A PostgreSQL store cannot hold these users: "
            f"{_first(unfit, 'user')}. {_NOTHING_COPIED} Change them."
        )


def _first(texts: Sequence[str], noun: str) -> str:
    shown, more = ", ".join(texts[:_MOST_SHOWN]), len(texts) - _MOST_SHOWN
    return f"{shown} (and {pluralize(more, f'more {noun}')})" if more > 0 else shown


def _why_unfit(user: User, extra: str) -> str:
    """Return why a server cannot hold a user; empty if it can."""
    text = "".join(user)
    if extra:
        members = json.dumps(json.loads(extra), ensure_ascii=False)
        text += "\0" if _NUL.search(members) else members
    if "\0" in text:
        return "contains a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains a value that is not valid Unicode"
    for key in ("user_id", "user_name"):
        if len(getattr(user, key).encode()) > MAX_KEY:
            return f"{FIELD[key].name} is too long, maximum {MAX_KEY:,} bytes"
    return ""
