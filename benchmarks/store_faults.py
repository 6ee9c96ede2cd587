"""What the store survives: kills, power cuts, crowds and full disks.

    python -m benchmarks.store_faults [SHARE]

Prints how often it was tried and what went wrong, for the numbers that `make test-long` tries, or a
share of them (0.1 takes less than a minute). Kills are real, of real processes. Power cuts are
simulated: see `tests/store/tinydb/disks.py` for the model; to show that the simulation finds what
is amiss, it is done without the syncs of files, and without those of folders, too.
"""

import errno
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.store.tinydb.crowd import crowd
from tests.store.tinydb.disks import FULL, MEDIUM, SHORT
from tests.store.tinydb.failing_calls import NEEDS_SPACE, TAKES_SPACE, WORKS, Trial
from tests.store.tinydb.kills import kill_again_and_again
from tests.store.tinydb.power_loss import (
    WORKLOADS,
    Survey,
    record,
    survey,
    survey_of_second_cuts,
)

MEMORY = Path("/dev/shm")  # noqa: S108 - where there is one, files are made quickly


def said(bad: list[str]) -> None:
    """Say what was bad: a number alone explains nothing."""
    for one in bad[:5]:
        print(f"    BAD: {one[:600]}")


def kills(folder: Path, share: float) -> None:
    """Kill programs while they write."""
    done = kill_again_and_again(folder, round(300 * share), seed=1)
    print(f"kill -9: {done.kills.total()} trials, {len(done.bad)} bad outcomes")
    print(f"  {done.acknowledged:,} transactions acknowledged; killed while at")
    for what, count in sorted(done.kills.items()):
        print(f"    {what:<24}{count:4}")
    said(done.bad)


def power_cuts(folder: Path, share: float) -> None:
    """Cut the power at any moment of several workloads, in simulation."""
    recordings = [record(folder / name, name) for name in WORKLOADS]
    effort = FULL if share == 1 else SHORT
    done, again = Survey(), Survey()
    for recording in recordings:
        done.add(survey(recording, folder, effort))
        again.add(survey_of_second_cuts(recording, folder, MEDIUM, cuts=max(1, round(5 * share))))
    print(
        f"power loss: {len(recordings)} workloads, {done.points:,} moments, {done.states:,} states "
        f"of the disk ({done.opened:,} different ones), {len(done.bad)} bad"
    )
    said(done.bad)
    print(
        f"  a second cut while the store recovers: {again.points:,} moments, {again.states:,} "
        f"states ({again.opened:,} different ones), {len(again.bad)} bad"
    )
    said(again.bad)
    for what, of_folders in (("files", False), ("folders", True)):
        without = recordings[0].without_syncs(of_folders=of_folders)
        done = survey(without, folder, MEDIUM if share == 1 else SHORT)
        print(f"  control, without the syncs of {what}: {len(done.bad):,} bad of {done.states:,}")


def crowds(folder: Path, share: float) -> None:
    """Let processes change one store at once."""
    for processes in (2, 4):
        each = round(100 * share) * 5
        (folder / str(processes)).mkdir()
        done = crowd(folder / str(processes), processes, each)
        print(
            f"{processes} processes x {each} changes: {done.changes:,} acknowledged, "
            f"{done.withdrawn} withdrawn, seen by others {done.looks:,} times; "
            f"lost, half or withdrawn ones seen: {len(done.bad)}"
        )
        said(done.bad)


def full_disks(folder: Path, _share: float) -> None:
    """Let the disk be full, or fail, at each call that writes."""
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
            refused += failures.refused
            unknown += failures.unknown
            behind += failures.behind
            bad += failures.bad
        print(
            f"{what}, at each call of {len(WORKS)} kinds of work: {refused} refused, "
            f"{unknown} said to be not known, {behind} saved without a snapshot, {len(bad)} bad"
        )
        said(bad)


def main(share: float = 1.0) -> None:
    """Try everything, and print what came of it."""
    parts: tuple[tuple[Callable[[Path, float], None], bool], ...] = (
        (kills, False),
        (power_cuts, True),
        (crowds, False),
        (full_disks, True),
    )
    for part, in_memory in parts:
        place = MEMORY if in_memory and MEMORY.is_dir() else None
        begin = time.perf_counter()
        with TemporaryDirectory(dir=place) as name:
            part(Path(name), share)
        print(f"  in {time.perf_counter() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
