"""Unexpected errors: a message on the screen, and the traceback in a log without secrets."""

import errno
import sys
import threading
from contextlib import suppress
from typing import Final

from qm_tui import paths
from qm_tui.errors import os_error_text
from qm_tui.log import log
from qm_tui.output import print_line
from qm_tui.text import sanitize

STATUS: Final = 70
"""The exit status after an unexpected error."""

_error_reported: Final = threading.Event()


def report_crash(error: BaseException) -> int:
    """Log the error, print a message to standard error, and return the exit status."""
    print_line(log_and_describe(error), to_error=True)
    return STATUS


def log_and_describe(error: BaseException) -> str:
    """Log the error, and return a message about it."""
    _error_reported.set()
    try:
        details = f"See the log: {sanitize(str(log(error)))}"
    except OSError as log_error:
        path = sanitize(str(paths.log_path()))
        details = f"Cannot write the log {path}: {os_error_text(log_error)}."
    return (
        f"Unexpected error ({type(error).__name__}). The operation was not completed; the store is "
        f"intact. {details}"
    )


def error_was_reported() -> bool:
    """Whether an unexpected error was reported, even if the program continued."""
    return _error_reported.is_set()


def install_exception_hooks() -> None:
    """Log errors of threads and finalizers.

    Python would print their tracebacks over the screen. A disconnected terminal is not an error.
    """
    threading.excepthook = lambda args: log_suppressing_errors(args.exc_value)
    sys.unraisablehook = lambda args: log_suppressing_errors(args.exc_value)


def log_suppressing_errors(error: BaseException | None) -> None:
    """Log an error that is not shown. If the log cannot be written, do nothing."""
    is_disconnected = isinstance(error, OSError) and error.errno == errno.EIO
    if error is not None and not is_disconnected:
        with suppress(OSError):
            log(error)
