"""Try the targets again and again, each time with other tries: `python -m tests.fuzz MINUTES`.

It ends at the first failure, with what failed made as small as it can be. Hypothesis keeps that,
and the next `make test` tries it again.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.tries import VARIABLE

_TRIES = 1000
"""Tries of each target in a round."""


def main(minutes: float) -> int:
    """Go on for so many minutes.

    Returns:
        The status of the last round: 0 where nothing failed.
    """
    end = time.monotonic() + minutes * 60
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not long"]
    rounds = status = 0
    while time.monotonic() < end and not status:
        status = subprocess.run(
            [*command, str(Path(__file__).parent)],
            check=False,
            env={**os.environ, VARIABLE: str(_TRIES)},
        ).returncode
        rounds += 1
    print(f"{rounds} rounds of {_TRIES:,} tries of each target: {'FAILED' if status else 'sound'}")
    return status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
