"""Dropped connections, signals, suspension and resizing: the store stays consistent.

Each way of losing the terminal is tested with each kind of work.
"""

import fcntl
import os
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from tests.helpers import needs_package
from tests.tui.pages import sample_users, store_of
from tests.tui.terminal.test_real_terminal import DEAF, PROGRAM
from tests.tui.tmux import soon

ROOT = Path(__file__).parents[3]
USERS, MANY = 30, 60_000
SOON = 3.0


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A users file whose import takes a second or two."""
    path = tmp_path_factory.mktemp("big") / "big.csv"
    with path.open("wb") as file:
        generate = [sys.executable, str(ROOT / "sample_data" / "generate.py"), str(MANY)]
        subprocess.run(generate, check=True, stdout=file, timeout=60)
    return path


@pytest.fixture
def store(home):
    path = home / "users.json"
    store_of(path, sample_users(USERS))
    return path


# The work of the program when the terminal is lost


def _at_rest(terminal, _big):
    terminal.settle()


def _in_a_form(terminal, _big):
    terminal.send("e")
    terminal.wait_for("F2 Save")
    terminal.send("unsaved")
    terminal.settle()


def _reading_a_file(terminal, big):
    terminal.send("i")
    terminal.wait_for("First lines")
    terminal.settle()
    terminal.send(f"\x15{big}")
    terminal.settle()
    terminal.send("\r")
    terminal.wait_for("Reading")


def _importing(terminal, big):
    _reading_a_file(terminal, big)
    terminal.wait_for("nothing imported yet", 40)
    terminal.settle()
    terminal.send("i")
    terminal.wait_for("Importing")


WORKS = {
    "at rest": _at_rest,
    "in a form": _in_a_form,
    "reading a file": _reading_a_file,
    "importing": _importing,
}


# The ways to lose the terminal


def _hang_up(terminal):
    terminal.hang_up()


def _signal(number):
    return lambda terminal: os.kill(terminal.pid, number)


DEAF_LOSS = "closed, and nothing heard"
LOSSES = {
    "SIGHUP": ([], _signal(signal.SIGHUP)),
    "SIGTERM": ([], _signal(signal.SIGTERM)),
    "closed": ([], _hang_up),
    DEAF_LOSS: (DEAF, _hang_up),
}


def _is_unlocked(store):
    with store.with_name("users.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True


def _users(store):
    return open_store(store, read_only=True).load().total


def _said_at_the_next_start(store):
    done = subprocess.run(
        [PROGRAM, "info", "--store", str(store)], check=True, capture_output=True, timeout=20
    )
    return done.stderr.decode()


SHORT = {("SIGHUP", "importing"), ("SIGTERM", "in a form"), (DEAF_LOSS, "at rest")}
"""The losses and kinds of work of the short run: each once."""


def _lost_at_work():
    """Each loss with each work."""
    for loss in LOSSES:
        for work in WORKS:
            is_short = (loss, work) in SHORT
            yield pytest.param(loss, work, marks=[] if is_short else pytest.mark.long)


@pytest.mark.parametrize(("loss", "work"), list(_lost_at_work()))
def test_lost_terminal_ends_the_program_and_keeps_the_store(store, big, loss, work):
    wrapper, lose = LOSSES[loss]
    with Terminal([*wrapper, PROGRAM, "--store", str(store)]) as terminal:
        terminal.wait_for(f"{USERS} users")
        WORKS[work](terminal, big)
        if work == "importing":
            soon(lambda: any(store.parent.glob(".users.import.*")))  # it has begun to write
        lose(terminal)
        terminal.wait_for_end(SOON + (1.0 if wrapper else 0.0))  # it polls once a second
        if loss.startswith("SIG"):
            _is_usable(terminal)
    assert _is_unlocked(store)
    assert _users(store) == USERS
    said = _said_at_the_next_start(store)
    assert ("was interrupted. Nothing was saved. Import the file again." in said) is (
        work == "importing"
    )
    read = open_store(store)
    read.load()
    read.acknowledge_notices()
    assert "interrupted" not in _said_at_the_next_start(store)
    assert b"Traceback" not in terminal.received
    assert not list(store.parent.glob(".users.json.*"))


def _is_usable(terminal):
    """The shell's screen is back, and the cursor and the typed text are visible."""
    for mode in (b"1049", b"1000", b"1003", b"1006", b"2004"):
        on, off = (
            terminal.received.rfind(b"\x1b[?%bh" % mode),
            terminal.received.rfind(b"\x1b[?%bl" % mode),
        )
        assert off >= on, mode
    assert terminal.received.rfind(b"\x1b[?25h") > terminal.received.rfind(b"\x1b[?25l")
    flags = termios.tcgetattr(terminal.descriptor)[3]
    assert flags & termios.ECHO
    assert flags & termios.ICANON
    assert flags & termios.ISIG


