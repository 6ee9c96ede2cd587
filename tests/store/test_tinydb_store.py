"""The store of users: what is committed is there, whole, and nothing else."""

import json
import os
import stat
from collections.abc import MutableMapping
from itertools import chain
from pathlib import Path
from typing import cast

import pytest
from tinydb import TinyDB

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.interface import UserStore
from qm_tui.store.state import EMPTY, Changes, State
from qm_tui.store.tinydb_store import TinyDBUserStore, open_store
from qm_tui.store.transaction import RulesBroken
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, user, write_unchecked

BO, CY = user("bo"), user("cy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "users.json"


def commit(path: Path, *changed: User, delete: tuple[str, ...] = ()) -> State:
    store = open_store(path)
    return _commit(store, {one.user_id: one for one in changed} | dict.fromkeys(delete))


def _commit(store: UserStore, changes: Changes) -> State:
    with store.transaction("edit") as transaction:
        return transaction.commit(changes)


def checkpoint(path: Path) -> None:
    """Write all users into the store's file."""
    store = open_store(path)
    store.load()
    store.checkpoint()


def _load(path: Path) -> State:
    return open_store(path).load()


def _users(path: Path) -> list[User]:
    return list(_load(path).users.values())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _bytes(path: Path) -> tuple[bytes, bytes]:
    return path.read_bytes(), path.with_name(path.name + ".journal").read_bytes()


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


# Reading and writing


def test_a_missing_file_is_an_empty_store_and_is_not_made(path):
    assert _load(path) == EMPTY
    assert not path.parent.exists()


def test_the_first_commit_makes_file_and_folder_for_their_owner_alone(path):
    before = os.umask(0)
    try:
        commit(path, ANNA)
    finally:
        os.umask(before)
    assert (_mode(path), _mode(path.parent)) == (0o600, 0o700)
    assert _names(path.parent) == ["users.json", "users.json.journal", "users.json.lock"]
    assert {_mode(one) for one in path.parent.iterdir()} == {0o600}


def test_folders_made_by_the_first_commit_outlast_a_power_cut_too(path, monkeypatch):
    synced = []
    fsync = os.fsync

    def recorded(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded)
    commit(path.parent / "deeper" / "users.json", ANNA)
    assert {path.parent.parent, path.parent, path.parent / "deeper"} <= set(synced)


def test_what_is_committed_is_read_back_in_order(path):
    state = commit(path, CY, ANNA, BO)
    assert list(state.users.values()) == [CY, ANNA, BO]
    assert _load(path) == state


@pytest.mark.parametrize(
    "value", ["Zoë", '"', "\\", ":{", "\n", "\x00\x1b", "\u2028", "\ud800", "x" * 4096], ids=ascii
)
def test_any_value_is_read_back(path, value):
    one = user(location=value, password=value, first_name=value)
    write_unchecked(open_store(path), {one.user_id: one})
    assert _users(path) == [one]


def test_plain_tinydb_reads_the_users(path):
    commit(path, ANNA, BO)
    checkpoint(path)
    with TinyDB(path, encoding="utf-8") as db:
        assert [(one.doc_id, dict(one)) for one in db.table("users")] == [
            (1, dict(zip(KEYS, ANNA, strict=True))),
            (2, dict(zip(KEYS, BO, strict=True))),
        ]


def test_a_changed_user_keeps_its_place_and_its_document_id(path):
    commit(path, ANNA, BO, CY)
    changed = BO._replace(location="Bergen")
    commit(path, changed)
    assert _users(path) == [ANNA, changed, CY]
    checkpoint(path)
    assert list(json.loads(path.read_bytes())["users"]) == ["1", "2", "3"]


def test_deleted_users_are_gone_and_new_ones_come_last(path):
    commit(path, ANNA, BO, CY)
    commit(path, user("di"), delete=(ANNA.user_id,))
    assert _users(path) == [BO, CY, user("di")]
    checkpoint(path)
    assert list(json.loads(path.read_bytes())["users"]) == ["2", "3", "4"]


def test_all_users_can_be_deleted(path):
    commit(path, ANNA, BO)
    state = commit(path, delete=(ANNA.user_id, BO.user_id))
    assert (dict(state.users), dict(state.names)) == ({}, {})
    assert _load(path) == state


def test_a_transaction_may_commit_again(path):
    store = open_store(path)
    with store.transaction("edit") as transaction:
        transaction.commit({ANNA.user_id: ANNA})
        state = transaction.commit({BO.user_id: BO})
        assert transaction.state is state
    assert _users(path) == [ANNA, BO]


def test_a_transaction_without_a_commit_changes_nothing(path):
    commit(path, ANNA)
    before = path.read_bytes(), path.stat().st_mtime_ns
    with open_store(path).transaction("edit") as transaction:
        assert list(transaction.state.users.values()) == [ANNA]
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_store_behind_a_symbolic_link_stays_there(tmp_path, path):
    commit(path, ANNA)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    commit(link, BO)
    assert link.is_symlink()
    assert _users(path) == [ANNA, BO]


# States


def test_a_state_does_not_change_when_the_store_does(path):
    store = open_store(path)
    first = _commit(store, {ANNA.user_id: ANNA})
    held = dict(first.users), dict(first.names), first.generation
    _commit(store, {ANNA.user_id: None, BO.user_id: BO})
    commit(path, CY)
    store.load()
    assert (dict(first.users), dict(first.names), first.generation) == held
    assert store.state is not first


def test_a_state_cannot_be_changed_from_outside(path):
    state = commit(path, ANNA)
    for mapping in (state.users, state.names, _load(path).users):
        with pytest.raises(TypeError):
            cast("MutableMapping[str, str]", mapping)["u1"] = "x"


def test_every_commit_makes_the_generation_greater(path):
    generations = [commit(path, one).generation for one in (ANNA, BO, CY)]
    assert generations == sorted(set(generations))
    assert _load(path).generation == generations[-1] > EMPTY.generation


def test_loading_what_did_not_change_gives_the_same_state(path):
    commit(path, ANNA)
    store = open_store(path)
    assert store.load() is store.load()
    committed = _commit(store, {BO.user_id: BO})
    assert store.load() is committed


def test_users_are_found_by_name_without_case(path):
    state = commit(path, user(user_name="Anna"), user("bo", user_name="STRASSE"))
    assert dict(state.names) == {"anna": ANNA.user_id, "strasse": BO.user_id}
    assert _load(path).names == state.names


def test_the_names_follow_changes_and_deletions(path):
    commit(path, ANNA, BO)
    state = commit(path, user(user_name="ann"), delete=(BO.user_id,))
    assert dict(state.names) == {"ann": ANNA.user_id}
    assert dict(commit(path, user("dan", user_name="BO")).names)["bo"] == "u-dan"


def test_two_users_swap_names_in_one_commit(path):
    commit(path, ANNA, BO)
    state = commit(path, user(user_name="bo"), user("bo", user_name="anna"))
    assert dict(state.names) == {"bo": ANNA.user_id, "anna": BO.user_id}
    assert _load(path) == state


def test_a_name_may_be_taken_from_a_user_deleted_in_the_same_commit(path):
    commit(path, ANNA)
    other = user("bo", user_name="ANNA")
    state = commit(path, other, delete=(ANNA.user_id,))
    assert dict(state.names) == {"anna": other.user_id}


@pytest.mark.parametrize(
    "changes",
    [
        {BO.user_id: BO._replace(user_name="ANNA")},
        {BO.user_id: BO, CY.user_id: CY._replace(user_name="Bo")},
        {"u-x": BO},
        {"u-x": None},
        {ANNA.user_id: ANNA._replace(location="x"), "u-x": None},
        {"": BO._replace(user_id="")},
    ],
    ids=["name taken", "same name", "other ID", "not there", "partly", "no ID"],
)
def test_changes_that_do_not_fit_are_a_fault_and_change_nothing(path, changes):
    store = open_store(path)
    before = _commit(store, {ANNA.user_id: ANNA}), path.read_bytes()
    with pytest.raises(ValueError, match=r"user|User"):
        write_unchecked(store, changes)
    with pytest.raises((ValueError, RulesBroken), match=r"user|User"):
        _commit(store, changes)
    assert (store.state, path.read_bytes()) == before


def test_users_are_found_while_they_are_read(path):
    people = [user(f"n{number}") for number in range(2000)]
    commit(path, *people)
    checkpoint(path)
    store = open_store(path)
    found: list[list[User]] = []
    state = store.load(found=lambda some: found.append(list(some)))
    assert list(chain(*found)) == list(state.users.values()) == people
    assert len(found) > 1
    found.clear()
    store.load(found=lambda some: found.append(list(some)))
    assert found == []


# Two stores on one file


def test_two_stores_see_each_others_commits_in_a_transaction(path):
    one, two = open_store(path), open_store(path)
    one.load()
    two.load()
    for number in range(6):
        store, new = (one, two)[number % 2], user(f"n{number}")
        with store.transaction("edit") as transaction:
            assert len(transaction.state.users) == number
            transaction.commit({new.user_id: new})
    assert [one.user_name for one in _users(path)] == [f"n{number}" for number in range(6)]
    assert one.load() == two.load()


def test_a_state_is_the_old_one_until_it_is_loaded(path):
    store = open_store(path)
    old = store.load()
    commit(path, ANNA)
    assert store.state is old
    assert list(store.load().users.values()) == [ANNA]


# Cancelling


def test_a_cancelled_commit_leaves_every_byte_and_no_leftovers(path):
    store = TinyDBUserStore(path)
    people = {f"u-{number}": user(f"n{number}", user_id=f"u-{number}") for number in range(2500)}
    state, before = _commit(store, {ANNA.user_id: ANNA}), _bytes(path)

    def cancels(_phase: Phase, done: int, _total: int) -> None:
        if done > 3:
            raise Cancelled

    with store.transaction("edit") as transaction, pytest.raises(Cancelled):
        transaction.commit(people, cancels)
    assert _bytes(path) == before
    assert store.state is state
    assert _names(path.parent) == ["users.json", "users.json.journal", "users.json.lock"]
    assert list(_commit(store, {BO.user_id: BO}).users) == [ANNA.user_id, BO.user_id]


def test_cancelled_loading_keeps_the_state_and_can_be_repeated(path):
    commit(path, ANNA)
    store = open_store(path)

    def cancels(*_tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        store.load(cancels)
    assert store.state == EMPTY
    assert list(store.load().users.values()) == [ANNA]


@pytest.mark.parametrize("at", range(1, 6))
def test_a_journal_whose_reading_was_cancelled_anywhere_is_read_whole_next_time(path, at):
    people = [user(f"n{number}") for number in range(1200)]
    commit(path, ANNA)
    commit(path, *people, delete=(ANNA.user_id,))
    commit(path, ANNA._replace(location="X"))
    store, ticks = open_store(path), 0

    def cancels(*_tick) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == at:
            raise Cancelled

    try:
        store.load(cancels)
    except Cancelled:
        assert store.state == EMPTY
    assert list(store.load().users.values()) == [*people, ANNA._replace(location="X")]
    assert len(store.activity()) == 3


@pytest.mark.parametrize("is_in_snapshot", [True, False], ids=["snapshot", "journal"])
def test_users_are_found_while_the_store_is_read_wherever_they_stand(path, is_in_snapshot):
    many = [user(f"user{number}") for number in range(1_200)]
    commit(path, *many)
    if is_in_snapshot:
        checkpoint(path)
    commit(path, many[3]._replace(location="Oslo"))
    batches: list[list[User]] = []

    state = open_store(path).load(found=lambda users: batches.append(list(users)))

    assert max(map(len, batches)) < len(many)  # the first are found before the last are read
    found = {one.user_id: one for batch in batches for one in batch}
    assert list(found.values()) == list(state.users.values())
