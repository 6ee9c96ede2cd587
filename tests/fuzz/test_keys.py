"""Random keys into screens that open slowly: a few rounds. `make fuzz-keys` plays many."""

import pytest

from tests.fuzz.keys import play


@pytest.mark.parametrize("seed", [4, 1081, 20012])
async def test_random_keys_never_end_the_program(home, monkeypatch, seed):
    monkeypatch.chdir(home)
    await play(home, seed)