# Suspend and resume


@pytest.fixture
def shell(home):
    needs_package("bash")
    with Terminal(["bash", "--norc", "--noprofile", "-i"], environment={"PS1": "ready> "}) as shell:
        shell.wait_for("ready>")
        yield shell


@pytest.mark.parametrize("how", ["the key", "the signal"])
def test_ctrl_z_suspends_and_fg_resumes(store, shell, how):
    shell.send(f"{PROGRAM} --store {store}\r")
    shell.wait_for(f"{USERS} users")
    shell.settle()
    shell.send("\x1b[B")
    if how == "the key":
        shell.send("\x1a")
    else:
        (program,) = _children(shell.pid)
        os.kill(program, signal.SIGTSTP)
    shell.wait_for("Stopped")
    shell.settle()
    _is_usable_for_a_shell(shell)
    assert _is_unlocked(store)
    shell.send("echo still-$((1+1))-here\r")
    shell.wait_for("still-2-here")
    before = len(shell.received)
    shell.send("fg\r")
    shell.wait_for(f"{USERS} users")
    shell.settle()
    for word in (b"Administration", b"User Name", b"quit"):  # all is drawn again
        assert word in shell.received[before:]
    shell.send("\x1b[B")
    shell.wait_for("3 of 30")
    shell.settle()
    shell.send("q")
    shell.wait_for("ready>")


def _children(pid):
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_usable_for_a_shell(shell):
    assert shell.received.rfind(b"\x1b[?1049l") > shell.received.rfind(b"\x1b[?1049h")
    assert shell.received.rfind(b"\x1b[?25h") > shell.received.rfind(b"\x1b[?25l")


def test_program_is_not_suspended_while_it_holds_the_lock(store, shell, big):
    shell.send(f"{PROGRAM} --store {store}\r")
    shell.wait_for(f"{USERS} users")
    _importing(shell, big)
    shell.send("\x1a")
    shell.wait_for("Stopped", 20)
    assert _is_unlocked(store)
    assert _users(store) in (USERS, MANY)
    shell.send("fg\r")
    shell.wait_for("Imported: ", 30)
    shell.settle()
    shell.send("q")
    shell.wait_for("ready>")
    assert _users(store) == MANY  # the users of the store are the first of the file


@pytest.mark.parametrize("arguments", [["import", "BIG"], ["export", "out.csv"]], ids=str)
def test_command_is_not_suspended_while_it_holds_the_lock(store, shell, big, arguments):
    words = " ".join(arguments).replace("BIG", str(big))
    shell.send(f"cd {store.parent}; {PROGRAM} {words} --store {store}; echo done-$?\r")
    shell.settle(0.05, 0.4)
    shell.send("\x1a")
    shell.settle(0.3, 2)
    assert _is_unlocked(store)
    shell.send("fg\r")
    shell.wait_for("done-", 30)


def test_program_without_a_shell_is_not_suspended(store):
    with Terminal([PROGRAM, "--store", str(store)]) as terminal:
        terminal.wait_for(f"{USERS} users")
        terminal.settle()
        terminal.send("\x1a")
        os.kill(terminal.pid, signal.SIGTSTP)
        terminal.settle(0.3)
        terminal.send("\x1b[B")
        terminal.wait_for("2 of 30")
        terminal.send("q")
        assert terminal.wait_for_end() == 0


def test_many_sizes_leave_the_screen_intact(store):
    with Terminal([PROGRAM, "--store", str(store)], columns=120, lines=40) as terminal:
        terminal.wait_for(f"{USERS} users")
        terminal.settle()
        for number in range(300):
            terminal.resize(20 + number % 130, 5 + number % 45)
            if not number % 20:
                terminal.send("\x1b[B")
                time.sleep(0.01)
        terminal.resize(80, 24)
        terminal.settle(0.5)
        terminal.wait_for("Actions")
        terminal.wait_for(f"{USERS} users")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.received
