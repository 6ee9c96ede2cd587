"""The filter row: labels and counts for the width of the terminal."""

import pytest

from qm_tui.tui.transfer.preview.filter_row import filter_layout
from qm_tui.tui.transfer.preview.view_model import RECORD_FILTERS


def lines_of(counts, width):
    """Return the lines of the row, without trailing blanks."""
    layout = filter_layout(dict(zip(RECORD_FILTERS, counts, strict=True)), width)
    lines = [layout.labels, layout.counts] if layout.counts else [layout.labels]
    assert len(lines) == layout.height
    return [(" " * layout.gap).join(texts) for texts in lines]


@pytest.mark.parametrize(
    ("counts", "width", "lines"),
    [
        (
            [100_000, 99_973, 0, 0, 27, 1_250, 252],
            108,
            [
                "1:All 100,000 2:Added 99,973 3:Changed 0 4:Unchanged 0 5:Rejected 27 "
                "6:Warnings 1,250 7:Not in file 252"
            ],
        ),
        (
            [1_000_000] * 7,
            78,
            [
                "    1:All   2:Added 3:Changed 4:Unchanged 5:Rejected 6:Warnings 7:Not in file",
                "1,000,000 1,000,000 1,000,000   1,000,000  1,000,000  1,000,000     1,000,000",
            ],
        ),
    ],
)
def test_counts_are_beside_or_below_the_labels(counts, width, lines):
    assert lines_of(counts, width) == lines


def test_labels_and_counts_are_short_on_a_narrow_terminal():
    labels, counts = lines_of([100_000, 99_000, 1_000, 0, 0, 9, 252], 58)
    assert labels == "1:All 2:Added 3:Changed 4:Same 5:Rejected 6:Warn 7:Absent"
    assert counts.split() == ["100k", "99,000", "1,000", "0", "0", "9", "252"]


@pytest.mark.parametrize("width", [58, 77, 78, 108, 118])
@pytest.mark.parametrize("count", [0, 9, 99_999, 100_000, 1_000_000])
def test_row_is_never_cut(width, count):
    assert all(len(line) <= width for line in lines_of([count] * 7, width))
