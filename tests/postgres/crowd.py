"""Many programs on one store on a server: some change it, others follow, and all is verified.

`python -m tests.postgres.crowd write URL NUMBER CHANGES` makes the given number of changes: each is
one transaction, on users of its own or on users that all programs change.

`python -m tests.postgres.crowd follow URL FOLLOWERS` follows the store, several times at once. It
learns of users only from what the store says that has changed. When it reads the number of the last
transaction from its standard input, it compares what it knows with the store.
"""

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final, TypeVar

from qm_tui.store import open_store
from qm_tui.store.changes.bulk import BulkChange, by_ids, commit_bulk
from qm_tui.store.changes.edit import add_user, save_edit
from qm_tui.store.errors import StoreConflict
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.postgres.store import PostgresStore
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, undo, user, users_file, users_of
from tests.postgres.audit import problems_of
from tests.postgres.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[2]

KINDS: Final = 10
"""The kinds of changes; a program makes one after the other."""

_SHARED: Final = user("shared")
_COUNTER: Final = user("counter", extension="0")
_TWINS: Final = (user("one"), user("other"))
_OWN_FIELDS: Final = (
    *("first_name", "last_name", "agent_id", "department", "location", "recording_profile"),
    *("security_profile", "additional_extensions"),
)
"""The field of the shared user that each program changes."""

_LOOK: Final = 0.05
"""Seconds between two looks of a follower."""

T = TypeVar("T")


class Program:
    """A program that changes a store.

    Args:
        store: the store.
        number: which of the programs it is.
        folder: a folder for files to import.
    """

    def __init__(self, store: UserStore, number: int, folder: Path) -> None:
        self._store, self._number, self._folder = store, number, folder
        self.conflicts = self._last = 0

    def change(self, at: int) -> None:
        """Make a change, and again as long as it conflicts with those of others."""
        while True:
            try:
                self._change(at)
            except StoreConflict:
                self.conflicts += 1
            else:
                return

    def _change(self, at: int) -> None:
        store, text, tens = self._store, f"{self._number}-{at}", at // KINDS * KINDS
        imported = [f"p{self._number}n{tens}i{which}" for which in range(3)]
        match at % KINDS:
            case 0:
                add_user(store, user(f"p{self._number}n{at}", user_id=""))
            case 1:
                own = self._user(f"p{self._number}n{tens}")
                save_edit(store, own, own._replace(location=text))
            case 2:
                key = _OWN_FIELDS[self._number % len(_OWN_FIELDS)]
                shared = self._user(_SHARED.user_name)
                save_edit(store, shared, shared._replace(**{key: text}))
            case 3:  # what it writes depends on what it read
                with store.transaction(EDIT) as transaction:
                    one = transaction.state.users([_COUNTER.user_id])[0]
                    assert one is not None
                    more = one._replace(extension=str(int(one.extension) + 1))
                    transaction.commit({one.user_id: more})
            case 4:
                rows = [user(name, user_id="") for name in imported]
                file = users_file(self._folder, *rows, name=f"{self._number}.csv")
                assert import_users(ImportRequest(file), store).committed
            case 5:
                self._bulk(TransactionKind.SET, *imported, location=text)
            case 6:
                undo(store, self._last)
            case 7:
                self._bulk(TransactionKind.SET, *(one.user_name for one in _TWINS), location=text)
            case 8:
                self._bulk(TransactionKind.DELETE, imported[0])
            case _:
                undo(store, self._last)
        self._last = store.state.number

    def _user(self, name: str) -> User:
        (owner,) = self._store.state.owners([name])
        found = self._store.state.user(str(owner))
        assert found is not None
        return found

    def _bulk(self, kind: TransactionKind, *names: str, **values: str) -> None:
        user_ids = [self._user(name).user_id for name in names]
        commit_bulk(self._store, BulkChange(Action(kind), by_ids(user_ids), values or None))


def _write(url: str, number: int, changes: int) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(open_store(url, wait=PATIENCE)) as store:
        store.load()
        program = Program(store, number, Path(folder))
        for at in range(changes):
            program.change(at)
        assert not store.warning, store.warning
    print(program.conflicts, flush=True)  # noqa: T201 - the other process reads it


def _follow(url: str, ends: Event, end: list[int]) -> tuple[int, dict[str, User]]:
    """Follow a store until a transaction; return the looks, and all users that were seen."""
    with closing(open_store(url)) as store:
        assert isinstance(store, PostgresStore)
        begin, looks = store.state, 0
        known: dict[str, User] = {}
        store.load()
        while True:
            looks += 1
            state = store.state
            changed = store.changes_since(begin)
            for user_id in changed.deleted:
                known.pop(user_id, None)
            user_ids = sorted(changed.added | changed.changed)
            for user_id, found in zip(user_ids, state.users(user_ids), strict=True):
                if found is None:
                    known.pop(user_id, None)  # it was deleted since
                else:
                    known[user_id] = found
            twins = state.users([one.user_id for one in _TWINS])
            # nodes of Citus do not show a transaction in the same moment
            is_whole = len({one and one.location for one in twins}) == 1
            assert is_whole or store._server.rights.is_distributed, twins
            begin = state
            until = time.monotonic() + PATIENCE
            while not store.has_external_changes():
                if ends.is_set() and state.number == end[0]:
                    return looks, known
                assert not ends.is_set() or time.monotonic() < until, "changes were not noticed"
                time.sleep(_LOOK)
            store.refresh()


