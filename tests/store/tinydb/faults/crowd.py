"""Many programs on one store: some change it, others read it, and every change is verified.

`python -m tests.store.tinydb.faults.crowd write STORE NUMBER CHANGES` makes the given number of
changes: edits and imports, and between them some that are withdrawn, canceled or fail to sync.
Every other writer keeps segments small, and one of four removes old ones.

`python -m tests.store.tinydb.faults.crowd look STORE` reads the store until its standard input is
closed, and reports what no program may see.
"""

import errno
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from threading import current_thread, main_thread
from typing import Any, Final

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import RetentionPolicy, UserStore
from qm_tui.store.tinydb import open_tinydb_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, HEADER, csv_text, user, users_of, write_file
from tests.store.tinydb.damage import damage_in, missing_changes
from tests.store.tinydb.faults.failing_calls import plain_users
from tests.store.tinydb.faults.os_calls import hooked

ROOT: Final = Path(__file__).parents[4]

TWINS: Final = (user("one", location="0"), user("other", location="0"))
"""Two users that every transaction makes equal."""

NEVER: Final = "withdrawn"
"""The location of the twins in transactions that are withdrawn."""

_LONG_SYNC: Final = 0.01
"""Seconds for which what is about to be withdrawn stands in the log."""

SEGMENTS: Final = RetentionPolicy(segment_bytes=60_000, segment_ratio=0)
RETENTIONS: Final = (
    *(RetentionPolicy(), SEGMENTS, RetentionPolicy()),
    RetentionPolicy(bytes=1_000_000, segment_bytes=60_000, segment_ratio=0),
)
"""How the writers keep changes."""


def _change(store: UserStore, *users: User, withdraw: Any = None) -> None:
    """Add users, or move the twins; then perhaps withdraw it."""
    with store.transaction(EDIT) as transaction:
        transaction.commit({one.user_id: one for one in users}, *([withdraw] if withdraw else []))


def _twins(store: UserStore, location: str) -> list[User]:
    return [users_of(store.state)[one.user_id]._replace(location=location) for one in TWINS]


def _write(path: Path, number: int, changes: int) -> None:
    chance = random.Random(number)  # noqa: S311 - what happens, not secrets
    store = open_tinydb_store(path, wait=120, retention=RETENTIONS[number % len(RETENTIONS)])
    store.load()
    for at in range(changes):
        if at % 10 == 5:
            _withdraw(store, is_late=chance.random() < 0.5, syncs=chance.random() < 0.5)
        match at % 5:
            case 0 | 1:
                _change(store, user(f"p{number}n{at}"))
            case 2:
                _change(store, *_twins(store, f"{number}-{at}"))
            case 3:
                rows = [user(f"p{number}n{at}i{which}", user_id="") for which in range(3)]
                file = write_file(path.parents[1], csv_text([HEADER, *rows]), f"{number}.csv")
                assert import_users(ImportRequest(file), store).committed
            case _:  # read and write what all others read and write, too
                with store.transaction(EDIT) as transaction:
                    one = users_of(transaction.state)["u-counter"]
                    more = str(int(one.extension) + 1)
                    transaction.commit({one.user_id: one._replace(extension=more)})
    store.close()
    assert not store.warning, store.warning


def _withdraw(store: UserStore, *, is_late: bool, syncs: bool) -> None:
    """Begin a transaction in parts that does not come about."""
    withdrawn = [*(user(f"never{number}") for number in range(700)), *_twins(store, NEVER)]

    def cancel(_phase: Phase, done: int, total: int) -> None:
        if syncs and (done >= total or not is_late):
            time.sleep(_LONG_SYNC)
            raise Cancelled

    def fail(_name: str, real: Any, arguments: Any, _named: Any) -> None:
        nonlocal syncs
        end = os.pread(arguments[0], 4096, max(0, os.fstat(arguments[0]).st_size - 4096))
        is_its_own = current_thread() is main_thread()  # the snapshot's thread syncs the log, too
        if syncs or not is_its_own or NEVER.encode() not in end.rstrip(b"\n").rpartition(b"\n")[2]:
            real(*arguments)
            return
        syncs = True  # when it is taken back
        time.sleep(_LONG_SYNC)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with suppress(Cancelled, StoreError), hooked(fail, ["fdatasync"]):
        _change(store, *withdrawn[0 if syncs else -2 :], withdraw=cancel)
        raise AssertionError("it was not withdrawn")


def _look_on(path: Path) -> None:
    """Look on, now following and now opening anew, and say what must not be seen."""
    store, looks, generation = open_tinydb_store(path, wait=120), 0, 0
    store.load()
    print("ready", flush=True)  # noqa: T201 - the other process reads it
    while not select([sys.stdin], [], [], 0.002)[0]:
        if looks % 20 == 19:
            store = open_tinydb_store(path, wait=120)
            store.load()
        else:
            before = store.state
            store.refresh()
            if store.state.version == before.version:
                continue
        looks += 1
        state = store.state
        seen = {users_of(state)[one.user_id].location for one in TWINS}
        assert len(seen) == 1, seen
        assert NEVER not in seen
        assert state.user("u-never0") is None
        assert state.number >= generation
        assert not store.notices
        generation = state.number
    print(looks, flush=True)  # noqa: T201 - the other process reads it


@dataclass
class Crowd:
    """What became of a store that many used at once.

    Attributes:
        changes: how many were acknowledged.
        looks: how often others looked.
        errors: what was not as it must be.
    """

    changes: int = 0
    looks: int = 0
    errors: list[str] = field(default_factory=list)


def crowd(folder: Path, processes: int, each: int) -> Crowd:
    """Let many programs change one store at once.

    Args:
        folder: an empty folder.
        processes: how many programs.
        each: how many changes each of them makes; a multiple of 5.
    """
    path, done = folder / "store" / "users.json", Crowd()
    _change(open_tinydb_store(path), *TWINS, user("counter", extension="0"))
    readers = [_started("look", path) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    writers = [_started("write", path, number, each) for number in range(processes)]
    for program in (*writers, *readers):  # the readers end when their input does
        said, errors = program.communicate(timeout=600)
        done.looks += int(said or 0)
        done.errors += [errors] if program.returncode else []
        done.changes += each * (program in writers and not program.returncode)
    done.errors += _missing_changes(path, processes, each)
    return done


def _started(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.store.tinydb.faults.crowd", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def _missing_changes(path: Path, processes: int, each: int) -> list[str]:
    readable = plain_users(path)
    store = open_tinydb_store(path)
    users, bad = list(users_of(store.load()).values()), []
    names = {one.user_name for one in TWINS} | {"counter"}
    for number in range(processes):
        names |= {f"p{number}n{at}" for at in range(each) if at % 5 < 2}
        names |= {f"p{number}n{at}i{which}" for at in range(3, each, 5) for which in range(3)}
    if {one.user_name for one in users} != names or len(users) != len(names):
        bad.append("users are missing, or were never added")
    if users_of(store.state)["u-counter"].extension != str(processes * (each // 5)):
        bad.append(f"the counter says {users_of(store.state)['u-counter'].extension}")
    if store.state.number != 1 + processes * each:
        bad.append("transactions are missing")
    if readable != users:
        bad.append("plain TinyDB reads other users")
    return bad + missing_changes(store) + damage_in(store)


if __name__ == "__main__":
    if sys.argv[1] == "look":
        _look_on(Path(sys.argv[2]))
    else:
        _write(Path(sys.argv[2]), *map(int, sys.argv[3:]))
