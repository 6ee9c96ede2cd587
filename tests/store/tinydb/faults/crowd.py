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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from typing import Final
from unittest import mock

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError
from qm_tui.store.interface import RetentionPolicy, StoreIssueSeverity
from qm_tui.store.state import State
from qm_tui.store.tinydb import open_tinydb_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, HEADER, csv_text, user, write_file
from tests.store.tinydb.faults.failing_calls import plain_users

ROOT: Final = Path(__file__).parents[4]

TWINS: Final = (user("one", location="0"), user("other", location="0"))
"""Two users that every transaction makes equal."""

NEVER: Final = "withdrawn"
"""The location of the twins in transactions that are withdrawn."""

MANY: Final = 700
"""Users of a withdrawn transaction, so that it is written in parts."""

_LONG_SYNC: Final = 0.01
"""Seconds for which what is about to be withdrawn stands in the log."""

_TAIL: Final = 4096

READERS: Final = 2

RETENTIONS: Final = (
    RetentionPolicy(),
    RetentionPolicy(segment_bytes=60_000, segment_ratio=0),
    RetentionPolicy(),
    RetentionPolicy(bytes=1_000_000, segment_bytes=60_000, segment_ratio=0),
)
"""How the writers keep changes."""


def _twins(state: State, location: str) -> dict[str, User]:
    return {one.user_id: state.users[one.user_id]._replace(location=location) for one in TWINS}


class _Writer:
    def __init__(self, path: Path, number: int) -> None:
        self._path, self._number = path, number
        self._chance = random.Random(number)  # noqa: S311 - what happens, not secrets
        retention = RETENTIONS[number % len(RETENTIONS)]
        self._store = open_tinydb_store(path, wait=120, retention=retention)
        self._store.load()
        self._withdrawn = 0

    def run(self, changes: int) -> None:
        works = (self._add, self._add, self._move_twins, self._import, self._count)
        for at in range(changes):
            if at % 10 == 5:
                self._chance.choice((self._cancel, self._fail_to_sync))()
                self._withdrawn += 1
            works[at % len(works)](at)
        self._store.close()
        assert not self._store.warning, self._store.warning
        _report(self._withdrawn)

    def _add(self, at: int) -> None:
        one = user(f"p{self._number}n{at}")
        with self._store.transaction(EDIT) as transaction:
            transaction.commit({one.user_id: one})

    def _move_twins(self, at: int) -> None:
        with self._store.transaction(EDIT) as transaction:
            transaction.commit(_twins(transaction.state, f"{self._number}-{at}"))

    def _import(self, at: int) -> None:
        rows = [user(f"p{self._number}n{at}i{which}", user_id="") for which in range(3)]
        name = f"{self._number}.csv"
        file = write_file(self._path.parent.parent, csv_text([HEADER, *rows]), name)
        report = import_users(ImportRequest(file), self._store)
        assert report.committed, report.plan.issues

    def _count(self, _at: int) -> None:
        """Read and write what all others read and write too."""
        with self._store.transaction(EDIT) as transaction:
            one = transaction.state.users["u-counter"]
            more = str(int(one.extension) + 1)
            transaction.commit({one.user_id: one._replace(extension=more)})

    def _cancel(self) -> None:
        is_late = self._chance.random() < 0.5

        def tick(_phase: Phase, done: int, total: int) -> None:
            if done >= total or not is_late:
                time.sleep(_LONG_SYNC)
                raise Cancelled

        try:
            with self._store.transaction(EDIT) as transaction:
                many = [user(f"never{number}") for number in range(MANY)]
                changes = {one.user_id: one for one in many} | _twins(transaction.state, NEVER)
                transaction.commit(changes, tick)
        except Cancelled:
            return
        raise AssertionError("the commit did not ask whether to go on")

    def _fail_to_sync(self) -> None:
        try:
            with self._store.transaction(EDIT) as transaction, _sync_of_it_fails():
                transaction.commit(_twins(transaction.state, NEVER))
        except CommitOutcomeUnknown:
            raise
        except StoreError:
            return
        raise AssertionError("a failed sync was not said")


@contextmanager
def _sync_of_it_fails() -> Iterator[None]:
    """Let the first sync of what is to be withdrawn fail, and no other one."""
    real, failed = os.fdatasync, False

    def fdatasync(descriptor: int) -> None:
        nonlocal failed
        end = os.pread(descriptor, _TAIL, max(0, os.fstat(descriptor).st_size - _TAIL))
        if failed or NEVER.encode() not in end.rstrip(b"\n").rpartition(b"\n")[2]:
            real(descriptor)
            return
        failed = True
        time.sleep(_LONG_SYNC)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with mock.patch("os.fdatasync", fdatasync):
        yield


