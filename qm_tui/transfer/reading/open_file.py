"""A users file, opened: what may be one, and why something else is none.

Source: the users file, section 2.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from qm_tui.errors import Refused, reason
from qm_tui.text import visible

SUFFIX: Final = ".csv"
"""How the name of a users file ends, in any case."""


def named(path: Path) -> str:
    """The path, as a sentence names it."""
    return visible(str(path))


_NO_FILE: Final[list[tuple[Callable[[int], bool], str]]] = [
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
]


def opened(path: Path) -> BinaryIO:
    """The file, open for reading, if it is one that may hold users.

    Raises:
        Refused: it is missing, no regular file, unreadable, or not named `.csv`.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file has such a name"
        if isinstance(error, FileNotFoundError):
            msg = f"{named(path)} does not exist: check its name and folder."
        else:
            msg = f"{named(path)} cannot be read: {why}."
        raise Refused(msg) from error
    what = next((what for is_one, what in _NO_FILE if is_one(mode)), None)
    if what:
        msg = f"{named(path)} is {what}, not a CSV file: name the file itself, which ends in .csv."
        raise Refused(msg)
    if not path.name.lower().endswith(SUFFIX):
        msg = (
            f"{named(path)} is not named .csv: only files whose names end in .csv are imported. "
            "Rename it if it is one."
        )
        raise Refused(msg)
    try:
        # not blocking: the file may have become a pipe since it was looked at
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        msg = f"{named(path)} cannot be read: {reason(error)}."
        raise Refused(msg) from error
    return os.fdopen(descriptor, "rb")
