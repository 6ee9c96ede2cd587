"""Duration of an export. The reference writes the same file with `csv.writer` and a sync.

    python -m benchmarks.export_speed [USERS] [RUNS]

Each export and the reference run in their own processes, alternately, so that changes in the speed
of the machine affect all. Measures the time to write after loading, and the time of the whole
process `qm-tui export`. Prints medians, their ratios, and whether the file equals that of the
reference. Then measures users with one formula each.
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
from qm_tui.transfer.options.export_options import DEFAULT_EXPORT_OPTIONS, EXPORT_OPTIONS

HERE: Final = Path(__file__).parent
MOST: Final = 1.3
"""The maximum ratio of an export with default options to the reference."""

CHOICES: Final = {
    "export": DEFAULT_EXPORT_OPTIONS,
    **{
        f"export {choice.flag}": choice.with_next_value(DEFAULT_EXPORT_OPTIONS)
        for choice in EXPORT_OPTIONS
        if choice.key != "delimiter"
    },
    "export --for-excel --guard-formulas": replace(
        DEFAULT_EXPORT_OPTIONS, for_excel=True, guard_formulas=True
    ),
}
REFERENCE: Final = "csv.writer and fsync"
WHOLE: Final = "qm-tui export, whole process"


def export(store: str, file: str, what: str) -> None:
    """Load a store, export it, and print the duration of the export."""
    opened = open_store(Path(store), read_only=True)
    state = opened.load()
    begin = time.perf_counter()
    export_users(state.stream(), state.total, Path(file), overwrite=True, options=CHOICES[what])
    print(json.dumps({"seconds": time.perf_counter() - begin}))


def said(*arguments: object) -> float:
    """Run a Python program, and return the seconds that it prints."""
    done = run([sys.executable, *map(str, arguments)], check=True, stdout=PIPE)
    printed: dict[str, Any] = json.loads(done.stdout)
    return float(printed["seconds"])


def make_store(path: Path, count: int, *, with_formulas: bool) -> None:
    """Create a store."""
    users = sample_users(count)
    if with_formulas:
        users = {key: user._replace(agent_id="=1+1") for key, user in users.items()}
    store = open_store(path)
    with store.transaction(Action(TransactionKind.IMPORT, "users.csv")) as transaction:
        transaction.commit(users)
    store.close()


def compare(folder: Path, count: int, runs: int) -> bool:
    """Print a table, and return whether the export is fast enough."""
    store, file, reference = folder / "users.json", folder / "users.csv", folder / "reference.csv"
    times: dict[str, list[float]] = {}
    for turn in range(runs + 1):
        durations = {REFERENCE: said(HERE / "reference" / "write_users.py", store, reference)}
        for what in CHOICES:
            durations[what] = said("-m", "benchmarks.export_speed", store, file, what)
            if what == "export" and file.read_bytes() != reference.read_bytes():
                print("The export differs from the reference.")
        command = [sys.executable, "-m", "qm_tui", "export", str(file), "--force"]
        durations[WHOLE] = seconds([*command, "--store", str(store)])
        if turn:  # the first run fills the caches
            for what, duration in durations.items():
                times.setdefault(what, []).append(duration)
    size = reference.stat().st_size
    print(f"{count:,} users, {size:,} bytes, median of {runs} interleaved runs")
    expected = median(times[REFERENCE])
    for what, seconds_of in times.items():
        ratio = median(seconds_of) / expected
        late = "   TOO SLOW" if what == "export" and ratio > MOST else ""
        print(f"  {what:<40}{median(seconds_of):7.3f} s   {ratio:5.2f} x{late}")
    return median(times["export"]) <= MOST * expected


def main(count: int = 100_000, runs: int = 7) -> int:
    """Measure users with and without formulas, and return 1 if an export is too slow."""
    is_fast = True
    for with_formulas in (False, True):
        with TemporaryDirectory() as name:
            make_store(Path(name) / "users.json", count, with_formulas=with_formulas)
            if with_formulas:
                print("each user with a formula:")
            is_fast &= compare(Path(name), count, runs)
    return not is_fast


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].endswith(".json"):
        export(*sys.argv[1:])
    else:
        sys.exit(main(*map(int, sys.argv[1:])))
