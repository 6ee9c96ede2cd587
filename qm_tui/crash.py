"""An unexpected error: one sentence on the screen, and the rest in a log without secrets."""

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
"""The exit status of a program that failed by its own fault."""

_has_failed: Final = threading.Event()


def crashed(error: BaseException) -> int:
    """Log the error, say so in one sentence on standard error, and return the exit status."""
    say(sentence_of(error), to_error=True)
    return STATUS


def sentence_of(error: BaseException) -> str:
    """Log the error, and say so in one sentence."""
    _has_failed.set()
    try:
        where = f" Details are in {visible(str(log(error)))}."
    except OSError as failed:
        shown = visible(str(paths.log_path()))
        where = f" The log {shown} could not be written: {reason(failed)}."
    return (
        f"qm-tui failed unexpectedly ({type(error).__name__}): what was being done was not "
        f"finished, and the store is whole.{where}"
    )


def has_failed() -> bool:
    """Whether an unexpected error was said, even where the program went on."""
    return _has_failed.is_set()


def catch_the_rest() -> None:
    """Log what Python would print by itself, with a traceback, over whatever is on the screen.

    That is what fails where nobody waits for it: in a thread, or as something is thrown away. A
    terminal that is gone is no failure.
    """
    threading.excepthook = lambda failed: log_quietly(failed.exc_value)
    sys.unraisablehook = lambda failed: log_quietly(failed.exc_value)


def log_quietly(error: BaseException | None) -> None:
    """Log an error that nobody is told of, where that can be done."""
    is_gone = isinstance(error, OSError) and error.errno == errno.EIO
    if error is not None and not is_gone:
        with suppress(OSError):
            log(error)
