"""What the transactions of a store on a server were, and what they did to users."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Final

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, YieldControl
from qm_tui.store.activity_filters import import_numbered, today, transactions_on
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Action,
    ChangedUsers,
    TransactionKind,
    TransactionSummary,
    UserChange,
    UserHistoryEntry,
)
from qm_tui.store.postgres.questions.text_conditions import TextConditions
from qm_tui.store.postgres.server.connection import Row, Server, run
from qm_tui.users.fields import FIELDS, SECRETS, User

SUMMARY: Final = (
    "t.id, t.version, t.number, t.committed_at, t.login, t.session_role, t.address, t.kind,"
    " t.subject, t.details, t.digest, t.token, t.added, t.changed, t.deleted, t.is_available"
)
"""The columns of a transaction, for `summary_of`."""

_SUMMARY_LENGTH: Final = len(SUMMARY.split(","))

CHANGE: Final = "c.user_id, c.before, c.after"
HIDDEN_CHANGE: Final = "c.secrets_before, c.secrets_after"
"""The columns of a change, for `change_of`: all, and those that not all roles may read."""

_CHANGED: Final = """
SELECT c.user_id, (array_agg(c.before IS NULL ORDER BY t.place))[1],
    (array_agg(c.after IS NULL ORDER BY t.place DESC))[1]
FROM qm_tui.changes c JOIN unnest(%s::bigint[]) WITH ORDINALITY AS t (id, place)
    ON t.id = c.transaction
WHERE c.transaction = ANY(%s) GROUP BY c.user_id
"""
"""Of each user, whether it was missing before, and whether it is missing after.

