"""Many admins on one store at once: what each waits for, and whether anything is lost.

    python -m benchmarks.load [PROGRAMS] [USERS] [SECONDS]

Starts the interface so many times, each in a pseudo-terminal of 80x24, on one store. An admin at
each opens the form of a user, types a name, saves, and rests; meanwhile a shell imports files of
100 new users, one after the other. At the end all is looked for: every name that was said to be
saved, every user of every import, every transaction; and every program shows the same number of
users. The reference is one admin alone on the same store, in the same run. Linux only.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.at_rest import spent
from benchmarks.figures import OURS, Table, Unit
from benchmarks.programs import apart
from benchmarks.sample_users import sample_users
from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.transfer.exporting.export import export_users
from qm_tui.users.fields import User
from sample_data import generate

ALONE: Final = "one alone"

IMPORTED: Final = 100
"""Users of an import."""

_DOWN, _CLEAR, _SAVE = "\x1b[B", "\x15", "\x1bOQ"
_REST: Final = 0.3
"""Seconds between two changes of an admin."""

_BETWEEN: Final = 2.0
"""Seconds between two imports."""

_LONGEST: Final = 30.0
"""Seconds after which something is taken for lost."""

_WARM: Final = 0.4
"""The part of the time after which a program holds what it needs for its work."""


@dataclass
class Outcome:
    """What came of it.

    Attributes:
        forms: seconds from the key until the form was there.
        saves: seconds from the key until it was said that the user is saved.
        imports: seconds of an import of 100, program start and all.
        grown: megabytes by which each program grew while it worked.
        memory: megabytes that each program held at the end.
        lost: what is not as it should be, a sentence each.
    """

    forms: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    imports: list[float] = field(default_factory=list)
    grown: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class _Admin:
    """Changes one user again and again; the others do not touch that one."""

    def __init__(self, number: int, store: Path, row: int) -> None:
        self._number, self._row = number, row
        self.name = ""
        self.changes = 0
        command = [sys.executable, "-m", "qm_tui", "--store", str(store)]
        self.terminal = Terminal(command)

    def begin(self, users: int) -> None:
        """Wait for the users, and go to one's own."""
        self.terminal.wait_for(f"{users:,} users", _LONGEST)
        for _ in range(self._row):
            self.terminal.send(_DOWN)
        self.terminal.settle(0.3)

    def work(self, until: float, outcome: Outcome) -> None:
        """Change the user until then."""
        warm, before = time.monotonic() + _WARM * (until - time.monotonic()), None
        while time.monotonic() < until:
            if before is None and time.monotonic() > warm:
                before = spent(self.terminal.pid).memory
            name = f"A{self._number}N{self.changes}Z"
            outcome.forms.append(self._took("e", "F2 Save"))
            self.terminal.settle(0.05)
            self.terminal.send(_CLEAR + name)
            self.terminal.settle(0.05)
            outcome.saves.append(self._took(_SAVE, rf"{name}[^\x1b]* saved"))
            self.name, self.changes = name, self.changes + 1
            self._rest()
        now = spent(self.terminal.pid).memory
        outcome.memory.append(now)
        outcome.grown.append(now - (before if before is not None else now))

    def _took(self, keys: str, pattern: str) -> float:
        """Seconds from some keys until something is written."""
        wanted, mark = re.compile(pattern.encode()), len(self.terminal.received)
        begin = time.perf_counter()
        self.terminal.send(keys)
        while not wanted.search(self.terminal.received, mark):
            if time.perf_counter() - begin > _LONGEST:
                self.terminal.settle(0)
                which = f"{keys!r} of its change {self.changes}"
                msg = f"Program {self._number}: nothing came of {which}:\n{self.terminal.text}"
                raise TimeoutError(msg)
            self.terminal.read(0.2)
        return time.perf_counter() - begin

    def _rest(self) -> None:
        end = time.monotonic() + _REST
        while time.monotonic() < end:
            self.terminal.read(0.05)

    def shows(self, text: str) -> bool:
        """Whether it comes to show something, and then ends as it should."""
        self.terminal.resize(81, 24)  # all is drawn again
        try:
            self.terminal.wait_for(text)
        except AssertionError:
            return False
        self.terminal.send("q")
        return self.terminal.wait_for_end() == 0


