"""Many programs change one store at the same time as imports: nothing is lost."""

import pytest

from benchmarks.load import run

_FLAT = 12.0
"""Megabytes by which a program may grow after its start."""


def test_few_admins_and_imports_lose_nothing(home):
    outcome = run(home, 3, 200, 5, imports=True)
    assert outcome.lost == []
    assert len(outcome.saves) >= 3
    assert outcome.imports
    assert len(outcome.memory) == 3


@pytest.mark.long
def test_ten_admins_and_imports_lose_nothing_and_memory_is_bounded(home):
    outcome = run(home, 10, 1_000, 60, imports=True)
    assert outcome.lost == []
    assert len(outcome.saves) >= 10
    assert outcome.imports
    assert max(outcome.grown) < _FLAT
