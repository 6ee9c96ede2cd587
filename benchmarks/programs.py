"""The measured programs, and their files and stores.

VisiData is used only by benchmarks: `make bench` installs it. VisiData and less run without the
settings of the current user, and VisiData without the message of the day, which it would download.
"""

import csv
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, run
from tempfile import TemporaryDirectory, mkdtemp
from typing import Final, NamedTuple

from benchmarks.figures import OURS
from benchmarks.terminal import Terminal

VISIDATA, LESS, EMPTY = "VisiData", "less -S", "empty app"

DOWN, PAGE_DOWN, RIGHT, LEFT = "\x1b[B", "\x1b[6~", "\x1b[C", "\x1b[D"
UP, BACKSPACE, ESCAPE = "\x1b[A", "\x7f", "\x1b"

_HERE: Final = Path(__file__).parent
_PROGRAM: Final = [sys.executable, "-m", "qm_tui"]
_ENVIRONMENT: Final = {
    "LESS": "",
    "LESSHISTFILE": "-",
    "LESSOPEN": "",
    "PYTHONDONTWRITEBYTECODE": "",  # installed programs are compiled
}
_SETTINGS: Final = "XDG_CONFIG_HOME"


@contextmanager
def apart() -> Iterator[Path]:
    """Create a temporary folder, and use it as the folder of the settings."""
    before = os.environ.get(_SETTINGS)
    with TemporaryDirectory() as folder:
        os.environ[_SETTINGS] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[_SETTINGS]
            if before is not None:
                os.environ[_SETTINGS] = before


def new_settings() -> str:
    """Return an empty folder for settings, so that no view is saved."""
    return mkdtemp(dir=os.environ[_SETTINGS])


class Program(NamedTuple):
    """A program to measure.

    Attributes:
        name: its name.
        command: its command.
        first: the text on the screen when the first user is shown.
        whole: the text on the screen when all users are loaded; empty if there is none.
    """

    name: str
    command: Sequence[str]
    first: str
    whole: str

    def start(self) -> Terminal:
        """Start the program in a terminal of 120x40 with empty settings."""
        environment = {**_ENVIRONMENT, _SETTINGS: new_settings()}
        return Terminal(list(self.command), columns=120, lines=40, environment=environment)


class Start(NamedTuple):
    """A started program.

    Attributes:
        terminal: its terminal.
        first: the seconds until its first user was shown.
        whole: the seconds until it reported that all users are loaded; None if it does not.
    """

    terminal: Terminal
    first: float | None
    whole: float | None


def started(program: Program) -> Start:
    """Start a program, and wait until all users are loaded."""
    begin = time.perf_counter()
    terminal = program.start()
    first = whole = terminal.seen(lambda text: program.first in text)
    if not program.whole:
        whole = None
    elif program.whole not in terminal.text:
        whole = terminal.seen(lambda text: program.whole in text, 60)
    return Start(terminal, first and first - begin, whole and whole - begin)


def users_file(folder: Path, users: int) -> Path:
    """Generate a users file."""
    file = folder / f"{users}.csv"
    with file.open("wb") as output:
        generate = [sys.executable, str(_HERE.parent / "sample_data" / "generate.py")]
        run([*generate, str(users)], check=True, stdout=output)
    return file


def made_store(file: Path, *, is_snapshot: bool) -> Path:
    """Create a store, and import a file. The users are in users.json, or in the log only.

    The latter is the state after a program was killed before it wrote users.json.
    """
    name = f"{file.stem}-{'snapshot' if is_snapshot else 'log'}"
    store = file.with_name(name) / "users.json"
    run([*_PROGRAM, "init", "--store", str(store)], check=True, stdout=DEVNULL)
    empty = store.read_bytes()
    run([*_PROGRAM, "import", str(file), "--store", str(store)], check=True, stdout=DEVNULL)
    if not is_snapshot:
        store.write_bytes(empty)
    return store


def ours(store: Path | str, file: Path, users: int) -> Program:
    """Return the terminal UI with the store of a file."""
    return Program(OURS, [*_PROGRAM, "--store", str(store)], _first(file), f"{users:,} users")


def others(file: Path, users: int) -> list[Program]:
    """Return VisiData and less with a file, if they are installed."""
    programs = []
    visidata = shutil.which("vd", path=str(Path(sys.executable).parent))
    if visidata:
        command = [visidata, "--nothing", "--motd-url=", str(file)]
        programs.append(Program(VISIDATA, command, _first(file), f"{users} rows"))
    less = shutil.which("less")
    if less:
        programs.append(Program(LESS, [less, "-S", str(file)], _first(file), ""))
    return programs


def print_missing(names: Sequence[str]) -> None:
    """Print which of the other programs are not installed.

    Args:
        names: the names of the installed programs.
    """
    for name in (VISIDATA, LESS):
        if name not in names:
            print(f"{name} is not installed, and is skipped.")


def empty() -> Program:
    """Return an empty Textual app."""
    command = [sys.executable, str(_HERE / "reference" / "empty_app.py")]
    return Program(EMPTY, command, "Ready", "")


def _first(file: Path) -> str:
    """Return the last name of the first user of a file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return next(csv.DictReader(lines))["Last Name"]
