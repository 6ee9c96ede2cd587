"""Killed and terminated programs: acknowledged changes are saved, and no incomplete ones."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store.tinydb import open_tinydb_store
from tests.helpers import ANNA, commit
from tests.store.tinydb.faults.kills import ROOT, WORKS, kill_again_and_again

MANY = 10_000
SIGNALS = [signal.SIGHUP, signal.SIGTERM]


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> Path:
    """A users file whose import takes about a second."""
    path: Path = tmp_path_factory.mktemp("big") / "big.csv"
    with path.open("wb") as file:
        command = [sys.executable, str(ROOT / "sample_data" / "generate.py"), str(MANY)]
        subprocess.run(command, check=True, stdout=file, timeout=60)
    return path


def _imported(path: Path) -> bool:
    """Whether the import is in the store; nothing else may be wrong with it."""
    store = open_tinydb_store(path)
    users = store.load().users
    assert users[ANNA.user_id] == ANNA
    assert len(users) in (1, 1 + MANY)
    assert [one.added for one in store.transactions()] == ([1] if len(users) == 1 else [MANY, 1])
    commit(path, ANNA._replace(location="Narvik"))
    return len(users) > 1


def _kill_and_look(folder: Path, trials: int, seed: int) -> None:
    done = kill_again_and_again(folder, trials, seed)
    assert not done.errors, f"{len(done.errors)} of {trials}; the first: {done.errors[0]}"
    assert done.kills.total() == trials
    assert {what.partition(",")[0] for what in done.kills} == set(WORKS)
    assert done.acknowledged > trials


def test_killed_programs_lose_nothing_that_they_acknowledged(tmp_path):
    _kill_and_look(tmp_path, trials=10, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_killed_programs_lose_nothing_that_they_acknowledged(tmp_path, seed):
    _kill_and_look(tmp_path, trials=50, seed=seed)


def _end_the_interface(path: Path, big: Path, number: int, seconds: float) -> None:
    commit(path, ANNA)
    command = [sys.executable, "-m", "qm_tui", "--store", str(path)]
    with Terminal(command) as terminal:
        terminal.wait_for("1 user")
        terminal.settle()
        terminal.send("i")
        terminal.wait_for("Open")
        terminal.settle()
        terminal.send("\x15" + str(big))
        terminal.settle()
        terminal.send("\r")
        terminal.settle(seconds, longest=seconds)
        subprocess.run(["kill", f"-{int(number)}", str(terminal.pid)], check=True)
        terminal.wait_for_end(10)
    assert b"Traceback" not in terminal.received
    _imported(path)


def _end_the_command(path: Path, big: Path, number: int, seconds: float) -> None:
    commit(path, ANNA)
    command = [sys.executable, "-m", "qm_tui", "import", str(big), "--store", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        time.sleep(seconds)
        program.send_signal(number)
        _, errors = program.communicate(timeout=30)
    assert b"Traceback" not in errors
    if program.returncode in (0, 130):
        assert _imported(path) is (program.returncode == 0)
    else:  # it came before the program could listen, or after it had said what it had to say
        assert program.returncode == -number
        _imported(path)


def test_programs_that_are_told_to_end_import_all_or_nothing(tmp_path, big):
    _end_the_command(tmp_path / "command" / "users.json", big, signal.SIGTERM, 0.6)
    _end_the_interface(tmp_path / "interface" / "users.json", big, signal.SIGHUP, 0.3)


@pytest.mark.long
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("end", [_end_the_interface, _end_the_command])
def test_programs_that_are_told_to_end_at_any_moment_import_all_or_nothing(
    tmp_path, big, number, end
):
    chance = random.Random(int(number))  # noqa: S311 - moments, not secrets
    for trial in range(15):
        end(tmp_path / str(trial) / "users.json", big, number, chance.uniform(0, 1.2))