def _look_on(path: Path) -> None:
    """Look on, now following and now opening anew, and say what must not be seen."""
    store, looks, generation = open_tinydb_store(path, wait=120), 0, 0
    store.load()
    _report("ready")
    while not select([sys.stdin], [], [], 0.002)[0]:
        if looks % 20 == 19:
            store = open_tinydb_store(path, wait=120)
            store.load()
        elif store.refresh() is None:
            continue
        looks += 1
        state = store.state
        seen = {state.users[one.user_id].location for one in TWINS}
        if len(seen) > 1 or NEVER in seen or "u-never0" in state.users:
            _report(f"transaction {state.number}: the twins are {seen}")
        if state.number < generation:
            _report(f"transaction {state.number} after {generation}")
        if store.notices:
            _report(f"transaction {state.number}: {store.notices}")
        generation = state.number
    _report(looks)


def _report(what: object) -> None:
    print(what, flush=True)  # noqa: T201 - the other process reads it


@dataclass
class Crowd:
    """What became of a store that many used at once.

    Attributes:
        changes: how many were acknowledged.
        withdrawn: how many were tried and withdrawn.
        looks: how often others looked.
        generation: the number that the last transaction must have.
        errors: what was not as it must be.
    """

    changes: int = 0
    withdrawn: int = 0
    looks: int = 0
    generation: int = 0
    errors: list[str] = field(default_factory=list)


def crowd(folder: Path, processes: int, each: int) -> Crowd:
    """Let many programs change one store at once.

    Args:
        folder: an empty folder.
        processes: how many programs.
        each: how many changes each of them makes; a multiple of 5.
    """
    path, done = folder / "store" / "users.json", Crowd()
    first = {one.user_id: one for one in (*TWINS, user("counter", extension="0"))}
    with open_tinydb_store(path).transaction(EDIT) as transaction:
        transaction.commit(first)
    readers = [_started("look", path) for _ in range(READERS)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    writers = [_started("write", path, number, each) for number in range(processes)]
    for writer in writers:
        said, errors = writer.communicate(timeout=600)
        if writer.returncode:
            done.errors.append(errors)
        else:
            done.changes += each
            done.withdrawn += int(said)
    for reader in readers:
        said, errors = reader.communicate(timeout=60)
        *seen, looks = said.splitlines() or [errors]
        done.errors += seen
        if reader.returncode:
            done.errors.append(errors)
        else:
            done.looks += int(looks)
    done.generation = 1 + done.changes
    done.errors += _missing_changes(path, processes, each, done.generation)
    return done


def _started(*arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.store.tinydb.faults.crowd", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _missing_changes(path: Path, processes: int, each: int, generation: int) -> list[str]:
    seen_by_tinydb = plain_users(path)
    store = open_tinydb_store(path)
    state = store.load()
    names = [one.user_name for one in TWINS] + ["counter"]
    for number in range(processes):
        for at in range(each):
            if at % 5 in (0, 1):
                names.append(f"p{number}n{at}")
            if at % 5 == 3:
                names += [f"p{number}n{at}i{which}" for which in range(3)]
    bad = []
    if sorted(one.user_name for one in state.users.values()) != sorted(names):
        bad.append("users are missing, or were never added")
    if any(user_id != one.user_id for user_id, one in state.users.items()):
        bad.append("a User ID is not that of its user")
    if len(set(state.names.values())) != len(names):
        bad.append("two users bear one User ID")
    if state.users["u-counter"].extension != str(processes * (each // 5)):
        bad.append(f"the counter says {state.users['u-counter'].extension}")
    if [one.number for one in store.transactions()] != list(range(generation, 0, -1)):
        bad.append("transactions are missing in the activity log")
    if seen_by_tinydb != list(state.users.values()):
        bad.append("plain TinyDB reads other users")
    bad += (
        one.message
        for one in store.maintenance.check()
        if one.severity is StoreIssueSeverity.DAMAGE
    )
    for one in store.transactions():
        if one.is_available and len(list(store.transaction_changes(one.number))) != one.users:
            bad.append(f"changes of transaction {one.number} are missing")
    return bad


def main(what: str, path: str, *numbers: str) -> None:
    """Change a store, or look on."""
    if what == "look":
        _look_on(Path(path))
    else:
        number, changes = map(int, numbers)
        _Writer(Path(path), number).run(changes)


if __name__ == "__main__":
    main(*sys.argv[1:])
