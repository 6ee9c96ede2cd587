"""Damaged files: the same users, an error or a notice, but never other users silently."""

import re
import subprocess

import pytest

from qm_tui.store.errors import StoreError
from qm_tui.store.tinydb import open_tinydb_store
from tests.helpers import sample_cases
from tests.store.tinydb.damage import (
    ONE,
    SMALL,
    DamageTrial,
    behind,
    is_moment_of_writing,
    moments_of,
    parts_of,
    wait_for_another,
    write_files,
    writing,
)

STORES = ["one segment", "several segments", "users.json behind", "parts", "parts, all behind"]


@pytest.fixture(params=STORES)
def damaging(request, folder):
    """A small store to be damaged."""
    kind = request.param
    retention = SMALL if "segments" in kind else ONE
    with parts_of(2 if "parts" in kind else 500):
        moments = moments_of(folder / "made", retention)
        intact = behind(moments, 1) if "behind" in kind else moments[-1]
        assert (len(intact.files) > 5) is ("segments" in kind)
        yield DamageTrial(folder / "store", moments, intact, retention)


def test_some_flipped_bits_are_noticed(damaging):
    step = 149 if len(damaging.intact.files) == 3 else 499
    for name in damaging.intact.files:
        damaging.flip_bits(name, step, look=3)
    assert not damaging.errors
    assert damaging.seen["refused"] > 20
    assert damaging.seen["same"] > 10
    assert damaging.seen["history refused"] > 3


@pytest.mark.long
def test_every_flipped_bit_is_noticed(damaging):
    for name in damaging.intact.files:
        damaging.flip_bits(name, look=23 if ".log" in name else 101)
    print(f"{sum(map(len, damaging.intact.files.values())) * 8} bits, {damaging.seen}")  # noqa: T201
    assert not damaging.errors


def test_each_file_cut_emptied_deleted_or_of_another_moment_is_noticed(damaging):
    damaging.replace_files(1, cuts=7)
    damaging.replace_files(2, cuts=5, every=41)
    assert not damaging.errors
    assert damaging.seen["refused"] > 20


@pytest.mark.long
@pytest.mark.parametrize("start", range(2))
def test_each_pair_of_files_cut_emptied_deleted_or_of_another_moment_is_noticed(damaging, start):
    is_large = len(damaging.intact.files) > 3
    damaging.replace_files(2, every=4 if is_large else 2, at=start)
    print(damaging.seen)  # noqa: T201
    assert not damaging.errors
    assert damaging.seen["refused"] > 500


def test_the_newest_damaged_transaction_that_was_acknowledged_is_never_left_out(folder):
    moments = moments_of(folder / "made", ONE)
    files = dict(behind(moments, 1).files)
    damaged = folder / "damaged"
    write_files(damaged, files | {"users.log": files["users.log"][:-30] + b"\0" * 29 + b"\n"})
    with pytest.raises(StoreError, match=r"users\.log.*Nothing was changed\..*recover\.$"):
        open_tinydb_store(damaged / "users.json").load()


@pytest.mark.parametrize("segment_bytes", [10**9, 60_000], ids=["one segment", "segments"])
@pytest.mark.parametrize("copies", sample_cases([6, 200], [0]))
def test_copies_under_load_are_whole(folder, copies, segment_bytes):
    path, torn = folder / "store" / "users.json", []
    numbers, refused = set(), 0
    with writing(path, segment_bytes) as acknowledged:
        for number in range(copies):
            copy = folder / f"copy {number}"
            copy.mkdir()
            least = acknowledged()
            copying = f"cp -a '{path.parent}'/users.* '{copy}'"
            while subprocess.run(copying, shell=True, check=False).returncode:  # noqa: S602
                least = acknowledged()  # a file was replaced while it was copied, as cp says
            wait_for_another(acknowledged, least)
            store = open_tinydb_store(copy / "users.json", wait=0)
            try:
                store.load()
                if not is_moment_of_writing(store, least):
                    torn.append(f"{number}: {store.state}")
                numbers.add(store.state.number)
            except StoreError as error:
                refused += 1
                named = re.search(r"(users\.log\.\d{6}) is missing", str(error))
                # the shell had listed the files before this one was begun
                if named is None or (copy / named[1]).exists():
                    torn.append(f"{number}: {error}")
            finally:
                store.close()
    assert not torn
    assert len(numbers) > copies // 2
    assert refused <= copies // 4
    assert refused == 0 or segment_bytes < 10**9
