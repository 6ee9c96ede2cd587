"""The SQL statements that write a transaction.

Their parameters have names: `transaction` (its ID), `first` (the place of its first new user in the
order of the store), `number` (of the last transaction that was read), and for few users `users`.
"""

from collections.abc import Iterable
from typing import Final

from qm_tui.store.postgres.derived import COLUMNS
from qm_tui.users.fields import FIELD, FIELDS, KEYS, SECRETS

VALUES: Final = (*KEYS, *COLUMNS)
"""The columns of a user that a change sets."""

STAGED: Final = ("position", "is_deleted", *VALUES)
"""The columns of what users will be; `VALUES` are NULL for a user that is deleted."""

COPY: Final = f"COPY qm_tui.staged ({', '.join(STAGED)}) FROM STDIN"

_TYPES: Final = {
    **dict.fromkeys(VALUES, "text"),
    **dict.fromkeys(("keys", "other_extensions"), "text[]"),
    **dict.fromkeys(("is_deleted", "is_valid"), "boolean"),
    "position": "integer",
}
_COLUMNS: Final = ", ".join(f"{column} {_TYPES[column]}" for column in STAGED)
_USER_NAME: Final = FIELD["user_name"].number


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

COUNT: Final = """
SELECT count(*) FILTER (WHERE before IS NULL), count(*) FILTER (WHERE before IS NOT NULL
    AND after IS NOT NULL), count(*) FILTER (WHERE after IS NULL)
FROM qm_tui.changes WHERE transaction = %(transaction)s
"""
"""How many users are added, changed and deleted by what was recorded."""

HEAD: Final = "SELECT number, version FROM qm_tui.head"

DELETE: Final = """
DELETE FROM qm_tui.users u USING qm_tui.changes c
WHERE c.user_id = u.user_id AND c.transaction = %(transaction)s AND c.after IS NULL
    AND c.previous = u.version
"""

FINISH: Final = """
WITH moved AS (
    UPDATE qm_tui.head SET number = number + 1, version = %(version)s, total = total + %(more)s
    RETURNING number, version, total
), listed AS (
    INSERT INTO qm_tui.transactions (id, number, version, committed_at, login, address,
        kind, subject, details, digest, token, added, changed, deleted)
    SELECT %(transaction)s, number, version, clock_timestamp(), %(login)s, %(address)s, %(kind)s,
        %(subject)s, %(details)s, %(digest)s, %(token)s, %(added)s, %(changed)s, %(deleted)s
    FROM moved
)
SELECT number, version, total FROM moved
"""
"""Draw the number of the transaction, and list it."""


class Statements:
    """The statements that read what users will be.

    Args:
        source: an item of FROM with the name `s` and the columns of `STAGED`.
    """

    def __init__(self, source: str) -> None:
        claimed = f"""
            FROM {source} LEFT JOIN qm_tui.users u ON u.user_id = s.user_id
            WHERE NOT s.is_deleted AND (u.user_id IS NULL OR u.name <> s.name)
        """
        self.record: Final = f"""
            INSERT INTO qm_tui.changes (transaction, position, user_id, previous, before, after,
                secrets_before, secrets_after, extra)
            SELECT %(transaction)s, s.position, s.user_id, u.version,
                {_by_kind("NULL", _whole("u"), _changed("u"))},
                {_by_kind(_whole("s"), "NULL", _changed("s"))},
                {_by_kind("NULL", _whole_secrets("u"), _changed_secrets("u"))},
                {_by_kind(_whole_secrets("s"), "NULL", _changed_secrets("s"))},
                CASE WHEN s.is_deleted THEN u.extra END
            FROM {source} LEFT JOIN qm_tui.users u ON u.user_id = s.user_id
            WHERE CASE WHEN u.user_id IS NULL THEN NOT s.is_deleted
                ELSE s.is_deleted OR {_DIFFERS} END
        """
        """Record what changes, with the version of each row that is replaced."""
        self.record_and_tell: Final = f"""
            {self.record} RETURNING before IS NULL, after IS NULL,
                coalesce(before[{_USER_NAME}], after[{_USER_NAME}]) IS NOT NULL
        """
        """The same; for each user, whether it is added, deleted, and whether its name changes."""
        self.conflicts: Final = f"""
            SELECT EXISTS (SELECT 1 FROM qm_tui.changes c
                JOIN qm_tui.transactions t ON t.id = c.transaction
                JOIN {source} ON s.user_id = c.user_id WHERE t.number > %(number)s)
        """
        """Whether a transaction since `number` changed the same users."""
        self.released: Final = f"""
            SELECT u.name FROM qm_tui.users u JOIN {source} ON s.user_id = u.user_id
            WHERE s.is_deleted OR s.name <> u.name
        """
        self.claims: Final = f"SELECT count(*) {claimed}"
        self.claim: Final = f"""
            INSERT INTO qm_tui.names (name, user_id) SELECT s.name, s.user_id {claimed}
            ON CONFLICT (name) DO NOTHING
        """
        self.update: Final = f"""
            UPDATE qm_tui.users u SET version = %(transaction)s,
                {", ".join(f"{key} = s.{key}" for key in VALUES if key != "user_id")}
            FROM {source}, qm_tui.changes c
            WHERE s.user_id = u.user_id AND c.user_id = u.user_id
                AND c.transaction = %(transaction)s AND c.before IS NOT NULL
                AND c.after IS NOT NULL AND c.previous = u.version
        """
        self.insert: Final = f"""
            INSERT INTO qm_tui.users (seq, version, {", ".join(VALUES)}, extra)
            SELECT %(first)s + s.position, %(transaction)s,
                {", ".join(f"s.{key}" for key in VALUES)},
                (SELECT d.extra FROM qm_tui.changes d WHERE d.user_id = s.user_id
                AND d.after IS NULL ORDER BY d.transaction DESC LIMIT 1)
            FROM {source}, qm_tui.changes c
            WHERE c.user_id = s.user_id AND c.transaction = %(transaction)s AND c.before IS NULL
            ORDER BY s.position
        """


OF_COPIED: Final = Statements("qm_tui.staged s")
"""Those for users that were copied into `staged`."""

OF_GIVEN: Final = Statements(f"jsonb_to_recordset(%(users)s::jsonb) AS s({_COLUMNS})")
"""Those for users in a parameter: for a few, that takes fewer round trips."""
