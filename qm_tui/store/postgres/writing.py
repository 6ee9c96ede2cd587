"""How a transaction is written to a server: all of it or nothing, in one transaction there.

1. What the users will be is copied into `staged`.
2. What changes is recorded in `changes`, with the version of each row that is replaced.
3. If other transactions were committed since this one began, none of them may have changed the same
   users. Then names and users are written; a row of another version is not, which is noticed.
4. The last statement locks the row of `head` and draws the number. So numbers have no gaps and are
   in the order of the commits, and no writer waits for another one until here.
"""

import random
import secrets
import time
from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

import psycopg
from psycopg import errors as pg

from qm_tui.progress import Phase, ProgressCallback, in_chunks, no_rest
from qm_tui.store.errors import (
    CommitOutcomeUnknown,
    StoreBusy,
    StoreConflict,
    StoreError,
)
from qm_tui.store.interface import Action
from qm_tui.store.origin import current_origin
from qm_tui.store.postgres.connection import Server, ServerConnection, run
from qm_tui.store.postgres.derived import COLUMNS, Deriver
from qm_tui.store.postgres.state import Head
from qm_tui.store.state import Changes
from qm_tui.users.fields import FIELDS, KEYS, SECRETS, User

_ATTEMPTS: Final = 6
"""Attempts of a transaction that the server ended because of others."""

_ENDED_BY_OTHERS: Final = (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)
"""Errors with which the server rolls a transaction back because of others."""

_PASSED: Final = (*_ENDED_BY_OTHERS, pg.UniqueViolation)

_FIRST_PAUSE: Final = 0.02
"""Seconds before the second attempt; twice as many before each later one."""

_ASKING: Final = 60.0
"""Seconds to ask whether a change was saved whose connection was lost at the last moment."""

_ASK_PAUSE: Final = 0.1
"""Seconds between two questions, in addition to those until the server is tried again."""

_POSITIONS: Final = 24
"""Bits of the position of a new user within its transaction, in `users.seq`."""

_MAX_KEY: Final = 2000
"""The bytes of a User ID or a User Name that an index of the server takes for sure."""

_FEW: Final = 5000
"""Users whose rows may be looked up one by one. For more, tables are joined as a whole: the server
does not know how many rows were copied, and might look up each of them in all others."""

_FOR_FEW: Final = ("enable_nestloop = on", "work_mem = '4MB'")
_FOR_MANY: Final = ("enable_nestloop = off", "work_mem = '64MB'")
"""Whether rows are looked up one by one, and the memory to join tables."""

_COPIED, _RECORDED, _NAMED, _WRITTEN = 0.35, 0.5, 0.55, 0.95
"""How much of the work is done after each step."""

_VALUES: Final = (*KEYS, *COLUMNS)
_STAGED: Final = ("position", "is_deleted", *_VALUES)
_COPY: Final = f"COPY qm_tui.staged ({', '.join(_STAGED)}) FROM STDIN"


def _array(parts: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(parts)}]::text[]"


def _changed(table: str) -> str:
    """Return the array of the values that change, of one of the tables `u` and `s`."""
    values = (("''" if one.is_secret else f"{table}.{one.key}", one.key) for one in FIELDS)
    return _array(f"CASE WHEN u.{key} <> s.{key} THEN {value} END" for value, key in values)


def _changed_secrets(table: str) -> str:
    keys = (field.key for field in SECRETS)
    return _array(f"CASE WHEN u.{key} <> s.{key} THEN {table}.{key} END" for key in keys)


def _whole(table: str) -> str:
    return _array("''" if field.is_secret else f"{table}.{field.key}" for field in FIELDS)


def _whole_secrets(table: str) -> str:
    return _array(f"{table}.{field.key}" for field in SECRETS)


def _by_kind(added: str, deleted: str, changed: str) -> str:
    return (
        f"CASE WHEN u.user_id IS NULL THEN {added} WHEN s.is_deleted THEN {deleted}"
        f" ELSE {changed} END"
    )


