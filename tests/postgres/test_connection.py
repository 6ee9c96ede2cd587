"""Lost connections, and servers that refuse what they are asked."""

import re
from collections.abc import Callable, Iterator
from itertools import product

import psycopg
import pytest

from qm_tui.store.errors import (
    CommitOutcomeUnknown,
    StoreDisconnected,
    StoreError,
    StoreReadOnly,
)
from qm_tui.store.interface import UserStore
from qm_tui.store.postgres import watcher, writing
from qm_tui.store.postgres.server import connection
from qm_tui.store.state import FIRST
from qm_tui.users.query.query import ALL
from tests.helpers import ANNA, EDIT, by_id, held, user, users_of
from tests.postgres.conftest import Opened
from tests.postgres.proxy import Direction, Proxy, When
from tests.postgres.waiting import PATIENCE, wait_until
from tests.program import output, run
from tests.store.kinds import commit

BO, CY = user("bo"), user("cy")
ROME = ANNA._replace(location="Rome")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_DELAY", 0.05)
    monkeypatch.setattr(connection, "_LONGEST_DELAY", 0.1)
    monkeypatch.setattr(watcher, "_PAUSE", 0.02)


@pytest.fixture(autouse=True)
def given(store):
    """Two users."""
    commit(store, ANNA, BO)


@pytest.fixture
def proxy(postgres_server) -> Iterator[Proxy]:
    with Proxy(postgres_server) as proxy:
        yield proxy


@pytest.fixture
def far_url(proxy: Proxy, direct: psycopg.Connection) -> str:
    """The URL of the store, through the proxy."""
    return proxy.url(direct.info.dbname)


@pytest.fixture
def far(far_url: str, opened: Opened) -> UserStore:
    """The store, as a program opened it that connects through the proxy."""
    return opened(far_url, wait=5)


def error_of(do: Callable[[], object], kind: type[StoreError] = StoreError) -> str:
    """Return the message of an error, which must be for people."""
    with pytest.raises(StoreError) as caught:
        do()
    assert caught.type is kind, caught.value
    message = str(caught.value)
    assert message.endswith((".", "?"))
    assert "\n" not in message
    assert not any(word in message for word in ("Traceback", "psycopg", "Error(", "secret"))
    return message


# A change whose connection is lost


def test_change_whose_commit_was_not_sent_is_not_saved(store, far, proxy):
    trap = proxy.drop_at(b"COMMIT", When.BEFORE)
    message = error_of(lambda: commit(far, ROME))
    assert "Nothing was changed" in message
    assert trap.sprung.wait(PATIENCE)
    store.refresh()
    assert held(store.state) == (1, by_id(ANNA, BO))
    commit(far, ROME)
    assert held(far.state) == (2, by_id(ROME, BO))


def test_change_whose_commit_was_not_answered_is_saved(store, far, proxy):
    trap = proxy.drop_at(b"COMMIT", When.AFTER)
    state = commit(far, ROME)
    assert trap.sprung.wait(PATIENCE)
    assert held(state) == (2, by_id(ROME, BO))
    assert far.state.version == state.version
    assert (far.warning, far.read_only_reason) == ("", "")
    store.refresh()
    assert held(store.state) == held(state)


def test_change_is_saved_if_others_committed_before_it_was_asked_for(store, far, proxy):
    trap = proxy.drop_at(b"COMMIT", When.AFTER)
    with proxy.delayed(0.02):
        state = commit(far, ROME)
    assert trap.sprung.wait(PATIENCE)
    commit(store, CY)
    far.refresh()
    assert (state.number, far.state.number) == (2, 3)
    assert held(far.state) == held(store.state)


@pytest.mark.parametrize("when", list(When))
def test_outcome_is_unknown_while_the_server_cannot_be_asked(store, far, proxy, monkeypatch, when):
    monkeypatch.setattr(writing, "_ASKING", 0.3)
    trap = proxy.drop_at(b"COMMIT", when)
    ask = writing.Writer._outcome

    def ask_in_vain(*arguments):
        with proxy.refused():
            return ask(*arguments)

    monkeypatch.setattr(writing.Writer, "_outcome", ask_in_vain)
    message = error_of(lambda: commit(far, ROME), CommitOutcomeUnknown)
    assert "may not have been saved" in message
    assert "Nothing was changed" not in message
    assert trap.sprung.wait(PATIENCE)
    wait_until(lambda: far.has_external_changes() or not far.warning)
    _wait_for_connection(far)
    is_saved = when is When.AFTER
    assert held(far.state) == (1 + is_saved, by_id(ROME if is_saved else ANNA, BO))
    store.refresh()
    assert held(far.state) == held(store.state)


