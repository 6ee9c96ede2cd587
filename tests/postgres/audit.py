"""What must be true of every store on a server, whatever happened to it."""

from contextlib import closing
from typing import Final

import psycopg

from qm_tui.store import open_store
from qm_tui.store.interface import UserStore
from qm_tui.users.fields import User, user_from_mapping
from qm_tui.users.identity import normalize_user_name
from tests.helpers import users_of

_COPIED: Final = {
    "changes": """
        SELECT transaction, user_id, before IS NULL AS is_added, after IS NULL AS is_deleted
        FROM qm_tui.changes""",
    "transactions": "SELECT id, number, added, changed, deleted FROM qm_tui.transactions",
    "staged": "SELECT user_id FROM qm_tui.staged",
    "users": "SELECT user_id, version, name FROM qm_tui.users",
    "names": "SELECT name, user_id FROM qm_tui.names",
    "head": "SELECT number, total FROM qm_tui.head",
}
"""What is copied from each table: Citus does not answer all questions about its own."""

_NONE: Final = {
    "changes without a transaction": """
        SELECT count(*) FROM changes
        WHERE transaction NOT IN (SELECT id FROM transactions)""",
    "staged users": "SELECT count(*) FROM staged",
    "users with the version of another transaction than their last": """
        SELECT count(*) FROM users u WHERE u.version <> (
            SELECT c.transaction FROM changes c
            JOIN transactions t ON t.id = c.transaction
            WHERE c.user_id = u.user_id ORDER BY t.number DESC LIMIT 1)""",
    "transactions with other counts": """
        SELECT count(*) FROM transactions t WHERE (added, changed, deleted) <> (
            SELECT count(*) FILTER (WHERE is_added),
                count(*) FILTER (WHERE NOT is_added AND NOT is_deleted),
                count(*) FILTER (WHERE is_deleted)
            FROM changes c WHERE c.transaction = t.id)""",
    "names of other users": """
        SELECT count(*) FROM users u FULL JOIN names n
        ON n.user_id = u.user_id AND n.name = u.name
        WHERE n.name IS NULL OR u.user_id IS NULL""",
    "head with another total": """
        SELECT count(*) FROM head WHERE total <> (SELECT count(*) FROM users)""",
    "head with another number": """
        SELECT count(*) FROM head
        WHERE number <> (SELECT coalesce(max(number), 0) FROM transactions)""",
}
"""What there must be none of."""


def problems_of(url: str) -> list[str]:
    """Return what is wrong with a store that is empty at its begin and that no program changes."""
    problems = []
    with psycopg.connect(url) as connection:
        for table, rows in _COPIED.items():
            connection.execute(f"CREATE TEMP TABLE {table} AS {rows}".encode())
            connection.execute(f"ANALYZE {table}".encode())
        for what, statement in _NONE.items():
            ((count,),) = connection.execute(statement.encode()).fetchall()
            problems += [f"{count} {what}"] if count else []
    with closing(open_store(url)) as store:
        store.load()
        return problems + _problems_of_history(store)


def _problems_of_history(store: UserStore) -> list[str]:
    """Return what is wrong with the transactions: made again from nothing, they give all users."""
    summaries = store.transactions()[::-1]
    problems = []
    if [one.number for one in summaries] != list(range(1, len(summaries) + 1)):
        problems.append("the numbers of the transactions have gaps")
    users: dict[str, User] = {}
    for summary in summaries:
        for change in store.transaction_changes(summary.number):
            stored = users.pop(change.user_id, None)
            before = None if stored is None else stored._asdict()
            if change.before is None or before is None:
                is_next = change.before is before
            else:
                is_next = change.before.items() <= before.items()
            if not is_next:
                problems.append(f"transaction {summary.number} changed other values")
            if change.after is not None:
                users[change.user_id] = user_from_mapping({**(before or {}), **change.after})
    stored_users = users_of(store.state)
    if users != stored_users:
        problems.append("the transactions do not give the users")
    names = {normalize_user_name(one.user_name) for one in stored_users.values()}
    if len(names) != len(stored_users):
        problems.append("two users have one User Name")
    return problems
