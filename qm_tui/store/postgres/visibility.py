"""Which transactions are visible on all nodes of Citus.

A commit is first visible on the coordinator, with the row of `head`, and a moment later on each of
the other nodes, or when they are back. The row of `changes` of a user becomes visible together with
the row of `users`: if all of the former are there, so are the latter.
"""

from typing import Final

from qm_tui.store.postgres.questions.state import EMPTY, Head
from qm_tui.store.postgres.server.connection import ServerConnection, run

_RECENT: Final = 100
"""The maximum number of transactions that are checked if none is known to be visible."""

_LISTED: Final = """
SELECT id, number, version, added - deleted, added + changed + deleted, is_available
FROM qm_tui.transactions WHERE number >= %s AND number <= %s ORDER BY number
"""
_VISIBLE: Final = """
SELECT transaction, count(*) FROM qm_tui.changes WHERE transaction = ANY(%s) GROUP BY transaction
"""


def visible_head(connection: ServerConnection, head: Head, known: Head) -> Head:
    """Return what the store said of itself after the last transaction that is visible.

    Args:
        connection: the connection that is asked.
        head: what it says now.
        known: what was returned before, or that of another store.
    """
    begin = max(0, head.number - _RECENT)
    if known.number < head.number:
        begin = max(begin, known.number)
    listed = run(connection, _LISTED, (begin, head.number)).fetchall()
    visible: dict[int, int] = dict(
        run(connection, _VISIBLE, ([id for id, *_ in listed],)).fetchall()
    )
    total = head.total - sum(more for _, number, _, more, *_ in listed if number > begin)
    found = EMPTY
    for id, number, version, more, users, is_available in listed:
        if number > begin:
            if is_available and visible.get(id, 0) < users:
                break
            total += more
        found = Head(number, version, total)
    return found
