"""Stand-ins for the calls of `os` with which the store writes: to record them, or to let them fail.

Writes of a file that `os.fdopen` opened for writing are calls of `write`, too.
"""

import io
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final
from unittest import mock

CALLS: Final = (
    *("open", "write", "pwrite", "ftruncate", "fsync", "fdatasync"),
    *("link", "rename", "unlink", "mkdir"),
)
"""The calls that write; `open` where it makes a file."""

Hook = Callable[[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""Called instead of a call: with its name, the real one, and its arguments."""


_fdopen: Final = os.fdopen


class _File(io.FileIO):
    """A file that was opened for writing; its `write` is replaced."""


def _opened_file(descriptor: int, mode: str = "r") -> Any:
    if mode == "wb":
        return io.BufferedWriter(_File(descriptor, mode))
    return _fdopen(descriptor, mode)


@contextmanager
def hooked(hook: Hook, names: Iterable[str] = CALLS) -> Iterator[None]:
    """Let a hook stand in for calls of `os`; the real ones may be those of another hook."""

    def stand_in(name: str, real: Callable[..., Any]) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            return hook(name, real, arguments, named)

        return call

    with ExitStack() as patches:
        for name in names:
            stand_ins = {name: stand_in(name, getattr(os, name))}
            if name == "write":
                stand_ins["fdopen"] = _opened_file
                write = stand_in(name, _File.write)
                patches.enter_context(mock.patch.object(_File, name, write))
            patches.enter_context(mock.patch.multiple(os, **stand_ins))
        yield


def half_of(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a write, with but half of its bytes."""
    return (arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:])


def exists(path: Any, folder: int | None = None) -> bool:
    """Whether there is a file, in a folder that is open."""
    with suppress(OSError):
        os.stat(path, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def makes_no_file(name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether a call only opens a file."""
    return name == "open" and (
        not arguments[1] & os.O_CREAT or exists(arguments[0], named.get("dir_fd"))
    )


class Killer:
    """A hook that kills this process at a call that writes.

    Args:
        left: how many calls it lets pass, that one included.
        moment: "before" that call, "half-way" through, or "after" it.

    Attributes:
        is_armed: whether calls are counted.
    """

    def __init__(self, left: int, moment: str = "before", *, is_armed: bool = True) -> None:
        self._left, self._moment, self.is_armed = left, moment, is_armed

    def call(
        self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Stand in for a call."""
        self._left -= self.is_armed
        if self._left or not self.is_armed:
            return real(*arguments, **named)
        if self._moment == "half-way" and "write" in name:
            arguments = half_of(arguments)
        try:
            return real(*arguments, **named) if self._moment != "before" else None
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
