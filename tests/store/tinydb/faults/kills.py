"""Programs that are killed while they change a store, and checks of the result.

`python -m tests.store.tinydb.faults.kills STORE SEED SEGMENTS WORK CALL` edits, imports, undoes,
writes the snapshot and begins segments in an endless loop, and mostly does WORK. SEGMENTS is the
size of the segments. For each transaction it prints what the store will hold after it, and then
that it was acknowledged.
If CALL is not 0, it kills itself at that writing call of WORK: before it, half-way
through or after it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.plan import NothingToChange
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, RetentionPolicy, StoreIssueSeverity
from qm_tui.store.state import Changes, State
from qm_tui.store.tinydb import TinyDBUserStore, open_tinydb_store
from qm_tui.store.transaction import Transaction
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, HEADER, csv_text, undo, user, write_file
from tests.store.tinydb.faults.os_calls import CALLS, half_of, hooked

ROOT: Final = Path(__file__).parents[4]

NAMES: Final = [f"n{number}" for number in range(700)]
"""The users that come and go; an import of all of them is written in parts."""

WORKS: Final = ("edit", "import", "undo", "snapshot", "segment")

MOST_CALLS: Final = {"edit": 12, "import": 16, "undo": 12, "snapshot": 8, "segment": 14}
"""At most how many calls a program makes before it is killed by its own hand: those of one to two
of these works, and of the snapshot that is written after them."""

SEGMENTS: Final = {
    "usual": RetentionPolicy(),
    "small": RetentionPolicy(segment_bytes=40_000, segment_ratio=0),
    "few": RetentionPolicy(bytes=300_000, segment_bytes=40_000, segment_ratio=0),
}
"""How large the segments of a program get, and whether old ones are removed."""

_AT_ONCE: Final = RetentionPolicy(segment_bytes=1, segment_ratio=0)


def digest_of(users: Iterable[User]) -> str:
    """By what it is known which users a store holds."""
    return sha256(repr(sorted(users)).encode()).hexdigest()[:16]


class _Announced(Transaction):
    """A transaction that says what the store will hold after it."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    @property
    def state(self) -> State:
        return self._transaction.state

    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        users: dict[str, User | None] = {**self.state.users, **changes}
        will_be = digest_of(one for one in users.values() if one is not None)
        _announce("begun", self.state.number + 1, will_be)
        return self._transaction._write_checked(changes, progress)


class _Announcing(TinyDBUserStore):
    @contextmanager
    def transaction(self, action: Action) -> Iterator[Transaction]:
        with super().transaction(action) as transaction:
            yield _Announced(transaction)


