"""What is special about a database with Citus, which distributes tables over several servers.

Users are distributed by User ID, together with all that is written about them, so that tables are
joined on one server each. Names are distributed by name, as only the column by which a table is
distributed can be unique. All other tables are on the coordinator alone: programs connect to it.
"""

from typing import Final

import psycopg
from psycopg import errors as pg

_DISTRIBUTED: Final = {
    "users": ("user_id", "none"),
    "changes": ("user_id", "qm_tui.users"),
    "staged": ("user_id", "qm_tui.users"),
    "names": ("name", "none"),
}
"""By table, the column by which it is distributed, and the table that it is together with."""

_OF_NODES: Final = {
    "deadlock detected": pg.DeadlockDetected,
    "duplicate key value": pg.UniqueViolation,
}
"""By a part of their messages, errors that Citus passes on as internal ones."""

_DISTRIBUTE: Final = """
SELECT create_distributed_table(%s, %s, colocate_with := %s)
WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = %s::regclass)
"""


def distribute_tables(connection: psycopg.Connection) -> None:
    """Distribute the tables of a store that are not distributed yet, if the database has Citus."""
    has_citus = connection.execute("SELECT FROM pg_extension WHERE extname = 'citus'").rowcount
    for name, (column, together_with) in _DISTRIBUTED.items() if has_citus else ():
        table = f"qm_tui.{name}"
        connection.execute(_DISTRIBUTE, (table, column, together_with, table))


def error_of_node(error: psycopg.Error) -> psycopg.Error:
    """Return the error that a server without Citus would have reported.

    If a node refuses rows that another node copies to it, the error has no specific code.
    """
    if isinstance(error, pg.InternalError_):
        for text, known in _OF_NODES.items():
            if text in str(error):
                return known(str(error))
    return error
