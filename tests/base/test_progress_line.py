"""How far work is, in words: percent or records, and once it can be told, rate and time left."""

import pytest

from qm_tui.progress import Phase
from qm_tui.progress_line import Pace


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    times = [100.0]
    monkeypatch.setattr("qm_tui.progress_line.time.monotonic", lambda: times[0])
    return times


def test_at_first_it_says_how_far_it_is(clock):
    pace = Pace()
    assert pace.described(Phase.READING, 450, 1000) == "Reading 45 %"
    assert pace.described(Phase.IMPORTING, 0, 2273) == "Importing 0 of 2,273"
    clock[0] += 0.5
    assert pace.described(Phase.IMPORTING, 1204, 2273) == "Importing 1,204 of 2,273"


def test_then_how_fast_it_is_and_how_long_it_takes_yet(clock):
    pace = Pace()
    pace.described(Phase.IMPORTING, 0, 100_000)
    clock[0] += 2
    said = pace.described(Phase.IMPORTING, 20_000, 100_000)
    assert said == "Importing 20,000 of 100,000, 10,000/s, 8 s left"


def test_bytes_are_said_as_such_and_long_waits_in_minutes(clock):
    pace = Pace()
    pace.described(Phase.READING, 0, 1024 * 1024 * 1000)
    clock[0] += 2
    said = pace.described(Phase.READING, 4 * 1024 * 1024, 1024 * 1024 * 1000)
    assert said == "Reading 0 %, 2.0 MB/s, 9 min left"


def test_each_phase_has_a_pace_of_its_own(clock):
    pace = Pace()
    pace.described(Phase.READING, 0, 1000)
    clock[0] += 50
    pace.described(Phase.CHECKING, 0, 1000)
    clock[0] += 2
    assert pace.described(Phase.CHECKING, 500, 1000) == "Checking 500 of 1,000, 250/s, 2 s left"
    assert pace.described(Phase.CHECKING, 10, 1000) == "Checking 10 of 1,000"


@pytest.mark.parametrize("total", [0, 10])
def test_work_that_does_not_move_says_no_rate(clock, total):
    pace = Pace()
    pace.described(Phase.SAVING, 0, total)
    clock[0] += 60
    assert pace.described(Phase.SAVING, 0, total) == f"Saving 0 of {total}"
