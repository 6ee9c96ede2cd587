"""The log: what went wrong, for whoever is to find out why. It holds no text of a user.

It is its owner's alone, and is begun anew when it has grown.
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
from qm_tui.files import make_private_folder, open_file
from qm_tui.text import visible

_LONGEST: Final = 1_000_000
"""Bytes after which the log is begun anew; the last one is kept beside it."""

_more: Final = Event()


def write_more() -> None:
    """Log from now on what the program does, and what kinds of values an error met.

    Raises:
        OSError: the log cannot be written.
    """
    _append("")
    _more.set()


def says_more() -> bool:
    """Whether more is logged."""
    return _more.is_set()


def note(text: str) -> None:
    """Log something that the program does, where more is logged.

    Args:
        text: what, in words of the program's own.
    """
    if _more.is_set():
        with suppress(OSError):
            _append(f"{_now()} {os.getpid()} {visible(text)}\n")


def note_start(what: str) -> None:
    """Log where the program runs, where more is logged.

    Args:
        what: what was started.
    """
    if _more.is_set():
        system = f"Python {platform.python_version()} on {platform.system()}"
        terminal = os.environ.get("TERM", "no terminal")
        note(f"qm-tui {__version__}, {system}, {terminal}: {what}")


def log(error: BaseException) -> Path:
    """Append where the error came from: code lines only, no values.

    An error's own text may quote a password, so it stays out; what the system says of a file does
    not. Where more is logged, so is what kind of thing each name stood for.

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
        if _more.is_set():
            lines += _kinds_in(cause)
        lines.append(f"{type(cause).__name__}{_of_the_system(cause)}\n")
        cause = cause.__cause__ or cause.__context__
    return _append("".join(lines))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _of_the_system(error: BaseException) -> str:
    if not isinstance(error, OSError) or error.errno is None:
        return ""
    name = error.filename
    return f": {os.strerror(error.errno)}" + (
        f", {visible(os.fsdecode(name))}" if _names(name) else ""
    )


def _names(name: object) -> bool:
    return isinstance(name, str | bytes | os.PathLike)


def _kinds_in(error: BaseException) -> list[str]:
    """What each name stood for where the error passed: its kind and size, and never its text."""
    lines = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        lines.append(f"    {frame.f_code.co_name}, line {line}\n")
        lines += [f"      {name}: {kind_of(value)}\n" for name, value in frame.f_locals.items()]
    return lines


def kind_of(value: object) -> str:
    """What a value is, without what anybody wrote: any text may be a password."""
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, Sized):
        with suppress(Exception):  # whatever it is, it was met in an error
            return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _append(text: str) -> Path:
    path = paths.log_path()
    make_private_folder(path.parent)
    with suppress(OSError):
        if path.stat().st_size > _LONGEST:
            path.replace(path.with_name(path.name + ".old"))
    descriptor = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != PRIVATE:
            os.fchmod(descriptor, PRIVATE)
        file.write(text)
    return path
