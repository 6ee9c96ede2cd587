"""Many programs on one store on a server: nothing is lost, and all of them see everything."""

import pytest

from tests.helpers import sample_cases
from tests.postgres.conftest import both
from tests.postgres.crowd import crowd


@both
@pytest.mark.parametrize("case", sample_cases([(8, 50, 20), (8, 500, 20)], [0]))
def test_programs_that_write_at_once_lose_nothing(store_url, case):
    programs, each, followers = case
    done = crowd(store_url, programs, each, followers)
    assert not done.errors, f"{len(done.errors)}; the first: {done.errors[0]}"
    assert done.changes == programs * each
    assert len(done.looks) == followers
    assert min(done.looks) > 3
