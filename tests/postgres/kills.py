"""Servers and programs that are killed while programs write, and checks of the result.

`python -m tests.postgres.kills URL NUMBER ASKING` changes the store until its standard input is
closed. Each change has a name of its own, which is printed before it, and again with what the store
said of it: `saved`, `failed` or `unknown`. ASKING are the seconds for which the store may ask for
the outcome of a change.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from select import select
from subprocess import Popen
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final, Protocol, Self

from qm_tui.store import open_store
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError
from qm_tui.store.interface import UserStore
from qm_tui.store.postgres import writing
from qm_tui.store.postgres.server import connection
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, user, users_file, users_of
from tests.postgres.audit import problems_of
from tests.postgres.crowd import started
from tests.postgres.waiting import PATIENCE, wait_until

SIZES: Final = (1, 40, 500)
"""How many users a change adds or changes."""

_ASKING: Final = ("60", "60", "0.05", "0")
"""For how many seconds each program may ask: some give up before the server is back."""

_LONGEST: Final = 0.6
"""At most so many seconds after a change has been saved, a kill comes."""


# The program


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _write(url: str, number: int, asking: float) -> None:
    writing._ASKING = asking  # type: ignore[misc]
    connection._FIRST_DELAY, connection._LONGEST_DELAY = 0.05, 0.2
    chance = random.Random(number)  # noqa: S311 - what happens, not secrets
    with TemporaryDirectory() as folder, closing(open_store(url)) as store:
        store.load()
        changes = 0
        while not select([sys.stdin], [], [], 0)[0]:
            name = f"p{number}c{changes}"
            changes += 1
            _say("try", name)
            try:
                _change(store, name, number, chance, Path(folder))
            except CommitOutcomeUnknown:
                _say("unknown", name)
            except StoreError:
                _say("failed", name)
            else:
                _say("saved", name)
            _wait_for_server(store)


def _change(store: UserStore, name: str, number: int, chance: random.Random, folder: Path) -> None:
    """Add users, or change the same users again: their location is the name of the change."""
    size = chance.choice(SIZES)
    if chance.random() < 0.3:
        rows = [user(f"{name}i{at}", user_id="", location=name) for at in range(size)]
        file = users_file(folder, *rows)
        import_users(ImportRequest(file), store)
        return
    own: dict[str, User | None] = {
        f"u-p{number}o{at}": user(f"p{number}o{at}", location=name) for at in range(size)
    }
    with store.transaction(EDIT) as transaction:
        transaction.commit(own)


def _wait_for_server(store: UserStore) -> None:
    until = time.monotonic() + PATIENCE
    while store.warning:
        try:
            store.refresh()
        except StoreError:
            assert time.monotonic() < until, "the server does not come back"
            time.sleep(0.02)


# What watches programs


class Writer:
    """A program that changes a store, as seen from outside.

    Args:
        url: the store.
        number: a number that no other program had.
        asking: the seconds for which it may ask for the outcome of a change.
    """

    def __init__(self, url: str, number: int, asking: str) -> None:
        self.outcomes: dict[str, str] = {}
        self.errors = ""
        self.saved = 0
        self._process: Popen[str] = started("kills", url, number, asking)
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.endswith("\n"):
                what, name = line.split()
                self.outcomes[name] = what
                self.saved += what == "saved"

    @property
    def has_ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.__exit__(None, None, None)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self._process.kill()
        self._process.wait()
        self._thread.join()

    def end(self) -> None:
        """Let it finish its change."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(2 * PATIENCE)
        self._thread.join()
        assert self._process.stderr is not None
        self.errors = self._process.stderr.read() if self._process.returncode else ""


class Killed(Protocol):
    """What is killed."""

    def kill(self) -> None:
        """Kill a server."""

    def start(self) -> None:
        """Start it again."""

    def is_settled(self) -> bool:
        """Whether what it did not finish is done."""


@dataclass
class Trials:
    """What became of a store.

    Attributes:
        kills: how many kills there were.
        outcomes: how many changes had each outcome.
        errors: what was not as it must be.
    """

    kills: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)


def kill_server(server: Killed, url: str, kills: int, seed: int) -> Trials:
    """Kill a server again and again while programs write, and start it again.

    Args:
        server: the server.
        url: an empty store on it.
        kills: how often.
        seed: of what is left to chance.
    """
    chance, done = random.Random(seed), Trials()  # noqa: S311 - moments, not secrets
    with ExitStack() as stack:
        writers = [
            stack.enter_context(Writer(url, seed * 100 + at, asking))
            for at, asking in enumerate(_ASKING)
        ]
        for _ in range(kills):
            _wait_for_saved(writers)
            time.sleep(chance.uniform(0, _LONGEST))
            server.kill()
            server.start()
            done.kills += 1
        _wait_for_saved(writers)
        for writer in writers:
            writer.end()
    wait_until(server.is_settled)
    _judge(url, writers, done)
    return done


def kill_programs(url: str, kills: int, seed: int) -> Trials:
    """Kill programs again and again, each time one of two, while the other writes.

    Args:
        url: an empty store.
        kills: how often.
        seed: of what is left to chance.
    """
    chance, done = random.Random(seed), Trials()  # noqa: S311 - moments, not secrets
    with ExitStack() as stack:

        def begin(at: int) -> Writer:
            return stack.enter_context(Writer(url, seed * 1000 + at, "60"))

        writers = [begin(0), begin(1)]
        for at in range(kills):
            _wait_for_saved(writers[-2:])
            time.sleep(chance.uniform(0, _LONGEST))
            writers[-2].kill()
            done.kills += 1
            _change_its_users(url, seed * 1000 + at)
            writers.append(begin(at + 2))
        for writer in writers[-2:]:
            writer.end()
    _judge(url, writers, done)
    return done


def _wait_for_saved(writers: list[Writer]) -> None:
    """Wait until each program has saved another change."""
    before = [writer.saved for writer in writers]
    wait_until(
        lambda: all(
            writer.saved > saved or writer.has_ended
            for writer, saved in zip(writers, before, strict=True)
        )
    )


def _change_its_users(url: str, number: int) -> None:
    """Change users of a killed program, which must have no rows locked."""
    with closing(open_store(url, wait=PATIENCE)) as store:
        store.load()
        first = f"u-p{number}o0"
        own = users_of(store.state).get(first, user(f"p{number}o0"))
        with store.transaction(EDIT) as transaction:
            transaction.commit({first: own._replace(department="freed")})


def _judge(url: str, writers: list[Writer], done: Trials) -> None:
    """Compare what the programs were told with what the store has."""
    done.errors += [writer.errors for writer in writers if writer.errors]
    with closing(open_store(url)) as store:
        store.load()
        saved = Counter(_names_in(store))
    for writer in writers:
        for name, outcome in writer.outcomes.items():
            done.outcomes[outcome] += 1
            wanted = {"saved": (1,), "failed": (0,)}.get(outcome, (0, 1))
            if saved[name] not in wanted:
                done.errors.append(f"{name} is {outcome}, and is in the store {saved[name]} times")
            saved.pop(name, None)
    if saved:
        done.errors.append(f"no program tried {list(saved)}")
    done.errors += problems_of(url)


def _names_in(store: UserStore) -> Iterator[str]:
    """Yield the name of each change in the store, which must be whole."""
    for summary in store.transactions():
        changes = list(store.transaction_changes(summary.number))
        names = {(change.after or {}).get("location") for change in changes}
        is_whole = len(names) == 1 and len(changes) in SIZES
        if names != {None}:  # else a program freed users
            yield f"{min(map(str, names))}" if is_whole else f"half: {names}"


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
