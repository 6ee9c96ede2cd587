"""The contract of every store: see `qm_tui.store.interface`. Other modules test its questions."""

import subprocess
import sys
from collections.abc import Callable
from threading import Thread

import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.store import IN_MEMORY, open_store
from qm_tui.store.errors import StoreBusy, StoreError, StoreReadOnly
from qm_tui.store.interface import ChangedUsers, UserStore
from qm_tui.store.state import FIRST, State
from qm_tui.store.transaction import ValidationFailed
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, NO_SELECTION, Query, these
from qm_tui.users.query.views import SortKey
from tests.helpers import ANNA, EDIT, IMPORT, by_id, held, names_of, undo, user, users_of
from tests.store.kinds import SERVERS, commit, eventually, new_store, only_without_server

BO, CY, DI = user("bo"), user("cy"), user("di")


def many(count: int) -> list[User]:
    return [user(f"n{number}") for number in range(count)]


def told(store: UserStore) -> tuple[object, ...]:
    """All that a store tells of itself."""
    state = store.state
    return state.version, *held(state), names_of(state), store.transactions()


def ids_of(*users: User) -> frozenset[str]:
    return frozenset(by_id(*users))


NOTHING = ChangedUsers(ids_of(), ids_of(), ids_of())
EVERY_TENTH = Query(parse_filter("location:rome"))


def answers_of(state: State) -> list[object]:
    """What a state answers to several questions."""
    sorted_query = Query(parse_filter("location:oslo"), (SortKey("first_name", descending=True),))
    return [
        *held(state),
        names_of(state),
        state.window(sorted_query, FIRST, 9),
        state.count(sorted_query),
        state.groups(("location",)),
        state.numbers("location", ("Oslo", "Rome")),
        state.holders("location", ("Oslo", "Rome"), 9),
        state.lookup(["Bo Bosen", "ben"]),
        list(state.names_beginning("b")),
        list(state.ids(Query(parse_filter("import:last changed:today"), (SortKey("extension"),)))),
        state.count(Query(parse_filter("import:last"), marked=these([BO.user_id]))),
    ]


# Opening


def test_location_of_an_unknown_kind_is_an_error():
    with pytest.raises(StoreError, match="Unknown kind of store: https://example"):
        open_store("https://example.com/users")


def test_missing_store_is_empty_and_not_created_by_reading(store, kind):
    only_without_server(kind, "the owner of the database makes the store")
    assert not store.exists
    state = store.load()
    assert (held(state), names_of(state), state.total) == ((0, {}), {}, 0)
    assert store.transactions() == []
    assert store.history_removed_until() is None
    assert list(store.user_history(ANNA.user_id)) == []
    assert not store.exists


def test_first_commit_creates_the_store(store):
    commit(store, ANNA)
    assert store.exists
    assert list(store.notices) == []
    assert not store.has_external_changes()
    store.refresh()
    assert store.state.number == 1
    assert (store.read_only_reason, store.warning) == ("", "")


def test_load_passes_users_in_store_order_and_only_once(store, kind):
    only_without_server(kind, "no users are read to open the store")
    users = [
        one._replace(location="" if number % 10 else "Rome")
        for number, one in enumerate(many(3000))
    ]
    commit(store, *users)
    store.close()
    sizes: list[int] = []
    growing: list[State] = []

    def loaded(state: State) -> None:
        growing.append(state)
        sizes.append(state.total)
        first = state.window(ALL, FIRST, 40)
        assert list(first.users) == users[:40]
        assert state.count(EVERY_TENTH).number == (state.total + 9) // 10
        assert sum(map(len, state.stream(EVERY_TENTH))) == (state.total + 9) // 10
        assert state.users([users[0].user_id, users[-1].user_id])[0] == users[0]
        assert state.owner("n0") == users[0].user_id

    state = store.load(on_loaded=loaded)
    assert list(users_of(state).values()) == users
    assert sizes == sorted(set(sizes))
    assert len(sizes) > 1
    assert len(set(map(id, growing))) == 1
    assert list(users_of(growing[0]).values()) == users
    assert store.changes_since(growing[0]) == NOTHING
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
    assert [one.total for one in states] == [0, 1, 2, 1, 2]


