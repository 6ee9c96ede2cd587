"""The program, run in the process of the test.

It goes through the same entry as the console script, with standard streams that are files. Tests of
streams, signals, exit, locales and terminals start a process instead, with `command`.
"""

import os
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import NamedTuple, NoReturn

import pytest

from qm_tui import crash, log
from qm_tui.__main__ import main


class Finished(NamedTuple):
    """What a run of the program left.

    Attributes:
        code: the exit status.
        out: the text on standard output, lines ended as they were written.
        err: the text on standard error.
    """

    code: int
    out: str
    err: str


class _Exited(BaseException):
    """The program called `os._exit`."""

    def __init__(self, code: int) -> None:
        self.code = code


def command(*args: object) -> list[str]:
    """Return the arguments that start the program as a process."""
    return [sys.executable, "-m", "qm_tui", *map(str, args)]


def run(
    *args: object,
    input: str | bytes = "",
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
) -> Finished:
    """Run the program without a terminal until it exits.

    Args:
        args: the arguments.
        input: what standard input contains.
        env: environment variables to set, or to unset if they are None, until it exits.
        cwd: the current folder of the run.
    """
    data = input.encode() if isinstance(input, str) else input
    with pytest.MonkeyPatch.context() as patch, _stream("r", data) as stdin:
        for name, value in (env or {}).items():
            patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        with _stream("w") as stdout, _stream("w") as stderr:
            for name, stream in (("stdin", stdin), ("stdout", stdout), ("stderr", stderr)):
                patch.setattr(sys, name, stream)
            return Finished(_exit_code(patch, args), _content(stdout), _content(stderr))


def _exit_code(patch: pytest.MonkeyPatch, args: tuple[object, ...]) -> int:
    """Run `main` with these arguments, and return with what it exits."""

    def exit_process(code: int) -> NoReturn:
        raise _Exited(code)

    patch.setattr(sys, "argv", ["qm-tui", *map(str, args)])
    patch.setattr(os, "_exit", exit_process)
    # what each process has of its own
    patch.setattr(resource, "setrlimit", lambda *_: None)
    patch.setattr(sys, "unraisablehook", sys.unraisablehook)
    patch.setattr(threading, "excepthook", threading.excepthook)
    patch.setattr(log, "_debug_enabled", Event())
    patch.setattr(crash, "_error_reported", Event())
    environment = dict(os.environ)
    try:
        main()
    except _Exited as end:
        return int(end.code)
    finally:
        os.environ.update(environment)  # the program removes variables of Textual


@contextmanager
def _stream(mode: str, data: bytes = b"") -> Iterator[TextIOWrapper]:
    """Yield a text stream on a file in memory, so that it also has bytes and a descriptor."""
    descriptor = os.memfd_create("stream")
    os.pwrite(descriptor, data, 0)
    with open(descriptor, mode, encoding="utf-8") as stream:  # noqa: PTH123
        assert isinstance(stream, TextIOWrapper)
        yield stream


def _content(stream: TextIOWrapper) -> str:
    stream.flush()
    size = os.fstat(stream.fileno()).st_size
    return os.pread(stream.fileno(), size, 0).decode("utf-8", "surrogateescape")
