"""Any bytes as a store's files: refused with a sentence, or a store that one can go on with."""

import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qm_tui.store.changes.undo import undo
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import UserStore
from qm_tui.store.recovery import recovered
from qm_tui.store.state import State
from qm_tui.store.tinydb_store import open_store
from qm_tui.text import visible
from tests.fuzz.store_files import NAME, Forgery, RealStore, damages, forgeries, real_store
from tests.fuzz.tries import TRIES
from tests.helpers import user

JOURNAL = f"{NAME}.journal"
NEW = user("zoe")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> RealStore:
    return real_store(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "store"


def _is_sound(refusal: StoreError) -> None:
    sentence = str(refusal)
    assert sentence.endswith((".", "?")), sentence
    assert sentence == visible(sentence), sentence


def _opened(path: Path, *, read_only: bool = False) -> UserStore | None:
    """The store; None where it is refused, with a sentence."""
    try:
        store = open_store(path, wait=0, read_only=read_only)
        store.load()
    except StoreError as refusal:
        _is_sound(refusal)
        return None
    assert all(notice == visible(notice) for notice in store.notices)
    return store


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file() and not one.name.endswith(".lock")
    }


def _looked_at(store: UserStore) -> None:
    """Ask a store for all that it may be asked for."""
    with suppress(StoreError):
        entries = store.activity()
        for one in entries[:12]:
            with suppress(StoreError):
                list(store.transaction_changes(one.number))
                list(store.changed_user_ids(one.number))
    for user_id in ("u-bo", "u-cy", *list(store.state.users)[:3]):
        with suppress(StoreError):
            list(store.user_history(user_id))
    store.history_removed_until()
    store.refresh()


def _gone_on_with(path: Path, before: State) -> None:
    """Change a store that could be opened; what it held stays."""
    store = open_store(path, wait=0)
    try:
        assert dict(store.load().users) == dict(before.users)
        with store.transaction("edit") as transaction:
            after = transaction.commit({NEW.user_id: NEW})
    except StoreError as refusal:
        _is_sound(refusal)
        assert dict(open_store(path).load().users) == dict(before.users)
        return
    wanted = {**before.users, NEW.user_id: NEW}
    assert dict(after.users) == wanted
    assert dict(open_store(path).load().users) == wanted
    with suppress(StoreError):
        undo(store, store.activity()[0].number)
        wanted = dict(before.users)
    assert dict(open_store(path).load().users) == wanted
    try:
        store.checkpoint()
    except StoreError as refusal:
        _is_sound(refusal)
    assert dict(open_store(path).load().users) == wanted


def _recovered(path: Path) -> None:
    target = path.parent.parent / "recovered" / NAME
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    before = _contents(path.parent)
    try:
        found = recovered(path, target)
    except StoreError as refusal:
        _is_sound(refusal)
        assert not target.exists()
    else:
        assert len(open_store(target).load().users) == found.users
        assert all(str(one) == visible(str(one)) for one in found.losses)
    assert _contents(path.parent) == before


def _checked(path: Path) -> State | None:
    """Try all that a store's files may be used for; the state, if they can be opened."""
    before = _contents(path.parent)
    looking = _opened(path, read_only=True)
    if looking is not None:
        _looked_at(looking)
    assert _contents(path.parent) == before
    _recovered(path)
    store = _opened(path)
    assert (store is None) == (looking is None)
    if store is None:
        assert _contents(path.parent) == before
        return None
    state = store.state
    _looked_at(store)
    _gone_on_with(path, state)
    return state


@TRIES
@given(st.lists(damages, min_size=1, max_size=3))
def test_a_damaged_journal_is_refused_or_gives_what_was_there_once(real, folder, changes):
    data = real.files[JOURNAL]
    for change in changes:
        data = change(data)
    state = _checked(real.put(folder, {JOURNAL: data}))
    if state is not None:
        # the journal leads on from the second checkpoint, after two transactions
        assert dict(state.users) in real.states[2:]


@TRIES
@example([Forgery(0.375, (9, 0, 0, 0), "set", None)])
@example([Forgery(0.5, (9, 0), "set", [[[[]]]])])
@example([Forgery(0.5, (0, 0, 0, 3), "set", 13_515_135_267_648_108)])
@example([Forgery(0.5, (0,), "set", float("inf"))])
@given(st.lists(forgeries | damages, min_size=1, max_size=2))
def test_a_journal_that_others_wrote_is_refused_or_can_be_gone_on_with(real, folder, changes):
    data = real.files[JOURNAL]
    for change in changes:
        data = change(data)
    _checked(real.put(folder, {JOURNAL: data}))


@TRIES
@example([(0, Forgery(0.0, (0,), "set", None)), (7, Forgery(0.375, (2,), "set", 2.0**64))])
@given(
    st.lists(st.tuples(st.integers(0, 20), forgeries | damages), min_size=1, max_size=2),
)
def test_any_files_of_a_store_are_refused_or_can_be_gone_on_with(real, folder, changes):
    names = sorted(real.files)
    changed: dict[str, bytes] = {}
    for number, change in changes:
        name = names[number % len(names)]
        changed[name] = change(changed.get(name, real.files[name]))
    _checked(real.put(folder, changed))


@TRIES
@given(st.binary(max_size=200), st.sampled_from(["", ".journal", ".lock", "~"]))
def test_any_bytes_in_place_of_a_file_of_the_store(real, folder, data, ending):
    _checked(real.put(folder, {NAME + ending: data}))
