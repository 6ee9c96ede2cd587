"""Editing a column layout, which is valid after each step."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.tui.users.dialogs.layout_editor import LayoutDraft
from qm_tui.users.query.columns import (
    COLUMN,
    LICENSE,
    MAX_WIDTH,
    ColumnPlacement,
    Layout,
)

FOUR = Layout(
    (
        ColumnPlacement("salt", 4),
        ColumnPlacement("location", 20),
        ColumnPlacement(LICENSE, 3),
        ColumnPlacement("extension", 6),
    ),
    2,
)
STEPS = ("toggle", "left", "right", "wider", "narrower", "freeze", "reset")


def step(draft, name, row):
    if name in ("left", "right"):
        draft.move(row, 1 if name == "right" else -1)
    elif name in ("wider", "narrower"):
        draft.widen(row, 7 if name == "wider" else -7)
    elif name == "reset":
        draft.reset()
    else:
        getattr(draft, name)(row)


def shown(draft):
    """Return the shown columns, with a bar after the frozen ones."""
    layout = draft.layout
    keys = [one.key for one in layout.columns]
    return " ".join([*keys[: layout.frozen], "|", *keys[layout.frozen :]])


def test_shown_columns_come_first():
    draft = LayoutDraft(FOUR)
    assert draft.layout == FOUR
    assert [one.column.key for one in draft.lines[:5]] == [
        *("salt", "location", LICENSE, "extension", "first_name")
    ]
    assert {one.column.key for one in draft.lines} == COLUMN.keys()
    assert [draft.is_frozen(row) for row in range(5)] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("steps", "result"),
    [
        ([("toggle", 0), ("toggle", 0)], "salt location | license extension"),
        ([("toggle", 1)], "salt | license extension"),
        ([("toggle", 4)], "salt location | license extension first_name"),
        ([("left", 0)], "salt location | license extension"),
        ([("left", 2)], "salt license | location extension"),
        ([("right", 3)], "salt location | license extension"),
        # over a hidden column
        ([("toggle", 1), ("left", 2)], "license | salt extension"),
        ([("toggle", 6), ("left", 6)], "salt location | license user_id extension"),
        ([("freeze", 2)], "salt location license | extension"),
        ([("freeze", 1)], "salt | location license extension"),
        ([("freeze", 0), ("freeze", 0)], "| salt location license extension"),
        ([("freeze", 9)], "salt location | license extension"),
    ],
)
def test_steps_change_layout(steps, result):
    draft = LayoutDraft(FOUR)
    for name, row in steps:
        step(draft, name, row)
    assert shown(draft) == result


def test_move_returns_new_row():
    draft = LayoutDraft(FOUR)
    assert draft.move(2, -1) == 1
    assert draft.move(0, -1) == 0
    draft.toggle(1)
    assert draft.move(0, 1) == 2
    assert draft.move(9, -1) == 9


def test_last_column_cannot_be_hidden():
    draft = LayoutDraft(Layout((ColumnPlacement("salt", 4),), 1))
    assert not draft.toggle(0)
    assert shown(draft) == "salt |"
    assert draft.toggle(1)
    assert draft.toggle(0)
    assert shown(draft) == "| first_name"


@pytest.mark.parametrize(("by", "width"), [(1, 5), (-1, 3), (-9, 1), (99, MAX_WIDTH)])
def test_width_stays_within_limits(by, width):
    draft = LayoutDraft(FOUR)
    draft.widen(0, by)
    assert draft.layout.columns[0] == ColumnPlacement("salt", width)


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, len(COLUMN) - 1)), max_size=40))
def test_layout_is_valid_after_any_steps(steps):
    draft = LayoutDraft(FOUR)
    for name, row in steps:
        step(draft, name, row)
        assert draft.layout.columns
        assert len(draft.lines) == len(COLUMN)
        assert sum(map(draft.is_frozen, range(len(COLUMN)))) == draft.layout.frozen
