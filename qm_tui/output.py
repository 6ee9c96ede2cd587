"""Standard output and standard error of the command line.

All text is sanitized here by `sanitize`, so that the terminal cannot interpret control characters
in it. JSON is escaped by `json_text`, which keeps every value.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from qm_tui.text import json_text, sanitize


class OutputError(Exception):
    """The output could not be written, for example because the disk is full.

    The text is what was done; it is empty if nothing was done.
    """


@contextmanager
def translating_output_errors() -> Iterator[None]:
    """Translate errors of the output, to distinguish them from errors of other files.

    Raises:
        OutputError: the output could not be written; the cause is the system's error.
        BrokenPipeError: the reader of the output has closed it.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError from error


_UNLIMITED: Final = sys.maxsize


def print_line(text: str = "", *, to_error: bool = False) -> None:
    """Print one or more lines.

    Args:
        text: the lines.
        to_error: whether to print to standard error.
    """
    lines = (sanitize(line, _UNLIMITED) for line in text.split("\n"))
    if to_error:
        with suppress(OSError):  # there is no other way to report it
            print("\n".join(lines), file=sys.stderr)
        return
    with translating_output_errors():
        print("\n".join(lines))


def print_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON.

    Args:
        value: the value.
        indent: the spaces per level; None prints it on one line.
    """
    write_raw(json_text(value, indent) + "\n")


def with_old_keys(values: dict[str, Any], **old: str) -> dict[str, Any]:
    """Return an object for JSON in which members also have the keys of version 0.1.

    They are removed in 0.3.

    Args:
        values: the object.
        old: the new key for each old key.
    """
    return values | {key: values[new] for key, new in old.items()}


def write_raw(text: str) -> None:
    """Write text without sanitizing it: JSON, or text that is part of the program."""
    with translating_output_errors():
        sys.stdout.write(text)
