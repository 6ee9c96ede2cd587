"""The programs that the Users page is measured beside, and what all of them are started on.

VisiData is there for benchmarks only: `make bench` installs it. It and less run without the
settings of whoever measures, and VisiData without the message of the day that it would fetch.
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
    "PYTHONDONTWRITEBYTECODE": "",  # what is installed is compiled
}
_SETTINGS: Final = "XDG_CONFIG_HOME"


@contextmanager
def apart() -> Iterator[Path]:
    """A temporary folder; until its end, no settings are read or written but those in it."""
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
    """A folder for settings in which there are none: the view that was shown last is among them."""
    return mkdtemp(dir=os.environ[_SETTINGS])


class Program(NamedTuple):
    """A program with what it shows.

    Attributes:
        name: its name.
        command: how it is started.
        first: what is on the screen when the first user is.
        whole: what is on the screen when all users are read; empty where it does not say.
    """

    name: str
    command: Sequence[str]
    first: str
    whole: str

    def start(self) -> Terminal:
        """Start it in a terminal of 120x40, as if for the first time."""
        environment = {**_ENVIRONMENT, _SETTINGS: new_settings()}
        return Terminal(list(self.command), columns=120, lines=40, environment=environment)


class Start(NamedTuple):
    """A program that was started.

    Attributes:
        terminal: where it runs.
        first: the seconds until its first user was on the screen.
        whole: those until it said that all are read; None where it does not say.
    """

    terminal: Terminal
    first: float | None
    whole: float | None


def started(program: Program) -> Start:
    """Start a program, and wait until it has read all users."""
    begin = time.perf_counter()
    terminal = program.start()
    first = whole = terminal.seen(lambda text: program.first in text)
    if not program.whole:
        whole = None
    elif program.whole not in terminal.text:
        whole = terminal.seen(lambda text: program.whole in text, 60)
    return Start(terminal, first and first - begin, whole and whole - begin)


def users_file(folder: Path, users: int) -> Path:
    """A file of generated users."""
    file = folder / f"{users}.csv"
    with file.open("wb") as output:
        generate = [sys.executable, str(_HERE.parent / "sample_data" / "generate.py")]
        run([*generate, str(users)], check=True, stdout=output)
    return file


def made_store(file: Path, *, is_snapshot: bool) -> Path:
    """A store into which a file was imported: its users are in users.json, or in the log only.

    The second is what a program leaves behind that is killed before it has written users.json.
    """
    name = f"{file.stem}-{'snapshot' if is_snapshot else 'log'}"
    store = file.with_name(name) / "users.json"
    run([*_PROGRAM, "init", "--store", str(store)], check=True, stdout=DEVNULL)
    empty = store.read_bytes()
    run([*_PROGRAM, "import", str(file), "--store", str(store)], check=True, stdout=DEVNULL)
    if not is_snapshot:
        store.write_bytes(empty)
    return store


def ours(store: Path, file: Path, users: int) -> Program:
    """The interface on a store that holds a file's users."""
    return Program(OURS, [*_PROGRAM, "--store", str(store)], _first(file), f"{users:,} users")


def others(file: Path, users: int) -> list[Program]:
    """VisiData and less on a file, those of them that are installed."""
    found = []
    visidata = shutil.which("vd", path=str(Path(sys.executable).parent))
    if visidata:
        command = [visidata, "--nothing", "--motd-url=", str(file)]
        found.append(Program(VISIDATA, command, _first(file), f"{users} rows"))
    less = shutil.which("less")
    if less:
        found.append(Program(LESS, [less, "-S", str(file)], _first(file), ""))
    return found


def say_left_out(names: Sequence[str]) -> None:
    """Say which of the other programs are not installed, given those that are."""
    for name in (VISIDATA, LESS):
        if name not in names:
            print(f"{name} is not installed: left out.")


def empty() -> Program:
    """The least that a Textual app can be."""
    command = [sys.executable, str(_HERE / "reference" / "empty_app.py")]
    return Program(EMPTY, command, "Ready", "")


def _first(file: Path) -> str:
    """The last name of the first user of a file."""
    with file.open(encoding="utf-8", newline="") as lines:
        return next(csv.DictReader(lines))["Last Name"]
