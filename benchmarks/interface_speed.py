"""How long the interface takes to open on many users, and to answer a key.

    python -m benchmarks.interface_speed [USERS] [RUNS]

Runs the program in a pseudo-terminal of 120x40 and prints medians: the time from the start to the
first users on the screen, beside an empty Textual app; the time and the bytes that keys take.
"""

import sys
import time
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, run
from tempfile import TemporaryDirectory

from benchmarks.terminal import Terminal

HERE = Path(__file__).parent
PROGRAM = [sys.executable, "-m", "qm_tui"]
KEYS = {"Down": "\x1b[B", "PgDn": "\x1b[6~", "Right": "\x1b[C"}


def made_store(folder: Path, users: int) -> Path:
    """A store of generated users."""
    file = folder / "users.csv"
    with file.open("wb") as output:
        generate = [sys.executable, str(HERE.parent / "sample_data" / "generate.py")]
        run([*generate, str(users)], check=True, stdout=output)
    store = folder / "store" / "users.json"
    run([*PROGRAM, "import", str(file), "--store", str(store)], check=True, stdout=DEVNULL)
    return store


def until(text: str, command: list[str]) -> tuple[float, Terminal]:
    """Start a program; the seconds until it shows a text."""
    begin = time.perf_counter()
    terminal = Terminal(command, columns=120, lines=40)
    terminal.wait_for(text, 60)
    return time.perf_counter() - begin, terminal


def main(users: int = 100_000, runs: int = 5) -> None:
    """Measure, and print."""
    with TemporaryDirectory() as name:
        store = made_store(Path(name), users)
        interface = [*PROGRAM, "--store", str(store)]
        empty = [sys.executable, str(HERE / "reference" / "empty_app.py")]
        firsts, frames, alls = [], [], []
        keys: dict[str, list[tuple[float, int]]] = {key: [] for key in KEYS}
        for _ in range(runs):
            took, terminal = until("Ready", empty)
            frames.append(took)
            terminal.__exit__(None, None, None)
            begin = time.perf_counter()
            took, terminal = until("> ", interface)
            firsts.append(took)
            with terminal:
                terminal.wait_for(f"{users:,} users", 60)
                alls.append(time.perf_counter() - begin)
                terminal.settle(0.5)
                for key, code in KEYS.items():
                    for _ in range(10):
                        terminal.send(code)
                        keys[key].append(terminal.settle(0.06))
    print(f"{users:,} users, terminal of 120x40, median of {runs} runs")
    print(f"  empty Textual app, first frame  {median(frames):7.3f} s")
    ratio = median(firsts) / median(frames)
    print(f"  first users on the screen       {median(firsts):7.3f} s   {ratio:5.2f} x empty app")
    print(f"  all users loaded                {median(alls):7.3f} s")
    for key, answers in keys.items():
        times, counts = zip(*answers, strict=True)
        print(f"  {key:<6}{1000 * median(times):25.1f} ms  {median(counts):8,.0f} bytes")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
