"""Fault injection: kills, power loss, concurrent processes and full disks.

    python -m benchmarks.store_faults [SHARE]

Prints the number of trials and of failures, for the trials of `make test-long` or for a share of
them (0.1 takes less than a minute). Kills are kills of real processes. Power loss is simulated: see
`tests/store/tinydb/faults/disks.py` for the model. As a control, the simulation is repeated without
the syncs of files, and without those of folders, which must cause failures.
"""

import errno
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.store.tinydb.faults.crowd import crowd
from tests.store.tinydb.faults.disks import FULL, MEDIUM, SHORT
from tests.store.tinydb.faults.failing_calls import NEEDS_SPACE, TAKES_SPACE, WORKS, Trial
from tests.store.tinydb.faults.kills import kill_again_and_again
from tests.store.tinydb.faults.power_loss import (
    WORKLOADS,
    Survey,
    record,
    survey,
    survey_of_second_cuts,
)

MEMORY = Path("/dev/shm")  # noqa: S108 - faster, if it exists


def said(bad: list[str]) -> None:
    """Print the first failures."""
    for failure in bad[:5]:
        print(f"    BAD: {failure[:600]}")


def kills(folder: Path, share: float) -> None:
    """Kill programs while they write."""
    done = kill_again_and_again(folder, round(300 * share), seed=1)
    print(f"kill -9: {done.kills.total()} trials, {len(done.errors)} failures")
    print(f"  {done.acknowledged:,} transactions acknowledged; killed during")
    for what, count in sorted(done.kills.items()):
        print(f"    {what:<24}{count:4}")
    said(done.errors)


def power_cuts(folder: Path, share: float) -> None:
    """Simulate power loss at any point of several workloads."""
    recordings = [record(folder / name, name) for name in WORKLOADS]
    effort = FULL if share == 1 else SHORT
    done, again = Survey(), Survey()
    for recording in recordings:
        done.add(survey(recording, folder, effort))
        again.add(survey_of_second_cuts(recording, folder, MEDIUM, cuts=max(1, round(5 * share))))
    print(
        f"power loss: {len(recordings)} workloads, {done.points:,} points, {done.states:,} states "
        f"of the disk ({done.opened:,} distinct), {len(done.errors)} failures"
    )
    said(done.errors)
    print(
        f"  second power loss during recovery: {again.points:,} points, {again.states:,} "
        f"states ({again.opened:,} distinct), {len(again.errors)} failures"
    )
    said(again.errors)
    for what, of_folders in (("files", False), ("folders", True)):
        without = recordings[0].without_syncs(of_folders=of_folders)
        done = survey(without, folder, MEDIUM if share == 1 else SHORT)
        print(
            f"  control, without the syncs of {what}: {len(done.errors):,} failures in "
            f"{done.states:,} states"
        )


def crowds(folder: Path, share: float) -> None:
    """Change one store with several processes at the same time."""
    for processes in (2, 4):
        each = round(100 * share) * 5
        (folder / str(processes)).mkdir()
        done = crowd(folder / str(processes), processes, each)
        print(
            f"{processes} processes x {each} changes: {done.changes:,} acknowledged, "
            f"some rolled back, {done.looks:,} reads by other processes; "
            f"lost, incomplete or rolled-back changes seen: {len(done.errors)}"
        )
        said(done.errors)


def full_disks(folder: Path, _share: float) -> None:
    """Make the disk full, or fail, at each call that writes."""
    for what, code, how in (
        ("full disk", errno.ENOSPC, {"names": NEEDS_SPACE}),
        ("full disk without syncs", errno.ENOSPC, {"names": TAKES_SPACE}),
        ("failing disk", errno.EIO, {}),
        ("disk that fails once", errno.EIO, {"once": True}),
    ):
        refused = unknown = behind = 0
        bad: list[str] = []
        for work in WORKS:
            (folder / what / work).mkdir(parents=True)
            failures = Trial(folder / what / work, work).at_each_call(code=code, **how)
            refused += failures.failed
            unknown += failures.unknown
            behind += failures.behind
            bad += failures.errors
        print(
            f"{what}, at each call of {len(WORKS)} operations: {refused} errors, "
            f"{unknown} unknown outcomes, {behind} saved without a snapshot, {len(bad)} failures"
        )
        said(bad)


def main(share: float = 1.0) -> None:
    """Run all trials, and print the results."""
    parts: tuple[tuple[Callable[[Path, float], None], bool], ...] = (
        (kills, False),
        (power_cuts, True),
        (crowds, False),
        (full_disks, True),
    )
    for part, in_memory in parts:
        parent = MEMORY if in_memory and MEMORY.is_dir() else None
        begin = time.perf_counter()
        with TemporaryDirectory(dir=parent) as name:
            part(Path(name), share)
        print(f"  in {time.perf_counter() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
