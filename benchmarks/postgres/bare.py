"""The bare statements of an edit, of an import and of its undo, run and timed by psql.

They write what the program writes: the values and what is made of them, the changes field by field,
the number of the transaction and its line in the list. They check nothing.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from subprocess import PIPE, run
from typing import Final, NamedTuple

from psycopg import sql

from benchmarks.postgres.made import VALUES
from qm_tui.store.postgres.derived import Deriver
from qm_tui.users.fields import FIELDS, KEYS, SECRETS, User
from qm_tui.users.query.name_order import DEFAULT_NAME_ORDER
from tests.postgres.programs import find_programs

BARE: Final = "bare SQL"

ROWS: Final = ("position", "is_deleted", *VALUES)
"""The columns of a file of rows."""

_TIME: Final = re.compile(r"^Time: ([\d.]+) ms", re.MULTILINE)


class BareEdit(NamedTuple):
    """An edit.

    Attributes:
        transaction: the ID of its transaction.
        version: the version of the row that it replaces.
        before: the user.
        after: the user as it will be.
    """

    transaction: int
    version: int
    before: User
    after: User


def find_psql() -> str | None:
    """Return the path of psql, or None if it is not installed."""
    programs = find_programs()
    own = shutil.which("psql", path=str(programs)) if programs else None
    return own or shutil.which("psql")


def run_psql(psql: str, url: str, script: str) -> list[float]:
    """Run a script in one session; return the milliseconds of each of its statements."""
    begun = "\\set ON_ERROR_STOP on\nSET jit = off;\n\\timing on\n"
    done = run(
        [psql, "-X", "-q", "-d", url], input=begun + script, text=True, check=True, stdout=PIPE
    )
    return list(map(float, _TIME.findall(done.stdout)))


# An edit


_EDIT: Final = """
BEGIN;
UPDATE qm_tui.users SET {values} WHERE user_id = {user_id} AND version = {previous};
INSERT INTO qm_tui.changes
    (transaction, position, user_id, previous, before, after, secrets_before, secrets_after)
VALUES ({transaction}, 0, {user_id}, {previous}, {before}, {after}, {secrets}, {secrets});
{finish}
COMMIT;
"""
EDIT_STATEMENTS: Final = 6

_FINISH: Final = """
UPDATE qm_tui.head SET number = number + 1, version = {transaction}, total = total + {more};
INSERT INTO qm_tui.transactions (id, number, version, committed_at, session_role, login, address,
    kind, subject, details, digest, token, added, changed, deleted)
SELECT {transaction}, number, version, clock_timestamp(), session_user, 'benchmark', '',
    {kind}, 'psql', '', '', '', 0, 0, 0 FROM qm_tui.head;
"""


def edit_script(edits: Iterable[BareEdit]) -> str:
    """Return the statements of some edits, `EDIT_STATEMENTS` each."""
    deriver = Deriver(DEFAULT_NAME_ORDER)
    return "".join(_edit_statements(edit, deriver) for edit in edits)


def _edit_statements(edit: BareEdit, deriver: Deriver) -> str:
    (derived,) = deriver.derive([edit.after])
    old, new = edit.before, edit.after
    changed = [one.key for one in FIELDS if getattr(old, one.key) != getattr(new, one.key)]
    values = {"version": edit.transaction, "keys": derived.keys, "search": derived.search}
    values |= {key: getattr(new, key) for key in changed}
    shown = ", ".join(f"{key} = {_literal(value)}" for key, value in values.items())
    before = [getattr(old, key) if key in changed else None for key in KEYS]
    after = [getattr(new, key) if key in changed else None for key in KEYS]
    literals = {
        "values": shown,
        "user_id": _literal(old.user_id),
        "previous": f"{edit.version}",
        "transaction": f"{edit.transaction}",
        "before": _array(map(_literal, before)),
        "after": _array(map(_literal, after)),
        "secrets": _array("NULL" for _ in SECRETS),
    }
    finish = _FINISH.format(transaction=edit.transaction, more=0, kind="'edit'")
    return _EDIT.format(finish=finish, **literals)


def _literal(value: object) -> str:
    if isinstance(value, list):
        return _array(map(_literal, value))
    return sql.Literal(value).as_string()


def _array(parts: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(parts)}]::text[]"


# An import or its undo


_ROWS_SCRIPT: Final = """
BEGIN;
CREATE TEMP TABLE rows (LIKE qm_tui.staged) ON COMMIT DROP;
\\copy rows ({columns}) FROM '{file}'
INSERT INTO qm_tui.changes
    (transaction, position, user_id, previous, before, after, secrets_before, secrets_after)
