"""Two admins who edit one user: the edits are merged, or the second admin decides."""

import pytest

from qm_tui.store import open_store
from qm_tui.store.changes.edit import MergeConflictError, add_user, save_edit, three_way_merge
from qm_tui.store.transaction import ValidationFailed
from qm_tui.store.validation import ValidationOptions
from tests.helpers import ANNA, commit, held, undo, user, users_of

BO = user("bo")


@pytest.mark.parametrize(
    ("theirs", "mine", "result"),
    [
        ({}, {}, {}),
        ({"agent_id": "A-1"}, {"location": ""}, {"agent_id": "A-1", "location": ""}),
        ({"location": "Bergen"}, {"location": "Bergen"}, {"location": "Bergen"}),
    ],
)
def test_edits_of_different_fields_are_merged(path, theirs, mine, result):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    commit(path, ANNA._replace(**theirs))
    state = save_edit(store, ANNA, ANNA._replace(**mine))
    assert state.user(ANNA.user_id) == ANNA._replace(**result)


def test_edits_of_one_field_are_a_conflict(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    theirs = commit(path, ANNA._replace(location="Bergen", agent_id="A-1"))
    mine = ANNA._replace(location="Tromsø", department="IT")
    with pytest.raises(MergeConflictError) as refused:
        save_edit(store, ANNA, mine)
    (conflict,) = refused.value.conflicts
    assert conflict.field is not None
    assert (conflict.field.key, conflict.theirs, conflict.mine) == ("location", "Bergen", "Tromsø")
    assert "changed Location of Anna Berg to Bergen; your value is Tromsø." in str(refused.value)
    assert held(store.load()) == held(theirs)
    # decided: what the admin saw is now the other's value
    state = save_edit(
        store, ANNA._replace(location="Bergen", agent_id="A-1"), mine._replace(agent_id="A-1")
    )
    assert state.user(ANNA.user_id) == mine._replace(agent_id="A-1")


def test_conflict_of_passwords_shows_neither():
    theirs = ANNA._replace(password="ENC-theirs")
    _, (conflict,) = three_way_merge(ANNA, ANNA._replace(password="ENC-mine"), theirs)
    assert "ENC" not in conflict.message


def test_invalid_merge_is_not_saved(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    commit(path, ANNA._replace(unlimited_license="0", on_demand_license="1"))
    swapped = ANNA._replace(unlimited_license="0", on_demand_license="1", location="Bergen")
    save_edit(store, ANNA, swapped)
    with pytest.raises(MergeConflictError, match="Unlimited License") as refused:
        save_edit(store, swapped, swapped._replace(on_demand_license="0"))
    assert not refused.value.conflicts


def test_user_name_taken_in_the_meantime_is_an_error(path):
    commit(path, ANNA, BO)
    store = open_store(path)
    store.load()
    commit(path, BO._replace(user_name="anna2"))
    with pytest.raises(MergeConflictError, match="User Name 'anna2' is already used by Bo Bosen"):
        save_edit(store, ANNA, ANNA._replace(user_name="anna2"))


def test_user_deleted_in_the_meantime_is_a_conflict(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    commit(path, delete=(ANNA.user_id,))
    with pytest.raises(MergeConflictError, match="deleted"):
        save_edit(store, ANNA, ANNA._replace(location="Bergen"))


def test_added_user_gets_an_id_and_can_be_undone(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    added = add_user(store, BO._replace(user_id=""))
    assert added == BO._replace(user_id=added.user_id)
    assert len(added.user_id) == 12
    assert [*users_of(open_store(path).load()).values()] == [ANNA, added]
    undo(store, 2)
    assert [*users_of(open_store(path).load()).values()] == [ANNA]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"user_name": "ANNA"}, "user_name"),
        ({"password": ""}, "password"),
        ({"unlimited_license": "0"}, "on_demand_license"),
    ],
)
def test_invalid_user_is_not_added(path, values, field):
    before = commit(path, ANNA)
    store = open_store(path)
    with pytest.raises(ValidationFailed) as refused:
        add_user(store, BO._replace(user_id="", **values))
    (faults,) = refused.value.issues.values()
    assert [one.field.key for one in faults if one.field] == [field]
    assert held(open_store(path).load()) == held(before)


def test_user_without_license_is_added_if_allowed(path):
    store = open_store(path)
    without = BO._replace(user_id="", unlimited_license="0")
    allowed = ValidationOptions(allow_unlicensed=True)
    added = add_user(store, without, options=allowed)
    moved = added._replace(location="X")
    licensed = moved._replace(unlimited_license="1")
    save_edit(store, added, moved)  # it has none before
    save_edit(store, moved, licensed)
    with pytest.raises(MergeConflictError):
        save_edit(store, licensed, moved)
    save_edit(store, licensed, moved, options=allowed)
    assert store.state.user(added.user_id) == moved
