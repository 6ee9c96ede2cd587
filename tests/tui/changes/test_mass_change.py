"""The captions that confirm a mass change."""

import pytest

from qm_tui.store.changes.bulk import BulkChange, BulkPlan, by_ids
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.tui.changes.operation import mass_change_captions
from qm_tui.users.query.licenses import License, call_license_values
from tests.helpers import user

USERS = {f"u{number}": user(f"u{number}") for number in range(1204)}


@pytest.mark.parametrize(
    ("kind", "values", "title", "effect", "confirm"),
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
            TransactionKind.SET,
            {"location": ""},
            "Clear Location for 312 users?",
            "This removes Location from 312 of 1,204 users.",
            "Clear 312 values",
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
            call_license_values(License.NONE),
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
def test_captions_name_the_action_and_the_number(kind, values, title, effect, confirm):
    change = BulkChange(Action(kind), by_ids(()), values)
    plan = BulkPlan(change=change, state=State(1, USERS, {}), required_confirmation=312)
    assert mass_change_captions(plan) == (title, effect, confirm)
