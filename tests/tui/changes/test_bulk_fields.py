"""The effect of a bulk change as text, and the captions that confirm a mass change."""

import pytest

from qm_tui.store.changes.bulk import BulkChange, BulkPlan, by_ids
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import EMPTY, State
from qm_tui.tui.changes.bulk_fields import bulk_fields, effect_lines, warning_lines
from qm_tui.tui.changes.operation import mass_change_captions
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Issue
from tests.helpers import user

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
        (LOCATION, {"location": "Oslo"}, (1,), "Sets Location to Oslo for 1 user."),
        (
            LOCATION,
            {"location": "Oslo"},
            (1200, 1, 1),
            "Sets Location to Oslo for 1,200 of 1,201 users.\n1 already has this value.\n"
            "1 user has been deleted in the meantime.",
        ),
        (
            LOCATION,
            {"location": ""},
            (1, 2, 2),
            "Clears Location for 1 of 3 users.\n2 already have no value.\n"
            "2 users have been deleted in the meantime.",
        ),
        (LOCATION, {"location": "A"}, (0, 2), "No change: 2 users already have this value."),
        (
            LICENSE,
            {"unlimited_license": "0", "on_demand_license": "0"},
            (2, 0, 0, [NO_NAME]),
            "Sets Call recording license to none for 2 of 3 users.\n"
            "! 1 user cannot be changed: Last Name is empty.",
        ),
        # errors of users: the first one is named
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_NAME, NO_NAME]),
            "! 2 users cannot be changed. First error: Last Name is empty.",
        ),
        # an error of the value
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_VALUE, NO_VALUE]),
            "! it is no value.\nEnter another.",
        ),
    ],
)
def test_outcome_of_describes_the_effect(what, values, plan, lines):
    assert "\n".join(effect_lines(plan_of(what, values, *plan), what)) == lines


def test_first_warnings_are_shown_with_the_number_of_users():
    plan = plan_of(LOCATION, {"location": "X"}, 2)
    odd, no_value = NO_NAME._replace(message="Odd"), f"? 1 user: {NO_VALUE.message}"
    name = "? Last Name is empty."
    for warnings, lines in (
        ({}, []),
        ({NO_NAME: 2}, [name]),
        ({NO_NAME: 2, NO_VALUE: 1}, [name, f"{no_value}."]),
        ({NO_NAME: 2, NO_VALUE: 1, odd: 2}, [name, f"{no_value} (and 1 more warning)."]),
    ):
        assert list(warning_lines(plan, warnings)) == lines


@pytest.mark.parametrize(
    ("kind", "values", "title", "effect", "caption"),
    [
        (
            TransactionKind.INACTIVATE,
            {"is_active": "0"},
            "Inactivate 312 users?",
            "This inactivates 312 of 1,204 users.",
            "Inactivate 312 users",
        ),
        (
            TransactionKind.DELETE,
            None,
            "Delete 312 users?",
            "This deletes 312 of 1,204 users. In the suite, their recordings are deleted, too.",
            "Delete 312 users",
        ),
        (
            TransactionKind.RENAME,
            {"department": ""},
            "Clear Department Name for 312 users?",
            "This removes Department Name from 312 of 1,204 users.",
            "Clear 312 values",
        ),
        (
            TransactionKind.SET,
            {"unlimited_license": "0", "on_demand_license": "0"},
            "Remove licenses from 312 users?",
            "312 of 1,204 users will have no call recording license.",
            "Remove 312 licenses",
        ),
        (
            TransactionKind.SET,
            {"computer_recording_license": "0"},
            "Remove licenses from 312 users?",
            "312 of 1,204 users will have no Computer Recording License.",
            "Remove 312 licenses",
        ),
    ],
)
def test_captions_name_the_action_and_the_number(kind, values, title, effect, caption):
    users = {f"u{number}": user("a") for number in range(1204)}
    change = BulkChange(Action(kind), by_ids(()), values)
    plan = BulkPlan(change=change, state=State(1, users, {}), required_confirmation=312)
    assert mass_change_captions(plan) == (title, effect, caption)