class _Imports:
    """A shell in which files of 100 new users are imported, one after the other."""

    def __init__(self, store: Path, users: int, outcome: Outcome) -> None:
        self._store, self._users, self._outcome = store, users, outcome
        self.made: list[User] = []

    def work(self, end: threading.Event) -> None:
        """Import until the end comes."""
        number = 0
        while not end.wait(_BETWEEN):
            file = self._store.with_name(f"new-{number}.csv")
            start = self._users + number * IMPORTED
            some = list(islice(generate.users(start + IMPORTED), start, None))
            export_users(some, file)
            begin = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "qm_tui", "import", str(file), "--store", str(self._store)],
                capture_output=True,
                check=False,
            )
            self._outcome.imports.append(time.perf_counter() - begin)
            if done.returncode:
                self._outcome.lost.append(f"An import ended so: {done.stderr.decode()}")
            else:
                self.made += some
            number += 1


def run(folder: Path, programs: int, users: int, seconds: float, *, imports: bool) -> Outcome:
    """Let admins work on a store of so many users.

    Args:
        folder: an empty folder for the store.
        programs: how many admins.
        users: how many users there are at first.
        seconds: for how long.
        imports: whether files are imported meanwhile.
    """
    outcome, path = Outcome(), folder / "users.json"
    store = open_store(path)
    with store.transaction(Action(TransactionKind.IMPORT, "import")) as transaction:
        transaction.commit(sample_users(users))
    store.close()
    admins = [_Admin(number, path, 2 * number) for number in range(programs)]
    other, end = _Imports(path, users, outcome), threading.Event()
    try:
        with ThreadPoolExecutor(programs + 1) as pool:
            for _ in pool.map(lambda one: one.begin(users), admins):
                pass
            until = time.monotonic() + seconds
            imported = pool.submit(other.work, end) if imports else None
            works = [pool.submit(one.work, until, outcome) for one in admins]
            try:
                for work in works:
                    work.result()
            except TimeoutError as error:
                outcome.lost.append(str(error))
            finally:
                end.set()
            if imported is not None:
                imported.result()
        outcome.lost += _lost(path, users, admins, other)
    finally:
        for one in admins:
            one.terminal.end()
    return outcome


def _lost(path: Path, users: int, admins: list[_Admin], other: _Imports) -> Iterator[str]:
    store = open_store(path, read_only=True)
    kept = list(store.load().users.values())
    wanted = users + len(other.made)
    if len(kept) != wanted:
        yield f"There are {len(kept):,} users, not {wanted:,}."
    for number, one in enumerate(admins):
        name = kept[2 * number].first_name
        if one.changes and name != one.name:
            yield f"The last name that program {number} saved was {one.name}, and it is {name}."
    logins = {user.user_name for user in kept}
    missing = sum(user.user_name not in logins for user in other.made)
    if missing:
        yield f"Of the users of the imports {missing:,} are missing."
    done = 1 + sum(one.changes for one in admins) + len(other.made) // IMPORTED
    known = len(store.transactions())
    if known != done:
        yield f"There are {known:,} transactions, not {done:,}."
    for number, one in enumerate(admins):
        if not one.shows(f"{wanted:,} users"):
            yield f"Program {number} does not show {wanted:,} users:\n{one.terminal.text}"


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


def main(programs: int = 10, users: int = 1_000, seconds: int = 60) -> int:
    """Measure, print, and return how much was lost."""
    title = f"{programs} admins on {users:,} users, {seconds} seconds, {os.cpu_count()} cores"
    table = Table(title, [ALONE])
    lost: list[str] = []
    for name, count, imports in ((ALONE, 1, False), (OURS, programs, True)):
        with apart() as folder:
            outcome = run(
                folder, count, users, seconds if imports else seconds / 4, imports=imports
            )
        lost += outcome.lost
        for what, values in (
            ("until a form is there", outcome.forms),
            ("until a user is saved", outcome.saves),
        ):
            for value in values:
                table.row(what, Unit.MILLISECONDS).add(name, 1000 * value)
            table.row(f"{what}, 95 of 100 within", Unit.MILLISECONDS).add(
                name, 1000 * _percentile(values, 0.95)
            )
        for value in outcome.imports:
            table.row(f"an import of {IMPORTED}", Unit.SECONDS).add(name, value)
        table.row("memory of a program", Unit.MEGABYTES).add(name, max(outcome.memory))
        table.row("grown while it worked", Unit.MEGABYTES).add(name, max(outcome.grown))
        print(f"{name}: {len(outcome.saves):,} changes and {len(outcome.imports):,} imports")
    table.print()
    for one in lost:
        print(f"LOST  {one}")
    print("Nothing was lost." if not lost else f"{len(lost)} times something was lost.")
    return len(lost)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
