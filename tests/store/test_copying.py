"""Copying a whole store to another one, whatever engines they have."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from qm_tui.progress import Cancelled, Phase
from qm_tui.store import IN_MEMORY, copying, open_store
from qm_tui.store.copying import CopyReport, copy_store, digest_of
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind, UserChange, UserStore
from qm_tui.store.tinydb.table import UsersDB
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import Query
from tests.helpers import ANNA, IMPORT, undo, user, users_of, write_unchecked
from tests.postgres.proxy import Proxy, When
from tests.store.kinds import commit, eventually

BO, CY, DI = user("bo"), user("cy"), user("di")

PAIRS = ("file file", "file server", "server file", "server server")


class Stores(NamedTuple):
    """Makes new stores.

    Attributes:
        new: returns the location of a new store: of files, or on a server.
        opened: returns the store at a location.
    """

    new: Callable[[str], str]
    opened: Callable[..., UserStore]

    def copied(self, source: UserStore, kind: str) -> UserStore:
        """Return a new store of a kind with all that another one holds."""
        target = self.opened(self.new(kind))
        report = copy_store(source, target)
        assert report.losses == ()
        assert report.newer == 0
        target.load()
        return target


@pytest.fixture
def stores(tmp_path, request) -> Iterator[Stores]:
    with ExitStack() as stack:
        numbers = iter(range(1000))

        def new(kind: str) -> str:
            if kind == "file":
                return str(tmp_path / f"store{next(numbers)}" / "users.json")
            server = request.getfixturevalue("postgres_server")
            template = request.getfixturevalue("postgres_template")
            return str(server.url(stack.enter_context(server.database(template))))

        def opened(location: str, retention: RetentionPolicy | None = None) -> UserStore:
            store = open_store(location, wait=0, retention=retention)
            stack.callback(store.close)
            return store

        yield Stores(new, opened)


@pytest.fixture(
    params=[
        pytest.param(pair, marks=pytest.mark.postgres if "server" in pair else ()) for pair in PAIRS
    ]
)
def pair(request) -> list[str]:
    """The kinds of both stores."""
    return str(request.param).split()


def changed_in_many_ways(store: UserStore) -> None:
    """Change a store in every way that a transaction can."""
    store.load()
    commit(store, ANNA, BO, CY)
    with store.import_in_progress("sales.csv") as token:
        action = Action(TransactionKind.IMPORT, "sales.csv", "1 KB", "9f86d081", token)
        renamed = BO._replace(location="Rome", password="ENC-new", salt="", user_name="bö")
        commit(store, renamed, DI, delete=(CY.user_id,), action=action)
    commit(store, CY._replace(location="Zürich"), action=Action(TransactionKind.SCRIPT, 'a "b"\n'))
    commit(store, delete=(ANNA.user_id,), action=Action(TransactionKind.DELETE))
    undo(store, 4)
    many = [user(f"n{number}") for number in range(600)]
    commit(store, *many, action=IMPORT)
    commit(store, *(one._replace(location="Bern") for one in many[:550]))


def all_changes(store: UserStore) -> dict[int, list[UserChange]]:
    """Return the changes of all transactions whose changes are available."""
    return {
        one.number: list(store.transaction_changes(one.number))
        for one in store.transactions()
        if one.is_available
    }


def all_answers(store: UserStore) -> object:
    """Return what a store says of its users and transactions."""
    state = store.state
    filters = ("import:2", "import:6 location:bern", "valid:no", "changed:2020-01-01..2099-01-01")
    changes = all_changes(store)
    history = {
        user_id: list(store.user_history(user_id))
        for user_id in (ANNA.user_id, BO.user_id, CY.user_id, DI.user_id, "u-n5", "u-unknown")
    }
    found = [list(state.ids(Query(parse_filter(text)))) for text in filters]
    return (
        *(list(users_of(state).values()), state.number, state.total, store.transactions()),
        *(changes, history, found, store.history_removed_until()),
    )


def test_copy_gives_the_same_answers(stores, pair):
    first, second = pair
    source = stores.opened(stores.new(first))
    changed_in_many_ways(source)
    target = stores.copied(source, second)
    assert all_answers(target) == all_answers(source)
    assert all_answers(stores.copied(target, first)) == all_answers(source)


def test_copy_is_changed_and_undone_like_the_original(stores, pair):
    first, second = pair
    source = stores.opened(stores.new(first))
    changed_in_many_ways(source)
    target = stores.copied(source, second)
    last = source.state.number
    for store in (source, target):
        undo(store, last)
        undo(store, 2)
        commit(store, user("zoe"), CY._replace(user_name="cyan"))
        assert store.state.number == last + 3
    assert users_of(target.state) == users_of(source.state)
    assert list(users_of(target.state))[-1] == "u-zoe"
    again = stores.opened(target.location)
    again.load()
    assert users_of(again.state) == users_of(target.state)


def test_empty_store_is_copied(stores, pair):
    first, second = pair
    source = stores.opened(stores.new(first))
    if source.maintenance is not None:
        source.maintenance.create()
    target = stores.copied(source, second)
    assert (target.state.number, target.state.total) == (0, 0)
    commit(target, ANNA)
    assert target.state.number == 1


def test_unknown_members_are_copied(stores, pair, tmp_path):
    first, second = pair
    members = {"b": {"y": 1.5, "x": [1, 10**18, None, "Zoë\n", 1e22]}, "a": True, "empty": {}}
    path = tmp_path / "plain" / "users.json"
    path.parent.mkdir()
    documents = {"3": ANNA._asdict() | members, "9": BO._asdict()}
    path.write_text(json.dumps({"users": documents}))
    plain = stores.opened(str(path))
    source = stores.copied(plain, first)
    assert source.state.number == 0
    commit(source, ANNA._replace(location="Rome"))
    target = stores.opened(stores.copied(stores.copied(source, second), "file").location)
    target.close()
    with UsersDB(target.location) as db:
        documents = {one["user_id"]: one for one in db.all()}
    assert documents[ANNA.user_id] == ANNA._asdict() | members | {"location": "Rome"}
    assert documents[BO.user_id] == BO._asdict()


def test_files_keep_document_ids_and_tables_of_other_programs(stores, tmp_path):
    path = tmp_path / "plain.json"
    tables = {"users": {"7": ANNA._asdict(), "3": BO._asdict()}, "other": {"1": {"z": 1}}}
    path.write_text(json.dumps(tables))
    source = stores.opened(str(path))
    commit(source, CY, ANNA._replace(location="Rome"))
    commit(source, delete=(BO.user_id,))
    target = stores.copied(source, "file")
    target.close()
    found = json.loads(Path(target.location).read_text())
    assert {number: one["user_id"] for number, one in found["users"].items()} == {
        "7": ANNA.user_id,
        "10" if "10" in found["users"] else "8": CY.user_id,
    }
    assert found["other"] == tables["other"]


@pytest.mark.postgres
def test_tables_of_other_programs_are_reported_if_they_are_not_copied(stores, tmp_path):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({"users": {"1": ANNA._asdict()}, "a": {"1": {}}, "b": {}}))
    report = copy_store(stores.opened(str(path)), stores.opened(stores.new("server")))
    assert report.losses == ("Tables of other programs were not copied: a and b.",)


def test_copied_files_are_intact_and_lead_to_all_users(stores, pair):
    source = stores.opened(stores.new(pair[0]))
    changed_in_many_ways(source)
    target = stores.copied(source, "file")
    assert target.maintenance is not None
    assert list(target.maintenance.check()) == []
    target.close()
    Path(target.location).unlink()
    again = stores.opened(target.location)
    again.load()
    assert users_of(again.state) == users_of(source.state)
    assert again.transactions() == source.transactions()


def test_long_history_is_copied_to_several_segments(stores):
    source = stores.opened(stores.new("file"))
    changed_in_many_ways(source)
    small = RetentionPolicy(segment_bytes=1000, segment_ratio=0)
    target = stores.opened(stores.new("file"), small)
    copy_store(source, target)
    assert len(list(Path(target.location).parent.glob("users.log*"))) > 3
    assert target.maintenance is not None
    assert list(target.maintenance.check()) == []
    assert all_answers(target) == all_answers(source)


def test_transactions_without_changes_are_copied_as_such(stores, pair):
    tiny = RetentionPolicy(days=0, bytes=0, segment_bytes=1, segment_ratio=0)
    source = stores.opened(stores.new("file"), tiny)
    commit(source, ANNA, BO)
    commit(source, ANNA._replace(location="Rome"), action=IMPORT)
    commit(source, CY)
    source.close()
    source.load()
    assert [one.is_available for one in source.transactions()] == [True, False, False]
    between = stores.copied(source, pair[0])
    target = stores.copied(between, pair[1])
    assert target.transactions() == source.transactions()
    assert target.history_removed_until() == source.history_removed_until() is not None
    assert list(target.user_history(ANNA.user_id)) == []
    for number in (1, 2):
        with pytest.raises(StoreError, match="no longer available"):
            list(target.transaction_changes(number))
    undo(target, 3)


def damaged(stores: Stores) -> UserStore:
    """Return a store of five transactions, of which the third cannot be read."""
    source = stores.opened(stores.new("file"))
    for one in (ANNA, BO, CY, DI):
        commit(source, one)
    commit(source, ANNA._replace(location="Rome"))
    source.close()
    log = Path(source.location).with_name("users.log")
    log.write_bytes(log.read_bytes().replace(b'"number":3', b'"number":X'))
    source.load()
    return source


@pytest.mark.postgres
def test_unreadable_transaction_is_copied_as_such(stores):
    source = damaged(stores)
    target = stores.copied(source, "server")
    assert target.transactions() == source.transactions()
    assert [one.number for one in target.transactions() if not one.is_available] == [3]
    assert all_changes(target) == all_changes(source)


def test_changes_before_an_unreadable_transaction_are_not_copied_to_files(stores):
    source, target = damaged(stores), stores.opened(stores.new("file"))
    report = copy_store(source, target)
    assert report.losses == (
        "The changes of 2 transactions before transaction 4 were not copied: those of transaction "
        "3 are not available.",
    )
    assert target.maintenance is not None
    assert list(target.maintenance.check()) == []
    assert [one.is_available for one in target.transactions()] == [True, True, False, False, False]
    assert users_of(target.state) == users_of(source.state)
    undo(target, 5)


# Refusals


def untouched(store: UserStore, location: str, stores: Stores) -> None:
    """Check that a store holds nothing, and is still new."""
    if store.maintenance is not None:
        assert not store.maintenance.files()
        assert not [one for one in Path(location).parent.glob(".*") if one.is_file()]
    source = stores.opened(stores.new("file"))
    commit(source, ANNA)
    copy_store(source, stores.opened(location))


def test_store_that_is_not_new_is_not_changed(stores, pair):
    first, second = pair
    source, target = stores.opened(stores.new(first)), stores.opened(stores.new(second))
    source.load()
    commit(source, ANNA)
    target.load()
    commit(target, BO)
    commit(target, delete=(BO.user_id,))
    before = target.transactions()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"already .*Nothing was (copied|written)\."):
            copy_store(source, target)
    target.refresh()
    assert (target.state.number, target.state.total) == (2, 0)
    assert target.transactions() == before


def test_store_in_memory_cannot_be_copied(stores):
    with pytest.raises(StoreError, match="cannot be copied"):
        copy_store(open_store(IN_MEMORY), stores.opened(stores.new("file")))


@pytest.mark.postgres
def test_users_with_one_name_are_named_and_not_copied_to_a_server(stores, tmp_path):
    path = tmp_path / "plain.json"
    users = [ANNA, BO._replace(user_name="ANNA"), CY, DI._replace(user_name="anna")]
    path.write_text(json.dumps({"users": {str(at): one._asdict() for at, one in enumerate(users)}}))
    source, location = stores.opened(str(path)), stores.new("server")
    target = stores.opened(location)
    with pytest.raises(StoreError) as caught:
        copy_store(source, target)
    assert "'anna' (u2222222222a, u-bo and u-di)" in str(caught.value)
    assert "Nothing was copied." in str(caught.value)
    untouched(target, location, stores)
    copied = stores.copied(source, "file")
    assert users_of(copied.state) == users_of(source.state)
    assert copied.state.users_without_own_name() == source.state.users_without_own_name()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("one", "members", "why"),
    [
        (BO._replace(location="a\0b"), {}, "contains a NUL character"),
        (BO, {"x": "\0"}, "contains a NUL character"),
        (BO._replace(location="\ud800"), {}, "not valid Unicode"),
        (BO, {"x": "\ud800"}, "not valid Unicode"),
        (BO._replace(user_name="é" * 1001), {}, "User Name is too long"),
        (BO._replace(user_id="u" * 2001), {}, "User ID is too long"),
    ],
)
def test_users_that_a_server_cannot_hold_are_named(stores, tmp_path, one, members, why):
    path = tmp_path / "plain.json"
    path.write_text(json.dumps({"users": {"1": ANNA._asdict(), "2": one._asdict() | members}}))
    source, location = stores.opened(str(path)), stores.new("server")
    target = stores.opened(location)
    with pytest.raises(StoreError) as caught:
        copy_store(source, target)
    assert f"{one.user_id[:50]}" in str(caught.value)
    assert why in str(caught.value)
    untouched(target, location, stores)
    assert users_of(stores.copied(source, "file").state) == users_of(source.state)


@pytest.mark.postgres
@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_history_that_a_server_cannot_hold_is_an_error(stores, text):
    source, location = stores.opened(stores.new("file")), stores.new("server")
    source.load()
    write_unchecked(source, {ANNA.user_id: ANNA._replace(location=text)})
    write_unchecked(source, {ANNA.user_id: ANNA})
    target = stores.opened(location)
    with pytest.raises(StoreError, match=r"Nothing was (copied|changed)\."):
        copy_store(source, target)
    untouched(target, location, stores)


@pytest.mark.postgres
@pytest.mark.parametrize("extra", ['{"location": "Rome"}', "[1]", "[" * 60 + "]" * 60])
def test_members_that_no_document_can_have_are_an_error(stores, extra):
    source, target = stores.opened(stores.new("server")), stores.opened(stores.new("file"))
    source.load()
    commit(source, ANNA)
    with psycopg.connect(source.location) as connection:
        connection.execute(
            "UPDATE qm_tui.users SET extra = %s",
            (json.dumps({"x": json.loads(extra)}) if extra.startswith("[[") else extra,),
        )
    with pytest.raises(StoreError, match=r"Nothing was copied\."):
        copy_store(source, target)
    untouched(target, target.location, stores)
    stores.copied(source, "server")


@pytest.mark.postgres
def test_order_of_users_that_were_added_at_the_same_time_is_copied(stores):
    source = stores.opened(stores.new("server"))
    source.load()
    for one in (ANNA, BO, CY):
        commit(source, one)
    with psycopg.connect(source.location) as connection:
        # as if the second transaction had begun before the first one
        connection.execute("UPDATE qm_tui.users SET seq = 1 WHERE user_id = %s", (BO.user_id,))
    for kind in ("file", "server"):
        target = stores.copied(source, kind)
        assert list(users_of(target.state)) == [BO.user_id, ANNA.user_id, CY.user_id]


@pytest.mark.postgres
def test_history_that_does_not_fit_the_users_is_an_error_for_files(stores):
    source = stores.opened(stores.new("server"))
    source.load()
    commit(source, ANNA, BO)
    commit(source, ANNA._replace(location="Rome"))
    with psycopg.connect(source.location) as connection:
        connection.execute("UPDATE qm_tui.users SET location = 'Oz'")
    target = stores.opened(stores.new("file"))
    with pytest.raises(StoreError, match="do not lead to its users"):
        copy_store(source, target)
    untouched(target, target.location, stores)
    assert users_of(stores.copied(source, "server").state)[BO.user_id].location == "Oz"


# Cancel, kill, and others who write


def canceled_at(call: int) -> Callable[[Phase, int, int], None]:
    """Return a progress that cancels the copy after so many calls."""
    calls = iter(range(call))

    def progress(phase: Phase, _done: int, _total: int) -> None:
        if phase is not Phase.COMPARING and next(calls, None) is None:
            raise Cancelled

    return progress


@pytest.mark.parametrize("call", [0, 1, 4])
def test_canceled_copy_leaves_the_store_new(stores, pair, call):
    first, second = pair
    source, location = stores.opened(stores.new(first)), stores.new(second)
    source.load()
    commit(source, *(user(f"n{number}") for number in range(1500)))
    target = stores.opened(location)
    with pytest.raises(Cancelled):
        copy_store(source, target, canceled_at(call))
    untouched(target, location, stores)


def test_cancel_of_the_comparison_says_that_all_was_copied(stores, pair):
    first, second = pair
    source, target = stores.opened(stores.new(first)), stores.opened(stores.new(second))
    source.load()
    commit(source, ANNA)

    def progress(phase: Phase, _done: int, _total: int) -> None:
        if phase is Phase.COMPARING:
            raise Cancelled

    with pytest.raises(StoreError, match=r"All was copied to .*comparison failed: canceled"):
        copy_store(source, target, progress)
    target.load()
    assert list(users_of(target.state).values()) == [ANNA]


_COPY = """
import os, signal, sys
from qm_tui.store import open_store
from qm_tui.store.copying import copy_store

