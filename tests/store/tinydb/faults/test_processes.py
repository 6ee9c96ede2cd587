"""Many programs on one store: nothing is lost, and no program sees uncommitted changes."""

from pathlib import Path

import pytest

from qm_tui.store.tinydb import open_tinydb_store
from tests.store.tinydb.faults.crowd import crowd


def _assert_all_is_well(folder: Path, processes: int, each: int) -> None:
    done = crowd(folder, processes, each)
    assert not done.errors, f"{len(done.errors)}; the first: {done.errors[0]}"
    assert done.changes == processes * each
    assert done.withdrawn > 0
    assert done.looks > 10
    state = open_tinydb_store(folder / "store" / "users.json").load()
    assert state.number == done.generation


@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_edit_and_import_at_once_lose_nothing(tmp_path, processes):
    _assert_all_is_well(tmp_path, processes, 200 // processes)


@pytest.mark.long
@pytest.mark.parametrize("processes", [2, 4])
def test_processes_that_edit_and_import_much_at_once_lose_nothing(tmp_path, processes):
    _assert_all_is_well(tmp_path, processes, 500)