_DIFFERS: Final = " OR ".join(f"u.{key} <> s.{key}" for key in KEYS)
_RECORD: Final = f"""
INSERT INTO qm_tui.changes
    (transaction, position, user_id, previous, before, after, secrets_before, secrets_after)
SELECT %s, s.position, s.user_id, u.version,
    {_by_kind("NULL", _whole("u"), _changed("u"))},
    {_by_kind(_whole("s"), "NULL", _changed("s"))},
    {_by_kind("NULL", _whole_secrets("u"), _changed_secrets("u"))},
    {_by_kind(_whole_secrets("s"), "NULL", _changed_secrets("s"))}
FROM qm_tui.staged s LEFT JOIN qm_tui.users u ON u.user_id = s.user_id
WHERE CASE WHEN u.user_id IS NULL THEN NOT s.is_deleted ELSE s.is_deleted OR {_DIFFERS} END
"""

_COUNT: Final = """
SELECT count(*) FILTER (WHERE before IS NULL), count(*) FILTER (WHERE before IS NOT NULL
    AND after IS NOT NULL), count(*) FILTER (WHERE after IS NULL)
FROM qm_tui.changes WHERE transaction = %s
"""

_CONFLICTS: Final = """
SELECT EXISTS (SELECT 1 FROM qm_tui.changes c JOIN qm_tui.staged s ON s.user_id = c.user_id
    WHERE c.transaction = ANY(%s))
"""

_RELEASED: Final = """
SELECT u.name FROM qm_tui.users u JOIN qm_tui.staged s ON s.user_id = u.user_id
WHERE s.is_deleted OR s.name <> u.name
"""

_CLAIMED: Final = """
FROM qm_tui.staged s LEFT JOIN qm_tui.users u ON u.user_id = s.user_id
WHERE NOT s.is_deleted AND (u.user_id IS NULL OR u.name <> s.name)
"""
_CLAIM: Final = f"""
INSERT INTO qm_tui.names (name, user_id) SELECT s.name, s.user_id {_CLAIMED}
ON CONFLICT (name) DO NOTHING
"""

_UPDATE: Final = f"""
UPDATE qm_tui.users u
SET version = %s, {", ".join(f"{key} = s.{key}" for key in _VALUES if key != "user_id")}
FROM qm_tui.staged s, qm_tui.changes c
WHERE s.user_id = u.user_id AND c.user_id = u.user_id AND c.transaction = %s
    AND c.before IS NOT NULL AND c.after IS NOT NULL AND c.previous = u.version
"""

_DELETE: Final = """
DELETE FROM qm_tui.users u USING qm_tui.changes c
WHERE c.user_id = u.user_id AND c.transaction = %s AND c.after IS NULL AND c.previous = u.version
"""

_INSERT: Final = f"""
INSERT INTO qm_tui.users (seq, version, {", ".join(_VALUES)})
SELECT %s + s.position, %s, {", ".join(f"s.{key}" for key in _VALUES)}
FROM qm_tui.staged s, qm_tui.changes c
WHERE c.user_id = s.user_id AND c.transaction = %s AND c.before IS NULL
ORDER BY s.position
"""

_FINISH: Final = """
WITH moved AS (
    UPDATE qm_tui.head SET number = number + 1, version = %s, total = total + %s
    RETURNING number, version, total
), listed AS (
    INSERT INTO qm_tui.transactions (id, number, version, committed_at, login, address,
        kind, subject, details, digest, token, added, changed, deleted)
    SELECT %s, number, version, clock_timestamp(), %s, %s, %s, %s, %s, %s, %s, %s, %s, %s FROM moved
)
SELECT number, version, total FROM moved
"""


class Counts(NamedTuple):
    """How many users a transaction adds, changes and deletes."""

    added: int
    changed: int
    deleted: int


