"""What differs on Citus: tables on several nodes, and commits that are not seen in one moment."""

from collections.abc import Iterator

import psycopg
import pytest

from qm_tui.store.interface import UserStore
from qm_tui.store.postgres import schema
from qm_tui.store.postgres.migrations import MIGRATIONS, SCHEMA_VERSION
from qm_tui.store.postgres.server.location import parse_location
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests import helpers
from tests.helpers import ANNA, by_id, held, undo, user, users_file, users_of
from tests.postgres.conftest import Opened
from tests.program import listed, output
from tests.store.kinds import commit, eventually

pytestmark = pytest.mark.citus

BO, CY = user("bo"), user("cy")


@pytest.fixture
def url(citus_url: str) -> str:
    """A store of its own, whose tables a test may change."""
    schema.initialize(parse_location(citus_url))
    return citus_url


@pytest.fixture
def direct(citus_store_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the owner, for what no program does."""
    with psycopg.connect(citus_store_url, autocommit=True) as connection:
        yield connection


def _distributed(url: str) -> dict[str, tuple[str, int]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT table_name::text, distribution_column, colocation_id FROM citus_tables"
        ).fetchall()
    return {table: (column, group) for table, column, group in rows}


def test_users_are_distributed_with_their_changes_and_names_by_name(citus_store_url):
    found = _distributed(citus_store_url)
    columns = {table: column for table, (column, _) in found.items()}
    by_user = dict.fromkeys(("qm_tui.users", "qm_tui.changes", "qm_tui.staged"), "user_id")
    assert columns == {**by_user, "qm_tui.names": "name"}
    assert len({found[table][1] for table in by_user}) == 1


def test_migration_makes_the_derived_columns_again_and_distributes_new_tables(
    url, opened, monkeypatch
):
    store = opened(url)
    commit(store, ANNA, BO)
    store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE qm_tui.store SET derived_version = 0")
        connection.execute("UPDATE qm_tui.users SET search = '', name = user_id")
        connection.execute("DELETE FROM qm_tui.names")
    changes = [
        b"ALTER TABLE qm_tui.users ADD COLUMN more text",
        b"CREATE INDEX users_more ON qm_tui.users (more)",
        b"DROP TABLE qm_tui.names",
        b'CREATE TABLE qm_tui.names (name text COLLATE "C" PRIMARY KEY,'
        b' user_id text COLLATE "C" NOT NULL)',
    ]
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, "a new one"))
        patch.setattr(schema, "statements_of", lambda _: changes)
        assert schema.migrate(parse_location(url)) == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert _distributed(url)["qm_tui.names"][0] == "name"
    state = opened(url).state
    assert state.lookup(["anna", "bo"])[0].user_ids == (ANNA.user_id,)
    assert state.owners(["bo"]) == [BO.user_id]
    with psycopg.connect(url) as connection:
        again = connection.execute("SELECT count(*) FROM qm_tui.users WHERE search <> ''")
        assert again.fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM qm_tui.staged").fetchone() == (0,)


def test_migration_distributes_the_tables_of_a_restored_backup(url, opened):
    store = opened(url)
    commit(store, ANNA, BO)
    store.close()
    with psycopg.connect(url, autocommit=True) as connection:
        for table in ("changes", "staged", "users", "names"):
            connection.execute("SELECT undistribute_table(%s)", (f"qm_tui.{table}",))
    assert not _distributed(url)
    assert schema.migrate(parse_location(url)) == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert len(_distributed(url)) == 4
    store = opened(url)
    commit(store, ANNA._replace(location="Rome"))
    assert held(store.state) == (2, by_id(ANNA._replace(location="Rome"), BO))


def test_store_is_copied_to_citus_and_back(home, citus_url):
    old, new = home / "old.json", home / "new.json"
    helpers.commit(old, ANNA, BO)
    helpers.commit(old, ANNA._replace(location="Rome"))
    output("init", citus_url)
    for source, target in ((old, citus_url), (citus_url, new)):
        assert "Both stores have the SHA-256 digest" in output("copy", source, target)
    output("undo", "2", "--store", citus_url)
    assert listed("--store", citus_url)[0]["location"] == ANNA.location
    assert listed("--store", new) == listed("--store", old)


# Commits that become visible on one node after the other

_COMMITTED = """
    INSERT INTO qm_tui.transactions (id, number, version, committed_at, login, address, kind,
        subject, details, digest, token, added, changed, deleted)
    VALUES (%(id)s, %(id)s, %(id)s, now(), '', '', 'edit', '', '', '', '', 0, %(users)s, 0)
"""
_CHANGED = """
    INSERT INTO qm_tui.changes (transaction, position, user_id, before, after)
    VALUES (%s, 0, %s, '{x}', '{y}')
"""


def _commit_invisibly(direct: psycopg.Connection, id: int, users: int) -> None:
    """Do what is visible of a transaction on the coordinator."""
    with direct.transaction():
        direct.execute(_COMMITTED, {"id": id, "users": users})
        direct.execute("UPDATE qm_tui.head SET number = number + 1, version = %s", (id,))


def _show(direct: psycopg.Connection, id: int, user_id: str) -> None:
    direct.execute(_CHANGED, (id, user_id))


def test_program_does_not_follow_before_all_users_of_a_transaction_are_visible(
    citus_store_url, opened, direct
):
    store = opened(citus_store_url)
    commit(store, ANNA, BO)
    state = store.state
    _commit_invisibly(direct, 2, 2)
    _show(direct, 2, ANNA.user_id)
    for late in (store, opened(citus_store_url)):
        late.refresh()
        assert (late.state.number, late.state.version, late.state.total) == (
            *(state.number, state.version),
            2,
        )
    assert not store.has_external_changes()
    _show(direct, 2, BO.user_id)
    assert eventually(store.has_external_changes)
    store.refresh()
    assert store.state.number == 2
    assert store.changes_since(state).changed == {ANNA.user_id, BO.user_id}


def test_program_does_not_follow_past_a_transaction_that_is_not_visible(
    citus_store_url, opened, direct
):
    store = opened(citus_store_url)
    commit(store, ANNA, BO)
    _commit_invisibly(direct, 2, 1)
    _commit_invisibly(direct, 3, 1)
    _show(direct, 3, BO.user_id)
    store.refresh()
    assert store.state.number == 1
    _show(direct, 2, ANNA.user_id)
    store.refresh()
    assert store.state.number == 3


def test_transaction_whose_changes_were_removed_is_followed(citus_store_url, opened, direct):
    store = opened(citus_store_url)
    commit(store, ANNA, BO)
    _commit_invisibly(direct, 2, 5)
    direct.execute("UPDATE qm_tui.transactions SET is_available = false WHERE number = 2")
    store.refresh()
    assert store.state.number == 2


def test_error_of_a_node_is_not_a_lost_connection(private_citus, opened):
    url = private_citus.url(private_citus.create_database())
    schema.initialize(parse_location(url))
    store = opened(url)
    commit(store, ANNA, BO)
    private_citus.workers[0].kill()
    private_citus.workers[1].kill()
    with pytest.raises(Exception, match="Nothing was changed"):
        commit(store, CY)
    assert store.warning == ""
    for worker in private_citus.workers:
        worker.start()
    commit(store, CY)
    assert held(store.state) == (2, by_id(ANNA, BO, CY))


# Many users

_USERS = 100_000


def _rows(store: UserStore, begin: int, end: int, location: str) -> Iterator[User]:
    names = [f"n{number}" for number in range(begin, end)]
    for name, owner in zip(names, store.state.owners(names), strict=True):
        yield user(name, user_id=owner or "", location=location)


def test_import_of_100_000_records_and_its_undo(citus_store_url, opened: Opened, tmp_path):
    store, follower = opened(citus_store_url), opened(citus_store_url)
    first = users_file(tmp_path, *_rows(store, 0, _USERS * 8 // 10, "Oslo"))
    assert import_users(ImportRequest(first), store).committed
    begin = users_of(store.state)
    changed = _rows(store, 0, _USERS * 7 // 10, "Rome")
    same_and_new = _rows(store, _USERS * 7 // 10, _USERS, "Oslo")
    second = users_file(tmp_path, *changed, *same_and_new, name="second.csv")
    follower.refresh()
    before = follower.state
    assert import_users(ImportRequest(second), store).committed
    follower.refresh()
    news = follower.changes_since(before)
    assert (len(news.added), len(news.changed)) == (_USERS * 2 // 10, _USERS * 7 // 10)
    assert follower.state.total == _USERS
    assert follower.state.numbers("location", ("Rome", "Oslo")) == {
        "Rome": _USERS * 7 // 10,
        "Oslo": _USERS * 3 // 10,
    }
    undo(store, 2)
    assert users_of(store.state) == begin
