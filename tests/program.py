"""The program, run in the process of the test.

It goes through the same entry as the console script, with standard streams that are files. Tests of
streams, signals, exit, locales and terminals start a process instead, with `command`.
"""

import json
import os
import resource
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import IO, Any, NamedTuple, NoReturn

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
    full: str = "",
) -> Finished:
    """Run the program without a terminal until it exits.

    Args:
        args: the arguments.
        input: what standard input contains.
        env: environment variables to set, or to unset if they are None, until it exits.
        cwd: the current folder of the run.
        full: `stdout` or `stderr`, which is then on a full disk.
    """
    data = input.encode() if isinstance(input, str) else input
    with pytest.MonkeyPatch.context() as patch, ExitStack() as streams:
        for name, value in (env or {}).items():
            patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        for name in ("stdin", "stdout", "stderr"):
            stream = streams.enter_context(_stream(name, data, is_full=name == full))
            patch.setattr(sys, name, stream)
        code = _exit_code(patch, args)
        return Finished(code, _content(sys.stdout), _content(sys.stderr))


def output(*args: object, code: int = 0, input: str = "") -> str:
    """Run the program, and return its output. It must exit with this status and print no errors."""
    done = run(*args, input=input)
    assert (done.code, done.err) == (code, ""), done
    return done.out


def refusal(*args: object) -> str:
    """Run the program, and return its error message. It must fail with one line, and only that."""
    done = run(*args)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert done.err.endswith((".\n", "?\n"))
    assert not {"Traceback", "Errno", "\x1b"} & {*done.err.split(), *done.err}
    return done.err


def listed(*args: object) -> list[dict[str, Any]]:
    """Return the users that `qm-tui list` with these arguments prints as JSON."""
    return [json.loads(line) for line in run("list", "--json", *args).out.splitlines()]


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
def _stream(name: str, data: bytes, *, is_full: bool) -> Iterator[IO[str]]:
    """Yield a text stream on a file in memory, so that it also has bytes and a descriptor."""
    mode = "r" if name == "stdin" else "w"
    descriptor = os.open("/dev/full", os.O_WRONLY) if is_full else os.memfd_create(name)
    if mode == "r":
        os.pwrite(descriptor, data, 0)
    stream = open(descriptor, mode, encoding="utf-8")  # noqa: PTH123, SIM115 - it may fail to close
    try:
        yield stream
    finally:
        with suppress(OSError):  # of what is still to be written, as at the end of a process
            stream.close()


def _content(stream: IO[str]) -> str:
    """Return what was written to a stream; nothing if it is on a full disk."""
    with suppress(OSError):
        stream.flush()
        size = os.fstat(stream.fileno()).st_size
        return os.pread(stream.fileno(), size, 0).decode("utf-8", "surrogateescape")
    return ""
