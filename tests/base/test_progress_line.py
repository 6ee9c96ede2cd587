"""Progress texts: percent or records, then rate and time left."""

import pytest

from qm_tui.progress import Phase
from qm_tui.progress_line import RateEstimator


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock by one that the test sets."""
    times = [100.0]
    monkeypatch.setattr("qm_tui.progress_line.time.monotonic", lambda: times[0])
    return times


def test_progress_starts_without_a_rate(clock):
    pace = RateEstimator()
    assert pace.describe(Phase.READING, 450, 1000) == "Reading 45%"
    assert pace.describe(Phase.IMPORTING, 0, 2273) == "Importing 0 of 2,273"
    clock[0] += 0.5
    assert pace.describe(Phase.IMPORTING, 1204, 2273) == "Importing 1,204 of 2,273"


def test_progress_shows_rate_and_time_left(clock):
    pace = RateEstimator()
    pace.describe(Phase.IMPORTING, 0, 100_000)
    clock[0] += 2
    said = pace.describe(Phase.IMPORTING, 20_000, 100_000)
    assert said == "Importing 20,000 of 100,000, 10,000/s, 8 s left"


def test_progress_in_bytes_shows_sizes_and_minutes(clock):
    pace = RateEstimator()
    pace.describe(Phase.READING, 0, 1024 * 1024 * 1000)
    clock[0] += 2
    said = pace.describe(Phase.READING, 4 * 1024 * 1024, 1024 * 1024 * 1000)
    assert said == "Reading 0%, 2.0 MB/s, 9 min left"


def test_progress_rate_is_per_phase(clock):
    pace = RateEstimator()
    pace.describe(Phase.READING, 0, 1000)
    clock[0] += 50
    pace.describe(Phase.CHECKING, 0, 1000)
    clock[0] += 2
    assert pace.describe(Phase.CHECKING, 500, 1000) == "Checking 500 of 1,000, 250/s, 2 s left"
    assert pace.describe(Phase.CHECKING, 10, 1000) == "Checking 10 of 1,000"


@pytest.mark.parametrize("total", [0, 10])
def test_progress_without_advance_shows_no_rate(clock, total):
    pace = RateEstimator()
    pace.describe(Phase.SAVING, 0, total)
    clock[0] += 60
    assert pace.describe(Phase.SAVING, 0, total) == f"Saving 0 of {total}"
