"""What a renaming does, in words before and after, and as a change."""

import pytest

from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.store.state import State
from qm_tui.tui.counts.rename import Renaming
from qm_tui.users.fields import FIELD
from tests.helpers import ANNA

DEPARTMENT = FIELD["department"]


@pytest.mark.parametrize(
    ("value", "new", "number", "others", "outcome", "act", "done"),
    [
        (
            *("Sales", "Sales Europe", 312, 0),
            "312 users get Sales Europe.",
            "Rename 312 users",
            "312 users got Sales Europe",
        ),
        ("Sales", "IT", 1, 0, "1 user gets IT.", "Rename 1 user", "1 user got IT"),
        # two become one
        (
            *("Sales", "Sales Nord", 312, 88),
            "Sales Nord is in use by 88 users: the two become one, 400 users.",
            "Merge 312 users into 88",
            "312 users got Sales Nord",
        ),
        (
            *("Sales", "IT", 1, 1),
            "IT is in use by 1 user: the two become one, 2 users.",
            "Merge 1 user into 1",
            "1 user got IT",
        ),
        # the value is taken away
        (
            *("Sales", "", 1204, 0),
            "1,204 users lose the Department Name.",
            "Clear it for 1,204 users",
            "1,204 users lost the Department Name",
        ),
        (
            *("Sales", "", 1, 9),
            "1 user loses the Department Name. With those who have none already, 10 are without.",
            "Clear it for 1 user",
            "1 user lost the Department Name",
        ),
        # an empty field is filled in
        ("", "IT", 40, 0, "40 users get IT.", "Give it to 40 users", "40 users got IT"),
        (
            *("", "IT", 40, 88),
            "IT is in use by 88 users: with 40 users more, 128 have it.",
            "Merge 40 users into 88",
            "40 users got IT",
        ),
    ],
)
def test_it_is_said_before_and_after(value, new, number, others, outcome, act, done):
    renaming = Renaming(DEPARTMENT, value, new, number, others)
    assert (renaming.outcome, renaming.act, renaming.done) == (outcome, act, done)


def test_a_long_name_is_shortened_in_words_and_in_the_log_but_not_in_the_change():
    renaming = Renaming(DEPARTMENT, "old" * 500, "new" * 500, 2, 3)
    assert len(renaming.outcome) < 150
    assert len(renaming.change.reason) < 180
    assert renaming.change.values == {"department": "new" * 500}


@pytest.mark.parametrize(
    ("value", "new", "why", "whom"),
    [
        ("Sales", "sales", "rename of Department Name 'Sales' to 'sales'", {"u1"}),
        ("Sales", "", "rename of Department Name 'Sales' to (empty)", {"u1"}),
        ("", "IT", "rename of Department Name (empty) to 'IT'", {"u3"}),
    ],
)
def test_the_change_is_of_exactly_the_users_who_have_the_value(value, new, why, whom):
    names = ("Sales", "sales", "", "Sales Nord")
    users = {
        f"u{number}": ANNA._replace(user_id=f"u{number}", department=name)
        for number, name in enumerate(names, start=1)
    }
    change = Renaming(DEPARTMENT, value, new, 1, 0).change
    plan = plan_bulk(change, State(1, users, {}))
    assert change.reason == why
    changed = {user_id: users[user_id]._replace(department=new) for user_id in whom}
    assert plan.changes == changed