class Writer:
    """Writes transactions to a server.

    Args:
        server: the server.
        wait: the seconds to wait for another writer who has the same users.
    """

    def __init__(self, server: Server, wait: float) -> None:
        self._server, self._wait = server, wait

    def write(
        self, changes: Changes, action: Action, read: Head, progress: ProgressCallback
    ) -> Head | None:
        """Write valid changes, or nothing.

        Args:
            changes: the changes.
            action: what they are.
            read: the state on which they were planned.
            progress: the progress; if it raises an exception, the server cancels what it does.

        Returns:
            The state after it; None if nothing changes.

        Raises:
            StoreConflict: another program changed one of these users since then.
            StoreBusy: other programs are changing the same users all the time.
            StoreError: the changes could not be written; nothing was changed.
            CommitOutcomeUnknown: the connection was lost; they may not have been saved.
            ValueError: a user that does not exist would be deleted, or a User ID does not match.
        """
        for user_id, user in changes.items():
            _check_keys(user_id, user)
        pause = _FIRST_PAUSE
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(changes, action, read, progress)
            except (pg.SerializationFailure, pg.DeadlockDetected):
                time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - nothing to guess
                pause *= 2
            except pg.LockNotAvailable:
                break
            except pg.UniqueViolation as error:
                raise StoreConflict from error
        raise StoreBusy(
            "The store is busy: another admin is changing the same users. Nothing was changed. "
            "Try again."
        )

    def _attempt(
        self, changes: Changes, action: Action, read: Head, progress: ProgressCallback
    ) -> Head | None:
        version = secrets.randbits(62) + 1
        try:
            with self._server.connection(passed=_PASSED) as connection:
                writing = _Writing(connection, changes, progress)
                head = writing.write(action, read, version, self._wait)
                if head is None:
                    return None
                connection.rest = no_rest  # from here on, it cannot be canceled
                try:
                    run(connection, "COMMIT")
                except _ENDED_BY_OTHERS:
                    raise  # the server rolled it back, and said so
                except (psycopg.OperationalError, pg.InternalError_) as error:
                    raise _InDoubt from error
        except _InDoubt:
            return self._outcome(version)
        return head

    def _outcome(self, version: int) -> Head:
        """Ask whether a transaction was committed when the connection was lost.

        The server may still be working on it. It has the row of `head` locked then: who gets the
        lock afterward knows the answer.
        """
        end = time.monotonic() + _ASKING
        while True:
            try:
                found = self._find(version, max(0.0, end - time.monotonic()))
            except StoreError as error:  # also of a standby that cannot lock rows yet
                left = end - time.monotonic()
                if left <= 0:
                    raise CommitOutcomeUnknown(
                        "The connection was lost while the change was being saved. It may not have "
                        "been saved. Look at the Activity page when the server is back."
                    ) from error
                time.sleep(min(left, self._server.seconds_until_retry + _ASK_PAUSE))
            else:
                if found is not None:
                    return found
                raise StoreError(
                    "The connection was lost before the change was saved. Nothing was changed. "
                    "Try again."
                )

    def _find(self, version: int, wait: float) -> Head | None:
        with self._server.connection() as connection, connection.transaction():
            _limit_waits(connection, wait)
            run(connection, "SELECT FROM qm_tui.head FOR UPDATE")
            found = run(
                connection,
                "SELECT t.number, t.version, h.total"
                " FROM qm_tui.transactions t, qm_tui.head h WHERE t.version = %s",
                (version,),
            ).fetchone()
            return None if found is None else Head(*found)


class _InDoubt(Exception):
    """The connection was lost after the commit was sent, and before the server answered."""