def test_outcome_is_unknown_while_the_server_may_still_be_committing(
    store, far, proxy, direct, monkeypatch
):
    monkeypatch.setattr(writing, "_ASKING", 0.3)
    proxy.drop_at(b"COMMIT", When.AFTER)
    ask = writing.Writer._outcome

    def ask_while_locked(*arguments):
        wait_until(lambda: _number(direct) == 2)
        with direct.transaction():
            direct.execute("SELECT FROM qm_tui.head FOR UPDATE")
            return ask(*arguments)

    monkeypatch.setattr(writing.Writer, "_outcome", ask_while_locked)
    error_of(lambda: commit(far, ROME), CommitOutcomeUnknown)


def test_outcome_is_asked_for_until_the_new_server_can_be_written(far, proxy, direct, monkeypatch):
    name = direct.info.dbname
    proxy.drop_at(b"COMMIT", When.AFTER)
    find = writing.Writer._find
    asked: list[int] = []

    def find_when_promoted(*arguments):
        if not asked:
            direct.execute(
                f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode()
            )
        elif len(asked) == 3:
            direct.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only'.encode())
            far._server.close()
        asked.append(1)
        return find(*arguments)

    monkeypatch.setattr(writing.Writer, "_find", find_when_promoted)
    assert commit(far, ROME).number == 2
    assert len(asked) > 3


def _number(direct: psycopg.Connection) -> int:
    ((number,),) = direct.execute("SELECT number FROM qm_tui.head").fetchall()
    return int(number)


@pytest.mark.parametrize(
    ("statement", "sent"),
    [
        (b"COPY", 0),
        *product([b"INSERT INTO qm_tui.changes", b"UPDATE qm_tui"], [0, 100]),
    ],
)
@pytest.mark.parametrize("when", list(When))
def test_change_that_is_lost_before_its_commit_changes_nothing(
    far, store, proxy, statement, sent, when, monkeypatch
):
    monkeypatch.setattr(writing, "_SENT", sent)
    trap = proxy.drop_at(statement, when)
    message = error_of(lambda: commit(far, ROME, CY), StoreDisconnected)
    assert "Nothing was changed" in message
    assert trap.sprung.wait(PATIENCE)
    _wait_for_connection(far)
    commit(far, ROME, CY)  # no row is locked any more
    store.refresh()
    assert held(store.state) == (2, by_id(ROME, BO, CY))


def _wait_for_connection(store: UserStore) -> None:
    def is_back() -> bool:
        try:
            store.refresh()
        except StoreDisconnected:
            return False
        return True

    wait_until(is_back)


# While the server cannot be reached


def test_lost_server_is_reported_and_the_store_is_read_only_until_it_is_back(far, store, proxy):
    assert not far.has_external_changes()
    with proxy.refused():
        wait_until(far.has_external_changes)
        assert not far.has_external_changes()  # once
        assert far.warning == "not connected, trying again"
        assert "not connected" in far.read_only_reason
        assert "Nothing was changed" in error_of(lambda: commit(far, ROME), StoreDisconnected)
        error_of(far.refresh, StoreDisconnected)
        error_of(lambda: far.state.window(ALL, FIRST, 3), StoreDisconnected)
    commit(store, BO._replace(location="Paris"))
    wait_until(far.has_external_changes)
    assert (far.warning, far.read_only_reason) == ("", "")
    before = far.state
    far.refresh()
    assert far.changes_since(before).changed == {BO.user_id}
    assert not far.has_external_changes()
    commit(far, ROME)


