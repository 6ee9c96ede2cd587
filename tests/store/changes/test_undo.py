"""Undo: a transaction is reverted field by field, without touching later changes."""

import pytest

from qm_tui.store import open_store
from qm_tui.store.changes.plan import NothingToChange, PlanOutdated, commit_plan
from qm_tui.store.changes.undo import plan_undo
from qm_tui.store.errors import ConfirmationRequired
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.users.fields import User
from tests.helpers import ANNA, commit, undo, user, users_of, write_unchecked

BO, CY = user("bo"), user("cy")


@pytest.fixture
def store(path):
    store = open_store(path)
    store.load()
    return store


def _commit(store, *users: User, delete: tuple[str, ...] = ()) -> int:
    changes = {one.user_id: one for one in users} | dict.fromkeys(delete)
    return write_unchecked(store, changes).number


def _kept(plan) -> list[tuple[str, str]]:
    return [(one.name, one.field.key if one.field else "") for one in plan.skipped]


def test_undo_reverts_changes_additions_and_deletions(store, path):
    _commit(store, ANNA, BO)
    before = users_of(store.state)
    number = _commit(store, ANNA._replace(location="X", agent_id=""), CY, delete=(BO.user_id,))
    plan = undo(store, number)
    assert users_of(store.state) == before
    assert (plan.restored, plan.reverted, plan.removed, plan.skipped) == (1, 1, 1, [])
    assert plan.effect_text == (
        "1 user will be reverted, 1 user will be restored, 1 user will be deleted"
    )
    assert plan.result_text == "1 user reverted, 1 user restored, 1 user deleted"
    assert store.transactions()[0].action == Action(
        TransactionKind.UNDO, f"{number}", "edit of 3 users"
    )
    assert users_of(open_store(path).load()) == before


def test_undo_can_be_undone_repeatedly(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"), CY, delete=(BO.user_id,))
    after = users_of(store.state)
    undo(store, number)
    undo(store, number + 1)
    assert users_of(store.state) == after
    undo(store, number + 2)
    assert store.state.user(ANNA.user_id) == ANNA


def test_undo_lists_values_and_users_changed_or_deleted_since(store):
    _commit(store, ANNA, BO, CY)
    number = _commit(
        store,
        ANNA._replace(location="X", agent_id="Y"),
        BO._replace(location="X"),
        user("di"),
    )
    _commit(store, ANNA._replace(location="Z", agent_id="Y"), user("di", location="X"))
    _commit(store, delete=(BO.user_id,))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "location"), (BO.user_id, ""), ("Di Disen", "")]
    assert list(users_of(store.state).values()) == [
        ANNA._replace(location="Z"),
        CY,
        user("di", location="X"),
    ]


def test_undo_skips_a_deleted_user_if_its_id_or_name_is_in_use(store):
    _commit(store, ANNA, BO)
    number = _commit(store, delete=(ANNA.user_id, BO.user_id))
    _commit(store, ANNA._replace(location="X"), CY._replace(user_name="BO"))
    plan = plan_undo(store, number)
    assert sorted(_kept(plan)) == [("Anna Berg", ""), ("Bo Bosen", "")]
    assert "User Name 'bo' is already used by Cy Cysen" in plan.skipped[-1].reason
    with pytest.raises(NothingToChange, match="have changed or would be invalid"):
        undo(store, number)


def test_undo_skips_a_user_name_in_use_and_reverts_other_fields(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(user_name="ann", location="X"))
    _commit(store, BO._replace(user_name="anna"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "user_name")]
    assert store.state.user(ANNA.user_id) == ANNA._replace(user_name="ann")


def test_undo_skips_a_value_that_would_be_invalid(store):
    bad = ANNA._replace(phone_ip="nonsense")
    _commit(store, bad)
    number = _commit(store, ANNA._replace(location="X"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "phone_ip")]
    assert plan.skipped[0].is_invalid
    assert store.state.user(ANNA.user_id) == ANNA


def test_undo_reverts_password_and_salt_together_or_not_at_all(store):
    _commit(store, ANNA)
    number = _commit(store, ANNA._replace(password="ENC-2", salt="SALT-2"))
    _commit(store, ANNA._replace(password="ENC-3", salt="SALT-2"))
    plan = plan_undo(store, number)
    assert {key for _, key in _kept(plan)} == {"password", "salt"}
    assert not any("ENC" in one.reason or "SALT" in one.reason for one in plan.skipped)
    assert not plan.changes


NONE = {"unlimited_license": "0", "on_demand_license": "0"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ANNA._replace(**NONE), ANNA),
        (ANNA._replace(**NONE), ANNA._replace(**NONE, location="X")),
        (ANNA._replace(**NONE), None),
        (ANNA._replace(last_name="", phone_ip="nonsense", location="a\tb"), None),
    ],
    ids=["given a license", "another field", "deleted", "deleted as it was"],
)
def test_undo_restores_every_value_that_was_stored(store, before, after):
    _commit(store, before, BO)
    number = write_unchecked(store, {ANNA.user_id: after}).number
    plan = undo(store, number)
    assert plan.skipped == []
    assert store.state.user(ANNA.user_id) == before


def test_undo_of_a_mass_change_requires_confirmation(store):
    people = [user(f"n{number}") for number in range(50)]
    _commit(store, *people)
    number = _commit(store, *[one._replace(agent_id="") for one in people[:11]])
    undo(store, number)
    for confirmed in (0, 10):
        with pytest.raises(ConfirmationRequired, match="11") as refused:
            undo(store, number + 1, confirmed=confirmed)
        assert refused.value.count == 11
    undo(store, number + 1, confirmed=11)
    assert users_of(store.state)["u-n0"].agent_id == ""


def test_undo_with_another_result_than_expected_is_not_carried_out(store, path):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"))
    plan = plan_undo(store, number)
    commit(path, ANNA._replace(location="Z"))
    with pytest.raises(PlanOutdated) as changed:
        commit_plan(store, plan)
    assert _kept(changed.value.plan) == [("Anna Berg", "location")]
    assert users_of(store.state)[ANNA.user_id].location == "Z"


def test_change_of_another_user_does_not_invalidate_a_plan(store, path):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"))
    plan = plan_undo(store, number)
    commit(path, BO._replace(location="Y"))
    assert commit_plan(store, plan).reverted == 1