def test_state_answers_as_before_while_the_store_changes(store, kind, tmp_path):
    only_without_server(kind, "questions are answered from what it holds now")
    twin = new_store(kind, tmp_path / "twin")
    answers = answers_of(commit(twin, ANNA, BO, CY, action=IMPORT))
    state = commit(store, ANNA, BO, CY, action=IMPORT)
    moved = BO._replace(location="Rome", user_name="ben")
    commit(store, moved, delete=(ANNA.user_id,), action=IMPORT)
    commit(store, DI)
    assert answers_of(state) == answers
    assert answers_of(store.state) != answers


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
    before = told(store)
    with pytest.raises(ValidationFailed) as refused:
        commit(store, CY, BO._replace(last_name=""))
    assert refused.value.issues.keys() == {BO.user_id}
    for taken in (CY._replace(user_name="ANNA"), BO._replace(user_name="Anna")):
        with pytest.raises(ValidationFailed):
            commit(store, DI, taken)
    with pytest.raises(ValidationFailed):
        commit(store, CY, DI._replace(user_name="CY"))
    assert told(store) == before


def test_inconsistent_changes_are_an_error_of_the_caller(store):
    commit(store, ANNA)
    before = told(store)
    for changes in ({"another": BO}, {"nobody": None}):
        with store.transaction(EDIT) as transaction, pytest.raises(ValueError, match=r"user|User"):
            transaction.commit(changes)
    assert told(store) == before


@pytest.mark.parametrize("is_late", [False, True])
def test_exception_in_the_tick_changes_nothing(store, is_late):
    commit(store, ANNA)
    before = told(store)

    def tick(_phase: Phase, done: int, total: int) -> None:
        if done >= total or not is_late:
            raise Cancelled

    with store.transaction(EDIT) as transaction, pytest.raises(Cancelled):
        transaction.commit({one.user_id: one for one in many(2500)}, tick)
    assert told(store) == before
    assert commit(store, BO).number == 2


def test_exception_ends_a_transaction_and_reverts_no_commit(store):
    def fail() -> None:
        with store.transaction(EDIT) as transaction:
            transaction.commit({ANNA.user_id: ANNA})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert users_of(store.state) == {ANNA.user_id: ANNA}
    assert commit(store, BO).number == 2


def test_users_may_swap_their_user_names_or_take_that_of_a_deleted_user(store):
    commit(store, ANNA, BO)
    state = commit(store, ANNA._replace(user_name="bo"), BO._replace(user_name="anna"))
    assert names_of(state) == {"bo": ANNA.user_id, "anna": BO.user_id}
    undo(store, 2)
    assert names_of(store.state) == {"anna": ANNA.user_id, "bo": BO.user_id}
    state = commit(store, CY._replace(user_name="bo"), delete=(BO.user_id,))
    assert names_of(state) == {"anna": ANNA.user_id, "bo": CY.user_id}


def test_changed_user_keeps_its_place_and_a_restored_one_comes_last(store):
    commit(store, ANNA, BO, CY)
    state = commit(store, ANNA._replace(location="Rome"))
    assert [*users_of(state)] == [ANNA.user_id, BO.user_id, CY.user_id]
    commit(store, delete=(ANNA.user_id,))
    assert [*users_of(commit(store, ANNA))] == [BO.user_id, CY.user_id, ANNA.user_id]


def test_changes_since_a_state_are_those_of_all_transactions_after_it(store, kind):
    states = [
        store.load(),
        commit(store, ANNA, BO),
        commit(store, CY, BO._replace(location="Rome")),
        commit(store, delete=(ANNA.user_id,)),
        commit(store, DI, BO),
    ]
    changed_back = ids_of(BO) if kind in SERVERS else ids_of()  # it may have been read in between
    assert [store.changes_since(state) for state in states] == [
        ChangedUsers(ids_of(BO, CY, DI), ids_of(), ids_of()),
        ChangedUsers(ids_of(CY, DI), changed_back, ids_of(ANNA)),
        ChangedUsers(ids_of(DI), ids_of(BO), ids_of(ANNA)),
        ChangedUsers(ids_of(DI), ids_of(BO), ids_of()),
        NOTHING,
    ]