def test_server_is_not_asked_before_the_next_attempt_is_due(far, proxy, monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_DELAY", 1000.0)
    monkeypatch.setattr(connection, "_LONGEST_DELAY", 1000.0)
    proxy.drop()
    first = error_of(far.refresh, StoreDisconnected)
    assert first == error_of(far.refresh, StoreDisconnected)
    assert first == error_of(lambda: commit(far, ROME), StoreDisconnected)
    assert proxy.connections() == 0
    assert far._server.seconds_until_retry > 400


def test_delay_between_attempts_grows_to_a_limit(far, proxy, monkeypatch):
    monkeypatch.setattr(connection, "_FIRST_DELAY", 0.01)
    monkeypatch.setattr(connection, "_LONGEST_DELAY", 0.05)
    delays = []
    with proxy.refused():
        for _ in range(5):
            error_of(far.refresh, StoreDisconnected)
            delays.append(far._server._delay)
            wait_until(lambda: not far._server.seconds_until_retry)
    assert delays == [0.01, 0.02, 0.04, 0.05, 0.05]
    far.refresh()
    assert far._server._delay == 0


def test_program_that_does_not_watch_connects_again_to_write(far, proxy):
    proxy.drop()
    error_of(far.refresh, StoreDisconnected)
    wait_until(lambda: not far._server.seconds_until_retry)
    commit(far, ROME)
    assert (far.state.number, far.warning) == (2, "")


def test_session_that_the_server_ends_is_a_lost_connection(far, direct, proxy):
    direct.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    wait_until(lambda: proxy.connections() == 0)
    error_of(far.refresh, StoreDisconnected)
    assert far.warning
    _wait_for_connection(far)


class _HungUp(Exception):
    pass


def test_question_on_a_stalled_line_can_be_canceled(far, proxy, monkeypatch):
    monkeypatch.setattr(connection, "_CANCEL", 0.1)
    calls = []

    def rest() -> None:
        calls.append(1)
        if len(calls) > 3:
            raise _HungUp

    with proxy.stalled(Direction.TO_CLIENT), pytest.raises(_HungUp):
        far.state.groups(("location",), rest=rest)
    assert far.state.groups(("location",)) == {("Oslo",): 2}  # with another connection


def test_change_on_a_stalled_line_can_be_canceled(far, store, proxy, monkeypatch):
    monkeypatch.setattr(connection, "_CANCEL", 0.1)
    began: list[int] = []

    def tick(*_: object) -> None:
        if began:
            raise _HungUp

    copy = writing._Writing._write_names

    def stalled_names(*arguments, **named):
        with proxy.stalled(Direction.TO_CLIENT):
            began.append(1)
            return copy(*arguments, **named)

    monkeypatch.setattr(writing._Writing, "_write_names", stalled_names)
    with pytest.raises(_HungUp), far.transaction(EDIT) as transaction:
        transaction.commit(by_id(ROME, CY), tick)
    monkeypatch.undo()
    store.refresh()
    assert held(store.state) == (1, by_id(ANNA, BO))
    commit(store, ROME)


def test_server_notices_a_dead_line_too(opened, postgres_server, direct):
    store = opened(postgres_server.tcp_url(direct.info.dbname, sslmode="disable"))
    with store._server.connection() as one:
        settings = [
            one.execute(f"SHOW tcp_keepalives_{name}".encode()).fetchone()
            for name in ("idle", "interval", "count")
        ]
    assert settings == [("5",), ("3",), ("3",)]


def test_slow_line_only_takes_longer(far, proxy):
    with proxy.delayed(0.01):
        commit(far, ROME)
    assert users_of(far.state) == by_id(ROME, BO)


# Errors of a server that is reached


def test_statement_that_the_server_cancels_is_an_error_without_a_lost_connection(
    opened, direct, postgres_store_url
):
    store = opened(f"{postgres_store_url}&options=-c%20statement_timeout%3D100")
    with direct.transaction():
        direct.execute("LOCK TABLE qm_tui.users")
        assert "statement timeout" in error_of(lambda: store.state.groups(("location",)))
        assert "Nothing was changed" in error_of(lambda: commit(store, ROME))
    assert store.warning == ""
    commit(store, ROME)


def test_question_that_waits_too_long_for_a_migration_is_an_error(
    opened, direct, postgres_store_url
):
    store = opened(f"{postgres_store_url}&options=-c%20lock_timeout%3D100")
    with direct.transaction():
        direct.execute("LOCK TABLE qm_tui.users")
        assert "lock timeout" in error_of(lambda: store.state.groups(("location",)))
    assert (store.warning, store.state.groups(("location",))) == ("", {("Oslo",): 2})


@pytest.mark.parametrize("code", ["53100", "53200", "XX000", "57014", "08006"])
def test_error_of_the_server_during_a_change_changes_nothing(store, direct, code):
    direct.execute(
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END $$".encode()
    )
    direct.execute(
        "CREATE TRIGGER fail AFTER UPDATE ON qm_tui.users EXECUTE FUNCTION public.fail()"
    )
    message = error_of(lambda: commit(store, ROME))
    assert "injected. Nothing was changed." in message
    assert store.warning == ""
    direct.execute("DROP FUNCTION public.fail CASCADE")
    commit(store, BO._replace(location="Rome"))
    assert held(store.state) == (2, by_id(ANNA, BO._replace(location="Rome")))


# Stores that cannot be opened


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE qm_tui.store SET schema_version = 99", "newer version"),
        ("UPDATE qm_tui.store SET derived_version = 99", "newer version"),
        ("UPDATE qm_tui.store SET schema_version = 0", "Run qm-tui migrate"),
        ("UPDATE qm_tui.store SET derived_version = 0", "Run qm-tui migrate"),
        ("DELETE FROM qm_tui.store", "incomplete"),
        ("DROP SCHEMA qm_tui CASCADE", "There is no store in .* Run qm-tui init"),
    ],
)
def test_store_that_this_version_cannot_use_is_refused(
    far, far_url, opened, proxy, direct, change, message
):
    direct.execute(change.encode())
    error = error_of(lambda: opened(far_url))
    assert re.search(message, error)
    proxy.drop()  # a program that is connected finds it when it connects again
    error_of(far.refresh, StoreDisconnected)
    wait_until(lambda: not far._server.seconds_until_retry)
    assert error_of(far.refresh) == error
    far.close()
    wait_until(lambda: proxy.connections() == 0)


