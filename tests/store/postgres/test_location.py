"""URLs of stores on a PostgreSQL server: what is connected to, what is shown, what is an error."""

import sys
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from qm_tui.paths import is_server_location
from qm_tui.store.errors import StoreError
from qm_tui.store.postgres.server.location import parse_location

SECRET = "s3cr3tword"
TCP = {"sslmode": "verify-full"}
SEVERAL = {**TCP, "target_session_attrs": "read-write"}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in (
        *("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSSLMODE", "PGAPPNAME"),
        *("PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGCONNECT_TIMEOUT"),
        "PGTARGETSESSIONATTRS",
    ):
        monkeypatch.delenv(name, raising=False)


def given(url: str) -> dict[str, str]:
    """The parameters of a connection without those that every connection has."""
    conninfo = parse_location(url).conninfo
    for name in (
        *("application_name", "connect_timeout", "client_encoding", "tcp_user_timeout"),
        *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    ):
        del conninfo[name]
    return conninfo


def write_service(path: Path, *lines: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["# all services", "[other]", "sslmode=disable", *lines, ""]))


def error(url: str) -> str:
    """The message of the error. Nothing of the secret may be in it, nor in its causes."""
    with pytest.raises(StoreError) as caught:
        parse_location(url)
    assert SECRET not in repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert str(caught.value).endswith((".", "?"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://db/qm", True),
        ("postgres://", True),
        ("PostgreSQL://db", True),
        ("postgresql:/db", False),
        ("./postgresql://db", False),
        ("mysql://db/qm", False),
        ("users.json", False),
        ("", False),
    ],
)
def test_only_urls_of_postgresql_are_server_locations(text, expected):
    assert is_server_location(text) is expected


@pytest.mark.parametrize(
    ("url", "parameters", "shown"),
    [
        ("postgresql://", {}, "postgresql://"),
        ("postgresql:///qm", {"dbname": "qm"}, "postgresql:///qm"),
        ("postgresql:///?user=anna", {"user": "anna"}, "postgresql://anna@"),
        ("postgresql://db", {"host": "db", **TCP}, "postgresql://db"),
        ("PostgreSQL://db", {"host": "db", **TCP}, "postgresql://db"),
        (
            "postgres://anna@db:5433/qm?sslmode=require",
            {"host": "db", "port": "5433", "user": "anna", "dbname": "qm", "sslmode": "require"},
            "postgresql://anna@db:5433/qm",
        ),
        ("postgresql://db?ssl=true", {"host": "db", "sslmode": "require"}, "postgresql://db"),
        ("postgresql://db?sslmode=", {"host": "db", **TCP}, "postgresql://db"),
        (
            "postgresql://anna@a,b:5433/qm",
            {"host": "a,b", "port": ",5433", "user": "anna", "dbname": "qm", **SEVERAL},
            "postgresql://anna@a,b:5433/qm",
        ),
        (
            "postgresql://a,b/qm?port=5433&target_session_attrs=any",
            {"host": "a,b", "port": "5433", "dbname": "qm", **TCP, "target_session_attrs": "any"},
            "postgresql://a:5433,b:5433/qm",
        ),
        (
            "postgresql:///qm?host=/run/pg,/tmp/pg",
            {"host": "/run/pg,/tmp/pg", "dbname": "qm", "target_session_attrs": "read-write"},
            "postgresql:///qm?host=/run/pg,/tmp/pg",
        ),
        (
            "postgresql:///qm?host=/run/pg,db&port=1,2",
            {"host": "/run/pg,db", "port": "1,2", "dbname": "qm", **SEVERAL},
            "postgresql:///qm?host=/run/pg,db&port=1,2",
        ),
        ("postgresql://%2Frun%2Fpg", {"host": "/run/pg"}, "postgresql:///?host=/run/pg"),
        ("postgresql://%40qm", {"host": "@qm"}, "postgresql:///?host=%40qm"),
        (
            "postgresql://[::1]:5433/qm",
            {"host": "::1", "port": "5433", "dbname": "qm", **TCP},
            "postgresql://[::1]:5433/qm",
        ),
        (
            "postgresql:///qm?hostaddr=::1",
            {"hostaddr": "::1", "dbname": "qm", **TCP},
            "postgresql:///qm?hostaddr=::1",
        ),
        (
            "postgresql://db/qm?passfile=/etc/qm.pass",
            {"host": "db", "dbname": "qm", "passfile": "/etc/qm.pass", **TCP},
            "postgresql://db/qm",
        ),
        (
            "postgresql://j%C3%B6rg%1b%20b@db/a%2Fb",
            {"host": "db", "user": "jörg\x1b b", "dbname": "a/b", **TCP},
            "postgresql://jörg%1B%20b@db/a%2Fb",
        ),
        ("postgresql://?service=qm", {"service": "qm"}, "postgresql:///?service=qm"),
        ("postgresql://anna:@db", {"user": "anna", "host": "db", **TCP}, "postgresql://anna@db"),
    ],
)
def test_url_gives_the_parameters_and_what_is_shown(url, parameters, shown):
    assert given(url) == parameters
    location = parse_location(url)
    assert location.shown == shown
    assert {**location.conninfo, **conninfo_to_dict(shown)} == location.conninfo or "," in shown


