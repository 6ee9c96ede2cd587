"""Break a random sample of the rules, the store and the transfer, and count what the tests notice.

    python -m scripts.mutants [SAMPLE [SEED]]

Mutmut makes all mutants of `qm_tui/users`, `store` and `transfer` in the folder `mutants`, and
finds the tests that run each function. Prints each mutant of the sample that the tests did not
notice, and the share that they did.
"""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_MUTMUT: Final = str(Path(sys.executable).with_name("mutmut"))

_FEW: Final = "qm_tui.users.issues.*"
"""A few mutants: a run with them makes all of them, and measures the tests."""

_NOT_CHECKED: Final = "not checked"
"""The status of a mutant that mutmut could not try."""

_NOTICED: Final = frozenset({"killed", "timeout", "segfault", "suspicious"})


def main(sample: int = 100, seed: int = 1) -> None:
    """Print the mutants that were not noticed, and the score."""
    subprocess.run([_MUTMUT, "run", _FEW], check=True)
    names = sorted(name for name, _ in _results())
    chosen = set(random.Random(seed).sample(names, min(sample, len(names))))  # noqa: S311
    for name in sorted(chosen):  # pytest does not take the tests of all of them at once
        subprocess.run([_MUTMUT, "run", name], check=False)
    noticed = checked = 0
    for name, status in _results():
        if name in chosen and status != _NOT_CHECKED:
            checked += 1
            noticed += status in _NOTICED
            if status not in _NOTICED:
                print(f"\n{status}: ", end="", flush=True)
                subprocess.run([_MUTMUT, "show", name], check=True)
    print(f"{noticed} of {checked} mutants noticed (of {len(names):,} in all; seed {seed})")
    if checked < len(chosen):
        print(f"{len(chosen) - checked} could not be tried")


def _results() -> Iterator[tuple[str, str]]:
    """Yield the name and the status of each mutant."""
    listed = subprocess.run(
        [_MUTMUT, "results", "--all", "true"], check=True, capture_output=True, text=True
    )
    for line in listed.stdout.splitlines():
        name, colon, status = line.strip().partition(": ")
        if colon:
            yield name, status


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
