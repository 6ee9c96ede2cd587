"""A real terminal for tests and benchmarks: a pseudo-terminal with a screen that can be read."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

_APPLICATION_KEYS = 1 << 5
"""The mode DECCKM, as pyte counts private modes."""

_ARROW = re.compile(r"\x1b\[(?=[ABCD])")


_AT_WORK = ("R", "D")
"""The states of a thread that has the processor, waits for it, or waits for a disk."""


class Terminal:
    """A program running in a terminal of its own.

    Args:
        command: the program and its arguments.
        columns: the width of the screen.
        lines: its height.
        environment: variables beside those of this process.
    """

    def __init__(
        self,
        command: list[str],
        *,
        columns: int = 80,
        lines: int = 24,
        environment: dict[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.received = b""
        self.status: int | None = None
        variables = {**os.environ, "TERM": "xterm-256color", **(environment or {})}
        for name in ("COLUMNS", "LINES"):  # they would count for more than the terminal
            variables.pop(name, None)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            _set_size(0, columns, lines)  # before the program can ask for it
            os.execvpe(command[0], command, variables)  # noqa: S606

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the program, if it has not ended, and close the terminal."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def resize(self, columns: int, lines: int) -> None:
        """Give it another size, as who drags a window does."""
        self._screen.resize(lines, columns)
        _set_size(self.descriptor, columns, lines)

    def send(self, keys: str) -> None:
        """Type. Arrows are sent as the program has asked for them."""
        if _APPLICATION_KEYS in self._screen.mode:
            keys = _ARROW.sub("\x1bO", keys)
        os.write(self.descriptor, keys.encode())

    def click(self, column: int, line: int) -> None:
        """Click with the left button, counting from 1."""
        self.send(f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m")

    def click_on(self, text: str) -> None:
        """Click on the first place where the screen shows a text."""
        for number, line in enumerate(self._lines, start=1):
            if text in line:
                self.click(line.index(text) + 2, number)
                return
        msg = f"{text!r} is not on the screen:\n{self.text}"
        raise AssertionError(msg)

    def read(self, seconds: float) -> bytes:
        """What the program writes within so many seconds; returns at its first write."""
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return b""
        try:
            data = os.read(self.descriptor, 1 << 16)
        except OSError:
            return b""
        self.received += data
        return data

    def settle(self, quiet: float = 0.1, longest: float = 5.0) -> tuple[float, int]:
        """Wait until nothing was written for `quiet` seconds.

        Returns:
            The seconds until the last byte came, and how many bytes came.
        """
        begin = last = time.perf_counter()
        count = 0
        chunks = []
        while time.perf_counter() - begin < longest:
            data = self.read(quiet)
            if not data:
                break
            chunks.append(data)
            count += len(data)
            last = time.perf_counter()
        self._stream.feed(b"".join(chunks))
        return last - begin, count

    def wait_for(self, text: str, seconds: float = 15.0) -> float:
        """Wait until the screen shows a text.

        Returns:
            The seconds that took.

        Raises:
            AssertionError: it did not come in time.
        """
        begin = time.perf_counter()
        while text not in self.text:
            left = begin + seconds - time.perf_counter()
            if left <= 0:
                msg = f"{text!r} did not come within {seconds} s:\n{self.text}"
                raise AssertionError(msg)
            self._stream.feed(self.read(min(left, 0.2)))
        return time.perf_counter() - begin

    def rest(self, quiet: float = 0.06, longest: float = 15.0) -> None:
        """Wait until the program has neither worked nor written for `quiet` seconds. Linux only.

        What waits for the processor is at work too, so a busy machine makes this longer.
        """
        begin = since = time.monotonic()
        while (now := time.monotonic()) - since < quiet and now - begin < longest:
            data = self.read(0.015)
            self._stream.feed(data)
            if data or self._is_at_work():
                since = time.monotonic()

    def _is_at_work(self) -> bool:
        for thread in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with suppress(OSError):  # it has ended meanwhile
                if thread.read_text().rpartition(")")[2].split()[0] in _AT_WORK:
                    return True
        return False

    def seen(
        self, is_so: Callable[[str], bool], seconds: float = 15.0, gap: float = 0.005
    ) -> float | None:
        """Wait until the program has written something that makes the screen as it is wanted.

        What it writes at one go is read to its end before it is looked at: looking takes longer
        than many a program to write it.

        Args:
            is_so: whether a screen, line by line, is as it is wanted.
            seconds: how long to wait.
            gap: the seconds of silence after which something is at its end.

        Returns:
            When the last byte of it came, on the clock `perf_counter`; None where it did not come
            in time.
        """
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            took, count = self.settle(gap)
            if count and is_so(self.text):
                return now + took
        return None

    def hang_up(self) -> None:
        """Close the terminal, as a dropped line does."""
        os.close(self.descriptor)
        self.descriptor = os.open(os.devnull, os.O_RDWR)

    @property
    def text(self) -> str:
        """The screen as it is, line by line."""
        return "\n".join(line.rstrip() for line in self._lines)

    @property
    def _lines(self) -> list[str]:
        # not `display`: it fails where the first half of a wide character was drawn over
        screen = self._screen
        cells = range(screen.columns)
        return ["".join(screen.buffer[y][x].data for x in cells) for y in range(screen.lines)]

    def wait_for_end(self, seconds: float = 10.0) -> int:
        """Wait until the program ends, and return its exit status.

        Raises:
            AssertionError: it did not end in time.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._stream.feed(self.read(0.05))
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while data := self.read(0.1):
                    self._stream.feed(data)
                self.status = os.waitstatus_to_exitcode(status)
                return self.status
        msg = f"the program did not end within {seconds} s:\n{self.text}"
        raise AssertionError(msg)


def _set_size(descriptor: int, columns: int, lines: int) -> None:
    size = struct.pack("HHHH", lines, columns, 0, 0)
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, size)
