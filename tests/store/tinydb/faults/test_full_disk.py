"""A full or failing disk: an error message, and the store as it was acknowledged."""

import errno
import subprocess
import sys
from itertools import product
from typing import Any

import pytest

from tests.helpers import needs_package, sample_cases
from tests.store.tinydb.faults.failing_calls import (
    NEEDS_SPACE,
    TAKES_SPACE,
    WORKS,
    Trial,
    files_end_at,
)
from tests.store.tinydb.faults.kills import ROOT

CANNOT_MOUNT = 77
ON_A_SMALL_DISK = [
    *("unshare", "--mount", "--map-root-user", "sh", "-c"),
    f'mount -t tmpfs -o size=2m tmpfs "$1" || exit {CANNOT_MOUNT}; '
    'exec "$2" -m tests.store.tinydb.faults.failing_calls "$1"',
    "sh",
]

FULL = {"code": errno.ENOSPC, "names": NEEDS_SPACE}
FULL_WHEN_SYNCED = {"code": errno.ENOSPC, "names": TAKES_SPACE}
WAYS: dict[str, dict[str, Any]] = {
    "full": FULL,
    "full in the middle of a write": {**FULL, "half": True},
    "full when it is synced": FULL_WHEN_SYNCED,
    "full when it is synced, in the middle of a write": {**FULL_WHEN_SYNCED, "half": True},
    "failing": {"code": errno.EIO},
    "failing once": {"code": errno.EIO, "once": True},
}


@pytest.mark.parametrize("case", sample_cases(product(WORKS, WAYS), range(0, 48, 5)), ids="-".join)
def test_a_disk_that_fails_at_any_call_leaves_the_store_before_or_after(tmp_path, case):
    work, way = case
    failures = Trial(tmp_path, work).at_each_call(**WAYS[way])
    assert not failures.errors
    assert failures.failed + failures.unknown > 0
    assert failures.behind > 0
    if way.startswith("full") and "synced" not in way:
        assert failures.unknown == 0  # what was written is reverted
    if "failing" in way:
        assert (failures.unknown > 0) is (way == "failing")  # a sync that fails once is reverted


@pytest.mark.parametrize("work", sample_cases(WORKS, [1, 3, 7]))
def test_files_that_may_not_grow_are_refused_and_work_again(tmp_path, work):
    trial = Trial(tmp_path, work)
    for size in range(0, trial.size + 1024, max(trial.size // 20, 64)):
        trial.under(files_end_at(size), f"{size} bytes")
    assert not trial.failures.errors
    assert trial.failures.failed > 1
    assert trial.failures.unknown == 0


def test_a_small_disk_that_is_full_refuses_and_works_again(tmp_path):
    needs_package("util-linux", "/usr/bin/unshare")
    run = [*ON_A_SMALL_DISK, str(tmp_path), sys.executable]
    done = subprocess.run(run, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode == CANNOT_MOUNT or done.stderr.startswith("unshare:"):
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [work for work, *_ in lines] == list(WORKS)
    for work, refused, _, bad, *first in lines:
        assert int(refused) > 0, work
        assert bad == "0", (work, first)
