"""The effect of a bulk change as text, and the captions that confirm a mass change."""

import pytest

from qm_tui.store.changes.bulk import BulkChange, BulkPlan, by_ids
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.tui.changes.bulk_fields import bulk_fields, effect_lines, warning_lines
from qm_tui.tui.changes.operation import mass_change_captions
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Issue
from tests.helpers import EMPTY_STATE, state_of, user

WHATS = {one.name: one for one in bulk_fields(allow_unlicensed=True)}
LOCATION, LICENSE = WHATS["Location"], WHATS["Call recording license"]
NO_NAME = Issue(FIELD["last_name"], "Last Name is empty", "Enter it.")
NO_VALUE = Issue(FIELD["location"], "it is no value", "Enter another.")


def plan_of(what, values, changed, same=0, gone=0, left_out=()):
    change = BulkChange(Action(TransactionKind.SET, what.name), by_ids(()), values)
    users: dict[str, User | None] = {f"u{at}": None for at in range(changed)}
    broken = {f"b{at}": [fault] for at, fault in enumerate(left_out)}
    return BulkPlan(
        change=change,
        state=EMPTY_STATE,
        changes=users,
        unchanged=same,
        missing=gone,
        skipped=broken,
    )


@pytest.mark.parametrize(
    ("what", "values", "plan", "lines"),
    [
        (
            LOCATION,
            {"location": ""},
            (1200, 1, 1),
            "Clears Location for 1,200 of 1,201 users.\n1 already has no value.\n"
            "1 user has been deleted in the meantime.",
        ),
        (
            LICENSE,
            {"unlimited_license": "0", "on_demand_license": "0"},
            (2, 0, 0, [NO_NAME]),
            "Sets Call recording license to none for 2 of 3 users.\n"
            "! 1 user cannot be changed: Last Name is empty.",
        ),
        # an error of users, and one of the value
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_NAME, NO_NAME]),
            "! 2 users cannot be changed. First error: Last Name is empty.",
        ),
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_VALUE] * 2),
            "! it is no value.\nEnter another.",
        ),
    ],
)
def test_effect_names_what_changes_and_what_does_not(what, values, plan, lines):
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


NO_CALLS = {"unlimited_license": "0", "on_demand_license": "0"}


@pytest.mark.parametrize(
    ("kind", "values", "title", "effect", "caption"),
    [
        ("RENAME", {"department": ""}, "Clear Department Name for 312", "", "Clear 312 values"),
        ("SET", NO_CALLS, "Remove licenses from 312", "call recording", "Remove 312 licenses"),
        (
            "SET",
            {"computer_recording_license": "0"},
            "Remove licenses from 312 users?",
            "Computer Recording License",
            "Remove 312 licenses",
        ),
    ],
)
def test_captions_name_the_action_and_the_number(kind, values, title, effect, caption):
    users = [user(f"u{number}") for number in range(1204)]
    change = BulkChange(Action(TransactionKind[kind]), by_ids(()), values)
    plan = BulkPlan(change=change, state=state_of(*users), required_confirmation=312)
    captions = mass_change_captions(plan)
    assert captions[0].startswith(title)
    assert "312 of 1,204 users" in captions[1]
    assert effect in captions[1]
    assert captions[2] == caption
