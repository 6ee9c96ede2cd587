"""A program in tmux, for tests."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


class Tmux:
    """A separate tmux server with one session."""

    def __init__(self, folder: Path, *command: str, **environment: str) -> None:
        self._socket = str(folder / "tmux")
        variables = [f"{name}={value}" for name, value in environment.items()]
        self._do("new-session", "-d", "-x", "80", "-y", "24", "env", *variables, *command)

    def _do(self, *arguments: str) -> str:
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("TMUX", "COLUMNS", "LINES"):  # if they are set, the size never changes
            environment.pop(name, None)
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", os.devnull, *arguments],
            check=True,
            capture_output=True,
            env=environment,
            timeout=10,
        )
        return done.stdout.decode()

    def send(self, *keys: str) -> None:
        self._do("send-keys", *keys)

    def resize(self, width: int, height: int) -> None:
        self._do("resize-window", "-x", str(width), "-y", str(height))

    def text(self, *, with_attributes: bool = False) -> str:
        return self._do("capture-pane", "-p", *(["-e"] if with_attributes else []))

    @property
    def cursor(self) -> str:
        """The column and the line of the cursor."""
        return self._do("display-message", "-p", "#{cursor_x},#{cursor_y}").strip()

    def wait_for(self, text: str, *, gone: bool = False) -> None:
        end = time.monotonic() + 15
        while (text in self.text()) is gone:
            assert time.monotonic() < end, f"{text!r}\n{self.text()}"
            time.sleep(0.05)

    @property
    def is_there(self) -> bool:
        """Whether the session exists."""
        asked = ["tmux", "-S", self._socket, "has-session"]
        return subprocess.run(asked, check=False, capture_output=True).returncode == 0

    def end(self) -> None:
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True
        )


def soon(is_so: Callable[[], bool]) -> None:
    """Wait until a condition is true."""
    end = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
