"""Positions and widths of columns, and the header of the table."""

import pytest
from rich.cells import cell_len

from qm_tui.tui.users.table_header import header_texts
from qm_tui.tui.users.table_layout import MARGIN, arrange, measure_values
from qm_tui.users.query.columns import COLUMN, DEFAULT_LAYOUT, LICENSE, ColumnPlacement, Layout
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA


def layout(*columns, frozen=0):
    """A layout of columns, each a key or a key and a width."""
    placed = [one if isinstance(one, tuple) else (one, COLUMN[one].width) for one in columns]
    return Layout(tuple(ColumnPlacement(*one) for one in placed), frozen)


LAYOUTS = {
    "usual": DEFAULT_LAYOUT,
    "all": layout(*COLUMN, frozen=2),
    "one": layout("extension"),
    "one, narrow": layout("is_active"),
    "one, wide": layout(("sip_uri", 60)),
    "frozen too wide": layout(("first_name", 60), ("last_name", 60), "extension", frozen=2),
    "all frozen": layout(*COLUMN, frozen=27),
    "all narrow": layout(*((key, 1) for key in COLUMN), frozen=3),
    "all wide": layout(*((key, 60) for key in COLUMN), frozen=27),
}
WIDTHS = (1, 3, 4, 5, 20, 40, 62, 80, 102, 182, 500, 2000)

of_every_layout = pytest.mark.parametrize("columns", LAYOUTS.values(), ids=LAYOUTS)
in_every_width = pytest.mark.parametrize("width", WIDTHS)


with_and_without_values = pytest.mark.parametrize("users", [[], [ANNA]], ids=["empty", "values"])


@of_every_layout
@in_every_width
@with_and_without_values
def test_columns_do_not_overlap(width, columns, users):
    arrangement = arrange(columns, width, measure_values(columns, users))
    assert arrangement.frozen <= columns.frozen
    for first in range(len(columns.columns)):
        x = MARGIN
        for one in arrangement.visible_columns(first):
            assert one.x == x
            x += one.width + 1
        assert x - 1 <= max(width, MARGIN)