def test_database_without_a_store_is_reported(postgres_url, opened):
    assert "Run qm-tui init" in error_of(lambda: opened(postgres_url))


def test_server_without_free_connections_is_reported(far, far_url, opened, direct, proxy):
    direct.execute(f'ALTER DATABASE "{direct.info.dbname}" CONNECTION LIMIT 0'.encode())
    message = error_of(lambda: opened(far_url))
    assert "too many connections" in message
    proxy.drop()
    error_of(far.refresh, StoreDisconnected)
    wait_until(lambda: not far._server.seconds_until_retry)
    assert "too many connections" in error_of(far.refresh, StoreDisconnected)
    assert far.warning
    direct.execute(f'ALTER DATABASE "{direct.info.dbname}" CONNECTION LIMIT -1'.encode())
    _wait_for_connection(far)
    assert far.warning == ""


def test_read_only_server_is_a_read_only_store(opened, direct, postgres_store_url):
    direct.execute(
        f'ALTER DATABASE "{direct.info.dbname}" SET default_transaction_read_only = on'.encode()
    )
    store = opened(postgres_store_url)
    assert "read-only" in store.read_only_reason
    error_of(lambda: commit(store, ROME), StoreReadOnly)
    assert held(store.state) == (1, by_id(ANNA, BO))


def test_server_that_becomes_read_only_is_reported(store, direct):
    store._server.close()
    with store._server.connection() as one:
        one.execute("SET default_transaction_read_only = on")
    message = error_of(lambda: commit(store, ROME))
    assert "read-only transaction" in message
    assert "Nothing was changed" in message


def test_stopped_server_is_reported_without_a_trace_and_a_password(
    private_postgres, home, tmp_path, monkeypatch
):
    url = private_postgres.url(private_postgres.create_database())
    password_file = tmp_path / "pgpass"
    password_file.write_text("*:*:*:*:secret-word\n")
    password_file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(password_file))
    output("init", url)
    private_postgres.stop()
    done = run("list", "--store", url)
    assert (done.code, done.out) == (2, "")
    assert "Cannot connect to" in done.err
    assert done.err.count("\n") == 1
    texts = [done.err, *(path.read_text() for path in home.rglob("*.log"))]
    assert not any("Traceback" in text or "secret-word" in text for text in texts)