def test_connection_uses_utf8_and_notices_a_dead_line():
    conninfo = parse_location("postgresql://db?client_encoding=latin1").conninfo
    assert conninfo["client_encoding"] == "UTF8"
    assert conninfo["application_name"] == "qm-tui"
    assert conninfo["connect_timeout"] == "10"
    idle, every, count = (
        int(conninfo[f"keepalives_{name}"]) for name in ("idle", "interval", "count")
    )
    assert idle + every * count <= 15
    assert conninfo["tcp_user_timeout"] == "15000"


def test_given_parameters_come_before_the_defaults(monkeypatch):
    conninfo = parse_location("postgresql://db?connect_timeout=3&keepalives_idle=60").conninfo
    assert (conninfo["connect_timeout"], conninfo["keepalives_idle"]) == ("3", "60")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "4")
    monkeypatch.setenv("PGAPPNAME", "nightly")
    conninfo = parse_location("postgresql://db").conninfo
    assert not {"connect_timeout", "application_name"} & conninfo.keys()


@pytest.mark.parametrize(
    ("url", "variables", "parameters", "shown"),
    [
        ("postgresql:///qm", {"PGHOST": "db"}, {"dbname": "qm", **TCP}, "postgresql://db/qm"),
        ("postgresql:///qm", {"PGHOST": "/tmp"}, {"dbname": "qm"}, "postgresql:///qm?host=/tmp"),
        ("postgresql://", {"PGHOST": "a,b"}, SEVERAL, "postgresql://a,b"),
        ("postgresql://", {"PGHOSTADDR": "10.0.0.1"}, TCP, "postgresql:///?hostaddr=10.0.0.1"),
        (
            "postgresql://",
            {"PGHOST": "db", "PGPORT": "1", "PGUSER": "anna", "PGDATABASE": "qm"},
            TCP,
            "postgresql://anna@db:1/qm",
        ),
        (
            "postgresql://db",
            {"PGHOST": "/tmp", "PGSSLMODE": "require"},
            {"host": "db"},
            "postgresql://db",
        ),
        ("postgresql://db", {"PGSSLMODE": ""}, {"host": "db", **TCP}, "postgresql://db"),
        (
            "postgresql://a,b",
            {"PGTARGETSESSIONATTRS": "any"},
            {"host": "a,b", "port": ",", **TCP},
            "postgresql://a,b",
        ),
    ],
)
def test_environment_is_respected(monkeypatch, url, variables, parameters, shown):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert given(url) == parameters
    assert parse_location(url).shown == shown


@pytest.mark.parametrize(
    ("lines", "added"),
    [
        (["[qm]", "host=db"], TCP),
        (["[qm]", "  host=a,b  ", "port=1"], SEVERAL),
        (["[qm]", "host=db", "sslmode=verify-ca", "[next]", "host=/tmp"], {}),
        (["[qm]", "host=db", "#sslmode=disable", "[qm]", "sslmode=disable"], TCP),
        (["[qm-2]", "host=db", "[qm]", "host=/run/pg"], {}),
        (["[qm]", "host=/run/pg", "host=db"], {}),
        (["[qm]", "dbname=qm"], {}),
    ],
)
@pytest.mark.parametrize("place", [".pg_service.conf", "PGSERVICEFILE", "PGSYSCONFDIR"])
def test_service_is_respected(home, monkeypatch, place, lines, added):
    path = home / place
    if place == "PGSERVICEFILE":
        monkeypatch.setenv(place, str(path))
        write_service(home / ".pg_service.conf", "[qm]", "host=db", "sslmode=disable")
    if place == "PGSYSCONFDIR":
        write_service(home / ".pg_service.conf")
        monkeypatch.setenv(place, str(path))
        path /= "pg_service.conf"
    write_service(path, *lines)
    assert given("postgresql://?service=qm") == {"service": "qm", **added}
    monkeypatch.setenv("PGSERVICE", "qm")
    assert given("postgresql://") == added
    assert parse_location("postgresql://anna@").shown == "postgresql://anna@/?service=qm"