calls = iter(range(int(sys.argv[3])))

def progress(*_):
    if next(calls, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)

copy_store(open_store(sys.argv[1]), open_store(sys.argv[2]), progress)
"""


@pytest.mark.parametrize("call", [2, 6])
def test_killed_copy_is_repeated(stores, pair, call):
    first, second = pair
    source, location = stores.opened(stores.new(first)), stores.new(second)
    source.load()
    commit(source, *(user(f"n{number}") for number in range(1500)))
    source.close()
    place = source.location
    done = subprocess.run(
        [sys.executable, "-c", _COPY, place, location, str(call)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    target = stores.opened(location)
    if second == "file":
        with suppress(StoreError):
            target.load()
    else:
        target.load()
    assert target.state.total == 0
    target.close()
    copy_store(source, stores.opened(location))


@pytest.mark.postgres
@pytest.mark.parametrize("when", When)
def test_lost_connection_at_the_commit_is_reported_as_unknown(stores, postgres_server, when):
    source, location = stores.opened(stores.new("file")), stores.new("server")
    commit(source, ANNA)
    name = str(conninfo_to_dict(location)["dbname"])
    with Proxy(postgres_server) as proxy:
        target = stores.opened(proxy.url(name))
        trap = proxy.drop_at(b"COMMIT", when)
        with pytest.raises(CommitOutcomeUnknown, match="may not have been saved"):
            copy_store(source, target)
        assert trap.sprung.wait(10)
    written = stores.opened(location)
    assert eventually(lambda: written.load().total == (when is When.AFTER))


def test_one_state_is_copied_although_others_write(stores, pair):
    first, second = pair
    source, target = stores.opened(stores.new(first)), stores.opened(stores.new(second))
    source.load()
    commit(source, ANNA, BO)
    other = stores.opened(source.location)
    other.load()
    written: list[int] = []

    def progress(_phase: Phase, _done: int, total: int) -> None:
        if total == 1:
            return  # nothing was read yet
        written.append(len(written))
        changed = ANNA._replace(location=f"L{written[-1]}")
        gone = () if written[:-1] else (BO.user_id,)
        commit(other, changed, user(f"n{written[-1]}"), delete=gone)

    report = copy_store(source, target, progress)
    assert (report.number, report.users, report.newer) == (1, 2, len(written))
    assert report.newer > 2
    target.load()
    assert list(users_of(target.state).values()) == [ANNA, BO]


# The digest


def test_digest_is_that_of_the_report(stores, pair):
    first, second = pair
    source, target = stores.opened(stores.new(first)), stores.opened(stores.new(second))
    changed_in_many_ways(source)
    report = copy_store(source, target)
    assert report == CopyReport(604, 7, (), digest(source), 0)
    assert digest(target) == report.digest


def digest(store: UserStore) -> str:
    assert store.copier is not None
    with store.copier.contents() as contents:
        return digest_of(contents)


def test_digest_differs_if_anything_does(stores):
    def made(*users: User, action: Action = IMPORT, delete: str = "") -> str:
        store = stores.opened(stores.new("file"))
        store.load()
        commit(store, *users, action=action)
        if delete:
            commit(store, delete=(delete,))
        return digest(store)

    found = [
        made(ANNA),
        made(ANNA, BO),
        made(BO, ANNA),
        made(ANNA, BO._replace(salt="x")),
        made(ANNA, BO, action=Action(TransactionKind.SET)),
        made(ANNA, BO, delete=BO.user_id),
    ]
    assert len(set(found)) == len(found)


def test_different_copy_is_an_error(stores, pair, monkeypatch):
    first, second = pair
    source, target = stores.opened(stores.new(first)), stores.opened(stores.new(second))
    source.load()
    commit(source, ANNA)
    digests = iter("ab")
    monkeypatch.setattr(copying, "digest_of", lambda *_: next(digests))
    with pytest.raises(StoreError, match=r"differs from the original.*Do not use it\."):
        copy_store(source, target)


# Any users and changes

NAMES = st.sampled_from(["anna", "bo", "cy", "di"])
STEPS = st.lists(
    st.dictionaries(
        NAMES, st.none() | st.sampled_from(["", "Oslo", "Zürich", "\U0001f600 'x"]), min_size=1
    ),
    max_size=8,
)


@given(steps=STEPS)
def test_any_changes_are_copied_to_files(tmp_path_factory, steps):
    _copied_through(tmp_path_factory.mktemp("any"), steps, [])


def _copied_through(folder: Path, steps: list[dict[str, str | None]], urls: list[str]) -> None:
    with ExitStack() as stack:
        numbers = iter(range(10))

        def opened(location: str = "") -> UserStore:
            path = folder / f"s{next(numbers)}" / "users.json"
            store = open_store(location or path, wait=0)
            stack.callback(store.close)
            return store

        source = opened()
        source.load()
        for step in steps:
            stored = users_of(source.state)
            users = {user(name).user_id: (user(name), place) for name, place in step.items()}
            changes = {
                user_id: None if place is None else one._replace(location=place, salt=place)
                for user_id, (one, place) in users.items()
                if place is not None or user_id in stored
            }
            write_unchecked(source, changes)
        for target in (opened(urls[0]) if urls else opened(), opened()):
            copy_store(source, target)
            target.load()
            assert list(users_of(target.state).values()) == list(users_of(source.state).values())
            assert target.transactions() == source.transactions()
            for one in target.transactions():
                changes_of = [list(s.transaction_changes(one.number)) for s in (source, target)]
                assert changes_of[0] == changes_of[1]
            if target.maintenance is not None:
                assert list(target.maintenance.check()) == []
            source = target


@pytest.mark.postgres
@given(steps=STEPS)
def test_any_changes_are_copied_through_a_server(
    tmp_path_factory, postgres_server, postgres_template, steps
):
    with postgres_server.database(postgres_template) as name:
        _copied_through(tmp_path_factory.mktemp("any"), steps, [postgres_server.url(name)])
