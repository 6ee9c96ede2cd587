"""Standard output and standard error of the command line.

All text is sanitized here by `visible`, so that the terminal cannot interpret control characters in
it. JSON is escaped by `json_text`, which keeps every value.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from qm_tui.text import json_text, visible


class Unsaid(Exception):
    """The output could not be written, for example because the disk is full.

    The text is what was done; it is empty if nothing was done.
    """


@contextmanager
def saying() -> Iterator[None]:
    """Translate errors of the output, to distinguish them from errors of other files.

    Raises:
        Unsaid: the output could not be written; the cause is the system's error.
        BrokenPipeError: the reader of the output has closed it.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unsaid from error


_AS_LONG_AS_IT_IS: Final = sys.maxsize


def say(text: str = "", *, to_error: bool = False) -> None:
    """Print one or more lines.

    Args:
        text: the lines.
        to_error: whether to print to standard error.
    """
    lines = (visible(line, _AS_LONG_AS_IT_IS) for line in text.split("\n"))
    if to_error:
        with suppress(OSError):  # there is no other way to report it
            print("\n".join(lines), file=sys.stderr)
        return
    with saying():
        print("\n".join(lines))


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON.

    Args:
        value: the value.
        indent: the spaces per level; None prints it on one line.
    """
    put(json_text(value, indent) + "\n")


def put(text: str) -> None:
    """Write text without sanitizing it: JSON, or text that is part of the program."""
    with saying():
        sys.stdout.write(text)
