"""Makes again what the program stores beside the values of users, after its rules changed."""

from typing import Final

import psycopg

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback
from qm_tui.store.postgres.derived import COLUMNS, Deriver
from qm_tui.users.fields import KEYS, User

_REBUILT: Final = ", ".join(f"{column} = r.{column}" for column in COLUMNS)


def rebuild_derived(
    connection: psycopg.Connection, name_order: str, progress: ProgressCallback
) -> None:
    """Make the columns of `COLUMNS` and the names again, in the open transaction.

    Args:
        connection: the connection of the owner.
        name_order: the name of the order of names.
        progress: the progress, in users.

    Raises:
        psycopg.errors.UniqueViolation: by the new rules, two users have one User Name.
    """
    deriver, done = Deriver(name_order), 0
    connection.execute("LOCK TABLE qm_tui.head, qm_tui.users, qm_tui.names, qm_tui.staged")
    ((total,),) = connection.execute("SELECT total FROM qm_tui.head").fetchall()
    columns = f"position, is_deleted, user_id, {', '.join(COLUMNS)}"
    with connection.cursor("all_users") as cursor:
        cursor.execute(f"SELECT {', '.join(KEYS)} FROM qm_tui.users".encode())
        while rows := cursor.fetchmany(CHUNK_SIZE):
            progress(Phase.CHANGING, done, total)
            users = [User(*row) for row in rows]
            statement = f"COPY qm_tui.staged ({columns}) FROM STDIN".encode()
            with connection.cursor() as writing, writing.copy(statement) as copy:
                for user, derived in zip(users, deriver.derive(users), strict=True):
                    copy.write_row((0, False, user.user_id, *derived))
            done += len(rows)
    connection.execute(
        f"UPDATE qm_tui.users u SET {_REBUILT} FROM qm_tui.staged r"
        " WHERE r.user_id = u.user_id".encode()
    )
    connection.execute("DELETE FROM qm_tui.staged")
    connection.execute("DELETE FROM qm_tui.names")
    connection.execute(
        "INSERT INTO qm_tui.names (name, user_id) SELECT name, user_id FROM qm_tui.users"
    )
