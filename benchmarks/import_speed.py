"""Duration of an import. The reference reads the same file with hand-written checks.

    python -m benchmarks.import_speed [USERS] [RUNS]

The file of another program has 8 columns and a mapping with values, defaults and a template.

Prints medians of the durations of whole processes, and the ratios of the medians. For new users,
also prints the time until the import is reported: then the users are saved, and users.json is
written afterward for other programs. The runs alternate, so that changes in the speed of the
machine affect both.
"""

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.foreign import foreign_file

HERE = Path(__file__).parent
NEW = "qm-tui import, new users"
MAPPED = "qm-tui import, mapped, new users"
REFERENCE = "csv.reader, dicts, hand-written checks"
WHOLE = "{}, whole process"
BASES = {
    "qm-tui --version": "import typer",
    MAPPED: NEW,
    WHOLE.format(MAPPED): WHOLE.format(NEW),
}
"""What a figure is compared with, if it is not the reference."""


def seconds(command: list[str]) -> float:
    """Return the duration of a command."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def seconds_until_said(command: list[str]) -> tuple[float, float]:
    """Return the duration of an import until its result is printed, and until the process ends."""
    begin, reported = time.perf_counter(), 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith(b"Imported"):
                reported = time.perf_counter() - begin
    assert reported
    assert process.returncode == 0
    return reported, time.perf_counter() - begin


def main(users: int = 100_000, runs: int = 7) -> None:
    """Run the benchmark, and print the results."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "users.csv"
        with file.open("wb") as output:
            generate = [sys.executable, str(HERE.parent / "sample_data" / "generate.py")]
            subprocess.run([*generate, str(users)], check=True, stdout=output)
        foreign = foreign_file(file)
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
                MAPPED: [
                    *(*program, "import", str(foreign.path), *foreign.options),
                    *("--store", f"{store}-mapped"),
                ],
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
                if what in (NEW, MAPPED):
                    reported, ended = seconds_until_said(command)
                    durations = {what: reported, WHOLE.format(what): ended}
                else:
                    durations = {what: seconds(command)}
                if run:  # the first run fills the caches
                    for measured, duration in durations.items():
                        times.setdefault(measured, []).append(duration)
    print(f"{users:,} users, {file.name}, median of {runs} interleaved runs, whole processes")
    for what, seconds_of in times.items():
        base = BASES.get(what, REFERENCE)
        ratio = median(seconds_of) / median(times[base])
        print(f"  {what:<48}{median(seconds_of):7.3f} s   {ratio:5.2f} x {base}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
