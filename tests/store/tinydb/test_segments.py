"""A log in many segments works as one with a single segment, and old segments are deleted."""

import os
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from qm_tui.store.changes.undo import plan_undo
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import RetentionPolicy, UserStore
from qm_tui.store.tinydb import TinyDBUserStore, open_tinydb_store
from tests.helpers import names_of, sample_cases, undo, user, users_of
from tests.store.tinydb.damage import (
    SMALL,
    commit,
    history_of,
    parts_of,
    same_history,
)

NAMES = [f"n{number}" for number in range(12)]


def opened(folder: Path, retention: RetentionPolicy = SMALL) -> TinyDBUserStore:
    store = open_tinydb_store(folder / "users.json", retention=retention)
    store.load()
    return store


def segments(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("users.log*"))


def work(store: UserStore, seed: int, steps: int) -> list[str]:
    """Change a store at random, but by the same seed in the same way; return what was undone."""
    chance, undone = random.Random(seed), []  # noqa: S311 - cases, not secrets
    for step in range(steps):
        if chance.random() < 0.2 and store.state.number > 2:
            number = chance.randint(1, store.state.number)
            try:
                undo(store, number)
                undone.append(f"{step}: {number}")
            except StoreError as error:
                undone.append(f"{step}: {error}")
            continue
        names = chance.sample(NAMES, chance.choice((1, 1, 2, 7)))
        gone = [f"u-{name}" for name in names if chance.random() < 0.2]
        here = [name for name in names if f"u-{name}" not in gone]
        commit(
            store,
            *(user(name, location=f"L{chance.randint(0, 99)}") for name in here),
            deleted=[user_id for user_id in gone if user_id in users_of(store.state)],
        )
    return undone


@pytest.mark.parametrize("case", sample_cases(product(range(8), [3, 500]), [0]))
def test_many_segments_work_as_one(folder, case):
    seed, rows = case
    one = opened(folder / "one", RetentionPolicy())
    many = opened(folder / "many")
    follower = opened(folder / "many")
    followed: set[str] = set()
    with parts_of(rows):
        for _ in range(5):
            seed += 100
            assert work(one, seed, 9) == work(many, seed, 9)
            assert users_of(many.state) == users_of(one.state)
            assert names_of(many.state) == names_of(one.state)
            seen = follower.state
            follower.refresh()
            before, after, found = (
                users_of(seen),
                users_of(follower.state),
                follower.changes_since(seen),
            )
            assert after == users_of(one.state)
            assert found.added == after.keys() - before.keys()
            assert found.deleted == before.keys() - after.keys()
            assert found.changed == {
                key for key in before.keys() & after.keys() if before[key] != after[key]
            }
            followed |= found.changed
    assert len(segments(folder / "one")) == 1
    assert len(segments(folder / "many")) > 15
    assert followed
    assert not follower.notices
    histories = [history_of(store, NAMES) for store in (one, many, follower)]
    assert same_history(histories[0], histories[1])
    assert same_history(histories[1], histories[2], exactly=True)
    for store in (one, many, follower):
        store.close()
    again = opened(folder / "many")
    assert users_of(again.state) == users_of(one.load())
    assert not again.notices
    assert same_history(histories[1], history_of(again, NAMES), exactly=True)
    again.close()


@pytest.mark.parametrize("oldest", [1, 4])
def test_a_store_is_rebuilt_from_any_kept_segment(folder, oldest):
    store = opened(folder / "store")
    work(store, 7, 30)
    store.close()
    users, summaries = users_of(store.load()), store.transactions()
    store.close()
    names = segments(folder / "store")
    assert len(names) > oldest
    for name in ["users.json", *names[: oldest - 1]]:
        folder.joinpath("store", name).unlink()
    again = opened(folder / "store")
    assert users_of(again.state) == users
    assert any("users.json" in one and "log" in one for one in again.notices)
    assert [replace(one, is_available=True) for one in again.transactions()] == summaries
    commit(again, user("zoe"))
    again.close()
    assert folder.joinpath("store", "users.json").exists()
    final = opened(folder / "store")
    assert users_of(final.state) == users | {"u-zoe": user("zoe")}
    assert not final.notices
    final.close()


