"""Any bytes as the files of a store: an error with a sentence, or a usable store."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qm_tui.store import open_store
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Maintenance, StoreIssueSeverity, UserStore
from qm_tui.store.state import State
from qm_tui.text import sanitize
from qm_tui.users.fields import User
from tests.fuzz.store_files import (
    LOCK,
    NAME,
    Forgery,
    RealStore,
    forgeries,
    real_store,
    sealed,
)
from tests.fuzz.tries import Damage, damages_with
from tests.helpers import EDIT, undo, user, users_of

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
    assert sentence == sanitize(sentence), sentence


def _opened(path: Path, *, read_only: bool = False) -> UserStore | None:
    """Open a store; return None if it is rejected with a sentence."""
    store = open_store(path, wait=0, read_only=read_only)
    try:
        store.load()
    except StoreError as refusal:
        _is_sound(refusal)
        store.close()
        return None
    assert all(notice == sanitize(notice) for notice in store.notices)
    return store


def _contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.is_file()}


def _looked_at(store: UserStore) -> None:
    """Call all methods of a store that read."""
    with suppress(StoreError):
        entries = store.transactions()
        for one in entries[:12]:
            with suppress(StoreError):
                list(store.transaction_changes(one.number))
                list(store.changed_user_ids(one.number))
    for user_id in ("u-bo", "u-cy", *list(users_of(store.state))[:3]):
        with suppress(StoreError):
            list(store.user_history(user_id))
    store.history_removed_until()
    store.refresh()


@contextmanager
def _maintained(path: Path) -> Iterator[Maintenance]:
    with closing(open_store(path, wait=0, read_only=True)) as store:
        assert store.maintenance is not None
        yield store.maintenance


def _gone_on_with(path: Path, before: State) -> None:
    """Change a store; the other users stay unchanged."""
    with closing(open_store(path, wait=0)) as store:
        try:
            assert users_of(store.load()) == users_of(before)
            with store.transaction(EDIT) as transaction:
                after = transaction.commit({NEW.user_id: NEW})
        except StoreError as refusal:
            _is_sound(refusal)
            assert _users_in(path) == users_of(before)
            return
        wanted = {**users_of(before), NEW.user_id: NEW}
        assert users_of(after) == wanted
        assert _users_in(path) == wanted
        with suppress(StoreError):
            undo(store, store.transactions()[0].number)
            wanted = users_of(before)
        assert _users_in(path) == wanted
    assert _users_in(path) == wanted
    assert store.warning == sanitize(store.warning)


def _users_in(path: Path) -> dict[str, User]:
    with closing(open_store(path, read_only=True)) as store:
        return users_of(store.load())


def _recovered(path: Path) -> None:
    target = path.parent.parent / "recovered" / NAME
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    before = _contents(path.parent)
    try:
        with _maintained(path) as files:
            found = files.recover(target)
    except StoreError as refusal:
        _is_sound(refusal)
        assert not target.exists()
    else:
        assert len(_users_in(target)) == found.users
        assert all(one == sanitize(one, 10_000) for one in found.losses)
        with _maintained(target) as files:
            checked = files.check()
        assert [one for one in checked if one.severity is StoreIssueSeverity.DAMAGE] == []
    assert _contents(path.parent) == before


def _kept(path: Path) -> None:
    """Check the store, and back it up."""
    before = _contents(path.parent)
    with suppress(StoreError), _maintained(path) as files:
        assert all(one.message == sanitize(one.message, 10_000) for one in files.check())
    backup = path.parent.parent / "backup.tar"
    backup.unlink(missing_ok=True)
    try:
        with _maintained(path) as files:
            files.backup(backup)
    except StoreError as refusal:
        _is_sound(refusal)
        assert not backup.exists()
    assert _contents(path.parent) == before


def _checked(path: Path) -> tuple[State, bool] | None:
    """Run all operations on the files of a store.

    Returns:
        The state, and whether there are notices; None if the store was rejected.
    """
    before = _contents(path.parent)
    looking = _opened(path, read_only=True)
    if looking is not None:
        _looked_at(looking)
        looking.close()
    assert _contents(path.parent) == before
    _kept(path)
    _recovered(path)
    store = _opened(path)
    assert (store is None) == (looking is None)
    if store is None:
        assert _contents(path.parent) == before
        return None
    state, is_said = store.state, bool(store.notices)
    _looked_at(store)
    store.close()
    _gone_on_with(path, state)
    return state, is_said


def _changed(real: RealStore, changes: list[tuple[int, Damage | Forgery]]) -> dict[str, bytes]:
    """Return the files of a store with sealed forgeries, then with damage that is not sealed."""
    names, files = sorted(real.files), dict(real.files)
    for kind in (Forgery, Damage):
        for number, change in changes:
            if isinstance(change, kind):
                name = names[number % len(names)]
                files[name] = change(files[name])
        if kind is Forgery and files != real.files:
            files = sealed(real, files)
    return files


_FILES = st.integers(0, 20)
_JUNK = st.binary(max_size=6) | st.sampled_from([b"\n", b"\0" * 600, b"{}", b"}\n", b"\xff", b'"'])
_DAMAGES = damages_with(_JUNK)


def test_real_store_has_all_kinds_of_files(real, folder):
    assert len(real.logs) > 1
    assert real.logs[0] == "users.log"
    assert any(b'{"part":' in real.files[name] for name in real.logs)
    assert sealed(real, real.files) == real.files
    found = _checked(real.write(folder, {}))
    assert found is not None
    assert (users_of(found[0]), found[1]) == (real.states[-1], False)


@given(st.lists(st.tuples(_FILES, _DAMAGES), min_size=1, max_size=3))
def test_damaged_files_are_rejected_or_read_as_an_earlier_state(real, folder, changes):
    found = _checked(real.write(folder, _changed(real, changes)))
    if found is not None:
        state, is_said = found
        assert users_of(state) in real.states
        assert is_said or users_of(state) == real.states[-1]


@example([(2, Forgery(0.0, (0,), "set", "deep"))])
@example([(2, Forgery(0.0, (2,), "set", float("inf")))])
@example([(3, Forgery(0.5, (1, 0), "set", None))])
@example([(0, Forgery(0.25, (3,), "set", None))])
@example([(4, Forgery(0.0, (20,), "set", 2**53 + 1))])
@given(st.lists(st.tuples(_FILES, forgeries | _DAMAGES), min_size=1, max_size=2))
def test_forged_files_are_rejected_or_remain_usable(real, folder, changes):
    _checked(real.write(folder, _changed(real, changes)))


@example(b"\x1f\x8b", "")
@given(st.binary(max_size=200), st.sampled_from([NAME, "users.log", "users.log.000002", LOCK, ""]))
def test_any_bytes_as_a_file_of_the_store_or_as_the_only_file(real, folder, data, name):
    path = real.write(folder, {name or NAME: data})
    for other in () if name else real.files.keys() - {NAME}:
        (folder / other).unlink()
    _checked(path)


@given(st.lists(_DAMAGES, min_size=1, max_size=3))
def test_damaged_backup_is_rejected_or_recovered(real, folder, changes):
    path = real.write(folder, {})
    (folder.parent / "kept.tar").unlink(missing_ok=True)
    with _maintained(path) as files:
        files.backup(folder.parent / "kept.tar")
    data = (folder.parent / "kept.tar").read_bytes()
    for change in changes:
        data = change(data)
    shutil.rmtree(folder)
    folder.mkdir()
    path.with_name("store.tar").write_bytes(data)
    _recovered(path.with_name("store.tar"))
