"""Killed programs: acknowledged changes are saved, and no incomplete ones."""

import pytest

from tests.helpers import sample_cases
from tests.store.tinydb.faults.kills import WORKS, kill_again_and_again


@pytest.mark.parametrize(
    "case", sample_cases([(10, 1), *((50, seed) for seed in range(2, 8))], [0])
)
def test_killed_programs_lose_nothing_that_they_acknowledged(tmp_path, case):
    trials, seed = case
    done = kill_again_and_again(tmp_path, trials, seed)
    assert not done.errors, f"{len(done.errors)} of {trials}; the first: {done.errors[0]}"
    assert done.kills.total() == trials
    assert {what.partition(",")[0] for what in done.kills} == set(WORKS)
    assert done.acknowledged > trials