def test_users_of_an_earlier_state_are_as_they_were(store):
    first = commit(store, ANNA, BO, CY)
    second = commit(store, DI, BO._replace(location="Rome"), delete=(ANNA.user_id,))
    commit(store, BO._replace(location="Bern", extension="77"), ANNA, delete=(DI.user_id,))
    user_ids = [one.user_id for one in (ANNA, BO, CY, DI)]
    assert store.earlier(first, user_ids).users(user_ids) == [ANNA, BO, CY, None]
    then = store.earlier(second, user_ids)
    assert then.users(user_ids) == [None, BO._replace(location="Rome"), CY, DI]
    in_rome = NO_SELECTION.with_query(EVERY_TENTH, (), adds=True)
    assert then.selected(in_rome, user_ids) == {BO.user_id}
    assert store.state.selected(in_rome, user_ids) == set()


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


# Read-only


@pytest.mark.parametrize("location", [IN_MEMORY, "data/users.json"])
def test_read_only_store_rejects_changes(location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store(location, wait=0, read_only=True)
    store.load()
    assert store.read_only_reason.endswith(".")
    before = told(store)
    with pytest.raises(StoreReadOnly):
        commit(store, ANNA)
    assert told(store) == before
    assert not store.exists
    store.close()


# Other programs


def test_commit_of_another_program_is_noticed_and_read(store, second, kind):
    commit(store, ANNA, BO, CY)
    before = store.state
    other = second()
    commit(other, ANNA._replace(location="Rome"), DI, delete=(BO.user_id,))
    assert eventually(store.has_external_changes)
    assert store.state.version == before.version
    store.refresh()
    assert store.state.version != before.version
    found = store.changes_since(before)
    assert found == ChangedUsers(ids_of(DI), ids_of(ANNA), ids_of(BO))
    assert users_of(store.state) == users_of(other.state)
    assert store.state.number == 2
    assert not store.has_external_changes()
    seen = store.state
    store.refresh()
    assert store.state.version == seen.version
    assert store.changes_since(seen) == NOTHING
    commit(other, BO)
    store.refresh()
    assert store.changes_since(seen) == ChangedUsers(ids_of(BO), ids_of(), ids_of())
    changed = ids_of(ANNA, BO) if kind in SERVERS else ids_of(ANNA)  # one was restored
    assert store.changes_since(before) == ChangedUsers(ids_of(DI), changed, ids_of())


def test_transaction_begins_with_the_newest_state(store, second):
    commit(store, ANNA)
    other = second()
    commit(other, BO)
    with store.transaction(EDIT) as transaction:
        assert transaction.state.user(BO.user_id) == BO
        transaction.commit({CY.user_id: CY})
    assert store.state.number == 3
    other.refresh()
    assert [*users_of(other.state)] == [ANNA.user_id, BO.user_id, CY.user_id]


def test_another_program_cannot_write_during_a_transaction(store, second, kind):
    only_without_server(kind, "others write, and commit fails if they changed the same users")
    commit(store, ANNA)
    other = second()
    with store.transaction(EDIT), pytest.raises(StoreBusy):
        commit(other, BO)
    assert commit(other, BO).number == 2


INTERRUPTED = """
import os, sys
from qm_tui.store import IN_MEMORY, open_store
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


def test_import_interrupted_after_its_commit_is_reported_as_saved(store, second, kind):
    only_without_server(kind, "nothing is left of an interrupted import")
    commit(store, ANNA)
    command = [sys.executable, "-c", INTERRUPTED, store.location]
    assert subprocess.run(command, check=False, timeout=60).returncode == 9
    other = second()
    (notice,) = other.notices
    assert "sales.csv" in notice
    assert "after it was saved as transaction 2." in notice
    other.acknowledge_notices()
    assert list(second().notices) == []
