"""The contract of every store: see `qm_tui.store.interface`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.store import IN_MEMORY, open_store
from qm_tui.store.errors import StoreBusy, StoreError, StoreReadOnly
from qm_tui.store.interface import Action, TransactionKind, UserChange, UserStore
from qm_tui.store.origin import current_origin
from qm_tui.store.state import State
from qm_tui.store.transaction import ValidationFailed
from qm_tui.users.fields import User
from tests.helpers import ANNA, EDIT, undo, user

BO, CY, DI = user("bo"), user("cy"), user("di")
FILE = "a file"


@pytest.fixture(params=[IN_MEMORY, FILE])
def location(request, tmp_path) -> str | Path:
    """Where a store is: one of each kind."""
    return tmp_path / "data" / "users.json" if request.param == FILE else IN_MEMORY


@pytest.fixture
def store(location) -> UserStore:
    return open_store(location, wait=0)


@pytest.fixture
def second(location) -> Callable[[], UserStore]:
    """Opens the same store as another program does, if the store can be opened twice."""
    if location == IN_MEMORY:
        pytest.skip("no other program can open this store")

    def opened() -> UserStore:
        other = open_store(location, wait=0)
        other.load()
        return other

    return opened


def commit(
    store: UserStore, *users: User, delete: tuple[str, ...] = (), action: Action = EDIT
) -> State:
    with store.transaction(action) as transaction:
        return transaction.commit({one.user_id: one for one in users} | dict.fromkeys(delete))


def many(count: int) -> list[User]:
    return [user(f"n{number}") for number in range(count)]


def held(store: UserStore) -> tuple[object, ...]:
    """All that a store tells of itself."""
    state = store.state
    return state.version, state.number, dict(state.users), dict(state.names), store.transactions()


def outcome(store: UserStore, number: int) -> dict[str, tuple[object, object]]:
    return {one.user_id: (one.before, one.after) for one in store.transaction_changes(number)}


# Opening


def test_location_of_an_unknown_kind_is_an_error():
    with pytest.raises(StoreError, match="Unknown kind of store: https://example"):
        open_store("https://example.com/users")


def test_missing_store_is_empty_and_not_created_by_reading(store):
    assert not store.exists
    state = store.load()
    assert (state.number, dict(state.users), dict(state.names)) == (0, {}, {})
    assert store.transactions() == []
    assert store.history_removed_until() is None
    assert list(store.user_history(ANNA.user_id)) == []
    assert not store.exists


def test_first_commit_creates_the_store(store):
    commit(store, ANNA)
    assert store.exists
    assert list(store.notices) == []
    assert not store.has_external_changes()
    assert store.refresh() is None
    assert (store.read_only_reason, store.warning) == ("", "")


def test_load_passes_users_in_store_order_and_only_once(store):
    users = many(3000)
    commit(store, *users)
    store.close()
    batches: list[list[User]] = []
    state = store.load(on_loaded=lambda some: batches.append(list(some)))
    assert [one for some in batches for one in some] == users == [*state.users.values()]
    assert len(batches) > 1
    store.load(on_loaded=lambda _: pytest.fail("it was loaded already"))


# Commits


def test_commit_makes_a_new_state_and_leaves_the_old_ones(store):
    states = [
        store.load(),
        commit(store, ANNA),
        commit(store, BO),
        commit(store, delete=(BO.user_id,)),
        commit(store, BO),
    ]
    assert states[-1] is store.state
    assert [one.number for one in states] == [0, 1, 2, 3, 4]
    assert len({one.version for one in states}) == len(states)
    assert [len(one.users) for one in states] == [len(one.names) for one in states]
    assert [len(one.users) for one in states] == [0, 1, 2, 1, 2]


def test_changes_without_effect_make_no_transaction(store):
    before = commit(store, ANNA)
    assert commit(store, ANNA).version == before.version
    assert commit(store).version == before.version
    assert [one.number for one in store.transactions()] == [1]


def test_transaction_may_commit_repeatedly_but_not_after_its_end(store):
    with store.transaction(EDIT) as transaction:
        transaction.commit({ANNA.user_id: ANNA})
        transaction.commit({BO.user_id: BO})
    with pytest.raises(ValueError, match="over"):
        transaction.commit({CY.user_id: CY})
    assert store.state.number == 2


def test_invalid_changes_are_not_written_at_all(store):
    commit(store, ANNA, BO)
    before = held(store)
    with pytest.raises(ValidationFailed) as refused:
        commit(store, CY, BO._replace(last_name=""))
    assert refused.value.issues.keys() == {BO.user_id}
    for taken in (CY._replace(user_name="ANNA"), BO._replace(user_name="Anna")):
        with pytest.raises(ValidationFailed):
            commit(store, DI, taken)
    with pytest.raises(ValidationFailed):
        commit(store, CY, DI._replace(user_name="CY"))
    assert held(store) == before


def test_inconsistent_changes_are_an_error_of_the_caller(store):
    commit(store, ANNA)
    before = held(store)
    for changes in ({"another": BO}, {"nobody": None}):
        with store.transaction(EDIT) as transaction, pytest.raises(ValueError, match=r"user|User"):
            transaction.commit(changes)
    assert held(store) == before


@pytest.mark.parametrize("is_late", [False, True])
def test_exception_in_the_tick_changes_nothing(store, is_late):
    commit(store, ANNA)
    before = held(store)

    def tick(_phase: Phase, done: int, total: int) -> None:
        if done >= total or not is_late:
            raise Cancelled

    with store.transaction(EDIT) as transaction, pytest.raises(Cancelled):
        transaction.commit({one.user_id: one for one in many(2500)}, tick)
    assert held(store) == before
    assert commit(store, BO).number == 2


def test_exception_ends_a_transaction_and_reverts_no_commit(store):
    def fail() -> None:
        with store.transaction(EDIT) as transaction:
            transaction.commit({ANNA.user_id: ANNA})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert dict(store.state.users) == {ANNA.user_id: ANNA}
    assert commit(store, BO).number == 2


def test_users_may_swap_their_user_names_or_take_that_of_a_deleted_user(store):
    commit(store, ANNA, BO)
    state = commit(store, ANNA._replace(user_name="bo"), BO._replace(user_name="anna"))
    assert dict(state.names) == {"bo": ANNA.user_id, "anna": BO.user_id}
    undo(store, 2)
    assert dict(store.state.names) == {"anna": ANNA.user_id, "bo": BO.user_id}
    state = commit(store, CY._replace(user_name="bo"), delete=(BO.user_id,))
    assert dict(state.names) == {"anna": ANNA.user_id, "bo": CY.user_id}


def test_changed_user_keeps_its_place_and_a_restored_one_comes_last(store):
    commit(store, ANNA, BO, CY)
    state = commit(store, ANNA._replace(location="Rome"))
    assert [*state.users] == [ANNA.user_id, BO.user_id, CY.user_id]
    commit(store, delete=(ANNA.user_id,))
    assert [*commit(store, ANNA).users] == [BO.user_id, CY.user_id, ANNA.user_id]


# One at a time


def in_a_thread(work: Callable[[], object]) -> None:
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def test_another_thread_cannot_write_during_a_transaction(store):
    with store.transaction(EDIT) as transaction:
        with pytest.raises(StoreBusy):
            in_a_thread(lambda: commit(store, BO))
        transaction.commit({ANNA.user_id: ANNA})
    in_a_thread(lambda: commit(store, BO))
    assert store.state.number == 2


def test_lock_free_yields_whether_the_lock_is_free_and_keeps_it_so(store):
    def asks() -> None:
        with store.lock_free() as is_free:
            free.append(is_free)

    free: list[bool] = []
    in_a_thread(asks)
    with store.transaction(EDIT):
        in_a_thread(asks)
    assert free == [True, False]
    with store.lock_free(), pytest.raises(StoreBusy):
        in_a_thread(lambda: commit(store, BO))


# What it says of transactions


def test_transactions_are_listed_newest_first_with_all_attributes(store):
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
        assert (one.login, one.address) == (current_origin().login, current_origin().address)
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


# Read-only


def test_read_only_store_rejects_changes(location):
    store = open_store(location, wait=0, read_only=True)
    store.load()
    assert store.read_only_reason.endswith(".")
    before = held(store)
    with pytest.raises(StoreReadOnly):
        commit(store, ANNA)
    assert held(store) == before
    assert not store.exists
    store.close()


# Other programs


def test_commit_of_another_program_is_noticed_and_read(store, second):
    commit(store, ANNA, BO, CY)
    before = store.state
    other = second()
    commit(other, ANNA._replace(location="Rome"), DI, delete=(BO.user_id,))
    assert store.has_external_changes()
    assert store.state.version == before.version
    found = store.refresh()
    assert found is not None
    assert found.state is store.state
    assert found.state.version != before.version
    assert (found.added, found.changed, found.deleted) == (
        {DI.user_id},
        {ANNA.user_id},
        {BO.user_id},
    )
    assert dict(store.state.users) == dict(other.state.users)
    assert store.state.number == 2
    assert not store.has_external_changes()
    assert store.refresh() is None


def test_transaction_begins_with_the_newest_state(store, second):
    commit(store, ANNA)
    other = second()
    commit(other, BO)
    with store.transaction(EDIT) as transaction:
        assert BO.user_id in transaction.state.users
        transaction.commit({CY.user_id: CY})
    assert store.state.number == 3
    other.refresh()
    assert [*other.state.users] == [ANNA.user_id, BO.user_id, CY.user_id]


def test_another_program_cannot_write_during_a_transaction(store, second):
    commit(store, ANNA)
    other = second()
    with store.transaction(EDIT), pytest.raises(StoreBusy):
        commit(other, BO)
    assert commit(other, BO).number == 2


INTERRUPTED = """
import os, sys
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from tests.helpers import user
store = open_store(sys.argv[1])
store.load()
with store.import_in_progress("sales.csv") as token:
    action = Action(TransactionKind.IMPORT, "sales.csv", token=token)
    with store.transaction(action) as transaction:
        transaction.commit({"u-bo": user("bo")})
    os._exit(9)
"""


def test_import_interrupted_after_its_commit_is_reported_as_saved(store, second, location):
    commit(store, ANNA)
    command = [sys.executable, "-c", INTERRUPTED, str(location)]
    assert subprocess.run(command, check=False, timeout=60).returncode == 9
    other = second()
    (notice,) = other.notices
    assert "sales.csv" in notice
    assert "after it was saved as transaction 2." in notice
    other.acknowledge_notices()
    assert list(second().notices) == []
