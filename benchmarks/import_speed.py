"""How long an import takes, beside reading the same file and checking it by hand.

    python -m benchmarks.import_speed [USERS] [RUNS]

Prints the median of the whole processes' times and the ratio of the medians, and for new users that
until they are said to be imported: then they are saved, and users.json is written for other
programs. The runs take turns, so that a machine that slows down slows down both.
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
NEW = "qm-tui import, new users"
REFERENCE = "csv.reader, dicts, hand-written checks"


def seconds(command: list[str]) -> float:
    """How long a command takes from start to end."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def seconds_until_said(command: list[str]) -> tuple[float, float]:
    """How long an import takes until it says that it is done, and from start to end."""
    begin, said = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(b"Imported"):
                said = time.perf_counter() - begin
    assert said
    assert process.returncode == 0
    return said, time.perf_counter() - begin


def main(users: int = 100_000, runs: int = 7) -> None:
    """Measure, and print a table."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "users.csv"
        with file.open("wb") as output:
            generate = [sys.executable, str(HERE.parent / "sample_data" / "generate.py")]
            subprocess.run([*generate, str(users)], check=True, stdout=output)
        reference = [sys.executable, str(HERE / "reference" / "read_and_check.py"), str(file)]
        reading = [sys.executable, str(HERE / "reference" / "read_dicts.py"), str(file)]
        typer = [sys.executable, "-c", "import typer"]
        program = [sys.executable, "-m", "qm_tui"]
        start = [*program, "--version"]
        times: dict[str, list[float]] = {}
        for run in range(runs + 1):
            store = str(folder / str(run) / "users.json")
            commands = {
                REFERENCE: reference,
                "csv.reader into dicts, unchecked": reading,
                NEW: [*program, "import", str(file), "--store", store],
                "qm-tui import again, unchanged": [*program, "import", str(file), "--store", store],
                "qm-tui import --dry-run": [
                    *program,
                    "import",
                    "--dry-run",
                    str(file),
                    "--store",
                    f"{store}-none",
                ],
                "import typer": typer,
                "qm-tui --version": start,
            }
            for what, command in commands.items():
                if what == NEW:
                    said, took = seconds_until_said(command)
                    all_took = {what: said, f"{what}, to the end": took}
                else:
                    all_took = {what: seconds(command)}
                if run:  # the first run fills the caches
                    for measured, took in all_took.items():
                        times.setdefault(measured, []).append(took)
    print(f"{users:,} users, {file.name}, median of {runs} interleaved runs, whole processes")
    for what, taken in times.items():
        of = "import typer" if what == "qm-tui --version" else REFERENCE
        ratio = median(taken) / median(times[of])
        print(f"  {what:<40}{median(taken):7.3f} s   {ratio:5.2f} x {of}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