The transactions are values, as in other statements: nodes of Citus that join what another one sends
do not use their indexes.
"""

_IDS: Final = """
SELECT t.id FROM qm_tui.transactions t WHERE t.number > %s AND t.number <= %s ORDER BY t.number
"""


class History:
    """The transactions of a store. Several threads may use it.

    Args:
        server: the server.
    """

    def __init__(self, server: Server) -> None:
        self._server, self._lock = server, Lock()
        self._known: list[TransactionSummary] = []
        self._ids: list[int] = []
        self._version = 0

    @property
    def hides_secrets(self) -> bool:
        """Whether the role may not read passwords and salts."""
        return not self._server.rights.sees_secrets

    @property
    def knows_letters(self) -> bool:
        """Whether the index of the server knows letters beyond ASCII."""
        return self._server.rights.knows_letters

    def transactions(self, until: int) -> list[TransactionSummary]:
        """Return the transactions up to a number, newest first.

        Raises:
            StoreError: they cannot be read.
        """
        with self._lock:
            if len(self._known) < until:
                self._read()
            return self._known[:until][::-1]

    def _read(self) -> None:
        """Read the transactions that are not known yet; all, if another store was put there."""
        statement = (
            f"SELECT {SUMMARY} FROM qm_tui.transactions t WHERE t.number >= %s ORDER BY t.number"
        )
        with self._server.connection() as connection:
            rows = run(connection, statement, (len(self._known),)).fetchall()
            if self._known and (not rows or rows[0][1] != self._version):
                self._known, self._ids = [], []
                rows = run(connection, statement, (0,)).fetchall()
            elif self._known:
                del rows[0]
        for row in rows:
            self._ids.append(row[0])
            self._version = row[1]
            self._known.append(summary_of(row))

    def forget(self) -> None:
        """Forget what is known: the store may have been replaced."""
        with self._lock:
            self._known, self._ids = [], []

    def until(self, number: int) -> "HistoryUntil":
        """Return the log as filters need it, up to a transaction."""
        return HistoryUntil(self, number)

    def ids(self, transactions: Iterable[TransactionSummary]) -> list[int]:
        """Return the IDs of transactions that it returned."""
        with self._lock:
            return [self._ids[one.number - 1] for one in transactions]

    def _transaction(self, number: int) -> tuple[int, TransactionSummary]:
        """Return the ID of a transaction, and the transaction.

        Raises:
            StoreError: there is no such transaction, or its changes are no longer available.
        """
        with self._lock:
            if len(self._known) < number:
                self._read()
            if not 0 < number <= len(self._known):
                raise StoreError(f"There is no transaction {number:,} in {self._server.shown}.")
            summary = self._known[number - 1]
            if not summary.is_available:
                raise StoreError(f"The changes of transaction {number:,} are no longer available.")
            return self._ids[number - 1], summary

    def changes(self, number: int, progress: ProgressCallback) -> Iterator[UserChange]:
        """Yield what a transaction did, user by user.

        Raises:
            StoreError: there is no such transaction, or its changes are no longer available.
        """
        transaction, summary = self._transaction(number)
        statement = (
            f"SELECT {self._change_columns()} FROM qm_tui.changes c WHERE c.transaction = %s"
            " ORDER BY c.position"
        )
        done = 0
        for rows in self._batches(statement, (transaction,)):
            progress(Phase.OPENING, done, summary.users)
            done += len(rows)
            yield from map(change_of, rows)

    def changed_user_ids(self, first: int, last: int, progress: ProgressCallback) -> Iterator[str]:
        """Yield the User IDs of the users that transactions added or changed.

        Raises:
            StoreError: there is no such transaction, or its changes are no longer available.
        """
        transactions = [self._transaction(number)[0] for number in range(first, last + 1)]
        statement = (
            "SELECT c.user_id FROM qm_tui.changes c"
            " WHERE c.transaction = ANY(%s) AND c.after IS NOT NULL"
        )
        for rows in self._batches(statement, (transactions,)):
            progress(Phase.OPENING, 0, 1)
            yield from (user_id for (user_id,) in rows)

    def of_user(self, user_id: str, until: int) -> Iterator[UserHistoryEntry]:
        """Yield what transactions up to a number did to a user, newest first."""
        statement = (
            f"WITH c AS MATERIALIZED (SELECT c.transaction, {self._change_columns()}"
            " FROM qm_tui.changes c WHERE c.user_id = %s)"
            f" SELECT {SUMMARY}, c.* FROM c JOIN qm_tui.transactions t ON t.id = c.transaction"
            " WHERE t.number <= %s AND t.is_available ORDER BY t.number DESC"
        )
        for rows in self._batches(statement, (user_id, until)):
            for row in rows:
                yield UserHistoryEntry(summary_of(row), change_of(row[_SUMMARY_LENGTH + 1 :]))

    def changed_users(self, first: int, last: int, rest: YieldControl) -> ChangedUsers:
        """Return which users were changed between two states, even if they were changed back.

        Users are read as they are now: one that was read between two changes must be read again.

        Args:
            first: the number of the last transaction of the earlier state.
            last: that of the later one.
            rest: called while the server works.
        """
        if first >= last:
            return ChangedUsers(frozenset(), frozenset(), frozenset())
        added, changed, deleted = set[str](), set[str](), set[str]()
        with self._server.connection(rest) as connection:
            ids = [id for (id,) in run(connection, _IDS, (first, last))]
            rows = run(connection, _CHANGED, (ids, ids)).fetchall()
        for user_id, was_missing, is_missing in rows:
            if was_missing != is_missing:
                (added if was_missing else deleted).add(user_id)
            elif not was_missing:
                changed.add(user_id)
        return ChangedUsers(frozenset(added), frozenset(changed), frozenset(deleted))

    def revert(self, users: dict[str, User], user_ids: Sequence[str], number: int) -> None:
        """Take from users, as they were read now, what transactions after a number changed.

        Args:
            users: the users by User ID; it is changed.
            user_ids: the User IDs of all that may have been changed, added or deleted.
            number: the number of the last transaction whose changes remain.
        """
        statement = (
            f"SELECT {self._change_columns()} FROM qm_tui.changes c"
            " JOIN qm_tui.transactions t ON t.id = c.transaction"
            " WHERE c.user_id = ANY(%s) AND t.number > %s ORDER BY t.number DESC"
        )
        for rows in self._batches(statement, (list(user_ids), number)):
            for user_id, before, _ in map(change_of, rows):
                if before is None:
                    users.pop(user_id, None)
                else:
                    users[user_id] = users.get(user_id, User())._replace(**before)

    def _change_columns(self) -> str:
        sees_secrets = self._server.rights.sees_secrets
        return f"{CHANGE}, {HIDDEN_CHANGE if sees_secrets else 'NULL, NULL'}"

    def _batches(self, statement: str, values: Sequence[object]) -> Iterator[list[Row]]:
        with (
            self._server.connection() as connection,
            connection.transaction(force_rollback=True),
            connection.cursor("changes") as cursor,
        ):
            cursor.execute(statement.encode(), values)
            while rows := cursor.fetchmany(CHUNK_SIZE):
                yield rows


class HistoryUntil:
    """The transactions up to a number, as filters need them.

    Args:
        history: the transactions.
        number: the number of the last one that counts.
    """

    def __init__(self, history: History, number: int) -> None:
        self._history, self._number = history, number

    @property
    def texts(self) -> TextConditions:
        """Makes conditions about texts."""
        return TextConditions(knows_letters=self._history.knows_letters)

    @property
    def hides_secrets(self) -> bool:
        """Whether the role may not read passwords and salts."""
        return self._history.hides_secrets

    def today(self) -> date:
        """Return the present day in the local time zone."""
        return today()

    def ids_on(self, first: date, last: date) -> list[int]:
        """Return the IDs of the transactions of some days."""
        return self._history.ids(transactions_on(self._transactions(), first, last))

    def import_id(self, number: int) -> int:
        """Return the ID of an import, or of the last one."""
        (found,) = self._history.ids([import_numbered(self._transactions(), number)])
        return found

    def _transactions(self) -> list[TransactionSummary]:
        return self._history.transactions(self._number)


def summary_of(row: Row) -> TransactionSummary:
    """Return the transaction of a row."""
    _, _, number, time, login, role, address, kind, *action, added, changed, deleted, available = (
        row[:_SUMMARY_LENGTH]
    )
    known = kind in TransactionKind._value2member_map_
    return TransactionSummary(
        number,
        time,
        login if login == role else f"{login} ({role})",
        address,
        Action(TransactionKind(kind) if known else TransactionKind.SCRIPT, *action),
        added,
        changed,
        deleted,
        available,
    )


def change_of(row: Sequence[object]) -> UserChange:
    """Return the change of a row."""
    user_id, before, after, secrets_before, secrets_after = row
    return UserChange(str(user_id), _values(before, secrets_before), _values(after, secrets_after))


def _values(values: object, secrets: object) -> Mapping[str, str] | None:
    """Return values by field key; those that did not change are missing."""
    if not isinstance(values, list):
        return None
    pairs = [*zip(FIELDS, values, strict=False)]
    if isinstance(secrets, list):
        pairs += zip(SECRETS, secrets, strict=False)
    return {field.key: value for field, value in pairs if value is not None}
