"""Many programs on one store: nothing is lost, and a kill leaves it before or after."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from qm_tui.store.tinydb_store import open_store
from tests.helpers import HEADER, csv_text, user, written
from tests.store.test_tinydb_store import commit

ROOT = Path(__file__).parent.parent.parent

_ADDER = """
import sys
from pathlib import Path
from qm_tui.store.tinydb_store import open_store
from tests.helpers import user
store, me, count = open_store(Path(sys.argv[1]), wait=60), sys.argv[2], int(sys.argv[3])
for number in range(count):
    with store.transaction() as transaction:
        users = transaction.state.users
        mine = user(f"p{me}n{number}")
        counter = users["u-counter"]
        transaction.commit({
            mine.user_id: mine,
            "u-counter": counter._replace(extension=str(int(counter.extension) + 1)),
        })
"""

_IMPORTER = """
import sys
from pathlib import Path
from qm_tui.store.tinydb_store import open_store
from qm_tui.transfer.importing import import_users
store = open_store(Path(sys.argv[1]), wait=60)
store.load()
for path in sys.argv[2:]:
    report = import_users(Path(path), store)
    assert report.committed, report.plan.problems
"""

_COMMITTER = """
import sys
from pathlib import Path
from qm_tui.store.tinydb_store import open_store
store = open_store(Path(sys.argv[1]), wait=60)
users = store.load().users
print("ready", flush=True)
turn = int(next(iter(users.values())).extension)
while True:
    turn += 1
    with store.transaction() as transaction:
        changes = {one.user_id: one._replace(extension=str(turn)) for one in users.values()}
        transaction.commit(changes)
    print(turn, flush=True)
"""


def _run_all(script: str, arguments: list[list[str]]) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", script, *one], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for one in arguments
    ]
    for program in programs:
        _, errors = program.communicate(timeout=120)
        assert (program.returncode, errors) == (0, "")


def test_processes_that_write_at_once_lose_nothing(tmp_path):
    path, processes, each = tmp_path / "users.json", 4, 25
    commit(path, user("counter", extension="0"))
    _run_all(_ADDER, [[str(path), str(number), str(each)] for number in range(processes)])
    state = open_store(path).load()
    expected = {f"u-p{me}n{number}" for me in range(processes) for number in range(each)}
    assert set(state.users) == expected | {"u-counter"}
    assert state.users["u-counter"].extension == str(processes * each)
    assert state.generation == 1 + processes * each
    assert sorted(one.name for one in tmp_path.iterdir()) == ["users.json", "users.json.lock"]


def test_processes_that_import_at_once_lose_nothing_and_give_no_id_twice(tmp_path):
    path, processes, each, size = tmp_path / "users.json", 4, 4, 50
    files: list[list[str]] = []
    names: set[str] = set()
    for me in range(processes):
        files.append([str(path)])
        for number in range(each):
            own = [f"p{me}f{number}n{at}" for at in range(size)]
            names.update(own)
            rows = [user(name, user_id="") for name in own]
            file = written(tmp_path, csv_text([HEADER, *rows]), f"{me}-{number}.csv")
            files[-1].append(str(file))
    _run_all(_IMPORTER, files)
    state = open_store(path).load()
    assert {one.user_name for one in state.users.values()} == names
    assert len(state.users) == processes * each * size
    assert state.generation == processes * each


def _kill_at_random(path: Path, trials: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - moments, not secrets
    count = 600
    commit(path, *[user(f"n{number}", extension="0") for number in range(count)])
    turn = 0
    for _ in range(trials):
        with subprocess.Popen(
            [sys.executable, "-c", _COMMITTER, path], stdout=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
            # a commit of so many users takes some milliseconds: any moment of it may be met
            time.sleep(chance.uniform(0, 0.06))
            program.kill()
            said = program.stdout.read().split()
        found = {one.extension for one in open_store(path).load().users.values()}
        assert len(found) == 1, "a commit was torn"
        now = int(found.pop())
        last = int(said[-1]) if said else turn
        assert now in (last, last + 1), "a commit was lost"
        turn = now
    assert turn > 0
    state = commit(path, user("last"))
    assert len(state.users) == count + 1
    assert sorted(one.name for one in path.parent.iterdir()) == ["users.json", "users.json.lock"]


def test_a_killed_writer_leaves_the_state_before_or_after(tmp_path):
    _kill_at_random(tmp_path / "users.json", trials=15, seed=7)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_writers_killed_many_times_leave_the_state_before_or_after(tmp_path, seed):
    _kill_at_random(tmp_path / "users.json", trials=50, seed=seed)
