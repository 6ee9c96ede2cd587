"""How long an export takes, beside writing the same file with `csv.writer` and a sync.

    python -m benchmarks.export_speed [USERS] [RUNS]

Each export and the reference run in a process of their own and take turns, so that a machine that
slows down slows down all; the seconds are those of the writing alone, after loading, and of the
whole process `qm-tui export`. Printed are medians, their ratios, and whether the file is that of
the reference. Then come users of whom each has a value that a spreadsheet would run.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from subprocess import PIPE, run
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.import_speed import seconds
from benchmarks.sample_users import sample_users
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.transfer.exporting.export import export_users
from qm_tui.transfer.options.export_options import EXPORT_CHOICES, USUAL

HERE: Final = Path(__file__).parent
MOST: Final = 1.3
"""How many times as long as the reference an export may take without choices."""

CHOICES: Final = {
    "export": USUAL,
    **{
        f"export {choice.flag}": choice.turned(USUAL)
        for choice in EXPORT_CHOICES
        if choice.key != "delimiter"
    },
    "export --for-excel --guard-formulas": replace(USUAL, for_excel=True, guard_formulas=True),
}
REFERENCE: Final = "csv.writer and fsync"
WHOLE: Final = "qm-tui export, whole process"


def export(store: str, file: str, what: str) -> None:
    """Load a store, export it, and print how long the second took."""
    opened = open_store(Path(store), read_only=True)
    opened.load()
    users = list(opened.state.users.values())
    begin = time.perf_counter()
    export_users(users, Path(file), overwrite=True, choices=CHOICES[what])
    print(json.dumps({"seconds": time.perf_counter() - begin}))


def said(*arguments: object) -> float:
    """The seconds that a Python program prints."""
    done = run([sys.executable, *map(str, arguments)], check=True, stdout=PIPE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return float(answer["seconds"])


def make_store(path: Path, count: int, *, with_formulas: bool) -> None:
    """A store of so many users in one JSON file."""
    users = sample_users(count)
    if with_formulas:
        users = {one: user._replace(agent_id="=1+1") for one, user in users.items()}
    store = open_store(path)
    with store.transaction(Action(TransactionKind.IMPORT, "import")) as transaction:
        transaction.commit(users)
    store.close()


def compare(folder: Path, count: int, runs: int) -> bool:
    """Measure, print a table, and say whether the export is as fast as it must be."""
    store, file, reference = folder / "users.json", folder / "users.csv", folder / "reference.csv"
    times: dict[str, list[float]] = {}
    for turn in range(runs + 1):
        took = {REFERENCE: said(HERE / "reference" / "write_users.py", store, reference)}
        for what in CHOICES:
            took[what] = said("-m", "benchmarks.export_speed", store, file, what)
            if what == "export" and file.read_bytes() != reference.read_bytes():
                print("The export is not the file of the reference.")
        command = [sys.executable, "-m", "qm_tui", "export", str(file), "--force"]
        took[WHOLE] = seconds([*command, "--store", str(store)])
        if turn:  # the first run fills the caches
            for what, once in took.items():
                times.setdefault(what, []).append(once)
    size = reference.stat().st_size
    print(f"{count:,} users, {size:,} bytes, median of {runs} interleaved runs")
    beside = median(times[REFERENCE])
    for what, taken in times.items():
        ratio = median(taken) / beside
        late = "   TOO SLOW" if what == "export" and ratio > MOST else ""
        print(f"  {what:<40}{median(taken):7.3f} s   {ratio:5.2f} x{late}")
    return median(times["export"]) <= MOST * beside


def main(count: int = 100_000, runs: int = 7) -> int:
    """Measure users as they are, and users with formulas; 1 where an export is too slow."""
    is_fast = True
    for with_formulas in (False, True):
        with TemporaryDirectory() as name:
            make_store(Path(name) / "users.json", count, with_formulas=with_formulas)
            if with_formulas:
                print("each with a value that would run:")
            is_fast &= compare(Path(name), count, runs)
    return not is_fast


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].endswith(".json"):
        export(*sys.argv[1:])
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
