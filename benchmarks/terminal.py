"""A pseudo-terminal with a readable screen, for tests and benchmarks."""

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
"""The mode DECCKM, as pyte numbers private modes."""

_ARROW = re.compile(r"\x1b\[(?=[ABCD])")


_AT_WORK = ("R", "D")
"""The states of a thread that runs, waits for a core, or waits for a disk."""


class Terminal:
    """A program in its own terminal.

    Args:
        command: the program and its arguments.
        columns: the width of the screen.
        lines: its height.
        environment: additional environment variables.
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
        for name in ("COLUMNS", "LINES"):  # they would override the size of the terminal
            variables.pop(name, None)
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            _set_size(0, columns, lines)  # before the program can read it
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
        """Kill the program if it is running, and close the terminal."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def resize(self, columns: int, lines: int) -> None:
        """Resize the terminal."""
        self._screen.resize(lines, columns)
        _set_size(self.descriptor, columns, lines)

    def send(self, keys: str) -> None:
        """Send keys. Arrow keys are sent in the mode that the program has set."""
        if _APPLICATION_KEYS in self._screen.mode:
            keys = _ARROW.sub("\x1bO", keys)
        os.write(self.descriptor, keys.encode())

    def click(self, column: int, line: int) -> None:
        """Click with the left button, counting from 1."""
        self.send(f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m")

    def click_on(self, text: str) -> None:
        """Click on the first occurrence of a text on the screen."""
        for number, line in enumerate(self._lines, start=1):
            if text in line:
                self.click(line.index(text) + 2, number)
                return
        msg = f"{text!r} is not on the screen:\n{self.text}"
        raise AssertionError(msg)

    def read(self, seconds: float) -> bytes:
        """Return the next output of the program, waiting at most `seconds` for it."""
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
            The seconds until the last byte, and the number of bytes.
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
            The seconds waited.

        Raises:
            AssertionError: the text was not shown in time.
        """
        begin = time.perf_counter()
        while text not in self.text:
            left = begin + seconds - time.perf_counter()
            if left <= 0:
                msg = f"{text!r} was not shown within {seconds} s:\n{self.text}"
                raise AssertionError(msg)
            self._stream.feed(self.read(min(left, 0.2)))
        return time.perf_counter() - begin

    def wait_until_idle(self, quiet: float = 0.06, longest: float = 15.0) -> None:
        """Wait until the program has neither run nor written for `quiet` seconds. Linux only.

        Threads that wait for a core count as running, so this takes longer on a busy machine.
        """
        begin = since = time.monotonic()
        while (now := time.monotonic()) - since < quiet and now - begin < longest:
            data = self.read(0.015)
            self._stream.feed(data)
            if data or self._is_at_work():
                since = time.monotonic()

    def _is_at_work(self) -> bool:
        for thread in Path(f"/proc/{self.pid}/task").glob("*/stat"):
            with suppress(OSError):  # the thread has ended
                if thread.read_text().rpartition(")")[2].split()[0] in _AT_WORK:
                    return True
        return False

    def seen(
        self, is_so: Callable[[str], bool], seconds: float = 15.0, gap: float = 0.005
    ) -> float | None:
        """Wait until output of the program makes a condition true.

        Output without gaps is read completely before the condition is checked, which can take
        longer than the output.

        Args:
            is_so: the condition; it receives the text of the screen.
            seconds: the timeout.
            gap: the seconds without output that end a burst.

        Returns:
            The time of the last byte by `perf_counter`; None after the timeout.
        """
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            duration, count = self.settle(gap)
            if count and is_so(self.text):
                return now + duration
        return None

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        os.close(self.descriptor)
        self.descriptor = os.open(os.devnull, os.O_RDWR)

    @property
    def text(self) -> str:
        """The text of the screen."""
        return "\n".join(line.rstrip() for line in self._lines)

    @property
    def _lines(self) -> list[str]:
        # not `display`: it fails if the first half of a wide character was overwritten
        screen = self._screen
        cells = range(screen.columns)
        return ["".join(screen.buffer[y][x].data for x in cells) for y in range(screen.lines)]

    def wait_for_end(self, seconds: float = 10.0) -> int:
        """Wait until the program ends, and return its exit status.

        Raises:
            AssertionError: the program did not end in time.
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
