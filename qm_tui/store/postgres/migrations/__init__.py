"""The numbered SQL files that make the tables of a store, and change those of earlier versions.

In a file, only the ends of statements are semicolons at the ends of lines.
"""

import re
from importlib.resources import files
from typing import Final

_FILES: Final = files(__name__)

MIGRATIONS: Final = tuple(sorted(one.name for one in _FILES.iterdir() if one.name.endswith(".sql")))
"""The names of the files in the order in which they are run."""

SCHEMA_VERSION: Final = len(MIGRATIONS)
"""The version of the tables that this program reads and writes."""


def statements_of(name: str) -> list[bytes]:
    """Return the SQL statements of a file: Citus does not take some of them together."""
    text = (_FILES / name).read_text(encoding="utf-8")
    return [one.encode() for one in re.split(r"(?<=;)\n", text) if one.strip()]
