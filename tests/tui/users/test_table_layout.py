"""Positions and widths of columns, and the header of the table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from qm_tui.tui.text.user_cells import cell_text
from qm_tui.tui.users.table_layout import MARGIN, arrange, header_texts, measure_values
from qm_tui.users.query.columns import COLUMN, DEFAULT_LAYOUT, LICENSE, ColumnPlacement, Layout
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA


def layout(*columns, frozen=0):
    """A layout of columns, each a key or a key and a width."""
    placed = [one if isinstance(one, tuple) else (one, COLUMN[one].width) for one in columns]
    return Layout(tuple(ColumnPlacement(*one) for one in placed), frozen)


ALL_FROZEN = layout(*COLUMN, frozen=27)
TOO_WIDE = layout(("first_name", 60), ("last_name", 60), "extension", frozen=2)

widths = st.integers(1, 60)
layouts = st.lists(
    st.sampled_from([*COLUMN]).flatmap(
        lambda key: st.tuples(st.just(key), st.just(COLUMN[key].width) | widths)
    ),
    min_size=1,
    unique_by=lambda placed: placed[0],
).flatmap(
    lambda placed: st.integers(0, len(placed)).map(lambda frozen: layout(*placed, frozen=frozen))
)


@given(
    layouts | st.sampled_from([DEFAULT_LAYOUT, ALL_FROZEN, TOO_WIDE]),
    st.integers(1, 200) | st.just(2000),
    st.sampled_from([[], [ANNA]]),
    st.booleans(),
)
def test_every_column_can_be_scrolled_into_view_without_overlap(columns, width, users, has_words):
    values = measure_values(columns, users, has_words=has_words)
    arrangement = arrange(columns, width, values, has_words=has_words)
    assert arrangement.frozen <= columns.frozen
    first = columns.frozen
    last = len(columns.columns) - 1
    every_key = [SortKey(one.key) for one in columns.columns]
    for current in (*range(last + 1), *range(last, -1, -1), last // 2):
        first = arrangement.first_for(current, first)
        drawn = arrangement.visible_columns(first)
        assert current in [one.position for one in drawn] or width <= MARGIN
        x = MARGIN
        for one in drawn:
            assert one.x == x
            x += one.width + 1
        assert x - 1 <= max(width, MARGIN)
        for sort in ([], every_key) if width >= MARGIN else ():
            texts = header_texts(drawn, width, current, sort)
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


def test_wide_terminal_shows_licenses_as_words_unless_the_width_is_custom():
    user = ANNA._replace(unlimited_license="0", on_demand_license="1")
    for width, name, text in ((3, "Licenses", "On-Demand + Computer"), (4, "Lic", "O C")):
        columns = layout((LICENSE, width), "extension")
        values = measure_values(columns, [user], has_words=True)
        drawn, _ = arrange(columns, 80, values, has_words=True).visible_columns(0)
        assert (drawn.column.short, cell_text(drawn.column, user)) == (name, text)
        assert drawn.width == max(width, len(text))


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
        (34, DEFAULT_LAYOUT, 1),
        (20, DEFAULT_LAYOUT, 0),
        (62, TOO_WIDE, 0),
        (62, ALL_FROZEN, 4),
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
        (["is_active", "privacy_enabled"], ["-is_active", "privacy_enabled"], "A▼P▵"),
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
