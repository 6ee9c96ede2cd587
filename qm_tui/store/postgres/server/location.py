"""URLs of stores on a PostgreSQL server, and the parameters of their connections."""

import os
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import IPv6Address
from itertools import zip_longest
from typing import Any, Final
from urllib.parse import quote, unquote

from qm_tui.store.errors import StoreError
from qm_tui.store.postgres.server.service_file import service_parameters
from qm_tui.text import sanitize

_SCHEME: Final = "postgresql://"

_SECRETS: Final = (
    *("password", "sslpassword", "oauth_client_secret"),
    *("scram_client_key", "scram_server_key"),
)
"""The parameters that must be secret. Every user of the machine can see a URL in an argument."""

_DEFAULTS: Final = {
    "application_name": "qm-tui",
    "connect_timeout": "10",
    # a dead line is noticed after 5 + 3 * 3 = 14 seconds, or 15 if something was sent
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""The parameters of a connection, unless something else is given."""

_ENVIRONMENT: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "service": "PGSERVICE",
    "sslmode": "PGSSLMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
"""The variables of libpq for the parameters that have a default here, or are shown."""

_MAX_PORT: Final = 65_535

_ADVICE: Final = (
    "put it into a password file (~/.pgpass, or the file named by PGPASSFILE) or into "
    "pg_service.conf, or use peer authentication"
)
_PASSWORD: Final = (
    "The URL of the store contains a password. Other users of this machine could read it. "
    f"Remove it from the URL, and {_ADVICE}."
)
_MISPLACED: Final = (
    "The URL of the store is not valid: it has an '@' after the host. Write it as %40. If it ends "
    f"a password, remove the password, and {_ADVICE}."
)
_PORT: Final = (
    f"The URL of the store is not valid: its port is not a number from 1 to {_MAX_PORT:,}. Enter "
    f"the number of the port. If it is a password, remove it, and {_ADVICE}."
)
_INVALID: Final = (
    "The URL of the store is not valid. Use postgresql://USER@HOST:PORT/DATABASE?NAME=VALUE, and "
    "write special characters as %XX."
)
_EXAMPLES: Final = "Use a parameter of libpq, for example host, service, sslmode or sslrootcert."


@dataclass(frozen=True, slots=True)
class ServerLocation:
    """A store on a PostgreSQL server.

    Attributes:
        conninfo: the parameters of its connections, for `psycopg.connect`. Those of the environment
            and of pg_service.conf are not among them: libpq adds them.
        shown: where it is, for display: the user, the hosts, the ports, and the database or the
            service. It never contains a password, and is a URL of the same store.
    """

    conninfo: dict[str, Any]
    shown: str


def parse_location(text: str) -> ServerLocation:
    """Return the store with this URL.

    No message quotes what may be a password. The connection always uses UTF-8.

    Args:
        text: a URL that begins with `postgresql://` or `postgres://`.

    Raises:
        StoreError: it is not valid, or contains a password, or psycopg is not installed.
    """
    url = f"{_SCHEME}{text.partition('://')[2]}"
    given = _parameters(url)
    if not given.keys().isdisjoint(_SECRETS) or ":" in given.get("user", ""):
        raise StoreError(_PASSWORD)
    given = {name: value for name, value in given.items() if value}
    authority, *rest = re.split("[/?]", url.removeprefix(_SCHEME), maxsplit=1)
    if authority.count("@") > 1 or any("@" in text for text in rest):
        raise StoreError(_MISPLACED)
    if not all(map(_is_port, given.get("port", "").split(","))):
        raise StoreError(_PORT)
    if not all(map(_is_host, given.get("host", "").split(","))):
        raise StoreError(_INVALID)
    # libpq could take such a name for parameters, a password among them
    if "=" in given.get("dbname", "") or "://" in given.get("dbname", ""):
        raise StoreError(_INVALID)
    return ServerLocation(_with_defaults(given), _shown(given))


def _parameters(url: str) -> dict[str, str]:
    try:
        from psycopg import Error
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        python = sanitize(sys.executable)
        raise StoreError(
            "A store on a PostgreSQL server needs psycopg, which is not installed. Run "
            f"{python} -m pip install 'qm-tui[postgres]'."
        ) from None
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except (Error, UnicodeError):  # its message quotes the URL
        raise StoreError(_unknown_parameter(url) or _INVALID) from None


def _unknown_parameter(url: str) -> str:
    """Return a message about the first unknown parameter; empty if there is none.

    What follows a question mark may be the rest of a password, if an `@` comes after it.
    """
    from psycopg.pq import Conninfo

    query = url.partition("?")[2]
    if "@" in query:
        return _MISPLACED
    known = {option.keyword.decode() for option in Conninfo.get_defaults()} | {"ssl"}
    for part in query.split("&") if query else ():
        name = unquote(part.partition("=")[0])
        if name not in known:
            near = get_close_matches(name, known - {*_SECRETS}, 1)
            fix = f"Did you mean {near[0]}?" if near else _EXAMPLES
            return f"Unknown parameter {sanitize(name, 40)} in the URL of the store. {fix}"
    return ""


def _is_port(text: str) -> bool:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_PORT))
    return not text or (is_number and 1 <= int(text) <= _MAX_PORT)


def _is_host(text: str) -> bool:
    """Whether it is a folder of sockets, an abstract socket, a name, or an address."""
    if _is_socket(text) or not {*text} & {*"@:"}:
        return True
    try:
        return bool(IPv6Address(text))
    except ValueError:
        return False


def _is_socket(host: str) -> bool:
    return host.startswith(("/", "@"))


def _with_defaults(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a URL, with a default for each that is given nowhere."""
    service = _value("service", given)
    elsewhere = service_parameters(service) if service else {}
    known = {**elsewhere, **given}
    defaults = dict(_DEFAULTS)
    hosts, addresses = _value("host", known).split(","), _value("hostaddr", known).split(",")
    if any(addresses) or any(host and not _is_socket(host) for host in hosts):
        defaults["sslmode"] = "verify-full"
    if len(hosts) > 1 or len(addresses) > 1:
        defaults["target_session_attrs"] = "read-write"
    added = {name: value for name, value in defaults.items() if not _value(name, known)}
    return {**added, **given, "client_encoding": "UTF8"}


def _value(name: str, known: Mapping[str, str]) -> str:
    """Return a parameter as libpq finds it: given, or from the environment; empty if neither."""
    return known.get(name) or os.environ.get(_ENVIRONMENT.get(name, ""), "")


def _shown(given: Mapping[str, str]) -> str:
    known = {**given, "service": _value("service", given)}
    if not known["service"]:  # else the service comes before the environment
        known = {name: _value(name, given) for name in _ENVIRONMENT}
    host, port = known.get("host", ""), known.get("port", "")
    parts = [_SCHEME]
    if user := known.get("user"):
        parts.append(f"{_quoted(user)}@")
    query = []
    if "/" in host or "@" in host:
        query.append(f"host={_quoted(host, keep='/,')}")
        if port:
            query.append(f"port={_quoted(port, keep=',')}")
    else:
        parts.append(_hosts(host, port))
    if database := known.get("dbname"):
        parts.append(f"/{_quoted(database)}")
    for name in ("hostaddr", "service"):
        if value := known.get(name):
            query.append(f"{name}={_quoted(value, keep=':,')}")
    if query:
        parts.append(("" if database else "/") + "?" + "&".join(query))
    return "".join(parts)


def _hosts(host: str, port: str) -> str:
    """Return hosts and their ports as in a URL."""
    names = [f"[{name}]" if ":" in name else _quoted(name) for name in host.split(",")]
    ports = port.split(",") if "," in port else [port] * len(names)
    pairs = zip_longest(names, ports, fillvalue="")
    return ",".join(f"{name}:{number}" if number else name for name, number in pairs)


def _quoted(text: str, keep: Collection[str] = "") -> str:
    """Return a text with %XX for what has a meaning in a URL; letters of all scripts remain."""
    return re.sub(
        r"[^\w.~-]",
        lambda match: match[0] if match[0] in keep else quote(match[0], safe=""),
        text,
    )
