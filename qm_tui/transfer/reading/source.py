"""Opening of users files, and of standard input as one.

A file is read several times: its format is detected first, and an import that another admin
overtakes is planned again. So what comes through a pipe is copied to a file without a name, which
no other program can open, and which disappears with this one.
"""

import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from qm_tui.errors import UserError, os_error_text
from qm_tui.text import sanitize

SUFFIX: Final = ".csv"
"""Suffix of users files, not case-sensitive."""

STANDARD_INPUT: Final = Path("/dev/stdin")
"""The path of standard input."""

_DESCRIPTOR: Final = 0
_BLOCK: Final = 1024 * 1024


def spool_standard_input() -> None:
    """Read standard input to its end, so that it can be read several times as `STANDARD_INPUT`.

    Raises:
        UserError: it is a terminal, or cannot be read or copied.
    """
    if sys.stdin.isatty():
        raise UserError(
            "Standard input is a terminal. Nothing was imported. Pipe a file to the command, or "
            "enter a file name."
        )
    try:
        if stat.S_ISREG(os.fstat(_DESCRIPTOR).st_mode):
            return
        with (
            os.fdopen(_DESCRIPTOR, "rb", closefd=False) as source,
            TemporaryFile() as spooled,
        ):
            shutil.copyfileobj(source, spooled, _BLOCK)
            spooled.flush()
            os.dup2(spooled.fileno(), _DESCRIPTOR)
    except OSError as error:
        msg = (
            f"Cannot copy standard input to a temporary file: {os_error_text(error)}. Nothing was "
            "imported. Free some space, or set TMPDIR to another folder."
        )
        raise UserError(msg) from error


def quoted_path(path: Path) -> str:
    """Return the path for a message."""
    return sanitize(str(path))


_NO_FILE: Final[list[tuple[Callable[[int], bool], str]]] = [
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
]


def open_users_file(path: Path) -> BinaryIO:
    """Return the file, open for reading.

    Raises:
        UserError: the path does not exist, is not a regular file, cannot be read, or does not end
            in `.csv`.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            msg = f"{quoted_path(path)} does not exist. Check the path."
            raise UserError(msg) from error
        cause = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise cannot_read(path, cause) from error
    kind = next((kind for is_kind, kind in _NO_FILE if is_kind(mode)), None)
    if kind:
        msg = f"{quoted_path(path)} is {kind}, not a CSV file. Choose a file that ends in .csv."
        raise UserError(msg)
    if path != STANDARD_INPUT and not path.name.lower().endswith(SUFFIX):
        msg = f"{quoted_path(path)} does not end in .csv. If it is a CSV file, rename it."
        raise UserError(msg)
    try:
        # not blocking: the file may have become a pipe since the check above
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise cannot_read(path, os_error_text(error)) from error
    return os.fdopen(descriptor, "rb")


def cannot_read(path: Path, cause: str) -> UserError:
    """Return the error for a file that cannot be read."""
    return UserError(f"Cannot read {quoted_path(path)}: {cause}.")
