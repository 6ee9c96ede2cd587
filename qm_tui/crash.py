"""Unexpected errors: a message on the screen, and the traceback in a log without secrets."""

import errno
import sys
import threading
from contextlib import suppress
from typing import Final

from qm_tui import paths
from qm_tui.errors import reason
from qm_tui.log import log
from qm_tui.output import say
from qm_tui.text import visible

STATUS: Final = 70
"""The exit status after an unexpected error."""

_has_failed: Final = threading.Event()


def crashed(error: BaseException) -> int:
    """Log the error, print a message to standard error, and return the exit status."""
    say(sentence_of(error), to_error=True)
    return STATUS


def sentence_of(error: BaseException) -> str:
    """Log the error, and return a message about it."""
    _has_failed.set()
    try:
        details = f"See the log: {visible(str(log(error)))}"
    except OSError as log_error:
        path = visible(str(paths.log_path()))
        details = f"Cannot write the log {path}: {reason(log_error)}."
    return (
        f"Unexpected error ({type(error).__name__}). The operation was not completed; the store is "
        f"intact. {details}"
    )


def has_failed() -> bool:
    """Whether an unexpected error was reported, even if the program continued."""
    return _has_failed.is_set()


def catch_the_rest() -> None:
    """Log errors of threads and finalizers.

    Python would print their tracebacks over the screen. A disconnected terminal is not an error.
    """
    threading.excepthook = lambda args: log_quietly(args.exc_value)
    sys.unraisablehook = lambda args: log_quietly(args.exc_value)


def log_quietly(error: BaseException | None) -> None:
    """Log an error that is not shown. If the log cannot be written, do nothing."""
    is_disconnected = isinstance(error, OSError) and error.errno == errno.EIO
    if error is not None and not is_disconnected:
        with suppress(OSError):
            log(error)