def _files(folder: Path) -> list[Path]:
    return list(folder.joinpath("store").iterdir())


# Pruning


def edit(store: TinyDBUserStore, times: int = 1, then: Callable[[], object] = int) -> None:
    """Make transactions; do something after each."""
    for _ in range(times):
        commit(store, user("anna", location=f"L{store.state.number}"))
        store._files.snapshots.flush()
        then()


def available(store: UserStore) -> list[int]:
    return [one.number for one in store.transactions() if one.is_available][::-1]


def check_pruned(folder: Path, store: TinyDBUserStore, kept: list[int]) -> None:
    """Check which transactions are available, for this program and for one that opens it anew."""
    last = store.state.number
    for one in (store, opened(folder / "store")):
        assert available(one) == kept
        assert [summary.number for summary in one.transactions()] == list(range(last, 0, -1))
        for number in range(1, last + 1):
            if number in kept:
                assert list(one.transaction_changes(number))
            else:
                with pytest.raises(StoreError, match="no longer available"):
                    list(one.transaction_changes(number))
                with pytest.raises(StoreError, match="no longer available"):
                    plan_undo(one, number)
        gone = one.history_removed_until()
        assert (gone is None) is (kept[0] == 1)
        assert len(list(one.user_history(user().user_id))) == len(kept)
        if one is not store:
            assert not one.notices
            one.close()


def test_old_segments_are_deleted_by_days(folder, clock):
    store = opened(folder / "store", replace(SMALL, days=10, segment_bytes=1))
    edit(store, 12, lambda: clock.go(1))
    last = store.state.number
    kept = available(store)
    # the newest is 0 days old, and a segment goes once all in it are more than 10 days old
    assert kept == list(range(2, last + 1))
    check_pruned(folder, store, kept)
    edit(store, 3, lambda: clock.go(1))
    check_pruned(folder, store, list(range(5, 16)))
    assert len(segments(folder / "store")) == 11
    store.close()


def test_old_segments_are_deleted_by_bytes(folder):
    store = opened(folder / "store", replace(SMALL, segment_bytes=1, bytes=20_000))
    edit(store, 25)
    sizes = [path.stat().st_size for path in folder.joinpath("store").glob("users.log*")]
    assert 20_000 - max(sizes) * 2 < sum(sizes) <= 20_000 + max(sizes)
    check_pruned(folder, store, available(store))
    assert 1 < len(available(store)) < 25
    store.close()


@pytest.mark.parametrize(("leap", "returns"), [(365 * 20, True), (-365, True), (365, False)])
def test_a_wrong_clock_or_wrong_file_times_prune_nothing_early(folder, clock, leap, returns):
    """A year ahead for one transaction: it counts 30 days, and the way back nothing."""
    store = opened(folder / "store", replace(SMALL, days=90, segment_bytes=1))
    edit(store, 5, lambda: clock.go(1))
    clock.go(leap)
    edit(store)
    clock.go(-leap if returns else 0)
    for path in _files(folder):
        os.utime(path, (0, 0))
    edit(store, 5, lambda: clock.go(1))
    check_pruned(folder, store, list(range(1, 12)))
    store.close()


def test_a_segment_is_begun_after_its_days(folder, clock):
    store = opened(folder / "store", RetentionPolicy())
    edit(store, 30)
    assert len(_files(folder)) == 3
    clock.go(31)
    edit(store)
    assert len(segments(folder / "store")) == 2
    anna = user().user_id
    assert list(store.changed_user_ids(29, last=31)) == [anna] * 3  # of both
    store.close()


def test_a_follower_of_a_pruned_segment_goes_on_without_a_word(folder, clock):
    retention = replace(SMALL, days=10, segment_bytes=1)
    store, follower = opened(folder / "store", retention), opened(folder / "store", retention)
    edit(store, 2)
    follower.refresh()
    before = follower.state
    edit(store, 20, lambda: clock.go(1))
    assert "users.log.000002" not in segments(folder / "store")
    follower.refresh()
    assert follower.changes_since(before).changed == {user().user_id}
    assert users_of(follower.state) == users_of(store.state)
    assert not follower.notices
    store.close()
    follower.close()
