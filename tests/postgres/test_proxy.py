"""The proxy breaks connections where the tests want it."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.postgres.proxy import Direction, Proxy, When
from tests.postgres.waiting import wait_until

INSERT = "INSERT INTO users VALUES ('anna')"
COUNT = "SELECT count(*) FROM users"


@pytest.fixture
def database(postgres_server):
    with postgres_server.database() as name:
        yield name


@pytest.fixture
def direct(postgres_server, database):
    """A connection without the proxy, to a database with an empty table."""
    with psycopg.connect(postgres_server.url(database), autocommit=True) as connection:
        connection.execute("CREATE TABLE users (name text)")
        yield connection


@pytest.fixture
def proxy(postgres_server):
    with Proxy(postgres_server) as proxy:
        yield proxy


@pytest.fixture
def url(proxy, database, direct):
    """The URL of the database, through the proxy."""
    return proxy.url(database)


def count(connection: psycopg.Connection) -> int:
    row = connection.execute(COUNT).fetchone()
    assert row is not None
    return int(row[0])


def sessions(connection: psycopg.Connection) -> int:
    """Return how many other sessions use the database."""
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_proxy_forwards_through_a_unix_socket_and_tcp(proxy, database, direct):
    for url in (proxy.url(database), proxy.tcp_url(database)):
        with psycopg.connect(url) as connection:
            many = connection.execute("SELECT repeat('x', 3000000)").fetchone()
            assert many == ("x" * 3_000_000,)
            assert proxy.connections() == 1
    wait_until(lambda: proxy.connections() == 0)


def test_dropped_connection_fails_and_the_next_one_works(proxy, url, direct):
    connection = psycopg.connect(url)
    connection.execute(INSERT)
    proxy.drop()
    with pytest.raises(psycopg.OperationalError):
        connection.execute(INSERT)
    with psycopg.connect(url) as next_one:
        assert count(next_one) == 0
    wait_until(lambda: sessions(direct) == 0)


def test_no_connection_is_possible_while_refused(proxy, url):
    with psycopg.connect(url) as connection, proxy.refused():
        with pytest.raises(psycopg.OperationalError):
            connection.execute(COUNT)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
    psycopg.connect(url).close()


def test_server_has_worked_while_its_answer_is_stalled(proxy, url, direct):
    with psycopg.connect(url, autocommit=True) as connection, ThreadPoolExecutor() as threads:
        with proxy.stalled(Direction.TO_CLIENT):
            working = threads.submit(connection.execute, INSERT)
            wait_until(lambda: count(direct) == 1)
            assert not working.done()
        assert working.result(60).rowcount == 1


def test_server_gets_nothing_while_the_client_is_stalled(proxy, url, direct):
    with psycopg.connect(url, autocommit=True) as connection, ThreadPoolExecutor() as threads:
        with proxy.stalled(Direction.TO_SERVER):
            working = threads.submit(connection.execute, INSERT)
            assert count(direct) == 0
            assert not working.done()
        assert working.result(60).rowcount == 1
    assert count(direct) == 1


def test_stalled_server_does_not_notice_that_the_client_has_gone(proxy, url, direct):
    connection = psycopg.connect(url)
    with proxy.stalled():
        connection.close()
        assert sessions(direct) == 1
    wait_until(lambda: sessions(direct) == 0)


def test_stalled_connection_can_be_dropped(proxy, url):
    with psycopg.connect(url) as connection, proxy.stalled(), ThreadPoolExecutor() as threads:
        working = threads.submit(connection.execute, COUNT)
        proxy.drop()
        with pytest.raises(psycopg.OperationalError):
            working.result(60)


def test_delay_holds_both_directions(proxy, url):
    with psycopg.connect(url) as connection, proxy.delayed(0.05):
        began = time.monotonic()
        connection.execute(COUNT)
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize(("when", "committed"), [(When.BEFORE, 0), (When.AFTER, 1)])
def test_connection_is_dropped_before_or_after_the_server_gets_commit(
    proxy, url, direct, when, committed
):
    connection = psycopg.connect(url)
    trap = proxy.drop_at(b"COMMIT", when)
    connection.execute(INSERT)
    assert not trap.sprung.is_set()
    with pytest.raises(psycopg.OperationalError):
        connection.commit()
    assert trap.sprung.wait(60)
    wait_until(lambda: sessions(direct) == 0)
    assert count(direct) == committed
    with psycopg.connect(url) as next_one:  # the trap works once
        next_one.execute(INSERT)
    assert count(direct) == committed + 1


def test_connection_is_dropped_at_an_answer(proxy, url, direct):
    connection = psycopg.connect(url, autocommit=True)
    trap = proxy.drop_at(b"INSERT 0 1", When.BEFORE, Direction.TO_CLIENT)
    with pytest.raises(psycopg.OperationalError):
        connection.execute(INSERT)
    assert trap.sprung.wait(60)
    assert count(direct) == 1


def test_trap_does_not_see_what_passed_before_it(proxy, url):
    with psycopg.connect(url) as connection:
        connection.execute("SELECT 'word'")
        trap = proxy.drop_at(b"word", When.BEFORE)
        connection.execute("SELECT 1")
        assert not trap.sprung.is_set()


def test_proxy_reaches_a_server_that_was_restarted(private_postgres):
    with Proxy(private_postgres) as proxy:
        psycopg.connect(proxy.url("postgres")).close()
        private_postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(proxy.url("postgres"))
        private_postgres.start()
        psycopg.connect(proxy.url("postgres")).close()
