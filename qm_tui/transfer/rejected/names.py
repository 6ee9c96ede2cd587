"""Names of the files for rejected records."""

import os
import re
from pathlib import Path
from typing import Final

_NUMBERED: Final = re.compile(r"(.*)-rejected(?:-([0-9]{1,6}))?", re.DOTALL)


def rejected_path(source: Path) -> Path:
    """Return the path for a file's rejected records: `NAME-rejected.csv`, or the next number.

    Those of `NAME-rejected.csv` itself go to `NAME-rejected-2.csv`.
    """
    match = _NUMBERED.fullmatch(source.stem)
    if not match:
        return source.with_name(f"{source.stem}-rejected.csv")
    return source.with_name(f"{match.group(1)}-rejected-{int(match.group(2) or 1) + 1}.csv")


def unreadable_path(rejected: Path) -> Path:
    """Return the path for the unreadable lines that belong to a rejected-records file."""
    match = _NUMBERED.fullmatch(rejected.stem)
    if not match:
        return rejected.with_name(f"{rejected.stem}-unreadable.txt")
    number = f"-{match.group(2)}" if match.group(2) else ""
    return rejected.with_name(f"{match.group(1)}-unreadable{number}.txt")


def free_path(source: Path) -> Path:
    """Return the first path for a file's rejected records that does not exist yet."""
    path = rejected_path(source)
    while os.path.lexists(path) or os.path.lexists(unreadable_path(path)):
        path = rejected_path(path)
    return path
