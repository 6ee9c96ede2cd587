"""Bulk changes: planned, confirmed, and carried out on the newest state."""

import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.store import open_store
from qm_tui.store.changes.bulk import (
    BulkChange,
    bulk_warnings,
    by_ids,
    commit_bulk,
    plan_bulk,
)
from qm_tui.store.changes.plan import NothingToChange, PlanOutdated, commit_plan
from qm_tui.store.errors import ConfirmationRequired
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.validation import ValidationOptions
from tests.helpers import ANNA, commit, commit_unchecked, held, user, users_of

BO = user("bo", location="Bergen", is_active="0")
CY = user("cy", location="", department="IT")
BROKEN = user("dee", last_name="")
ALL = (ANNA.user_id, BO.user_id, CY.user_id)


@pytest.fixture
def store(path):
    commit(path, ANNA, BO, CY)
    store = open_store(path)
    store.load()
    return store


def change(values, *user_ids, kind=TransactionKind.SET, terms=None):
    return BulkChange(Action(kind), by_ids(user_ids or ALL), values, terms or ValidationOptions())


@pytest.mark.parametrize(
    ("values", "whom", "changed", "same", "gone"),
    [
        ({"location": "Oslo"}, ALL, ["bo", "cy"], 1, 0),
        ({"is_active": "1"}, (*ALL, "u-nobody"), ["bo"], 2, 1),
        ({"location": "X"}, ("u-nobody",), [], 0, 1),
        (None, (ANNA.user_id, "u-nobody"), ["anna"], 0, 1),
        ({"unlimited_license": "0", "on_demand_license": "1"}, ALL, ["anna", "bo", "cy"], 0, 0),
    ],
)
def test_plan_counts_changed_unchanged_and_missing_users(store, values, whom, changed, same, gone):
    plan = plan_bulk(change(values, *whom), store.state)
    names = {one.user_id: one.user_name for one in users_of(store.state).values()}
    assert [names[user_id] for user_id in plan.changes] == changed
    assert (plan.unchanged, plan.missing, plan.skipped) == (same, gone, {})
    assert plan.users == len(changed) + same
    assert store.state.number == 1


def test_users_that_would_be_invalid_are_skipped_and_listed(path):
    commit_unchecked(path, ANNA, BROKEN)
    store = open_store(path)
    store.load()
    plan = commit_bulk(store, change({"location": "X"}, ANNA.user_id, BROKEN.user_id))
    assert [*plan.changes] == [ANNA.user_id]
    assert [one.message for one in plan.skipped[BROKEN.user_id]] == ["Last Name is required"]
    assert open_store(path).load().user(BROKEN.user_id) == BROKEN


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"location": "Oslo", "department": "Sales"}, "1 user already has this value"),
        ({"recording_service": ""}, "Recording Service IP Address is required"),
        ({"unlimited_license": "0"}, "exactly one is required"),
        ({"phone_ip": "x"}, "not a valid IP or MAC address"),
    ],
)
def test_bulk_change_of_no_users_is_an_error_with_the_reason(store, values, said):
    with pytest.raises(NothingToChange, match=said):
        commit_bulk(store, change(values, ANNA.user_id))
    with pytest.raises(NothingToChange, match="users do not exist"):
        commit_bulk(store, change(None, "u-nobody"))
    assert store.state.number == 1


# The guard


def _many(path, count=40):
    people = [user(f"n{number}") for number in range(count)]
    commit(path, *people)
    store = open_store(path)
    store.load()
    return store, [one.user_id for one in people]


@pytest.mark.parametrize(
    ("values", "users", "wanted"),
    [
        ({"is_active": "0"}, 10, 10),
        ({"is_active": "0"}, 8, 0),
        ({"location": "X"}, 40, 0),
        ({"computer_recording_license": "0"}, 40, 40),
        (None, 1, 0),
        (None, 2, 2),
    ],
)
def test_mass_change_requires_confirmation(path, values, users, wanted):
    store, user_ids = _many(path)
    asked = change(values, *user_ids[:users])
    assert plan_bulk(asked, store.state).required_confirmation == wanted
    for confirmed in (0, wanted - 1) if wanted else (5,):
        with pytest.raises(ConfirmationRequired, match=str(wanted or users)) as refused:
            commit_bulk(store, asked, confirmed=confirmed)
        assert refused.value.count == (wanted or users)
    assert open_store(path).load().number == 1
    assert len(commit_bulk(store, asked, confirmed=wanted).changes) == users


# Others


def test_plan_that_would_affect_other_users_is_not_carried_out(store, path):
    asked = change({"location": "Oslo"})
    seen = plan_bulk(asked, store.state)
    commit(path, BO._replace(location="Oslo"))
    with pytest.raises(PlanOutdated) as again:
        commit_plan(store, seen)
    assert [*again.value.plan.changes] == [CY.user_id]
    commit_plan(store, again.value.plan)
    assert users_of(store.state)[CY.user_id].location == "Oslo"


def test_changes_of_other_fields_do_not_invalidate_a_plan(store, path):
    asked = change({"location": "Oslo"})
    seen = plan_bulk(asked, store.state)
    commit(path, BO._replace(agent_id="B-7"))
    commit_plan(store, seen)
    assert store.state.user(BO.user_id) == BO._replace(agent_id="B-7", location="Oslo")


def test_deletion_of_a_changed_user_is_not_carried_out(store, path):
    asked = change(None, BO.user_id)
    seen = plan_bulk(asked, store.state)
    commit(path, BO._replace(agent_id="B-7"))
    with pytest.raises(PlanOutdated):
        commit_plan(store, seen)
    assert store.state.user(BO.user_id) is not None


# Warnings


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        (
            {"location": "17", "department": "Salse"},
            ["New Department Name", "New Location", "Location contains only digits"],
        ),
        ({"recording_service": "rec-1"}, ["New Recording Service IP Address"]),
        (None, []),
    ],
)
def test_warnings_of_a_change_are_counted_in_field_order(store, values, kinds):
    found = bulk_warnings(plan_bulk(change(values), store.state))
    assert [issue.kind for issue in found] == kinds


# Wholly or not at all


@pytest.mark.parametrize("phase", [Phase.CHECKING, Phase.CHANGING])
def test_canceled_change_changes_nothing(path, phase):
    store, user_ids = _many(path, 3000)
    before = store.state

    def cancels(now: Phase, done: int, _total: int) -> None:
        if now is phase and done:
            raise Cancelled

    with pytest.raises(Cancelled):
        commit_bulk(store, change({"location": "X"}, *user_ids), progress=cancels)
    assert store.state.version == before.version
    assert held(open_store(path).load()) == held(before)
