"""The filter row: labels and counts for the width of the terminal."""

import pytest

from qm_tui.tui.transfer.preview.filter_row import filter_layout
from qm_tui.tui.transfer.preview.view_model import RECORD_FILTERS

MILLIONS = [1_000_000] * 7


def lines_of(counts, width):
    """Return the lines of the row, without trailing blanks."""
    layout = filter_layout(dict(zip(RECORD_FILTERS, counts, strict=True)), width)
    lines = [layout.labels, layout.counts] if layout.counts else [layout.labels]
    assert len(lines) == layout.height
    return [(" " * layout.gap).join(texts) for texts in lines]


def test_counts_follow_the_labels_on_a_wide_terminal():
    counts = [100_000, 99_973, 0, 0, 27, 1_250, 252]
    (line,) = lines_of(counts, 109)
    assert line == (
        "1:All 100,000  2:Added 99,973  3:Changed 0  4:Unchanged 0  5:Rejected 27  "
        "6:Warnings 1,250  7:Not in file 252"
    )
    (line,) = lines_of(counts, 108)
    assert line == (
        "1:All 100,000 2:Added 99,973 3:Changed 0 4:Unchanged 0 5:Rejected 27 "
        "6:Warnings 1,250 7:Not in file 252"
    )


def test_counts_are_below_the_labels_at_80_columns():
    assert lines_of([250, 250, 0, 0, 0, 17, 0], 78) == [
        "1:All  2:Added  3:Changed  4:Unchanged  5:Rejected  6:Warnings  7:Not in file",
        "  250      250          0            0           0          17              0",
    ]
    assert lines_of(MILLIONS, 78) == [
        "    1:All   2:Added 3:Changed 4:Unchanged 5:Rejected 6:Warnings 7:Not in file",
        "1,000,000 1,000,000 1,000,000   1,000,000  1,000,000  1,000,000     1,000,000",
    ]


def test_counts_too_large_for_one_line_are_below_the_labels():
    assert len(lines_of(MILLIONS, 118)) == 2


@pytest.mark.parametrize("width", [77, 58])
def test_labels_are_short_on_a_narrow_terminal(width):
    gap = "  " if width == 77 else " "
    labels, counts = lines_of([100_000, 99_000, 1_000, 0, 0, 9, 252], width)
    assert labels.split() == [
        "1:All",
        "2:Added",
        "3:Changed",
        "4:Same",
        "5:Rejected",
        "6:Warn",
        "7:Absent",
    ]
    assert gap.join(labels.split()) == labels
    assert counts.split() == ["100k", "99,000", "1,000", "0", "0", "9", "252"]


@pytest.mark.parametrize("width", [58, 77, 78, 108, 118])
@pytest.mark.parametrize("count", [0, 9, 99_999, 100_000, 1_000_000])
def test_row_is_never_cut(width, count):
    assert all(len(line) <= width for line in lines_of([count] * 7, width))
