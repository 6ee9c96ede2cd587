"""The effect of a bulk change as text."""

import pytest

from qm_tui.store.changes.bulk import BulkChange, BulkPlan, by_ids
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import EMPTY
from qm_tui.tui.changes.bulk_fields import bulk_fields, effect_lines, warning_lines
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Issue

WHATS = {one.name: one for one in bulk_fields(allow_unlicensed=True)}
LOCATION, LICENSE = WHATS["Location"], WHATS["Call recording license"]
NO_NAME = Issue(FIELD["last_name"], "Last Name is empty", "Enter it.")
NO_VALUE = Issue(FIELD["location"], "it is no value", "Enter another.")


def plan_of(what, values, changed, same=0, gone=0, left_out=()):
    change = BulkChange(Action(TransactionKind.SET, what.name), by_ids(()), values)
    users: dict[str, User | None] = {f"u{at}": None for at in range(changed)}
    broken = {f"b{at}": [fault] for at, fault in enumerate(left_out)}
    return BulkPlan(
        change=change, state=EMPTY, changes=users, unchanged=same, missing=gone, skipped=broken
    )


@pytest.mark.parametrize(
    ("what", "values", "plan", "lines"),
    [
        (LOCATION, {"location": "Oslo"}, (1,), ["Sets Location to Oslo for 1 user."]),
        (
            LOCATION,
            {"location": "Oslo"},
            (1200, 1, 1),
            [
                "Sets Location to Oslo for 1,200 of 1,201 users.",
                "1 already has this value.",
                "1 user has been deleted in the meantime.",
            ],
        ),
        (
            LOCATION,
            {"location": ""},
            (1, 2, 2),
            [
                "Clears Location for 1 of 3 users.",
                "2 already have no value.",
                "2 users have been deleted in the meantime.",
            ],
        ),
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 2),
            ["No change: 2 users already have this value."],
        ),
        (LOCATION, {"location": ""}, (0, 1), ["No change: 1 user already has no value."]),
        (
            LICENSE,
            {"unlimited_license": "0", "on_demand_license": "0"},
            (2, 0, 0, [NO_NAME]),
            [
                "Sets Call recording license to none for 2 of 3 users.",
                "! 1 user cannot be changed: Last Name is empty.",
            ],
        ),
        # errors of users: the first one is named
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_NAME, NO_NAME]),
            ["! 2 users cannot be changed. First error: Last Name is empty."],
        ),
        # an error of the value
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_VALUE, NO_VALUE]),
            ["! it is no value.", "Enter another."],
        ),
    ],
)
def test_outcome_of_describes_the_effect(what, values, plan, lines):
    assert list(effect_lines(plan_of(what, values, *plan), what)) == lines


@pytest.mark.parametrize(
    ("warnings", "lines"),
    [
        ({}, []),
        ({NO_NAME: 2}, ["? Last Name is empty."]),
        ({NO_NAME: 1}, ["? 1 user: Last Name is empty."]),
        (
            {NO_NAME: 2, NO_VALUE: 1},
            ["? Last Name is empty.", f"? 1 user: {NO_VALUE.message}."],
        ),
        (
            {NO_NAME: 2, NO_VALUE: 1, NO_NAME._replace(message="Odd"): 2},
            ["? Last Name is empty.", f"? 1 user: {NO_VALUE.message} (and 1 more warning)."],
        ),
    ],
)
def test_first_warnings_are_shown_with_the_number_of_users(warnings, lines):
    plan = plan_of(LOCATION, {"location": "X"}, 2)
    assert list(warning_lines(plan, warnings)) == lines
