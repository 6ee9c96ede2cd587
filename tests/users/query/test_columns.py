"""Columns and column layouts."""

import pytest

from qm_tui.users.fields import User
from qm_tui.users.query.columns import (
    COLUMN,
    LICENSE,
    MAX_WIDTH,
    MIN_WIDTH,
    ColumnPlacement,
    Layout,
)
from qm_tui.users.query.licenses import license_cell

FIRST, LAST = ColumnPlacement("first_name", 10), ColumnPlacement("last_name", 10)


def test_licenses_fit_into_their_column():
    flags = ("unlimited_license", "on_demand_license", "computer_recording_license")
    for number in range(8):
        values = {flag: str(number >> at & 1) for at, flag in enumerate(flags)}
        cell = license_cell(User(**values))
        assert len(cell) <= COLUMN[LICENSE].width


@pytest.mark.parametrize(
    ("columns", "frozen", "why"),
    [
        ((), 0, "at least one column"),
        ((FIRST, FIRST), 0, "no duplicates"),
        ((FIRST, ColumnPlacement("first_name", 12)), 0, "no duplicates"),
        ((ColumnPlacement("shoe_size", 3),), 0, "no unknown"),
        ((ColumnPlacement("salt", MIN_WIDTH - 1),), 0, "must be 1 to 60"),
        ((FIRST, ColumnPlacement("salt", MAX_WIDTH + 1)), 0, "must be 1 to 60"),
        ((FIRST, LAST), 3, "frozen columns must be 0 to"),
        ((FIRST, LAST), -1, "frozen columns must be 0 to"),
    ],
)
def test_invalid_layout_is_rejected(columns, frozen, why):
    with pytest.raises(ValueError, match=why):
        Layout(columns, frozen)
