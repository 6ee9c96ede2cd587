"""Run the fuzz tests repeatedly with new inputs: `python -m tests.fuzz MINUTES`.

Stops at the first failure, with a minimal input. Hypothesis saves it, and the next run tries it
first.
"""

import subprocess
import sys
import time
from pathlib import Path


def main(minutes: float) -> int:
    """Run the tests for a time.

    Returns:
        The exit status of the last round: 0 if nothing failed.
    """
    end = time.monotonic() + minutes * 60
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-n", "2", "-m", "not long"),
        *("--hypothesis-profile", "fuzz", str(Path(__file__).parent)),
    ]
    rounds = status = 0
    while time.monotonic() < end and not status:
        status = subprocess.run(command, check=False).returncode
        rounds += 1
    print(f"{rounds} rounds: {'FAILED' if status else 'passed'}")
    return status


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
