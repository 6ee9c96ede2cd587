"""Stores that are URLs: `--store`, `QM_TUI_STORE`, `qm-tui init` and `qm-tui migrate`."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from qm_tui import paths
from qm_tui.store.errors import StoreError
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.postgres.server.location import ServerLocation
from tests.program import output, refusal, run

URL = "postgresql://anna@db:5433/qm"
SECRET = "s3cr3tword"
WITH_PASSWORD = f"postgresql://anna:{SECRET}@db/qm"


class ServerStore(MemoryStore):  # type: ignore[misc] # nothing is derived outside tests
    """A store without a server, opened as if it was on one."""

    opened: list[tuple[str, float, bool]]

    def __init__(self, location: ServerLocation, *, wait: float, read_only: bool) -> None:
        super().__init__(wait=wait, read_only=read_only)
        self._shown = location.shown
        self.opened.append((location.shown, wait, read_only))

    @property
    def location(self) -> str:
        return self._shown

    @property
    def exists(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def opened(monkeypatch) -> list[tuple[str, float, bool]]:
    """The stores that were opened: location, wait, whether read-only."""
    module: Any = ModuleType("store")
    module.PostgresStore = ServerStore
    monkeypatch.setitem(sys.modules, "qm_tui.store.postgres.store", module)
    monkeypatch.setattr(ServerStore, "opened", [], raising=False)
    for name in ("PGHOST", "PGUSER", "PGPORT", "PGDATABASE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    return ServerStore.opened


class Schema(ModuleType):
    """Records what it is asked to do.

    Attributes:
        calls: what it was asked to do.
        versions: what a migration returns.
        error: the message of the error, if it must fail.
    """

    def __init__(self) -> None:
        super().__init__("schema")
        self.calls: list[tuple[str, ...]] = []
        self.versions = (1, 2)
        self.error = ""

    def initialize(self, location: ServerLocation, name_order: str) -> None:
        self._called("initialize", location.shown, name_order)

    def migrate(self, location: ServerLocation, _progress: object) -> tuple[int, int]:
        self._called("migrate", location.shown)
        return self.versions

    def roles_script(self) -> str:
        return "GRANT SELECT ON users TO viewer;\n"

    def _called(self, *call: str) -> None:
        self.calls.append(call)
        if self.error:
            raise StoreError(self.error)


@pytest.fixture
def schema(monkeypatch) -> Schema:
    module, orders = Schema(), ModuleType("name_order")
    described = SimpleNamespace(description="ä is a")
    monkeypatch.setattr(
        orders, "NAME_ORDERS", {"latin": described, "swedish": described}, raising=False
    )
    monkeypatch.setitem(sys.modules, "qm_tui.store.postgres.schema", module)
    monkeypatch.setitem(sys.modules, "qm_tui.users.query.name_order", orders)
    return module


# Opening


def test_url_is_opened_wherever_a_store_is_given(monkeypatch, opened):
    assert output("list", "--json", "--store", URL) == ""
    output("--store", URL, "list")
    monkeypatch.setenv(paths.STORE_VARIABLE, URL)
    output("--read-only", "list")
    assert opened == [(URL, 10, False), (URL, 10, False), (URL, 10, True)]


def test_option_comes_before_the_variable(home, monkeypatch, opened):
    monkeypatch.setenv(paths.STORE_VARIABLE, "postgresql://other/qm")
    output("list", "--store", URL)
    assert [location for location, _, _ in opened] == [URL]
    assert str(home / "users.json") in output("info", "--store", home / "users.json")


def test_completion_opens_the_url(opened):
    output("complete", "bash", "--", f"qm-tui --store {URL} set ", "")
    output("complete", "bash", "--", f"qm-tui set --store={URL} ", "")
    assert opened == [(URL, 10, True), (URL, 10, True)]


def test_info_shows_the_url():
    assert f"Store     {URL} (0 users)" in output("info", "--store", URL)


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--store", WITH_PASSWORD],
        ["--store", WITH_PASSWORD, "info"],
        ["--debug", "--store", WITH_PASSWORD, "list"],
        ["init", WITH_PASSWORD],
        ["init", "--store", WITH_PASSWORD],
        ["migrate", WITH_PASSWORD],
        ["list", "--store", f"postgresql://db/qm?password={SECRET}"],
    ],
)
def test_password_in_a_url_is_an_error_that_does_not_quote_it(home, opened, arguments):
    message = refusal(*arguments)
    assert "contains a password" in message
    assert "~/.pgpass" in message
    _assert_secret(home, message)
    assert opened == []


def test_password_in_the_variable_is_an_error(home, monkeypatch, opened):
    monkeypatch.setenv(paths.STORE_VARIABLE, WITH_PASSWORD)
    for command in ("list", "info", "init", "migrate"):
        message = refusal(command)
        assert "contains a password" in message
        _assert_secret(home, message)
    assert "qm-tui" in output("--version")
    assert opened == []


@pytest.mark.parametrize(
    "arguments",
    [
        [WITH_PASSWORD],
        ["list", WITH_PASSWORD],
        ["info", WITH_PASSWORD],
        ["import", "a.csv", WITH_PASSWORD],
        [f"--{WITH_PASSWORD}"],
        ["list", f"--{WITH_PASSWORD}"],
        ["import", WITH_PASSWORD],
        ["export", WITH_PASSWORD],
        ["backup", WITH_PASSWORD],
        ["recover", WITH_PASSWORD],
        ["init", "--shared", WITH_PASSWORD],
        ["init", WITH_PASSWORD, "--store", "x.json"],
        ["init", f"mysql://anna:{SECRET}@db/qm"],
        ["list", "--store", f"mysql://anna:{SECRET}@db/qm?x={SECRET}"],
        ["info", "--store", f"mysql://anna:{SECRET}/@db"],
    ],
)
def test_url_in_a_wrong_place_is_not_quoted(home, arguments):
    message = refusal(*arguments)
    assert "URL" in message
    _assert_secret(home, message)


def _assert_secret(home, message: str) -> None:
    assert SECRET not in message
    for file in home.rglob("*.log"):
        assert SECRET not in file.read_text()
    assert not list(home.rglob("*.json"))


def test_commands_for_files_name_what_to_use_instead(home):
    for command, tool in (
        (["backup", "store.tar"], "pg_dump"),
        (["check"], "pg_amcheck"),
        (["recover", "new.json"], "pg_restore or psql"),
    ):
        message = refusal(*command, "--store", URL)
        assert f"The store {URL} has no files." in message
        assert tool in message
    assert list(home.iterdir()) == []


# init and migrate


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        (["init", URL], "latin"),
        (["init", URL, "--name-order", "swedish"], "swedish"),
        (["init", "--store", URL], "latin"),
        (["--store", URL, "init", "--name-order=latin"], "latin"),
    ],
)
def test_init_creates_a_store_on_a_server_and_names_the_next_step(schema, arguments, order):
    out = output(*arguments)
    assert schema.calls == [("initialize", URL, order)]
    assert out.startswith(f"Created an empty store: {URL}\n")
    assert "qm-tui init --roles" in out


def test_init_and_migrate_follow_the_variable(monkeypatch, schema):
    monkeypatch.setenv(paths.STORE_VARIABLE, URL)
    output("init")
    output("migrate")
    output("migrate", "postgresql:///other")
    assert schema.calls == [
        ("initialize", URL, "latin"),
        ("migrate", URL),
        ("migrate", "postgresql:///other"),
    ]


def test_init_prints_the_roles_and_creates_nothing(schema, store):
    for arguments in ((), (URL,)):
        assert output("init", "--roles", *arguments) == schema.roles_script()
    assert schema.calls == []
    assert not store.exists()


def test_migrate_reports_the_versions(schema):
    expected = f"Migrated the schema of {URL} from version 1 to 2.\n"
    assert output("migrate", URL) == expected
    schema.versions = (2, 2)
    assert "already has version 2" in output("migrate", URL)


def test_errors_of_the_server_are_errors_of_the_command(schema):
    schema.error = "There is a store already."
    for command in ("init", "migrate"):
        assert refusal(command, URL) == "There is a store already.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["init", "users.json"], "'users.json' is not the URL of a PostgreSQL database."),
        (["init", ""], "The path is empty."),
        (["init", URL, URL], "Use --store URL"),
        (["init", URL, "--store", "users.json"], "URL and --store cannot be combined."),
        (["--store", URL, "migrate", URL], "URL and --store cannot be combined."),
        (["--read-only", "init", URL], "--read-only and init cannot be combined."),
        (["--read-only", "migrate", URL], "--read-only and migrate cannot be combined."),
        (["init", "--name-order", "latin"], "--name-order requires the URL of a PostgreSQL"),
        (["init", URL, "--name-order", "latim"], "Unknown name order latim. Did you mean latin?"),
        (["init", URL, "--name-order", "\x1b"], "Unknown name order ␛. Valid name orders: latin ("),
        (["init", URL, "--shared", "x", "--group", "y"], "--shared and --store cannot be combined"),
        (
            ["init", "--name-order", "latin", "--shared", "x", "--group", "y"],
            "--shared and --name-order cannot be combined.",
        ),
        (["migrate"], "Nothing to migrate: the store /"),
        (["migrate", "--store", "users.json"], "users.json is a file."),
    ],
)
def test_invalid_arguments_are_errors_that_create_nothing(home, schema, arguments, says):
    assert says in refusal(*arguments)
    assert schema.calls == []
    assert not list(home.rglob("*.json"))


def test_psycopg_is_not_imported_for_a_file(home):
    code = (
        "import sys\n"
        "from qm_tui.cli.program import _invoke\n"
        "for line in (['list'], ['init'], ['info']): _invoke(line)\n"
        "assert 'psycopg' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_missing_psycopg_is_an_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for command in (["list", "--store", URL], ["init", URL], ["migrate", URL]):
        assert "pip install 'qm-tui[postgres]'" in refusal(*command)
    assert run("list").code == 0
