"""How a transaction is written to a server: all of it or nothing, in one transaction there.

1. What the users will be is copied into `staged`.
2. What changes is recorded in `changes`, with the version of each row that is replaced.
3. If other transactions were committed since this one began, none of them may have changed the same
   users. Then names and users are written; a row of another version is not, which is noticed.
4. The last statement locks the row of `head` and draws the number. So numbers have no gaps and are
   in the order of the commits, and no writer waits for another one until here.
"""

import json
import random
import secrets
import time
from functools import lru_cache, partial
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
from qm_tui.store.postgres.derived import Deriver
from qm_tui.store.postgres.questions.state import Head
from qm_tui.store.postgres.server.connection import Row, Server, ServerConnection, run
from qm_tui.store.postgres.statements import (
    COPY,
    COUNT,
    DELETE,
    FINISH,
    HEAD,
    OF_COPIED,
    OF_GIVEN,
    VALUES,
    Statements,
)
from qm_tui.store.state import Changes
from qm_tui.users.fields import FIELDS, KEYS, User

_ATTEMPTS: Final = 6
"""Attempts of a transaction that the server ended because of others."""

_ENDED_BY_OTHERS: Final = (pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable)
"""Errors with which the server rolls a transaction back because of others."""

PASSED: Final = (*_ENDED_BY_OTHERS, pg.UniqueViolation)
"""Errors because of other programs."""

_FIRST_PAUSE: Final = 0.02
"""Seconds before the second attempt; twice as many before each later one."""

_ASKING: Final = 60.0
"""Seconds to ask whether a change was saved whose connection was lost at the last moment."""

_ASK_PAUSE: Final = 0.1
"""Seconds between two questions, in addition to those until the server is tried again."""

POSITIONS: Final = 24
"""Bits of the position of a new user within its transaction, in `users.seq`."""

MAX_KEY: Final = 2000
"""The bytes of a User ID or a User Name that an index of the server takes for sure."""

_DRAW: Final = "SELECT nextval('qm_tui.transaction_ids')"

_DRAW_AND_SET: Final = (
    f"{_DRAW}, set_config('lock_timeout', %s, true),"
    " set_config('plan_cache_mode', 'force_generic_plan', true)"
)
"""The same, with the settings of a transaction of a few users: planning would take longest."""

_SENT: Final = 100
"""Users that are sent with each statement, instead of being copied into a table."""

_FEW: Final = 5000
"""Users whose rows may be looked up one by one. For more, tables are joined as a whole: the server
does not know how many rows were copied, and might look up each of them in all others."""

_FOR_MANY: Final = ("enable_nestloop = off", "work_mem = '64MB'")
"""Settings to join tables."""

