"""What the files of an import's rejected records are called."""

import os
import re
from pathlib import Path
from typing import Final

_NUMBERED: Final = re.compile(r"(.*)-rejected(?:-([0-9]{1,6}))?", re.DOTALL)


def rejected_path(source: Path) -> Path:
    """Where the rejected records of a file go: `NAME-rejected.csv` beside it, or the next number.

    Those of `NAME-rejected.csv` itself go to `NAME-rejected-2.csv`.
    """
    found = _NUMBERED.fullmatch(source.stem)
    if not found:
        return source.with_name(f"{source.stem}-rejected.csv")
    return source.with_name(f"{found.group(1)}-rejected-{int(found.group(2) or 1) + 1}.csv")


def unreadable_path(rejected: Path) -> Path:
    """Where the unreadable lines go that belong to a file of rejected records."""
    found = _NUMBERED.fullmatch(rejected.stem)
    if not found:
        return rejected.with_name(f"{rejected.stem}-unreadable.txt")
    number = f"-{found.group(2)}" if found.group(2) else ""
    return rejected.with_name(f"{found.group(1)}-unreadable{number}.txt")


def free_path(source: Path) -> Path:
    """The first of the names for the rejected records of a file that nothing bears yet."""
    path = rejected_path(source)
    while os.path.lexists(path) or os.path.lexists(unreadable_path(path)):
        path = rejected_path(path)
    return path
