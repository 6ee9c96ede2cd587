"""Load test: many admins work with one store at the same time.

    python -m benchmarks.load [PROGRAMS] [USERS] [SECONDS]

Starts PROGRAMS terminal UIs with one store, each in a pseudo-terminal of 80x24. In each, an admin
repeatedly opens the form of a user, types a name, saves, and pauses. At the same time, a shell
imports files of 100 new users, one after another. At the end, checks that nothing was lost: every
name that was reported as saved, every imported user and every transaction exist, and all programs
show the same number of users. The reference is a single admin in the same run. Linux only.
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
from benchmarks.sample_users import sample_users, stored_users
from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.transfer.exporting.export import export_users
from qm_tui.users.fields import User
from sample_data import generate

ALONE: Final = "one admin"

IMPORTED: Final = 100
"""The number of users in an import."""

_DOWN, _CLEAR, _SAVE = "\x1b[B", "\x15", "\x1bOQ"
_REST: Final = 0.3
"""Seconds between two changes of an admin."""

_BETWEEN: Final = 2.0
"""Seconds between two imports."""

_LONGEST: Final = 30.0
"""The timeout in seconds."""

_WARM: Final = 0.4
"""The part of the time after which the memory of a program no longer grows."""


@dataclass
class Outcome:
    """The result of a load test.

    Attributes:
        forms: seconds from the key until the form was shown.
        saves: seconds from the key until the user was reported as saved.
        imports: seconds of imports, including the start of the program.
        grown: megabytes by which the memory of each program grew.
        memory: megabytes of memory of each program at the end.
        lost: errors, as sentences.
    """

    forms: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)
    imports: list[float] = field(default_factory=list)
    grown: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class _Admin:
    """An admin who repeatedly changes one user, which no other admin changes."""

    def __init__(self, number: int, store: Path, row: int) -> None:
        self._number, self._row = number, row
        self.name = ""
        self.changes = 0
        command = [sys.executable, "-m", "qm_tui", "--store", str(store)]
        self.terminal = Terminal(command)

    def begin(self, users: int) -> None:
        """Wait for the users, and move the cursor to the user of this admin."""
        self.terminal.wait_for(f"{users:,} users", _LONGEST)
        for _ in range(self._row):
            self.terminal.send(_DOWN)
        self.terminal.settle(0.3)

    def work(self, until: float, outcome: Outcome) -> None:
        """Change the user until a time."""
        warm, before = time.monotonic() + _WARM * (until - time.monotonic()), None
        while time.monotonic() < until:
            if before is None and time.monotonic() > warm:
                before = spent(self.terminal.pid).memory
            name = f"A{self._number}N{self.changes}Z"
            outcome.forms.append(self._took("e", "F2 Save"))
            self.terminal.settle(0.05)
            self.terminal.send(_CLEAR + name)
            self.terminal.settle(0.05)
            outcome.saves.append(self._took(_SAVE, rf"Saved {name}"))
            self.name, self.changes = name, self.changes + 1
            self._rest()
        now = spent(self.terminal.pid).memory
        outcome.memory.append(now)
        outcome.grown.append(now - (before if before is not None else now))

    def _took(self, keys: str, pattern: str) -> float:
        """Return the seconds from keys until the program writes a text."""
        expected, mark = re.compile(pattern.encode()), len(self.terminal.received)
        begin = time.perf_counter()
        self.terminal.send(keys)
        while not expected.search(self.terminal.received, mark):
            if time.perf_counter() - begin > _LONGEST:
                self.terminal.settle(0)
                action = f"{keys!r} of change {self.changes}"
                msg = f"Program {self._number}: no response to {action}:\n{self.terminal.text}"
                raise TimeoutError(msg)
            self.terminal.read(0.2)
        return time.perf_counter() - begin

    def _rest(self) -> None:
        end = time.monotonic() + _REST
        while time.monotonic() < end:
            self.terminal.read(0.05)

    def shows(self, text: str) -> bool:
        """Return whether the program shows a text, and then quits without an error."""
        self.terminal.resize(81, 24)  # redraws the screen
        try:
            self.terminal.wait_for(text)
        except AssertionError:
            return False
        self.terminal.send("q")
        return self.terminal.wait_for_end() == 0


class _Imports:
    """A shell that imports files of new users, one after another."""

    def __init__(self, store: Path, users: int, outcome: Outcome) -> None:
        self._store, self._users, self._outcome = store, users, outcome
        self.made: list[User] = []

    def work(self, end: threading.Event) -> None:
        """Import until the end is set."""
        number = 0
        while not end.wait(_BETWEEN):
            file = self._store.with_name(f"new-{number}.csv")
            start = self._users + number * IMPORTED
            users = list(islice(generate.users(start + IMPORTED), start, None))
            export_users([users], len(users), file)
            begin = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "qm_tui", "import", str(file), "--store", str(self._store)],
                capture_output=True,
                check=False,
            )
            self._outcome.imports.append(time.perf_counter() - begin)
            if done.returncode:
                self._outcome.lost.append(f"An import failed: {done.stderr.decode()}")
            else:
                self.made += users
            number += 1


def run(folder: Path, programs: int, users: int, seconds: float, *, imports: bool) -> Outcome:
    """Run a load test.

    Args:
        folder: an empty folder for the store.
        programs: the number of admins.
        users: the initial number of users.
        seconds: the duration.
        imports: whether files are imported at the same time.
    """
    outcome, path = Outcome(), folder / "users.json"
    store = open_store(path)
    with store.transaction(Action(TransactionKind.IMPORT, "users.csv")) as transaction:
        transaction.commit(sample_users(users))
    store.close()
    admins = [_Admin(number, path, 2 * number) for number in range(programs)]
    other, end = _Imports(path, users, outcome), threading.Event()
    try:
        with ThreadPoolExecutor(programs + 1) as pool:
            for _ in pool.map(lambda admin: admin.begin(users), admins):
                pass
            until = time.monotonic() + seconds
            imported = pool.submit(other.work, end) if imports else None
            works = [pool.submit(admin.work, until, outcome) for admin in admins]
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
        for admin in admins:
            admin.terminal.end()
    return outcome


def _lost(path: Path, users: int, admins: list[_Admin], other: _Imports) -> Iterator[str]:
    store = open_store(path, read_only=True)
    stored = list(stored_users(store.load()).values())
    expected = users + len(other.made)
    if len(stored) != expected:
        yield f"The store has {len(stored):,} users instead of {expected:,}."
    for number, admin in enumerate(admins):
        name = stored[2 * number].first_name
        if admin.changes and name != admin.name:
            yield f"Program {number} saved {admin.name} last, but the name is {name}."
    logins = {user.user_name for user in stored}
    missing = sum(user.user_name not in logins for user in other.made)
    if missing:
        yield f"{missing:,} imported users are missing."
    done = 1 + sum(admin.changes for admin in admins) + len(other.made) // IMPORTED
    transactions = len(store.transactions())
    if transactions != done:
        yield f"The store has {transactions:,} transactions instead of {done:,}."
    for number, admin in enumerate(admins):
        if not admin.shows(f"{expected:,} users"):
            yield f"Program {number} does not show {expected:,} users:\n{admin.terminal.text}"


def _percentile(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


def main(programs: int = 10, users: int = 1_000, seconds: int = 60) -> int:
    """Run the benchmark, print the results, and return the number of errors."""
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
            ("until a form is shown", outcome.forms),
            ("until a user is saved", outcome.saves),
        ):
            for value in values:
                table.row(what, Unit.MILLISECONDS).add(name, 1000 * value)
            table.row(f"{what}, 95th percentile", Unit.MILLISECONDS).add(
                name, 1000 * _percentile(values, 0.95)
            )
        for value in outcome.imports:
            table.row(f"an import of {IMPORTED}", Unit.SECONDS).add(name, value)
        table.row("memory of a program", Unit.MEGABYTES).add(name, max(outcome.memory))
        table.row("growth of its memory", Unit.MEGABYTES).add(name, max(outcome.grown))
        print(f"{name}: {len(outcome.saves):,} changes and {len(outcome.imports):,} imports")
    table.print()
    for error in lost:
        print(f"LOST  {error}")
    print("Nothing was lost." if not lost else f"{len(lost)} errors.")
    return len(lost)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])) > 0)