def _follow_many(url: str, followers: int) -> None:
    ends, end = Event(), list[int]()
    with ThreadPoolExecutor(followers) as pool:
        runs = [pool.submit(_follow, url, ends, end) for _ in range(followers)]
        print("ready", flush=True)  # noqa: T201 - the other process reads it
        end.append(int(sys.stdin.readline()))
        ends.set()
    with closing(open_store(url)) as store:
        users = users_of(store.load())
    for run in runs:
        looks, known = run.result()
        differences = [
            (known.get(key), users.get(key))
            for key in known.keys() | users.keys()
            if known.get(key) != users.get(key)
        ]
        assert not differences, differences[:3]
        print(looks, flush=True)  # noqa: T201 - the other process reads it


@dataclass
class Crowd:
    """What became of a store that many used at once.

    Attributes:
        changes: how many were acknowledged.
        looks: how often the followers looked.
        conflicts: how often a change was made again by hand.
        errors: what was not as it must be.
    """

    changes: int = 0
    looks: list[int] = field(default_factory=list)
    conflicts: int = 0
    errors: list[str] = field(default_factory=list)


def crowd(url: str, programs: int, each: int, followers: int) -> Crowd:
    """Let many programs change one store at once, and others follow it.

    Args:
        url: an empty store.
        programs: how many programs.
        each: how many changes each of them makes; a multiple of `KINDS`.
        followers: how many follow.
    """
    done = Crowd()
    with closing(open_store(url)) as store:
        store.load()
        with store.transaction(EDIT) as transaction:
            given = (_SHARED, _COUNTER, *_TWINS)
            transaction.commit({one.user_id: one for one in given})
        looking = started("crowd", "follow", url, followers)
        assert looking.stdout is not None
        assert looking.stdout.readline() == "ready\n"
        writing = [started("crowd", "write", url, number, each) for number in range(programs)]
        for program in writing:
            said, errors = program.communicate(timeout=each * 10)
            done.errors += [errors] if program.returncode else []
            done.changes += each * (not program.returncode)
            done.conflicts += int(said or 0)
        store.refresh()
        said, errors = looking.communicate(f"{store.state.number}\n", timeout=10 * PATIENCE)
        done.errors += [errors] if looking.returncode else []
        done.looks = list(map(int, said.split()))
        if not done.errors:
            done.errors += _missing_changes(store, programs, each) + problems_of(url)
    return done


def started(module: str, *arguments: object) -> "subprocess.Popen[str]":
    """Start a program of the tests, with its streams as pipes."""
    command = [sys.executable, "-m", f"tests.postgres.{module}", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _missing_changes(store: UserStore, programs: int, each: int) -> list[str]:
    users = {one.user_name: one for one in users_of(store.state).values()}
    bad, tens = [], range(0, each, KINDS)
    names = {one.user_name for one in (_SHARED, _COUNTER, *_TWINS)}
    for number in range(programs):
        own = [f"p{number}n{at}" for at in tens]
        names |= {*own, *(f"{name}i{which}" for name in own for which in range(3))}
    if users.keys() != names:
        bad.append(f"these users are missing, or were never added: {users.keys() ^ names}")
        return bad
    for number in range(programs):
        for at in tens:
            one = users[f"p{number}n{at}"]
            bad += [] if one.location == f"{number}-{at + 1}" else [f"an edit of {one}"]
            for which in range(3):
                one = users[f"p{number}n{at}i{which}"]
                bad += [] if one.location == user().location else [f"an undo of {one}"]
        shared = getattr(users[_SHARED.user_name], _OWN_FIELDS[number % len(_OWN_FIELDS)])
        bad += [] if shared == f"{number}-{tens[-1] + 2}" else [f"an edit of {shared}"]
    if users[_COUNTER.user_name].extension != str(programs * len(tens)):
        bad.append(f"the counter says {users[_COUNTER.user_name].extension}")
    kinds = Counter(one.kind for one in store.transactions())
    if store.state.number != 1 + programs * each:
        bad.append(f"there are {store.state.number} transactions: {kinds}")
    return bad


if __name__ == "__main__":
    what, place, *numbers = sys.argv[1:]
    run: Callable[..., None] = _write if what == "write" else _follow_many
    run(place, *map(int, numbers))