def test_url_comes_before_the_service_and_the_service_before_the_environment(home, monkeypatch):
    write_service(home / ".pg_service.conf", "[qm]", "host=/run/pg")
    monkeypatch.setenv("PGHOST", "db")
    assert given("postgresql://?service=qm") == {"service": "qm"}
    assert given("postgresql://db?service=qm") == {"host": "db", "service": "qm", **TCP}


def test_unreadable_service_file_is_left_to_libpq(home, monkeypatch):
    monkeypatch.setenv("PGSERVICEFILE", str(home / "missing"))
    assert given("postgresql://db?service=qm") == {"host": "db", "service": "qm", **TCP}
    (home / "service").write_bytes(b"[\xff]\nhost=a\n[qm]\nsslmode=\xff\n")
    monkeypatch.setenv("PGSERVICEFILE", str(home / "service"))
    assert given("postgresql://db?service=qm") == {"host": "db", "service": "qm"}


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://anna:{SECRET}@db/qm",
        f"postgres://anna:{SECRET}@db/qm",
        f"POSTGRES://anna:{SECRET}@db/qm",
        f"postgresql://:{SECRET}@/qm",
        f"postgresql://anna:{SECRET}%40%2f@a:1,b:2/qm",
        f"postgresql://anna:{SECRET}@more@db/qm",
        f"postgresql://anna%3A{SECRET}@db/qm",
        f"postgresql://a,anna:{SECRET}@b/qm",
        f"postgresql://db/qm?password={SECRET}",
        f"postgresql://db/qm?sslmode=require&password={SECRET}&password=",
        "postgresql://db/qm?password=",
        f"postgresql://db/qm?p%61ssword={SECRET}",
        f"postgresql://db/qm?sslpassword={SECRET}",
        f"postgresql://db/qm?oauth_client_secret={SECRET}",
    ],
)
def test_password_in_a_url_is_an_error_that_does_not_quote_it(url):
    message = error(url)
    assert message.startswith("The URL of the store contains a password.")
    for instead in ("~/.pgpass", "PGPASSFILE", "pg_service.conf", "peer authentication"):
        assert instead in message


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://anna:{SECRET}/x@db/qm",
        f"postgresql://anna:12/{SECRET}@db/qm",
        f"postgresql://anna:{SECRET}?x@db/qm",
        f"postgresql://anna:12?{SECRET}=x@db/qm",
        f"postgresql://anna:12?sslmode={SECRET}@db/qm",
        f"postgresql://anna@a,bo:{SECRET}@b/qm",
        f"postgresql://anna@example.com:{SECRET}@db/qm",
        f"postgresql://anna@{SECRET}@db/qm",
        f"postgresql://anna:{SECRET}%40db/qm",
        f"postgresql://anna:{SECRET}",
    ],
)
def test_what_may_be_a_password_is_not_quoted(url):
    message = error(url)
    assert "emove" in message
    assert "~/.pgpass" in message


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://db:0", "port"),
        ("postgresql://db:65536", "port"),
        ("postgresql://db:٣", "port"),
        ("postgresql://a,b?port=1,x", "port"),
        (f"postgresql://db:{'9' * 5000}", "port"),
        ("postgresql://[::1", "is not valid"),
        ("postgresql://[x:y]/", "is not valid"),
        (f"postgresql://anna%3A{SECRET}%40db/qm", "is not valid"),
        (f"postgresql://db/{SECRET}%", "is not valid"),
        (f"postgresql://db/{SECRET}%00", "is not valid"),
        (f"postgresql://{SECRET}%ff@db", "is not valid"),
        (f"postgresql://{SECRET}\udcff@db", "is not valid"),
        (f"postgresql:///password%3D{SECRET}", "is not valid"),
        (f"postgresql:///?dbname=postgresql:%2F%2Fx:{SECRET}%40db", "is not valid"),
        ("postgresql://db?ssmode=x", "Unknown parameter ssmode in the URL of the store. Did you m"),
        ("postgresql://db?ssmode=x", "mean sslmode?"),
        (f"postgresql://db?sslmode=x&pasword={SECRET}", "Unknown parameter pasword"),
        (f"postgresql://db?zzz={SECRET}", "Use a parameter of libpq, for example host"),
        ("postgresql://db?%1b=x", "Unknown parameter ␛ in"),
    ],
)
def test_invalid_url_is_an_error(url, says):
    assert says in error(url)


def test_missing_psycopg_is_an_error_that_names_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    message = error(f"postgresql://anna:{SECRET}@db")
    assert "needs psycopg" in message
    assert f"Run {sys.executable} -m pip install 'qm-tui[postgres]'." in message