@of_every_layout
@in_every_width
@with_and_without_values
def test_every_column_can_be_scrolled_into_view(width, columns, users):
    arrangement = arrange(columns, width, measure_values(columns, users))
    first = columns.frozen
    last = len(columns.columns) - 1
    for current in (*range(last + 1), *range(last, -1, -1), last // 2):
        first = arrangement.first_for(current, first)
        drawn = [one.position for one in arrangement.visible_columns(first)]
        assert current in drawn or width <= MARGIN


@of_every_layout
@pytest.mark.parametrize("width", WIDTHS[1:])
def test_header_is_as_wide_as_table(width, columns):
    arrangement = arrange(columns, width)
    for current in range(len(columns.columns)):
        first = arrangement.first_for(current, 0)
        for sort in ([], [SortKey(one.key) for one in columns.columns]):
            texts = header_texts(arrangement.visible_columns(first), width, current, sort)
            assert cell_len("".join(texts)) == width
            assert texts[1] or width == MARGIN


def widths_of(width, columns, values, first=0):
    """The widths of the visible columns of users with these values, by key."""
    rows = zip(*values.values(), strict=True)
    users = [ANNA._replace(**dict(zip(values, row, strict=True))) for row in rows]
    arrangement = arrange(columns, width, measure_values(columns, users))
    return {one.column.key: one.width for one in arrangement.visible_columns(first)}


NAMES = {"first_name": ["Al", "Bo", "Cy"], "user_name": ["al.jackson1", "bo.jackson22", "cy"]}
TWO = layout("first_name", "user_name")


@pytest.mark.parametrize(
    ("width", "columns", "widths"),
    [
        # a column is as wide as its name and its values
        (62, TWO, {"first_name": 10, "user_name": 12}),
        # the room that is left goes to the values that are cut, as many as fit
        (3 + 10 + 1 + 11, TWO, {"first_name": 10, "user_name": 11}),
        # a custom width stays
        (62, layout(("first_name", 20), "user_name"), {"first_name": 20, "user_name": 12}),
        (62, layout(("first_name", 2), "user_name"), {"first_name": 2, "user_name": 12}),
    ],
)
def test_widths_follow_the_values(width, columns, widths):
    assert widths_of(width, columns, NAMES) == widths


def test_room_goes_to_the_column_with_the_most_cut_values():
    values = {
        "location": ["Oslo"] * 9 + ["A very long name of a location"],
        "user_name": ["a.jackson123"] * 10,
    }
    columns = layout("location", "user_name")
    widths = widths_of(3 + 11 + 1 + 12, columns, values)
    assert widths["user_name"] == 12
    assert widths["location"] <= 11


def test_wide_table_shows_values_before_more_columns():
    values = {"first_name": ["Bartholomäus"], "last_name": ["Müller-Lüdenscheidt"]}
    widths = widths_of(102, DEFAULT_LAYOUT, values)
    assert (widths["first_name"], widths["last_name"]) == (12, 19)


def test_longest_value_does_not_hide_other_columns():
    long = {"first_name": ["x" * 500], "last_name": ["y" * 500]}
    assert {"extension", "user_name", LICENSE} <= widths_of(62, DEFAULT_LAYOUT, long).keys()


def test_frozen_columns_keep_their_widths_at_every_position():
    values = {"first_name": ["Bartholomäus"], "department": ["Customer Service"]}
    begin = widths_of(62, DEFAULT_LAYOUT, values)
    for first in range(len(DEFAULT_LAYOUT.columns)):
        scrolled = widths_of(62, DEFAULT_LAYOUT, values, first)
        assert scrolled["first_name"] == begin["first_name"]
        assert scrolled["last_name"] == begin["last_name"]


@pytest.mark.parametrize(
    ("width", "columns", "frozen"),
    [
        (62, DEFAULT_LAYOUT, 2),
        (36, DEFAULT_LAYOUT, 2),
        (34, DEFAULT_LAYOUT, 1),
        (20, DEFAULT_LAYOUT, 0),
        (62, LAYOUTS["frozen too wide"], 0),
        (102, LAYOUTS["frozen too wide"], 1),
        (500, LAYOUTS["all frozen"], 27),
        (62, LAYOUTS["all frozen"], 4),
    ],
)
def test_frozen_columns_leave_room_for_others(width, columns, frozen):
    assert arrange(columns, width).frozen == frozen


@pytest.mark.parametrize(
    ("columns", "keys", "header"),
    [
        (["extension", "department"], ["extension"], "Exten▲ Department"),
        (["extension", "department"], ["-extension", "department"], "Exten▼ Department▵"),
        (["extension", "department"], ["department", "-extension"], "Exten▿ Department▲"),
        ([("extension", 5), LICENSE], ["extension"], "Exten▲Lic"),
        (["extension", LICENSE], [LICENSE], "Exten  Lic▲"),
        (["is_active", "privacy_enabled"], ["-is_active", "privacy_enabled"], "A▼P▵"),
        ([("department", 6), LICENSE], ["department"], "Depart▲Lic"),
        ([("department", 6), LICENSE], [LICENSE], "Depar… Lic▲"),
        (["extension"], ["location"], "Exten"),
    ],
)
def test_header_shows_sort_keys(columns, keys, header):
    sort = [SortKey(key.strip("-"), key.startswith("-")) for key in keys]
    drawn = arrange(layout(*columns), 62).visible_columns(0)
    assert "".join(header_texts(drawn, 62, 0, sort)).strip() == header


@pytest.mark.parametrize(
    ("key", "width", "header"),
    [("first_name", 10, "First Nam▲"), ("first_name", 4, "Fir▲"), ("is_active", 1, "▲")],
)
def test_arrow_replaces_letter_at_edge(key, width, header):
    drawn = arrange(layout((key, width), "last_name"), MARGIN + width).visible_columns(0)
    texts = header_texts(drawn, MARGIN + width, 0, [SortKey(key)])
    assert texts == ("   ", header, "")
