"""What the program says without its interface: the one door to standard output and error.

Whatever is said goes through `visible` here, whoever made it, so that nothing of it can be obeyed
by a terminal. JSON goes through `json_text`, which keeps every value exactly as it is.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from qm_tui.text import json_text, visible


class Unsaid(Exception):
    """What was to be said could not be written, as where the disk is full that it was sent to.

    Its text says what was done nevertheless; it is empty where nothing was.
    """


@contextmanager
def saying() -> Iterator[None]:
    """Tell an output that fails from any other file that does.

    Raises:
        Unsaid: the output could not be written; its cause says why.
        BrokenPipeError: whoever read it has seen enough.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unsaid from error


_AS_LONG_AS_IT_IS: Final = sys.maxsize


def say(text: str = "", *, to_error: bool = False) -> None:
    """Print one line, or several.

    Args:
        text: the lines.
        to_error: whether to print them to standard error.
    """
    lines = (visible(line, _AS_LONG_AS_IT_IS) for line in text.split("\n"))
    if to_error:
        with suppress(OSError):  # nobody is left to be told
            print("\n".join(lines), file=sys.stderr)
        return
    with saying():
        print("\n".join(lines))


def say_json(value: object, *, indent: int | None = None) -> None:
    """Print a value as JSON.

    Args:
        value: the value.
        indent: the blanks before what is inside; None prints it on one line.
    """
    put(json_text(value, indent) + "\n")


def put(text: str) -> None:
    """Print a piece of JSON as it is, or a text of the program's own."""
    with saying():
        sys.stdout.write(text)
