"""The diagnostic log: unexpected errors and, with `--debug`, what the program does.

It contains no user data, is private to its owner, and is rotated when it is too large.
"""

import os
import platform
import stat
import time
import traceback
from collections.abc import Sized
from contextlib import suppress
from enum import Enum
from pathlib import Path
from threading import Event
from typing import Final

from qm_tui import __version__, paths
from qm_tui.directory import PRIVATE
from qm_tui.files import create_private_folder, open_regular_file
from qm_tui.text import sanitize

_MAX_SIZE: Final = 1_000_000
"""The size in bytes at which the log is rotated; the previous log is kept as `qm-tui.log.old`."""

_debug_enabled: Final = Event()


def enable_debug() -> None:
    """Enable the debug log: what the program does, and the types of local variables of errors.

    Raises:
        OSError: the log cannot be written.
    """
    _append("")
    _debug_enabled.set()


def debug_enabled() -> bool:
    """Whether the debug log is enabled."""
    return _debug_enabled.is_set()


def debug(text: str) -> None:
    """Write to the debug log, if it is enabled.

    Args:
        text: what the program does, without user data.
    """
    if _debug_enabled.is_set():
        with suppress(OSError):
            _append(f"{_now()} {os.getpid()} {sanitize(text)}\n")


def log_start(text: str) -> None:
    """Write version and system to the debug log, if it is enabled.

    Args:
        text: what was started.
    """
    if _debug_enabled.is_set():
        system = f"Python {platform.python_version()} on {platform.system()}"
        terminal = os.environ.get("TERM", "no terminal")
        debug(f"qm-tui {__version__}, {system}, {terminal}: {text}")


def log(error: BaseException) -> Path:
    """Append the traceback of an error: code lines only, no values.

    The message of the error is omitted, because it may quote a password, except for the system's
    message about a file. The debug log also has the types of local variables.

    Returns:
        The log's file.

    Raises:
        OSError: the log cannot be written.
    """
    lines = [f"{_now()} qm-tui {__version__}, process {os.getpid()}\n"]
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        lines += traceback.format_tb(cause.__traceback__)
        if _debug_enabled.is_set():
            lines += _local_types(cause)
        lines.append(f"{type(cause).__name__}{_system_error_text(cause)}\n")
        cause = cause.__cause__ or cause.__context__
    return _append("".join(lines))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _system_error_text(error: BaseException) -> str:
    if not isinstance(error, OSError) or error.errno is None:
        return ""
    name = error.filename
    return f": {os.strerror(error.errno)}" + (
        f", {sanitize(os.fsdecode(name))}" if _is_path(name) else ""
    )


def _is_path(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)


def _local_types(error: BaseException) -> list[str]:
    """Return the types and sizes of the local variables of each frame, without their values."""
    lines = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        lines.append(f"    {frame.f_code.co_name}, line {line}\n")
        lines += [
            f"      {name}: {type_summary(value)}\n" for name, value in frame.f_locals.items()
        ]
    return lines


def type_summary(value: object) -> str:
    """Return the type of a value, and its size if it has one. Any text may be a password."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, Sized):
        with suppress(Exception):  # the error may come from this object
            return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _append(text: str) -> Path:
    path = paths.log_path()
    create_private_folder(path.parent)
    with suppress(OSError):
        if path.stat().st_size > _MAX_SIZE:
            path.replace(path.with_name(path.name + ".old"))
    descriptor = open_regular_file(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != PRIVATE:
            os.fchmod(descriptor, PRIVATE)
        file.write(text)
    return path
