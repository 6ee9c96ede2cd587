"""Memory and duration of a dry run with unusually large files.

    python -m benchmarks.memory [MILLIONS]

Prints the peak of the resident memory and the duration of the process `qm-tui import --dry-run`
with an empty store: for 10,000 to MILLIONS (default: 1) users, with the time per record without
the start of the program; for as many rejected records; for 2 million blank lines; and for a line of
500 MB. First prints those of a process that opens a store of 100,000 users, and of one that changes
a user of it.
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

from benchmarks.foreign import foreign_file
from qm_tui.users.fields import FIELD, FIELDS

HERE = Path(__file__).parent
GENERATOR = HERE.parent / "sample_data" / "generate.py"
RUNS = 3
MEGABYTE = 1_000_000
STORED = 100_000
MOST_OF_A_STORE = 200
MOST_OF_A_DRY_RUN = 600
"""The maximum memory of a process with a store of `STORED` users, in megabytes."""

_EMPTY = b"," * (len(FIELDS) - FIELD["on_demand_license"].number)

OPEN = """
import sys
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
store = open_store(sys.argv[1])
user = next(iter(store.load().stream()))[0]
if "edit" in sys.argv:
    with store.transaction(Action(TransactionKind.EDIT)) as transaction:
        transaction.commit({user.user_id: user._replace(location=f"Not {user.location}"[:20])})
store.close()
"""
"""A program that opens a store, and optionally changes a user."""


class Spent(NamedTuple):
    """The resources that a process used.

    Attributes:
        seconds: its duration.
        peak: the peak of its resident memory in bytes.
        last: the last line that it printed.
    """

    seconds: float
    peak: int
    last: str


def spent(command: list[str]) -> Spent:
    """Run a command, ignore its exit status, and return the resources that it used."""
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        lines = process.stdout.read().decode().split("\n")
        _, _, usage = os.wait4(process.pid, 0)
        duration = time.perf_counter() - begin
        process.returncode = 0
    return Spent(duration, usage.ru_maxrss * 1024, next(filter(None, reversed(lines)), ""))


def dry_run(file: Path, *options: str) -> Spent:
    """Return the resources of the dry run of a file: the median duration, and the highest peak."""
    store = str(file.with_suffix(".json"))
    program = [sys.executable, "-m", "qm_tui", "import", str(file), *options]
    command = [*program, "--dry-run", "--store", store]
    runs = [spent(command) for _ in range(RUNS)]
    return Spent(median(run.seconds for run in runs), max(run.peak for run in runs), runs[-1].last)


def generate(file: Path, users: int) -> None:
    """Write a users file."""
    with file.open("wb") as output:
        command = [sys.executable, str(GENERATOR), str(users)]
        subprocess.run(command, check=True, stdout=output)


def stored(folder: Path) -> None:
    """Measure the store only, and print the results."""
    file, store = folder / "stored.csv", folder / "store" / "users.json"
    generate(file, STORED)
    program = [sys.executable, "-m", "qm_tui"]
    spent([*program, "import", str(file), "--store", str(store)])
    print(f"store of {STORED:,} users in its own process, highest peak of {RUNS} runs")
    for what, how in (("open", "open"), ("open, change and write", "edit")):
        runs = [spent([sys.executable, "-c", OPEN, str(store), how]) for _ in range(RUNS)]
        result = Spent(median(run.seconds for run in runs), max(run.peak for run in runs), "")
        missed = "" if result.peak <= MOST_OF_A_STORE * MEGABYTE else "  MISSED"
        _print(what, result, f"target <= {MOST_OF_A_STORE} MB{missed}")


def two_users(folder: Path) -> list[bytes]:
    """Return the lines of a file with a header and two users."""
    file = folder / "two.csv"
    generate(file, 2)
    return file.read_bytes().splitlines(keepends=True)


def with_between(lines: list[bytes], between: Iterator[bytes]) -> Iterator[bytes]:
    """Return lines with others inserted before the last."""
    return chain(lines[:-1], between, lines[-1:])


def rejected(lines: list[bytes], count: int) -> Iterator[bytes]:
    """Yield a header, and users with three errors each."""
    yield lines[0]
    for number in range(count):
        yield b",,,,,Sales,user%d,pw,,,10.0.0.999,1,Any,1,0%b\r\n" % (number, _EMPTY)


def main(millions: int = 1) -> None:
    """Run the benchmark, and print the results."""
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
            result = dry_run(file)
            each = (result.seconds - start.seconds) / users * 1e6
            _print(f"{users:,} users", result, f"{each:.2f} us each")
        foreign = foreign_file(file)
        mapped = dry_run(foreign.path, *foreign.options)
        limit = "  MISSED" if mapped.peak > MOST_OF_A_DRY_RUN * MEGABYTE else ""
        _print(f"{count:,} mapped users", mapped, f"target <= {MOST_OF_A_DRY_RUN} MB{limit}")
        cases: dict[str, Callable[[], Iterator[bytes]]] = {
            f"{count:,} rejected records": lambda: rejected(two, count),
            "2,000,000 blank lines": lambda: with_between(two, repeat(b"\r\n", 2 * MEGABYTE)),
            "2,000,000 lines of commas": lambda: with_between(
                two, repeat(b"," * (len(FIELDS) - 1) + b"\r\n", 2 * MEGABYTE)
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


def _print(what: str, result: Spent, more: str = "") -> None:
    peak = result.peak / MEGABYTE
    print(f"  {what:<28}{result.seconds:8.2f} s {peak:7.0f} MB  {more}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
