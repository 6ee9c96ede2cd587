"""User Names are validated on the store as it will be after the import."""

import pytest

from qm_tui.transfer.options.import_options import ImportOptions, UnknownIdAction
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.users.fields import User
from tests.helpers import counts, issues_of, record, record_of, state_of, user

_STORED = [user(name, sip_uri="") for name in ("ada", "bob", "cid", "dan", "eve")]
_STATE = state_of(*_STORED)
_ADA, _BOB, _CID, _DAN, _EVE = _STORED


def _renamed(*names: tuple[User, str]) -> ImportPlan:
    """The plan of a file that renames users, in this order."""
    records = [
        record(line, user_id=one.user_id, user_name=name)
        for line, (one, name) in enumerate(names, start=2)
    ]
    return plan_import(records, _STATE)


def _names_after(plan: ImportPlan) -> list[str]:
    users = dict(_STATE.users) | plan.changes
    return sorted(one.user_name.casefold() for one in users.values())


def _added(line: int, name: str, **values: str):
    own = {"user_id": "", "sip_uri": "", "extension": str(line)}
    return record_of(user(name, **own), line, **values)


@pytest.mark.parametrize(
    "names",
    [
        [(_ADA, "bob"), (_BOB, "ada")],
        [(_ADA, "BOB"), (_BOB, "Ada")],
        [(_ADA, "bob"), (_BOB, "cid"), (_CID, "dan"), (_DAN, "eve"), (_EVE, "ada")],
        [(_ADA, "bob"), (_BOB, "cid"), (_CID, "new")],
        [(_CID, "new"), (_BOB, "cid"), (_ADA, "bob")],
        [(_ADA, "new"), (_BOB, "ada")],
        [(_ADA, "ADA"), (_BOB, "Bob")],
    ],
)
def test_names_may_be_swapped_and_passed_on_in_any_order(names):
    plan = _renamed(*names)
    assert counts(plan) == (0, len(names), 0, 0)
    assert plan.issues == []
    assert [plan.changes[one.user_id].user_name for one, _ in names] == [name for _, name in names]


@pytest.mark.parametrize("name", ["bob", "BOB", "Bob"])
def test_name_of_another_user_is_rejected_in_any_case(name):
    plan = _renamed((_ADA, name))
    assert counts(plan) == (0, 0, 0, 1)
    assert issues_of(plan) == [(2, "user_name")]
    assert "Bob Bobsen" in plan.issues[0].message


@pytest.mark.parametrize("second", ["new", "NEW"])
def test_later_of_two_users_with_one_name_is_rejected(second):
    plan = _renamed((_ADA, "new"), (_BOB, second))
    assert list(plan.changes) == [_ADA.user_id]
    assert issues_of(plan) == [(3, "user_name")]
    assert "line 2" in plan.issues[0].message


def test_later_of_two_new_users_with_one_name_is_rejected():
    plan = plan_import([_added(2, "zoe"), _added(3, "zoe", last_name="Other")], _STATE)
    assert counts(plan) == (1, 0, 0, 1)
    assert issues_of(plan) == [(3, "user_name")]


def test_new_user_may_take_a_released_name():
    records = [
        _added(2, "ada", first_name="Other"),
        record(3, user_id=_ADA.user_id, user_name="new"),
    ]
    assert counts(plan_import(records, _STATE)) == (1, 1, 0, 0)


def test_new_user_may_not_take_a_name_in_use():
    plan = plan_import([_added(2, "ada", first_name="Other")], _STATE)
    assert counts(plan) == (0, 0, 0, 1)
    assert issues_of(plan) == [(2, "user_name")]


def test_rejected_record_releases_no_name():
    records = [
        record(2, user_id=_ADA.user_id, user_name="new", is_active="x"),
        record(3, user_id=_BOB.user_id, user_name="ada"),
    ]
    plan = plan_import(records, _STATE)
    assert counts(plan) == (0, 0, 0, 2)
    assert issues_of(plan) == [(2, "is_active"), (3, "user_name")]


def test_rejected_record_claims_no_name():
    records = [
        record(2, user_id=_ADA.user_id, user_name="new", is_active="x"),
        record(3, user_id=_BOB.user_id, user_name="new"),
    ]
    plan = plan_import(records, _STATE)
    assert counts(plan) == (0, 1, 0, 1)
    assert plan.changes[_BOB.user_id].user_name == "new"


def test_rejection_causes_further_rejections():
    records = [
        record(2, user_id=_ADA.user_id, user_name="bob"),
        record(3, user_id=_BOB.user_id, user_name="cid"),
        record(4, user_id=_CID.user_id, user_name="dan"),
        record(5, user_id=_DAN.user_id, user_name="new", is_active="x"),
        record(6, user_id=_EVE.user_id, user_name="free"),
    ]
    plan = plan_import(records, _STATE)
    assert list(plan.changes) == [_EVE.user_id]
    assert [line for line, _ in issues_of(plan)] == [2, 3, 4, 5]


def test_chain_is_rejected_if_an_earlier_record_has_its_last_name():
    plan = _renamed((_ADA, "new"), (_BOB, "cid"), (_CID, "New"))
    assert list(plan.changes) == [_ADA.user_id]
    assert [line for line, _ in issues_of(plan)] == [3, 4]


def test_swap_is_rejected_if_one_half_is_rejected():
    records = [
        record(2, user_id=_ADA.user_id, user_name="bob"),
        record(3, user_id=_BOB.user_id, user_name="ada", phone_ip="x"),
    ]
    assert counts(plan_import(records, _STATE)) == (0, 0, 0, 2)


def test_new_user_loses_its_name_to_the_user_that_retains_it():
    records = [
        _added(2, "ada", first_name="Other"),
        record(3, user_id=_ADA.user_id, user_name="bob"),
    ]
    plan = plan_import(records, _STATE)
    assert counts(plan) == (0, 0, 0, 2)


@pytest.mark.parametrize(
    "names",
    [
        [(_ADA, "x"), (_BOB, "x"), (_CID, "bob"), (_DAN, "cid"), (_EVE, "dan")],
        [(_ADA, "bob"), (_BOB, "ada"), (_CID, "ada"), (_DAN, "cid")],
        [(_EVE, "ada"), (_ADA, "bob"), (_BOB, "ADA"), (_CID, "new")],
    ],
)
def test_no_two_users_end_with_one_name(names):
    plan = _renamed(*names)
    after = _names_after(plan)
    assert len(after) == len(set(after)) == 5
    assert sum(counts(plan)) == len(names)
    assert plan.rejected


def test_retained_ids_do_not_allow_a_name_in_use():
    newcomer = user("zoe", user_id="17", user_name="ada")
    plan = plan_import([record_of(newcomer)], _STATE, ImportOptions(unknown_id=UnknownIdAction.ADD))
    assert issues_of(plan) == [(2, "user_name")]


def test_rejected_record_also_reports_its_name_in_use():
    plan = plan_import([_added(2, "ada", is_active="x", first_name="Other")], _STATE)
    assert sorted(key for _, key in issues_of(plan)) == ["is_active", "user_name"]


def test_long_chain_is_rejected_quickly():
    users = [user(f"name{number}") for number in range(3000)]
    records = [
        record(line, user_id=one.user_id, user_name=f"name{line - 1}")
        for line, one in enumerate(users, start=2)
    ]
    records[-1] = record(3001, user_id=users[-1].user_id, user_name="new", is_active="x")
    assert counts(plan_import(records, state_of(*users))) == (0, 0, 0, 3000)