SELECT {transaction}, s.position, s.user_id, u.version, {audit}
FROM rows s LEFT JOIN qm_tui.users u ON u.user_id = s.user_id
WHERE s.is_deleted OR {differs};
UPDATE qm_tui.users u SET version = {transaction}, {values}
FROM rows s WHERE u.user_id = s.user_id AND NOT s.is_deleted AND {differs};
DELETE FROM qm_tui.names n USING rows s WHERE s.is_deleted AND n.user_id = s.user_id
    AND n.name = s.name;
DELETE FROM qm_tui.users u USING rows s WHERE s.is_deleted AND u.user_id = s.user_id;
INSERT INTO qm_tui.names (name, user_id) SELECT s.name, s.user_id FROM rows s
WHERE NOT s.is_deleted AND NOT EXISTS
    (SELECT FROM qm_tui.users u WHERE u.user_id = s.user_id);
INSERT INTO qm_tui.users (seq, version, {inserted})
SELECT ({transaction}::bigint << 24) + s.position, {transaction}, {inserted} FROM rows s
WHERE NOT s.is_deleted AND NOT EXISTS
    (SELECT FROM qm_tui.users u WHERE u.user_id = s.user_id);
{finish}
COMMIT;
"""


def rows_script(file: Path, transaction: int, more: int) -> str:
    """Return the statements that bring users to what a file of rows says.

    Args:
        file: the file, as COPY writes it, with the columns `ROWS`.
        transaction: the ID of the transaction.
        more: how many users there will be more than before.
    """
    keys = [field.key for field in FIELDS]
    differs = f"({_of('u', keys)}) IS DISTINCT FROM ({_of('s', keys)})"
    return _ROWS_SCRIPT.format(
        columns=", ".join(ROWS),
        file=file,
        transaction=transaction,
        audit=_audit(),
        differs=differs,
        values=", ".join(f"{key} = s.{key}" for key in VALUES if key != "user_id"),
        inserted=", ".join(VALUES),
        finish=_FINISH.format(transaction=transaction, more=more, kind="'import'"),
    )


def _of(table: str, keys: Sequence[str]) -> str:
    return ", ".join(f"{table}.{key}" for key in keys)


def _audit() -> str:
    """Return the four arrays of a change."""
    secrets = [field.key for field in SECRETS]
    shown = {key: "''" if key in secrets else "{table}." + key for key in KEYS}
    hidden = {key: "{table}." + key for key in secrets}
    return ", ".join(
        _audited(values, table, other)
        for values in (shown, hidden)
        for table, other in (("u", "s"), ("s", "u"))
    )


def _audited(values: dict[str, str], table: str, other: str) -> str:
    """Return an array of the values of one of the tables `u` and `s`: what differs in the other."""
    whole = _array(value.format(table=table) for value in values.values())
    parts = (
        f"CASE WHEN u.{key} <> s.{key} THEN {value.format(table=table)} END"
        for key, value in values.items()
    )
    gone = "u.user_id IS NULL" if table == "u" else "s.is_deleted"
    alone = "u.user_id IS NULL" if other == "u" else "s.is_deleted"
    return f"CASE WHEN {gone} THEN NULL WHEN {alone} THEN {whole} ELSE {_array(parts)} END"