def _announce(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class _Program:
    """Changes a store without end."""

    def __init__(self, path: Path, chance: random.Random, segments: str) -> None:
        self._chance = chance
        self._folder = path.parent.parent
        self._retention = SEGMENTS[segments]
        self._store = _Announcing(path, retention=self._retention)
        self._store.load()

    def run(self, aim: str, killer: "_Killer") -> None:
        """Change the store until killed."""
        for _ in range(2):
            self._do(self._chance.choice(WORKS))
        _announce("aim")
        while True:
            self._do("small edit")  # there is something to undo, or to write
            killer.is_armed = True
            self._do(aim)
            killer.is_armed = False

    def _do(self, work: str) -> None:
        _announce("work", work.removeprefix("small "))
        doing: dict[str, Callable[[], None]] = {
            "edit": lambda: self._edit(self._chance.choice((1, 3, 650))),
            "small edit": lambda: self._edit(1),
            "import": self._import,
            "undo": self._undo,
            "snapshot": self._store._files.snapshots.flush,
            "segment": self._begin_segment,
        }
        doing[work]()
        state = self._store.state
        _announce("done", state.number, digest_of(state.users.values()))

    def _edit(self, count: int) -> None:
        names = self._chance.sample(NAMES, count)
        location = f"L{self._chance.random()}"
        with self._store.transaction(EDIT) as transaction:
            state = transaction.state
            changes: dict[str, User | None] = {}
            for name in names:
                user_id = state.names.get(name)
                one = user(name, location=location, user_id=user_id or f"u-{name}")
                is_to_go = user_id and self._chance.random() < 0.2
                changes[one.user_id] = None if is_to_go else one
            transaction.commit(changes)

    def _import(self) -> None:
        names = self._chance.sample(NAMES, self._chance.choice((5, 650)))
        location = f"I{self._chance.random()}"
        rows = [user(name, location=location, user_id="") for name in names]
        file = write_file(self._folder, csv_text([HEADER, *rows]), f"{os.getpid()}.csv")
        import_users(ImportRequest(file), self._store)
        file.unlink()

    def _undo(self) -> None:
        number = self._store.state.number - self._chance.randrange(4)
        if number < 1:
            return
        try:
            undo(self._store, number)
        except NothingToChange:
            return
        except StoreError as error:
            if "no longer available" not in str(error):  # its segment was removed
                raise

    def _begin_segment(self) -> None:
        self._store._files.retention = _AT_ONCE
        self._edit(1)
        self._store._files.retention = self._retention


class _Killer:
    """Kills this process at a call that writes.

    Args:
        left: how many calls it lets pass, that one included.
        moment: "before" that call, "half-way" through, or "after" it.

    Attributes:
        is_armed: whether calls are counted.
    """

    def __init__(self, left: int, moment: str) -> None:
        self._left = left
        self._moment = moment
        self.is_armed = False

    def call(
        self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Stand in for a call."""
        self._left -= self.is_armed
        if self._left or not self.is_armed:
            return real(*arguments, **named)
        if self._moment == "half-way" and "write" in name:
            arguments = half_of(arguments)
        try:
            return real(*arguments, **named) if self._moment != "before" else None
        finally:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Trials:
    """What became of programs that were killed.

    Attributes:
        kills: how many were killed, by what they were at.
        acknowledged: how many transactions they had acknowledged.
        errors: what was not as it must be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    errors: list[str] = field(default_factory=list)


def kill_again_and_again(folder: Path, trials: int, seed: int) -> Trials:
    """Have programs killed one after the other, and look at the store after each.

    Every other one is killed at the moment of writing, the rest at random moments.

    Args:
        folder: an empty folder.
        trials: how many.
        seed: of what is left to chance.
    """
    chance, done = random.Random(seed), Trials()  # noqa: S311 - moments, not secrets
    path = folder / "store" / "users.json"
    for trial in range(trials):
        before = open_tinydb_store(path).load()
        segments = list(SEGMENTS)[trial % len(SEGMENTS)]
        aim, is_aimed = WORKS[trial % len(WORKS)], trial // len(WORKS) % 2 == 0
        call = chance.randint(1, MOST_CALLS[aim]) if is_aimed else 0
        said = _said_by_one([path, trial + seed * trials, segments, aim, call], chance)
        last = (before.number, digest_of(before.users.values()))
        begun, work = last, "start"
        for line in said:
            what, *words = line.split()
            if what == "work":
                work = words[0]
            elif what in ("begun", "done"):
                begun = (int(words[0]), words[1])
                if what == "done":
                    done.acknowledged += begun[0] - last[0]
                    last = begun
        how = "at a call" if is_aimed else "at random"
        done.kills[f"{work}, {how}"] += 1
        wrong = _wrong_with(path, {last, begun})
        if wrong:
            done.errors.append(f"trial {trial} ({work}, {how}, call {call}, {segments}): {wrong}")
    return done


def _said_by_one(arguments: list[object], chance: random.Random) -> list[str]:
    command = [sys.executable, "-m", "tests.store.tinydb.faults.kills", *map(str, arguments)]
    said: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        for line in program.stdout:
            said += [line] if line.endswith("\n") else []
            if line == "aim\n" and not arguments[-1]:
                time.sleep(chance.uniform(0, 0.08))
                program.kill()
    assert "aim\n" in said
    assert program.returncode == -signal.SIGKILL
    return said


def _wrong_with(path: Path, may_hold: set[tuple[int, str]]) -> str:
    """What is not as it must be; the snapshot is as it was left, and is whole or behind."""
    try:
        store = open_tinydb_store(path)
        state = store.load()
        transactions = store.transactions()
        for one in transactions[:4]:
            if one.is_available and len(list(store.transaction_changes(one.number))) != one.users:
                return f"changes of transaction {one.number} are missing"
        findings = store.maintenance.check()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    found = (state.number, digest_of(state.users.values()))
    if found not in may_hold:
        return f"it holds {found} and must hold one of {may_hold}"
    numbers = [one.number for one in transactions]
    if numbers != list(range(state.number, 0, -1)):
        return f"its activity log lists {numbers}"
    return "".join(one.message for one in findings if one.severity is StoreIssueSeverity.DAMAGE)


def main(path: str, seed: str, segments: str, aim: str, call: str) -> None:
    """Change a store until killed."""
    chance = random.Random(int(seed))  # noqa: S311 - moments, not secrets
    killer = _Killer(int(call) or -1, chance.choice(("before", "half-way", "after")))
    with hooked(killer.call, CALLS[1:]):
        _Program(Path(path), chance, segments).run(aim, killer)


if __name__ == "__main__":
    main(*sys.argv[1:])
