"""A rename: its effect as text, and its change."""

import pytest

from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.tui.counts.rename import RenamePlan
from qm_tui.users.fields import FIELD
from tests.helpers import ANNA

DEPARTMENT = FIELD["department"]


@pytest.mark.parametrize(
    ("value", "new", "number", "others", "outcome", "act", "done"),
    [
        (
            *("Sales", "Sales Europe", 312, 0),
            "Sets Department Name to Sales Europe for 312 users.",
            "Rename for 312 users",
            "Set Department Name to Sales Europe for 312 users",
        ),
        # a merge
        (
            *("Sales", "Sales Nord", 312, 88),
            "Sales Nord is already used by 88 users. After merging: 400 users.",
            "Merge 312 users",
            "Set Department Name to Sales Nord for 312 users",
        ),
        # the value is cleared
        (
            *("Sales", "", 1204, 0),
            "Clears Department Name for 1,204 users.",
            "Clear for 1,204 users",
            "Cleared Department Name for 1,204 users",
        ),
        (
            *("Sales", "", 1, 9),
            "Clears Department Name for 1 user. In total, 10 users will have none.",
            "Clear for 1 user",
            "Cleared Department Name for 1 user",
        ),
        # an empty field is set
        (
            *("", "IT", 40, 88),
            "IT is already used by 88 users. In total, 128 users will have it.",
            "Merge 40 users",
            "Set Department Name to IT for 40 users",
        ),
    ],
)
def test_rename_describes_its_effect(value, new, number, others, outcome, act, done):
    renaming = RenamePlan(DEPARTMENT, value, new, number, others)
    assert (renaming.effect_text, renaming.button_label, renaming.result_text) == (
        outcome,
        act,
        done,
    )


def test_rename_shortens_long_values_in_texts_only():
    renaming = RenamePlan(DEPARTMENT, "old" * 500, "new" * 500, 2, 3)
    assert len(renaming.effect_text) < 150
    assert len(renaming.change.action.details) < 180
    assert renaming.change.values == {"department": "new" * 500}


@pytest.mark.parametrize(
    ("value", "new", "details", "whom"),
    [
        ("Sales", "sales", "'Sales' → 'sales'", {"u1"}),
        ("Sales", "", "'Sales' → (empty)", {"u1"}),
        ("", "IT", "(empty) → 'IT'", {"u3"}),
    ],
)
def test_change_applies_to_users_with_exactly_the_value(value, new, details, whom):
    names = ("Sales", "sales", "", "Sales Nord")
    users = {
        f"u{number}": ANNA._replace(user_id=f"u{number}", department=name)
        for number, name in enumerate(names, start=1)
    }
    change = RenamePlan(DEPARTMENT, value, new, 1, 0).change
    plan = plan_bulk(change, State(1, users, {}))
    assert change.action == Action(TransactionKind.RENAME, "Department Name", details)
    changed = {user_id: users[user_id]._replace(department=new) for user_id in whom}
    assert plan.changes == changed
