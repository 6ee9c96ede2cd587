"""Random input into screens that open slowly: a few rounds. `make fuzz-keys` plays many."""

import pytest

from tests.fuzz.keys import play
from tests.helpers import sample_cases


@pytest.mark.parametrize("seed", sample_cases([4, 1081, 20012, *range(2, 12)], range(2)))
async def test_random_input_never_ends_the_program(home, monkeypatch, seed):
    monkeypatch.chdir(home)
    await play(home, seed)