_COPIED, _RECORDED, _NAMED, _WRITTEN = 0.35, 0.5, 0.55, 0.95
"""How much of the work is done after each step."""


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
        self._deriver = lru_cache(1)(Deriver)

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
            with self._server.connection(passed=PASSED) as connection:
                writing = _Writing(connection, changes, progress)
                # Citus reports errors of the other way in too many ways
                is_small = len(changes) <= _SENT and not self._server.rights.is_distributed
                write = writing.write_few if is_small else writing.write
                deriver = self._deriver(self._server.rights.name_order)
                head = write(action, read, version, self._wait, deriver=deriver)
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
            limit_waits(connection, wait)
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
        self._named: dict[str, object] = {}

    def write(
        self, action: Action, read: Head, version: int, wait: float, *, deriver: Deriver
    ) -> Head | None:
        """Write all but the commit; return the state after it, or None if nothing changes."""
        connection = self._connection
        run(connection, "BEGIN")
        limit_waits(connection, wait, *(_FOR_MANY if self._total > _FEW else ()))
        self._know(run(connection, _DRAW))
        self._copy(deriver)
        self._run(OF_COPIED.record)
        self._at(_RECORDED)
        counts = Counts(*self._run(COUNT).fetchall()[0])
        self._check(read, counts, self._run(HEAD), OF_COPIED)
        if not any(counts):
            connection.rollback()
            return None
        self._write_names(OF_COPIED)
        self._at(_NAMED)
        for statement, number in self._statements(OF_COPIED, counts):
            _require(self._run(statement), number)
        self._at(_WRITTEN)
        run(connection, "DELETE FROM qm_tui.staged")
        self._at(1)
        return Head(*self._finish(action, version, counts).fetchall()[0])

    def write_few(
        self, action: Action, read: Head, version: int, wait: float, *, deriver: Deriver
    ) -> Head | None:
        """Do the same for a few users, in three round trips: they are sent with the statements."""
        connection = self._connection
        self._at(0)
        with connection.pipeline():
            run(connection, "BEGIN")
            drawn = run(connection, _DRAW_AND_SET, (f"{_milliseconds(wait)}ms",), prepared=True)
        self._know(drawn)
        self._named["users"] = self._as_json(deriver)
        with connection.pipeline():
            recorded = self._run(OF_GIVEN.record_and_tell)
            head = self._run(HEAD)
        rows = recorded.fetchall()
        added, deleted = (sum(row[place] for row in rows) for place in (0, 1))
        counts = Counts(added, len(rows) - added - deleted, deleted)
        self._check(read, counts, head, OF_GIVEN)
        if not rows:
            connection.rollback()
            return None
        self._write_names(OF_GIVEN, may_change=any(map(any, rows)))
        self._at(1)
        statements = self._statements(OF_GIVEN, counts)
        with connection.pipeline():
            written = [(self._run(statement), number) for statement, number in statements]
            finished = self._finish(action, version, counts)
        for cursor, number in written:
            _require(cursor, number)
        return Head(*finished.fetchall()[0])

    def _statements(self, of: Statements, counts: Counts) -> list[tuple[str, int]]:
        """Return the statements that write users, each with the number of users that it writes."""
        all_of_them = (
            (of.update, counts.changed),
            (DELETE, counts.deleted),
            (of.insert, counts.added),
        )
        return [(statement, number) for statement, number in all_of_them if number]

    def _as_json(self, deriver: Deriver) -> str:
        users = [user for user in self._changes.values() if user is not None]
        derived = deriver.derive(users)
        rows: list[dict[str, object]] = []
        for position, (user_id, user) in enumerate(self._changes.items()):
            row: dict[str, object] = {"position": position, "is_deleted": user is None}
            if user is None:
                row["user_id"] = user_id
            else:
                row |= user._asdict() | next(derived)._asdict()
            rows.append(row)
        return json.dumps(rows)

    def _know(self, drawn: psycopg.Cursor[Row]) -> None:
        """Give the statements the ID that was drawn for the transaction."""
        ((transaction, *_),) = drawn.fetchall()
        self._named |= {"transaction": transaction, "first": transaction << POSITIONS}

    def _run(self, statement: str, **more: object) -> psycopg.Cursor[Row]:
        prepared = "users" in self._named  # of a few users, most of the time goes into planning
        return run(self._connection, statement, {**self._named, **more}, prepared=prepared)

    def _finish(self, action: Action, version: int, counts: Counts) -> psycopg.Cursor[Row]:
        origin = current_origin()
        return self._run(
            FINISH,
            version=version,
            more=counts.added - counts.deleted,
            login=origin.login,
            address=origin.address,
            **action._asdict(),
            **counts._asdict(),
        )

    def _copy(self, deriver: Deriver) -> None:
        done = 0
        nothing = (None,) * (len(VALUES) - 1)
        place = KEYS.index("user_id")
        with self._connection.cursor() as cursor, cursor.copy(COPY.encode()) as copy:
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

    def _check(self, read: Head, counts: Counts, head: psycopg.Cursor[Row], of: Statements) -> None:
        """Check that no other transaction changed the same users since a state was read.

        Raises:
            StoreConflict: one did.
            ValueError: a user that does not exist would be deleted.
        """
        ((number, version),) = head.fetchall()
        if version != read.version:
            ((is_changed,),) = self._run(of.conflicts, number=read.number).fetchall()
            if is_changed or number < read.number:
                raise StoreConflict
        if counts.deleted != sum(user is None for user in self._changes.values()):
            raise ValueError("a user that does not exist cannot be deleted")

    def _write_names(self, of: Statements, *, may_change: bool = True) -> None:
        """Give up names, and claim others.

        Args:
            of: the statements.
            may_change: whether some names may change.

        Raises:
            StoreConflict: another program claimed one of them.
        """
        if not may_change:
            return
        released = [name for (name,) in self._run(of.released)]
        for names in in_chunks(released):
            run(self._connection, "DELETE FROM qm_tui.names WHERE name = ANY(%s)", (names,))
        ((claims,),) = self._run(of.claims).fetchall()
        if claims:
            _require(self._run(of.claim), claims)

    def _at(self, share: float) -> None:
        """Report the progress, now and while the server works on the next statement."""
        tick = partial(self._progress, Phase.CHANGING, int(self._total * share), self._total)
        self._connection.rest = tick
        tick()


def _require(cursor: psycopg.Cursor[Row], number: int) -> None:
    """Check that a statement wrote so many rows.

    Raises:
        StoreConflict: it wrote others: another program changed some of them in the meantime.
    """
    if cursor.rowcount != number:
        raise StoreConflict


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))  # 0 would be no limit


def limit_waits(connection: ServerConnection, seconds: float, *settings: str) -> None:
    """Limit how long the open transaction waits for others, and change other settings for it.

    Citus sends SET LOCAL to all nodes, but not what `set_config` changes.
    """
    settings = (f"lock_timeout = {_milliseconds(seconds)}", *settings)
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
        if len(value) > MAX_KEY // 4 and len(value.encode()) > MAX_KEY:
            name = next(field.name for field in FIELDS if field.key == key)
            raise StoreError(
                f"{name} '{value[:20]}…' is too long for a PostgreSQL store (maximum {MAX_KEY:,} "
                "bytes). Nothing was changed. Shorten it."
            )
