"""Parameters of a service: what libpq reads from pg_service.conf."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_COMMENT: Final = "#"
_NAME: Final = "pg_service.conf"


def service_parameters(service: str) -> dict[str, str]:
    """Return the parameters of a service; none if it is not found.

    The files are those of libpq: PGSERVICEFILE or ~/.pg_service.conf, then PGSYSCONFDIR. A file
    that cannot be read is left to libpq, which reports it when it connects.
    """
    for path in _files():
        with suppress(OSError), path.open(encoding="utf-8", errors="surrogateescape") as file:
            parameters = _section(file, service)
            if parameters is not None:
                return parameters
    return {}


def _files() -> Iterator[Path]:
    if own := os.environ.get("PGSERVICEFILE"):
        yield Path(own)
    else:
        with suppress(RuntimeError):  # the user has no home folder
            yield Path.home() / f".{_NAME}"
    if shared := os.environ.get("PGSYSCONFDIR"):
        yield Path(shared) / _NAME


def _section(lines: Iterable[str], service: str) -> dict[str, str] | None:
    """Return the parameters of the first section with this name."""
    parameters: dict[str, str] | None = None
    for line in map(str.strip, lines):
        if not line or line.startswith(_COMMENT):
            continue
        if line.startswith("["):
            if parameters is not None:
                break
            if line.startswith(f"[{service}]"):
                parameters = {}
        elif parameters is not None:
            name, _, value = line.partition("=")
            parameters.setdefault(name, value)
    return parameters
