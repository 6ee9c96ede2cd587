"""A full or failing disk: an error message, and the store as it was acknowledged."""

import errno
import subprocess
import sys

import pytest

from tests.helpers import needs_package
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


@pytest.fixture(params=WORKS)
def trial(request, tmp_path) -> Trial:
    return Trial(tmp_path, request.param)


@pytest.mark.parametrize("half", [False, True], ids=["at once", "in the middle of a write"])
def test_a_disk_that_gets_full_at_any_call_refuses_and_works_again(trial, half):
    failures = trial.at_each_call(code=errno.ENOSPC, names=NEEDS_SPACE, half=half)
    assert not failures.errors
    assert failures.failed > 0
    assert failures.unknown == 0  # what was written is reverted
    assert failures.behind > 0


@pytest.mark.parametrize("half", [False, True], ids=["at once", "in the middle of a write"])
def test_a_full_disk_that_does_not_sync_either_leaves_the_store_before_or_after(trial, half):
    failures = trial.at_each_call(code=errno.ENOSPC, names=TAKES_SPACE, half=half)
    assert not failures.errors
    assert failures.failed + failures.unknown > 1
    assert failures.behind > 0


@pytest.mark.parametrize("once", [False, True], ids=["from then on", "once"])
def test_a_disk_that_fails_at_any_call_leaves_the_store_before_or_after(trial, once):
    failures = trial.at_each_call(code=errno.EIO, once=once)
    assert not failures.errors
    assert failures.failed + failures.unknown > 1
    assert (failures.unknown > 0) is not once  # a sync that fails once is reverted
    assert failures.behind > 0


def test_files_that_may_not_grow_are_refused_and_work_again(trial):
    for size in range(0, trial.size + 1024, max(trial.size // 50, 64)):
        trial.under(files_end_at(size), f"{size} bytes")
    assert not trial.failures.errors
    assert trial.failures.failed > 1
    assert trial.failures.unknown == 0


def test_a_small_disk_that_is_full_refuses_and_works_again(tmp_path):
    needs_package("util-linux", "/usr/bin/unshare")
    done = subprocess.run(
        [*ON_A_SMALL_DISK, str(tmp_path), sys.executable],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode == CANNOT_MOUNT or done.stderr.startswith("unshare:"):
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(WORKS)
    for line in lines:
        _, refused, _, bad, *_ = line.split()
        assert int(refused) > 0, line
        assert bad == "0", line
