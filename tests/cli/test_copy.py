"""`qm-tui copy`: copy a whole store to a new one."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from qm_tui.cli.commands import copy_store as command_module
from qm_tui.store import shown_location
from qm_tui.store.copying import copy_store
from tests.helpers import ANNA, commit, user
from tests.postgres.server import ServerAddress
from tests.program import listed, output, refusal, run

BO = user("bo")


@pytest.fixture
def old(home) -> Path:
    """The path of a store with two users and two transactions."""
    path: Path = home / "old" / "users.json"
    commit(path, ANNA, BO)
    commit(path, ANNA._replace(location="Rome"))
    return path


def test_copy_reports_what_was_copied_and_the_digest(home, old):
    new = home / "new" / "users.json"
    first, second = output("copy", old, new).splitlines()
    assert first == f"Copied 2 users from {old} to {new}, as of transaction 2."
    assert re.fullmatch("Both stores have the SHA-256 digest [0-9a-f]{64}.", second)
    assert listed("--store", new) == listed("--store", old)
    output("undo", "2", "--store", new)
    assert "intact" in output("check", "--store", new)
    assert "copy old" not in output("activity", "--store", new)


def test_relative_paths_and_the_variable_are_as_in_other_commands(home, old, monkeypatch):
    monkeypatch.setenv("QM_TUI_STORE", str(home / "other.json"))
    output("copy", "old/users.json", "~/new.json")
    assert listed("--store", home / "new.json") == listed("--store", old)
    assert not (home / "other.json").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["copy", "missing.json", "new.json"], "There is no store at"),
        (["copy", "missing.json", "new.json"], "Nothing was copied. Check the path"),
        (["copy", "old/users.json", "old/users.json"], "already exists. Nothing was written."),
        (["copy", "old/users.json", "old"], "is a folder"),
        (["copy", "old/users.json", ""], "The path is empty."),
        (["copy", "old/users.json"], "Missing argument 'TO'"),
        (["--store", "x.json", "copy", "old/users.json", "new.json"], "--store and copy cannot"),
        (["--read-only", "copy", "old/users.json", "new.json"], "--read-only and copy cannot"),
        (["copy", "old/users.json", "mysql://db/qm"], "Unknown kind of store"),
        (["copy", "old/users.json", "postgresql://a:s3cret@db/qm"], "contains a password"),
        (["copy", "postgresql://a:s3cret@db/qm", "new.json"], "contains a password"),
    ],
)
def test_invalid_arguments_are_errors_that_create_nothing(home, old, arguments, says):
    before = {path.name: path.read_bytes() for path in old.parent.iterdir()}
    message = refusal(*arguments)
    assert says in message
    assert "s3cret" not in message
    assert {path.name: path.read_bytes() for path in old.parent.iterdir()} == before
    assert [path for path in home.rglob("*.json") if path.parent != old.parent] == []


def test_transactions_of_others_in_the_meantime_are_reported(home, old, monkeypatch):
    def slowly(source, target, progress):
        def at(*step: object) -> None:
            if not written:
                written.append(commit(old, user("cy")))
            progress(*step)

        written: list[object] = []
        return copy_store(source, target, at)

    monkeypatch.setattr(command_module, "copy_store", slowly)
    done = run("copy", old, "new.json")
    assert (done.code, done.err) == (1, "")
    assert "Copied 2 users" in done.out
    assert f"{old} has 1 transaction more: another admin changed it in the meantime." in done.out


def test_report_that_cannot_be_written_says_that_the_store_was_copied(home, old):
    done = run("copy", old, "new.json", full="stdout")
    assert done.code == 1
    assert done.err.startswith("The store was copied. Cannot write the report")
    assert listed("--store", "new.json") == listed("--store", old)


# On a server


def test_copy_to_a_server_and_back(home, old, postgres_store_url):
    url, new = postgres_store_url, home / "new.json"
    there, back = output("copy", old, url), output("copy", url, new)
    assert there.startswith(
        f"Copied 2 users from {old} to {shown_location(url)}, as of transaction 2.\n"
    )
    assert there.splitlines()[1] == back.splitlines()[1]
    assert listed("--store", url) == listed("--store", new) == listed("--store", old)
    activity = [output("activity", "--json", "--store", store) for store in (old, url, new)]
    assert len(set(activity)) == 1
    assert "already has users or transactions. Nothing was copied." in refusal("copy", old, url)


def test_database_without_a_store_is_an_error_with_the_command(old, postgres_url):
    assert "Run qm-tui init as the owner of the database." in refusal("copy", old, postgres_url)


def test_parts_that_were_not_copied_are_reported(home, postgres_store_url):
    path = home / "plain.json"
    path.write_text(json.dumps({"users": {"1": ANNA._asdict()}, "other": {"1": {}}}))
    done = run("copy", path, postgres_store_url)
    assert (done.code, done.err) == (1, "")
    assert "Tables of other programs were not copied: other.\n" in done.out


@contextmanager
def role_of(kind: str, url: str, server: ServerAddress) -> Iterator[str]:
    """Yield the URL of a store for a new role, a viewer or an admin."""
    name = str(conninfo_to_dict(url)["dbname"])
    roles = {f"qm_tui_{one}": f"{one}_{name}" for one in ("viewer", "admin")}
    script = output("init", "--roles")
    for given, own in roles.items():
        script = script.replace(given, own)
    with psycopg.connect(server.admin_url(name)) as connection:
        connection.execute(script.encode())
        connection.execute(f"ALTER ROLE {kind}_{name} LOGIN".encode())
    try:
        yield server.url(name, f"{kind}_{name}")
    finally:
        with psycopg.connect(server.admin_url(name)) as connection:
            for own in roles.values():
                connection.execute(f"DROP OWNED BY {own}; DROP ROLE {own}".encode())


def test_viewer_who_may_not_read_passwords_cannot_copy(
    home, old, postgres_server, postgres_store_url
):
    output("copy", old, postgres_store_url)
    with role_of("viewer", postgres_store_url, postgres_server) as url:
        message = refusal("copy", url, "new.json")
    assert "may not read the passwords" in message
    assert "Nothing was copied." in message
    assert not (home / "new.json").exists()


def test_admin_copies_from_a_server_and_only_its_owner_to_it(
    home, old, postgres_server, postgres_store_url
):
    with role_of("admin", postgres_store_url, postgres_server) as url:
        message = refusal("copy", old, url)
        assert "Nothing was changed. Ask the owner of the store." in message
        output("copy", old, postgres_store_url)
        output("copy", url, "new.json")
    assert listed("--store", "new.json") == listed("--store", old)
