"""Undo: what a transaction did is taken back by field, and nothing that came after it."""

from contextlib import closing

import pytest

from qm_tui.store import open_store
from qm_tui.store.changes.undo import NothingToUndo, PlanChanged, plan_undo, undo
from qm_tui.store.errors import ConfirmationRequired, StoreError
from qm_tui.store.interface import RetentionPolicy
from qm_tui.users.fields import User
from tests.helpers import ANNA, commit, user, write_unchecked

BO, CY = user("bo"), user("cy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def store(path):
    store = open_store(path)
    store.load()
    return store


def _commit(store, *users: User, delete: tuple[str, ...] = ()) -> int:
    changes = {one.user_id: one for one in users} | dict.fromkeys(delete)
    return write_unchecked(store, changes).number


def _kept(plan) -> list[tuple[str, str]]:
    return [(one.name, one.field.key if one.field else "") for one in plan.kept]


def test_changes_additions_and_deletions_are_taken_back(store, path):
    _commit(store, ANNA, BO)
    before = dict(store.state.users)
    number = _commit(store, ANNA._replace(location="X", agent_id=""), CY, delete=(BO.user_id,))
    plan = undo(store, number)
    assert dict(store.state.users) == before
    assert (plan.restored, plan.changed, plan.removed, plan.kept) == (1, 1, 1, [])
    assert plan.counts == ("1 user changes back, 1 user comes back, 1 user is removed again")
    assert store.transactions()[0].reason == f"undo of {number}"
    assert dict(open_store(path).load().users) == before


def test_an_undo_can_be_undone_and_that_too(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"), CY, delete=(BO.user_id,))
    after = dict(store.state.users)
    undo(store, number)
    undo(store, number + 1)
    assert dict(store.state.users) == after
    undo(store, number + 2)
    assert store.state.users[ANNA.user_id] == ANNA


def test_an_old_transaction_is_undone_from_an_older_segment_and_by_another_program(store, path):
    _commit(store, ANNA)
    number = _commit(store, ANNA._replace(location="X"))
    small = RetentionPolicy(segment_bytes=0, segment_ratio=0)
    for one in (BO, CY):
        with closing(open_store(path, retention=small)) as other:
            _commit(other, one)
    assert path.with_name("users.log.000003").exists()
    undo(store, number)
    assert store.state.users[ANNA.user_id] == ANNA


def test_values_changed_since_are_kept_and_named(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X", agent_id="Y"))
    _commit(store, ANNA._replace(location="Z", agent_id="Y"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "location")]
    assert store.state.users[ANNA.user_id] == ANNA._replace(location="Z")


def test_a_user_deleted_since_is_named(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"), BO._replace(location="X"))
    _commit(store, delete=(ANNA.user_id,))
    plan = undo(store, number)
    assert _kept(plan) == [(ANNA.user_id, "")]
    assert dict(store.state.users) == {BO.user_id: BO}


def test_a_user_who_was_added_and_then_changed_is_kept(store):
    number = _commit(store, ANNA, BO)
    _commit(store, ANNA._replace(location="X"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "")]
    assert list(store.state.users) == [ANNA.user_id]


def test_a_deleted_user_whose_id_or_name_was_given_away_does_not_come_back(store):
    _commit(store, ANNA, BO)
    number = _commit(store, delete=(ANNA.user_id, BO.user_id))
    _commit(store, ANNA._replace(location="X"), CY._replace(user_name="BO"))
    plan = plan_undo(store, number)
    assert sorted(_kept(plan)) == [("Anna Berg", ""), ("Bo Bosen", "")]
    assert "User Name 'bo' belongs to Cy Cysen" in plan.kept[-1].reason
    with pytest.raises(NothingToUndo, match="changed since"):
        undo(store, number)


def test_a_name_that_was_given_away_is_kept_and_the_other_fields_come_back(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(user_name="ann", location="X"))
    _commit(store, BO._replace(user_name="anna"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "user_name")]
    assert store.state.users[ANNA.user_id] == ANNA._replace(user_name="ann")


def test_names_that_were_swapped_are_swapped_back(store):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(user_name="bo"), BO._replace(user_name="anna"))
    undo(store, number)
    assert list(store.state.users.values()) == [ANNA, BO]


def test_a_value_whose_return_would_break_a_rule_is_kept_and_named(store, path):
    bad = ANNA._replace(phone_ip="nonsense")
    _commit(store, bad)
    number = _commit(store, ANNA._replace(location="X"))
    plan = undo(store, number)
    assert _kept(plan) == [("Anna Berg", "phone_ip")]
    assert "rule" in plan.kept[0].reason
    assert store.state.users[ANNA.user_id] == ANNA


def test_password_and_salt_go_back_together_or_not_at_all(store):
    _commit(store, ANNA)
    number = _commit(store, ANNA._replace(password="ENC-2", salt="SALT-2"))
    _commit(store, ANNA._replace(password="ENC-3", salt="SALT-2"))
    plan = plan_undo(store, number)
    assert {key for _, key in _kept(plan)} == {"password", "salt"}
    assert not any("ENC" in one.reason or "SALT" in one.reason for one in plan.kept)
    assert not plan.changes


def test_licenses_go_back_together(store):
    _commit(store, ANNA)
    number = _commit(store, ANNA._replace(unlimited_license="0", on_demand_license="1"))
    undo(store, number)
    assert store.state.users[ANNA.user_id] == ANNA


NONE = {"unlimited_license": "0", "on_demand_license": "0"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ANNA._replace(**NONE), ANNA),
        (ANNA._replace(**NONE), ANNA._replace(unlimited_license="0", on_demand_license="1")),
        (ANNA._replace(**NONE), ANNA._replace(**NONE, location="X")),
        (ANNA._replace(**NONE), None),
        (ANNA._replace(last_name="", phone_ip="nonsense", location="a\tb"), None),
    ],
    ids=["given a license", "given the other", "another field", "deleted", "deleted as it was"],
)
def test_whatever_stood_in_the_store_comes_back(store, before, after):
    _commit(store, before, BO)
    changes = {ANNA.user_id: after}
    number = write_unchecked(store, changes).number
    plan = undo(store, number)
    assert plan.kept == []
    assert store.state.users[ANNA.user_id] == before


def test_a_mass_change_asks_for_its_number(store):
    people = [user(f"n{number}") for number in range(50)]
    _commit(store, *people)
    number = _commit(store, *[one._replace(agent_id="") for one in people[:11]])
    undo(store, number)
    assert plan_undo(store, number + 1).must_confirm == 11
    for confirmed in (0, 10):
        with pytest.raises(ConfirmationRequired, match="11") as refused:
            undo(store, number + 1, confirmed=confirmed)
        assert refused.value.count == 11
    assert store.state.number == number + 1
    undo(store, number + 1, confirmed=11)
    assert store.state.users["u-n0"].agent_id == ""


def test_undoing_the_first_import_would_delete_all_and_asks(store):
    number = _commit(store, *[user(f"n{number}") for number in range(12)])
    with pytest.raises(ConfirmationRequired, match="12"):
        undo(store, number)
    undo(store, number, confirmed=12)
    assert not store.state.users


def test_a_plan_that_somebody_made_untrue_is_shown_again(store, path):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"))
    plan = plan_undo(store, number)
    commit(path, ANNA._replace(location="Z"))
    with pytest.raises(PlanChanged) as changed:
        undo(store, number, expected=plan)
    assert _kept(changed.value.plan) == [("Anna Berg", "location")]
    assert store.state.users[ANNA.user_id].location == "Z"


def test_a_change_elsewhere_does_not_disturb_a_plan(store, path):
    _commit(store, ANNA, BO)
    number = _commit(store, ANNA._replace(location="X"))
    plan = plan_undo(store, number)
    commit(path, BO._replace(location="Y"))
    assert undo(store, number, expected=plan).changed == 1


@pytest.mark.parametrize("number", [0, 3, 99])
def test_an_unknown_transaction_is_refused(store, number):
    _commit(store, ANNA)
    _commit(store, BO)
    with pytest.raises(StoreError, match="no transaction"):
        undo(store, number)
    assert store.state.number == 2
