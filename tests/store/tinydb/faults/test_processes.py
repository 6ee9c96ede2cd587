"""Many programs on one store: nothing is lost, and no program sees uncommitted changes."""

import pytest

from tests.helpers import sample_cases
from tests.store.tinydb.faults.crowd import crowd


@pytest.mark.parametrize("case", sample_cases([(4, 40), (2, 500), (4, 500)], [0]))
def test_processes_that_edit_and_import_at_once_lose_nothing(tmp_path, case):
    processes, each = case
    done = crowd(tmp_path, processes, each)
    assert not done.errors, f"{len(done.errors)}; the first: {done.errors[0]}"
    assert done.changes == processes * each
    assert done.looks > 10
