"""Programs that are killed while they change a store, and checks of the result.

`python -m tests.store.tinydb.faults.kills STORE SEED SEGMENTS WORK CALL` edits, imports, undoes,
writes the snapshot and begins segments in an endless loop, and mostly does WORK. SEGMENTS is the
size of the segments. Each transaction moves all users to one location, which has their number in
it; once it is acknowledged, its number and the location are printed.
If CALL is not 0, it kills itself at that writing call of WORK: before it, half-way
through or after it.
"""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qm_tui.store.interface import RetentionPolicy
from qm_tui.store.state import State
from qm_tui.store.tinydb import TinyDBUserStore, open_tinydb_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import User
from tests.helpers import EDIT, HEADER, csv_text, undo, user, users_of, write_file
from tests.store.tinydb.damage import damage_in, missing_changes, parts_of
from tests.store.tinydb.faults.os_calls import CALLS, Killer, hooked

ROOT: Final = Path(__file__).parents[4]

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


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def _do(store: TinyDBUserStore, work: str, folder: Path, chance: random.Random) -> None:
    """Do some work, and say what the store holds then."""
    _say("work", work)
    state, count = store.state, chance.choice((3, 30, 60))
    if work == "import":
        count = state.total + 3
    location = f"{state.number + 1}/{count}"
    if work == "snapshot":
        store._files.snapshots.flush()
    elif work == "undo":
        undo(store, state.number)
    elif work == "import":
        rows = [one._replace(location=location) for one in users_of(state).values()]
        names = (f"i{state.number}n{number}" for number in range(3))
        rows += (user(name, location=location, user_id="") for name in names)
        import_users(ImportRequest(write_file(folder, csv_text([HEADER, *rows]))), store)
    else:
        retention = store._files.retention
        store._files.retention = _AT_ONCE if work == "segment" else retention
        changes: dict[str, User | None] = dict.fromkeys(users_of(state))
        changes |= {f"u-n{at}": user(f"n{at}", location=location) for at in range(count)}
        with store.transaction(EDIT) as transaction:
            transaction.commit(changes)
        store._files.retention = retention
    _say("done", store.state.number, _location(store.state))


def _location(state: State) -> str:
    """Where all users are; nothing if not all of them are there."""
    found = {one.location for one in users_of(state).values()}
    is_whole = len(found) == 1 and min(found).endswith(f"/{state.total}")
    return min(found) if is_whole else ""


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
        state = open_tinydb_store(path).load()
        number, location, work = state.number, _location(state), "start"
        segments = list(SEGMENTS)[trial % len(SEGMENTS)]
        aim, is_aimed = WORKS[trial % len(WORKS)], trial // len(WORKS) % 2 == 0
        call = chance.randint(1, MOST_CALLS[aim]) if is_aimed else 0
        said = _said_by_one([path, trial + seed * trials, segments, aim, call], chance)
        for line in said:
            match line.split():
                case ["work", work]:
                    pass
                case ["done", last, location]:
                    done.acknowledged += int(last) - number
                    number = int(last)
        how = "at a call" if is_aimed else "at random"
        done.kills[f"{work}, {how}"] += 1
        wrong = _wrong_with(path, number, location)
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


def _wrong_with(path: Path, number: int, location: str) -> str:
    """What is not as it must be; the snapshot is as it was left, and is whole or behind."""
    try:
        store = open_tinydb_store(path)
        state = store.load()
        wrong = " ".join([*missing_changes(store, newest=4), *damage_in(store)])
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    found = state.number, _location(state)
    is_next = found[0] == number + 1 and found[1]
    if found != (number, location) and not is_next:
        return f"it holds {found}, and {number, location} was acknowledged"
    return wrong


def main(path: Path, seed: int, segments: str, aim: str, call: int) -> None:
    """Change a store until killed."""
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    killer = Killer(call or -1, chance.choice(("before", "half-way", "after")), is_armed=False)
    with hooked(killer.call, CALLS[1:]), parts_of(chance.choice((20, 500))):
        store = open_tinydb_store(path, retention=SEGMENTS[segments])
        store.load()
        for work in ("edit", "edit", chance.choice(WORKS)):
            _do(store, work, path.parents[1], chance)
        _say("aim")
        while True:
            _do(store, "edit", path.parents[1], chance)  # there is something to undo, or to write
            killer.is_armed = True
            _do(store, aim, path.parents[1], chance)
            killer.is_armed = False


if __name__ == "__main__":
    place, number, *words, which = sys.argv[1:]
    main(Path(place), int(number), words[0], words[1], int(which))
