"""How much memory a dry run takes, and how long, of files of a size that nobody expects.

    python -m benchmarks.memory [MILLIONS]

Prints the peak of the resident memory and the time of whole processes, `qm-tui import --dry-run`
into an empty store: for users from 10,000 to MILLIONS (1), with the time of each record without
that of starting; for as many records that are all rejected; for 2 million blank lines; and for a
line of 500 MB. Before them, those of a process that opens a store of 100,000 users, and of one that
changes a user of it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

HERE = Path(__file__).parent
GENERATOR = HERE.parent / "sample_data" / "generate.py"
RUNS = 3
MEGABYTE = 1_000_000
STORED = 100_000
MOST_OF_A_STORE = 200
"""Megabytes of a process that has a store of so many users open."""

OPEN = """
import sys
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
store = open_store(sys.argv[1])
user_id, user = next(iter(store.load().users.items()))
if "edit" in sys.argv:
    with store.transaction(Action(TransactionKind.EDIT, "edit")) as transaction:
        transaction.commit({user_id: user._replace(location=f"Not {user.location}"[:20])})
store.close()
"""
"""A program that opens a store, and may change a user."""


class Spent(NamedTuple):
    """What a process took.

    Attributes:
        seconds: from start to end.
        peak: its largest resident memory, in bytes.
        last: the last line that it printed.
    """

    seconds: float
    peak: int
    last: str


def spent(command: list[str]) -> Spent:
    """Run a command, whatever its exit status, and say what it took."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = process.stdout.read().decode().split("\n")
        _, _, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - begin
        process.returncode = 0
    return Spent(took, usage.ru_maxrss * 1024, next(filter(None, reversed(said)), ""))


def dry_run(file: Path) -> Spent:
    """What the dry run of a file takes: the median of the times, and the highest peak."""
    store = str(file.with_suffix(".json"))
    command = [sys.executable, "-m", "qm_tui", "import", str(file), "--dry-run", "--store", store]
    runs = [spent(command) for _ in range(RUNS)]
    return Spent(median(run.seconds for run in runs), max(run.peak for run in runs), runs[-1].last)


def generate(file: Path, users: int) -> None:
    """Write a users file."""
    with file.open("wb") as output:
        command = [sys.executable, str(GENERATOR), str(users)]
        subprocess.run(command, check=True, stdout=output)


def stored(folder: Path) -> None:
    """Measure the store alone, and print it."""
    file, store = folder / "stored.csv", folder / "store" / "users.json"
    generate(file, STORED)
    program = [sys.executable, "-m", "qm_tui"]
    spent([*program, "import", str(file), "--store", str(store)])
    print(f"a store of {STORED:,} users in a process of its own, highest peak of {RUNS} runs")
    for what, how in (("opened", "open"), ("opened, changed and written", "edit")):
        runs = [spent([sys.executable, "-c", OPEN, str(store), how]) for _ in range(RUNS)]
        took = Spent(median(run.seconds for run in runs), max(run.peak for run in runs), "")
        missed = "" if took.peak <= MOST_OF_A_STORE * MEGABYTE else "  MISSED"
        _print(what, took, f"target <= {MOST_OF_A_STORE} MB{missed}")


def two_users(folder: Path) -> list[bytes]:
    """A header and two users, as lines."""
    file = folder / "two.csv"
    generate(file, 2)
    return file.read_bytes().splitlines(keepends=True)


def with_between(lines: list[bytes], between: Iterator[bytes]) -> Iterator[bytes]:
    """The lines, with others before the last."""
    return chain(lines[:-1], between, lines[-1:])


def rejected(lines: list[bytes], count: int) -> Iterator[bytes]:
    """A header and users of whom each is rejected for three things."""
    yield lines[0]
    for number in range(count):
        yield b",,,,,Sales,user%d,pw,,,10.0.0.999,1,Any,1,0,,,,,,,,,,,\r\n" % number


def main(millions: int = 1) -> None:
    """Measure, and print a table."""
    count = millions * MEGABYTE
    with TemporaryDirectory() as name:
        folder = Path(name)
        stored(folder)
        two = two_users(folder)
        start = dry_run(folder / "two.csv")
        print(f"qm-tui import --dry-run, median of {RUNS} runs, highest peak")
        _print("2 users", start)
        for users in (count // 100, count // 10, count):
            file = folder / "users.csv"
            generate(file, users)
            took = dry_run(file)
            each = (took.seconds - start.seconds) / users * 1e6
            _print(f"{users:,} users", took, f"{each:.2f} us each")
        cases: dict[str, Callable[[], Iterator[bytes]]] = {
            f"{count:,} rejected records": lambda: rejected(two, count),
            "2,000,000 blank lines": lambda: with_between(two, repeat(b"\r\n", 2 * MEGABYTE)),
            "2,000,000 lines of commas": lambda: with_between(
                two, repeat(b"," * 25 + b"\r\n", 2 * MEGABYTE)
            ),
            "a line of 500 MB": lambda: with_between(
                two, chain(repeat(b"x" * MEGABYTE, 500), (b"\r\n",))
            ),
            "a quoted cell of 500 MB": lambda: with_between(
                two, chain((b'"',), repeat(b"x" * MEGABYTE, 500), (b'"\r\n',))
            ),
        }
        for what, lines in cases.items():
            file = folder / "users.csv"
            with file.open("wb") as output:
                output.writelines(lines())
            _print(what, dry_run(file))


def _print(what: str, took: Spent, more: str = "") -> None:
    peak = took.peak / MEGABYTE
    print(f"  {what:<28}{took.seconds:8.2f} s {peak:7.0f} MB  {more}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
