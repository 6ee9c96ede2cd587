"""The contract of every store: what it says of its transactions."""

import pytest

from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, TransactionKind, UserChange, UserStore
from qm_tui.store.origin import current_origin
from tests.helpers import ANNA, EDIT, user
from tests.store.kinds import SERVERS, commit

BO, CY, DI = user("bo"), user("cy"), user("di")


def outcome(store: UserStore, number: int) -> dict[str, tuple[object, object]]:
    return {one.user_id: (one.before, one.after) for one in store.transaction_changes(number)}


def test_transactions_are_listed_newest_first_with_all_attributes(store, kind):
    commit(store, ANNA, BO, CY)
    with store.import_in_progress("sales.csv") as token:
        assert token
        action = Action(TransactionKind.IMPORT, "sales.csv", "1 KB", "9f86d081", token)
        commit(store, BO._replace(location="Rome"), DI, delete=(CY.user_id,), action=action)
    last, first = store.transactions()
    assert (first.number, first.action) == (1, EDIT)
    assert (first.added, first.changed, first.deleted, first.users) == (3, 0, 0, 3)
    assert (first.kind, first.is_import) == (TransactionKind.EDIT, False)
    assert (last.number, last.action) == (2, action)
    assert (last.added, last.changed, last.deleted, last.users) == (1, 1, 1, 3)
    assert (last.kind, last.is_import) == (TransactionKind.IMPORT, True)
    for one in (first, last):
        login = current_origin().login
        # a server adds who it knows the admin as
        assert one.login == (f"{login} (qm_owner)" if kind in SERVERS else login)
        assert one.address == current_origin().address
        assert one.is_available
        assert one.can_undo
    assert first.time.tzinfo is not None
    assert first.time <= last.time


def test_transaction_keeps_its_action(store):
    actions = [Action(one, 'Zoë "x"\n', "details", "digest", "token") for one in TransactionKind]
    for number, action in enumerate(actions):
        commit(store, user(f"n{number}"), action=action)
    store.close()
    store.load()
    assert [one.action for one in store.transactions()] == actions[::-1]


def test_transaction_of_one_user_names_the_user(store):
    commit(store, ANNA, BO, CY)
    commit(store, ANNA._replace(first_name="Anne"), BO)
    commit(store, delete=(BO.user_id,), action=Action(TransactionKind.DELETE))
    commit(store, CY._replace(location="Rome"), action=Action(TransactionKind.EDIT, "another"))
    commit(store, CY, action=Action(TransactionKind.SCRIPT))
    subjects = [one.action.subject for one in store.transactions()]
    assert subjects == ["", "another", "Bo Bosen", "Anne Berg", ""]


def test_transaction_changes_yields_the_change_of_each_user(store):
    moved = BO._replace(location="Rome", agent_id="")
    commit(store, ANNA, BO)
    commit(store, moved, CY, delete=(ANNA.user_id,))
    assert outcome(store, 1) == {
        ANNA.user_id: (None, ANNA._asdict()),
        BO.user_id: (None, BO._asdict()),
    }
    assert outcome(store, 2) == {
        BO.user_id: (
            {"agent_id": BO.agent_id, "location": BO.location},
            {"agent_id": "", "location": "Rome"},
        ),
        CY.user_id: (None, CY._asdict()),
        ANNA.user_id: (ANNA._asdict(), None),
    }


def test_unknown_transaction_is_an_error(store):
    commit(store, ANNA)
    for number in (0, 2, -1, 99):
        for asked in (store.transaction_changes, store.changed_user_ids):
            with pytest.raises(StoreError):
                list(asked(number))


def test_changed_user_ids_yields_added_and_changed_users(store):
    commit(store, ANNA, BO)
    commit(store, BO._replace(location="Rome"), CY)
    commit(store, delete=(BO.user_id,))
    assert sorted(store.changed_user_ids(1)) == sorted([ANNA.user_id, BO.user_id])
    assert sorted(store.changed_user_ids(2)) == sorted([BO.user_id, CY.user_id])
    assert list(store.changed_user_ids(3)) == []
    several = store.changed_user_ids(1, last=3)
    assert sorted(several) == sorted([ANNA.user_id, BO.user_id, BO.user_id, CY.user_id])
    with pytest.raises(StoreError):
        list(store.changed_user_ids(2, last=4))


def test_user_history_is_newest_first_and_survives_deletion(store):
    commit(store, ANNA, BO)
    commit(store, CY)
    commit(store, BO._replace(location="Rome"))
    commit(store, delete=(BO.user_id,))
    found = list(store.user_history(BO.user_id))
    listed = {one.number: one for one in store.transactions()}
    assert [one.transaction for one in found] == [listed[4], listed[3], listed[1]]
    assert [one.change for one in found] == [
        UserChange(BO.user_id, BO._replace(location="Rome")._asdict(), None),
        UserChange(BO.user_id, {"location": BO.location}, {"location": "Rome"}),
        UserChange(BO.user_id, None, BO._asdict()),
    ]
    assert list(store.user_history("nobody")) == []
    assert store.history_removed_until() is None
