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


def test_progress_shows_rate_and_time_left_per_phase(clock):
    pace = RateEstimator()
    for seconds, phase, done, total, said in (
        (0.0, Phase.READING, 450, 1000, "Reading 45%"),
        (0.0, Phase.IMPORTING, 0, 2273, "Importing 0 of 2,273"),
        (0.5, Phase.IMPORTING, 1204, 2273, "Importing 1,204 of 2,273"),
        (0.0, Phase.CHECKING, 0, 100_000, "Checking 0 of 100,000"),
        (2.0, Phase.CHECKING, 20_000, 100_000, "Checking 20,000 of 100,000, 10,000/s, 8 s left"),
        (0.0, Phase.CHECKING, 10, 1000, "Checking 10 of 1,000"),
        (0.0, Phase.READING, 0, 1024**2 * 1000, "Reading 0%"),
        (2.0, Phase.READING, 4 * 1024**2, 1024**2 * 1000, "Reading 0%, 2.0 MB/s, 9 min left"),
        (0.0, Phase.SAVING, 0, 0, "Saving 0 of 0"),
        (60.0, Phase.SAVING, 0, 10, "Saving 0 of 10"),
    ):
        clock[0] += seconds
        assert pace.describe(phase, done, total) == said
