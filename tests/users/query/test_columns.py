"""Columns and column layouts."""

import pytest

from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query.columns import (
    COLUMN,
    DEFAULT_LAYOUT,
    LICENSE,
    MAX_WIDTH,
    MIN_WIDTH,
    ColumnPlacement,
    Layout,
)
from qm_tui.users.query.licenses import license_cell

FIRST, LAST = ColumnPlacement("first_name", 10), ColumnPlacement("last_name", 10)


def test_columns_are_the_fields_and_the_licenses():
    assert COLUMN.keys() == {field.key for field in FIELDS} | {LICENSE}
    for key, column in COLUMN.items():
        assert column.key == key
        assert column.name
        assert column.short.isascii()
        assert MIN_WIDTH <= column.width <= MAX_WIDTH
        assert column.field is None if key == LICENSE else column.field in FIELDS
    assert len({column.name for column in COLUMN.values()}) == len(COLUMN)


def test_licenses_fit_into_their_column():
    flags = ("unlimited_license", "on_demand_license", "computer_recording_license")
    for number in range(8):
        values = {flag: str(number >> at & 1) for at, flag in enumerate(flags)}
        cell = license_cell(User(**values))
        assert len(cell) <= COLUMN[LICENSE].width


@pytest.mark.parametrize(
    ("columns", "frozen"),
    [
        ((FIRST,), 0),
        ((FIRST,), 1),
        ((FIRST, LAST), 2),
        ((ColumnPlacement("salt", MIN_WIDTH), ColumnPlacement(LICENSE, MAX_WIDTH)), 1),
        (DEFAULT_LAYOUT.columns, len(DEFAULT_LAYOUT.columns)),
    ],
)
def test_valid_layout_is_accepted(columns, frozen):
    layout = Layout(columns, frozen)
    assert [one.column.key for one in layout.columns] == [one.key for one in columns]


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


def test_default_layout_begins_with_identifying_columns():
    keys = [one.key for one in DEFAULT_LAYOUT.columns]
    assert keys[:4] == ["first_name", "last_name", "extension", "user_name"]
    assert keys[: DEFAULT_LAYOUT.frozen] == ["first_name", "last_name"]
    assert len(keys) == 24
    assert all(one.width == one.column.width for one in DEFAULT_LAYOUT.columns)