class _Writing:
    """One attempt, up to the commit."""

    def __init__(
        self, connection: ServerConnection, changes: Changes, progress: ProgressCallback
    ) -> None:
        self._connection, self._changes, self._progress = connection, changes, progress
        self._total = len(changes)

    def write(self, action: Action, read: Head, version: int, wait: float) -> Head | None:
        connection = self._connection
        run(connection, "BEGIN")
        _limit_waits(connection, wait, *(_FOR_MANY if self._total > _FEW else _FOR_FEW))
        ((transaction, name_order),) = run(
            connection,
            "SELECT nextval('qm_tui.transaction_ids'), (SELECT name_order FROM qm_tui.store)",
        ).fetchall()
        self._copy(Deriver(name_order))
        run(connection, _RECORD, (transaction,))
        self._at(_RECORDED)
        counts = Counts(*run(connection, _COUNT, (transaction,)).fetchall()[0])
        self._check(read, counts)
        if not any(counts):
            connection.rollback()
            return None
        self._write_names()
        self._at(_NAMED)
        self._write_users(transaction, counts)
        self._at(_WRITTEN)
        run(connection, "DELETE FROM qm_tui.staged")
        self._at(1)
        origin = current_origin()
        return Head(
            *run(
                connection,
                _FINISH,
                (
                    *(version, counts.added - counts.deleted, transaction),
                    *(origin.login, origin.address, *action, *counts),
                ),
            ).fetchall()[0]
        )

    def _copy(self, deriver: Deriver) -> None:
        done = 0
        nothing = (None,) * (len(_VALUES) - 1)
        place = KEYS.index("user_id")
        with self._connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
            for batch in in_chunks(self._changes.items()):
                self._at(_COPIED * done / self._total)
                derived = deriver.derive([user for _, user in batch if user is not None])
                for position, (user_id, user) in enumerate(batch, done):
                    if user is not None:
                        copy.write_row((position, False, *user, *next(derived)))
                    else:
                        row = (*nothing[:place], user_id, *nothing[place:])
                        copy.write_row((position, True, *row))
                done += len(batch)

    def _check(self, read: Head, counts: Counts) -> None:
        """Check that no other transaction changed the same users since a state was read.

        Raises:
            StoreConflict: one did.
            ValueError: a user that does not exist would be deleted.
        """
        run_one = partial(run, self._connection)
        ((number, version),) = run_one("SELECT number, version FROM qm_tui.head").fetchall()
        if version != read.version:
            later = run_one("SELECT id FROM qm_tui.transactions WHERE number > %s", (read.number,))
            ((is_changed,),) = run_one(_CONFLICTS, ([id for (id,) in later],)).fetchall()
            if is_changed or number < read.number:
                raise StoreConflict
        if counts.deleted != sum(user is None for user in self._changes.values()):
            raise ValueError("a user that does not exist cannot be deleted")

    def _write_names(self) -> None:
        """Give up names, and claim others.

        Raises:
            StoreConflict: another program claimed one of them.
        """
        released = [name for (name,) in run(self._connection, _RELEASED)]
        for names in in_chunks(released):
            run(self._connection, "DELETE FROM qm_tui.names WHERE name = ANY(%s)", (names,))
        ((claims,),) = run(self._connection, f"SELECT count(*) {_CLAIMED}").fetchall()
        if claims and run(self._connection, _CLAIM).rowcount != claims:
            raise StoreConflict

    def _write_users(self, transaction: int, counts: Counts) -> None:
        """Write the users.

        Raises:
            StoreConflict: another program changed one of them since they were recorded.
        """
        for statement, values, number in (
            (_UPDATE, (transaction, transaction), counts.changed),
            (_DELETE, (transaction,), counts.deleted),
            (_INSERT, (transaction << _POSITIONS, transaction, transaction), counts.added),
        ):
            if number and run(self._connection, statement, values).rowcount != number:
                raise StoreConflict

    def _at(self, share: float) -> None:
        """Report the progress, now and while the server works on the next statement."""
        tick = partial(self._progress, Phase.CHANGING, int(self._total * share), self._total)
        self._connection.rest = tick
        tick()


def _limit_waits(connection: ServerConnection, seconds: float, *settings: str) -> None:
    """Limit how long the open transaction waits for others, and change other settings for it.

    Citus sends SET LOCAL to all nodes, but not what `set_config` changes.
    """
    settings = (f"lock_timeout = {max(1, int(seconds * 1000))}", *settings)
    run(connection, "; ".join(f"SET LOCAL {setting}" for setting in settings))


def _check_keys(user_id: str, user: User | None) -> None:
    """Check a User ID, and that an index takes it and the User Name.

    Raises:
        StoreError: one of them is too long.
        ValueError: it does not match the user.
    """
    if user is None:
        return
    if not user_id or user_id != user.user_id:
        raise ValueError("a change must have the User ID of its user")
    for key in ("user_id", "user_name"):
        value: str = getattr(user, key)
        if len(value) > _MAX_KEY // 4 and len(value.encode()) > _MAX_KEY:
            name = next(field.name for field in FIELDS if field.key == key)
            raise StoreError(
                f"{name} '{value[:20]}…' is too long for a PostgreSQL store (maximum {_MAX_KEY:,} "
                "bytes). Nothing was changed. Shorten it."
            )
