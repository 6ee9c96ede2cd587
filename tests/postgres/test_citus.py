"""The nodes of Citus of the tests."""

import signal
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.postgres.programs import CHOSEN, CITUS_REQUIRED, needed_citus
from tests.postgres.test_watchdog import has_ended, start
from tests.postgres.waiting import wait_until

USE = """\
from pathlib import Path
import psycopg

def test_cluster(citus_cluster):
    Path("folders.new").write_text("\\n".join(str(node.folder) for node in citus_cluster.nodes))
    Path("folders.new").rename("folders")
    with psycopg.connect(citus_cluster.admin_url()) as connection:
        connection.execute("SELECT pg_sleep(60)")
"""


def add_users(connection: psycopg.Connection, count: int) -> None:
    """Create a distributed table with users."""
    connection.execute("CREATE TABLE users (user_id text PRIMARY KEY, version int)")
    connection.execute("SELECT create_distributed_table('users', 'user_id')")
    with connection.cursor().copy("COPY users FROM STDIN") as copy:
        for number in range(count):
            copy.write_row((f"u{number}", 1))


def test_database_has_citus_and_two_workers_and_belongs_to_a_role_without_privileges(citus_url):
    with psycopg.connect(citus_url) as connection:
        role = connection.execute(
            "SELECT rolname, rolsuper FROM pg_roles JOIN pg_database ON datdba = pg_roles.oid"
            " WHERE datname = current_database()"
        ).fetchone()
        assert role == ("qm_owner", False)
        workers = connection.execute("SELECT count(*) FROM citus_get_active_worker_nodes()")
        assert workers.fetchone() == (2,)
        connection.execute("CREATE EXTENSION pg_trgm")


def test_users_are_on_both_workers(citus_cluster):
    with citus_cluster.database() as name:
        with psycopg.connect(citus_cluster.url(name), autocommit=True) as connection:
            add_users(connection, 100)
        for worker in citus_cluster.workers:
            with psycopg.connect(worker.url(name)) as connection:
                # a worker answers from all nodes, too
                assert connection.execute("SELECT count(*) FROM users").fetchone() == (100,)
                shards = connection.execute(
                    "SELECT count(*) FROM citus_shards WHERE nodename = %s",
                    (str(worker.folder),),
                ).fetchone()
                assert shards == (2,)


@pytest.mark.parametrize("node", [0, 1], ids=["coordinator", "worker"])
def test_killed_node_starts_again_with_what_was_committed(private_citus, node):
    url = private_citus.url(private_citus.create_database())
    with psycopg.connect(url, autocommit=True) as connection:
        add_users(connection, 100)
    with closing(psycopg.connect(url)) as connection:
        connection.execute("UPDATE users SET version = 2")
        private_citus.nodes[node].kill()
        with pytest.raises(psycopg.Error):
            connection.commit()
    private_citus.nodes[node].start()
    with psycopg.connect(url) as connection:
        versions = connection.execute("SELECT version, count(*) FROM users GROUP BY version")
        assert versions.fetchall() == [(1, 100)]


@pytest.mark.citus
def test_all_nodes_end_when_pytest_is_killed(tmp_path):
    needed_citus()
    with start(tmp_path, USE) as run:
        wait_until((tmp_path / "folders").exists)
        folders = [*map(Path, (tmp_path / "folders").read_text().splitlines())]
        servers = [
            int((folder / "data/postmaster.pid").read_text().splitlines()[0]) for folder in folders
        ]
        assert len(servers) == 3
        assert not any(map(has_ended, servers))
        run.send_signal(signal.SIGKILL)
    wait_until(lambda: all(map(has_ended, servers)))
    wait_until(lambda: not any(folder.exists() for folder in folders))


@pytest.mark.parametrize(("required", "outcome"), [("", b"1 skipped"), ("1", b"1 error")])
def test_missing_citus_skips_the_tests_unless_it_is_required(
    tmp_path, monkeypatch, required, outcome
):
    monkeypatch.setenv(CHOSEN, str(tmp_path))
    monkeypatch.setenv(CITUS_REQUIRED, required)
    with start(tmp_path, "def test_it(citus_url): pass", "-ra") as run:
        output, _ = run.communicate(timeout=120)
    assert outcome in output
    assert b"No PostgreSQL server with Citus found" in output
