"""An unexpected error: one sentence on the screen, and the rest in a log without secrets."""

import os
import time
import traceback
from pathlib import Path
from typing import Final

from qm_tui import __version__, places
from qm_tui.files import PRIVATE, make_private_folder
from qm_tui.saying import say

STATUS: Final = 70
"""The exit status of a program that failed by its own fault."""


def crashed(error: BaseException) -> int:
    """Log the error, say so in one sentence on standard error, and return the exit status."""
    say(sentence_of(error), to_error=True)
    return STATUS


def sentence_of(error: BaseException) -> str:
    """Log the error, and say so in one sentence."""
    try:
        where = f" Details are in {log(error)}."
    except OSError:
        where = ""
    return (
        f"qm-tui failed unexpectedly ({type(error).__name__}): what was being done was not "
        f"finished, and the store is whole.{where}"
    )


def log(error: BaseException) -> Path:
    """Append where the error came from to the log: code lines only, no values.

    An error's own text may quote a password, so it stays out.

    Raises:
        OSError: the log cannot be written.
    """
    path = places.log_path()
    make_private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(descriptor, "a") as file:
        file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} qm-tui {__version__}\n")
        cause: BaseException | None = error
        while cause is not None:
            file.write("".join(traceback.format_tb(cause.__traceback__)))
            file.write(f"{type(cause).__name__}\n")
            cause = cause.__cause__ or cause.__context__
    return path
