"""What the change of a field does to users, in words."""

import pytest

from qm_tui.store.changes.bulk import BulkChange, BulkPlan, chosen
from qm_tui.store.interface import TransactionKind
from qm_tui.store.state import EMPTY
from qm_tui.tui.changes.editable_fields import all_that_can_change
from qm_tui.tui.changes.summary import outcome_of, reason_of, said_of_change
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Fault

WHATS = {one.name: one for one in all_that_can_change(allow_unlicensed=True)}
LOCATION, LICENSE = WHATS["Location"], WHATS["Call recording license"]
NO_NAME = Fault(FIELD["last_name"], "Last Name is empty", "Enter it.")
NO_VALUE = Fault(FIELD["location"], "it is no value", "Enter another.")


def plan_of(what, values, changed, same=0, gone=0, left_out=()):
    change = BulkChange(TransactionKind.SET, reason_of(what), chosen(()), values)
    users: dict[str, User | None] = {f"u{at}": None for at in range(changed)}
    broken = {f"b{at}": [fault] for at, fault in enumerate(left_out)}
    return BulkPlan(change, EMPTY, users, same, gone, broken)


@pytest.mark.parametrize(
    ("what", "values", "plan", "lines"),
    [
        (LOCATION, {"location": "Oslo"}, (1,), ["1 user gets Location Oslo."]),
        (
            LOCATION,
            {"location": "Oslo"},
            (1200, 1, 1),
            [
                "1,200 of 1,201 users get Location Oslo.",
                "1 has it already.",
                "1 user was deleted meanwhile.",
            ],
        ),
        (
            LOCATION,
            {"location": ""},
            (1, 2, 2),
            [
                "Left empty: 1 of 3 users loses Location.",
                "2 have none.",
                "2 users were deleted meanwhile.",
            ],
        ),
        (LOCATION, {"location": "Oslo"}, (0, 2), ["Nobody changes: 2 have it already."]),
        (LOCATION, {"location": ""}, (0, 1), ["Nobody changes: 1 has none."]),
        (
            LICENSE,
            {"unlimited_license": "0", "on_demand_license": "0"},
            (2, 0, 0, [NO_NAME]),
            [
                "2 of 3 users get Call recording license: none.",
                "! 1 cannot be changed: Last Name is empty.",
            ],
        ),
        # a fault of the users, whoever it is the first of
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_NAME, NO_NAME]),
            ["! 2 cannot be changed, the first: Last Name is empty."],
        ),
        # a fault of the value
        (
            LOCATION,
            {"location": "Oslo"},
            (0, 0, 0, [NO_VALUE, NO_VALUE]),
            ["! it is no value.", "Enter another."],
        ),
    ],
)
def test_what_a_change_would_do(what, values, plan, lines):
    assert list(outcome_of(plan_of(what, values, *plan), what)) == lines


def test_what_it_did():
    assert (
        said_of_change(LOCATION, plan_of(LOCATION, {"location": "X"}, 2))
        == "Location of 2 users changed"
    )
