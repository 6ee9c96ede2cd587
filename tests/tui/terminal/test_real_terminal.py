"""The installed program in a real terminal, from start to quit."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from tests.helpers import sample_cases
from tests.tui.pages import SAMPLES, sample_users, store_of

PROGRAM = str(Path(sys.executable).with_name("qm-tui"))

TERMINALS = [
    {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    {"TERM": "screen"},
    {"TERM": "xterm", "NO_COLOR": "1"},
    {"TERM": "tmux-256color", "LANG": "C.UTF-8"},
]


def started(home, **more):
    """The program with a store in the home folder."""
    return Terminal([PROGRAM, "--store", str(home / "users.json")], **more)


@pytest.mark.parametrize(
    "environment", sample_cases(TERMINALS, [2, 3]), ids=lambda one: one["TERM"]
)
def test_import_and_export_by_keys(home, monkeypatch, environment):
    monkeypatch.chdir(home)
    with started(home, environment=environment) as terminal:
        terminal.wait_for("No users yet.")
        terminal.send("i")
        terminal.wait_for("Open")
        terminal.settle()
        terminal.send("\x15" + str(SAMPLES / "users.csv"))
        terminal.settle()
        terminal.send("\r")
        terminal.wait_for("[i Import 250 changes]")
        terminal.wait_for("nothing imported yet")
        terminal.settle()
        terminal.send("\r")
        terminal.wait_for("Imported: 250 added")
        terminal.wait_for(">+ Jack")
        terminal.send("\x1b[6~\x1b[B\x1b[C")
        terminal.settle()
        terminal.send("x")
        terminal.wait_for("Save As")
        terminal.settle()
        terminal.send("\x15" + str(home / "out"))
        terminal.settle()
        terminal.send("\r")
        terminal.wait_for("Export complete. 250 users written to")
        terminal.send("\r")
        terminal.settle()
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert len((home / "out.csv").read_bytes().splitlines()) == 251
    assert b"Traceback" not in terminal.received
    assert not {user.password.encode() for user in sample_users(20)} & set(
        terminal.received.split()
    )


def test_import_and_export_by_clicks(home, monkeypatch):
    monkeypatch.chdir(home)
    (home / "staff.csv").write_bytes((SAMPLES / "users.csv").read_bytes())
    with started(home) as terminal:
        terminal.wait_for("No users yet.")
        terminal.settle()
        terminal.click_on("[i Import]")
        terminal.wait_for("Read as UTF-8")
        terminal.settle()
        terminal.click_on("[Open]")
        terminal.wait_for("nothing imported yet")
        terminal.settle()
        terminal.click_on("[i Import 250 changes]")
        terminal.wait_for("Imported: 250 added")
        terminal.settle()
        terminal.click_on("[x Export]")
        terminal.wait_for("Save As")
        terminal.settle()
        terminal.click_on("[Save]")
        terminal.wait_for("Export complete. 250 users written to")
        terminal.settle()
        terminal.click_on("[OK]")
        terminal.settle()
        terminal.click_on("q quit")
        assert terminal.wait_for_end() == 0
    assert list(home.glob("users-*.csv"))


HOSTILE = "\x1b]52;c;cm0gLXJmIC8=\x07\x1b]8;;http://evil\x1b\\\x1b[2J\x9b31m\x00\u202e\u200b" + (
    "a" + "\u0301" * 200
)


def test_no_control_character_of_a_user_reaches_the_terminal(home):
    (user,) = sample_users(1)
    hostile = user._replace(**dict.fromkeys(("first_name", "last_name", "location"), HOSTILE))
    store_of(home / "users.json", [hostile])
    with started(home, columns=120, lines=40) as terminal:
        terminal.wait_for("1 user")
        terminal.settle()
        for _ in range(26):
            terminal.send("\x1b[C")
            terminal.settle(0.05)
        terminal.send("q")
        terminal.wait_for_end()
    for bad in (b"\x1b]52", b"\x1b]8;", b"\x1b[2J\x9b", b"\xc2\x9b", b"\x00", b"\xe2\x80\xae"):
        assert bad not in terminal.received
    assert terminal.received.count("\u0301".encode()) % 3 == 0
    assert "␛]52".encode() in terminal.received


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_program_and_keeps_the_store(home, number):
    store_of(home / "users.json", sample_users(30))
    with started(home) as terminal:
        terminal.wait_for("30 users")
        terminal.settle()
        subprocess.run(["kill", f"-{int(number)}", str(terminal.pid)], check=True)
        terminal.wait_for_end(3)
    assert len(open_store(home / "users.json").load().users) == 30
    assert b"Traceback" not in terminal.received


DEAF = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]


@pytest.mark.parametrize("wrapper", [[], DEAF], ids=["heard", "ignored by the parent"])
def test_disconnected_terminal_ends_the_program(home, wrapper):
    store_of(home / "users.json", sample_users(30))
    command = [*wrapper, PROGRAM, "--store", str(home / "users.json")]
    with Terminal(command) as terminal:
        terminal.wait_for("30 users")
        terminal.settle()
        terminal.hang_up()
        terminal.wait_for_end(4)
    assert len(open_store(home / "users.json").load().users) == 30


def test_damaged_store_is_reported_in_one_sentence(home):
    (home / "users.json").write_text("not json")
    with started(home) as terminal:
        assert terminal.wait_for_end() == 2
    assert b"cannot be used: line 1, column 1 is not JSON" in terminal.received.replace(
        b"\r\n", b" "
    )
    assert b"Traceback" not in terminal.received
    assert (home / "users.json").read_text() == "not json"


@pytest.mark.parametrize("keys", sample_cases("LcvixF?:", [0, 3, 7]))
def test_quit_works_while_a_dialog_is_opening(home, keys):
    with started(home) as terminal:
        terminal.wait_for("No users yet.")
        terminal.settle()
        terminal.send(f"{keys}\x11")
        assert terminal.wait_for_end() == 0
    assert b"Unexpected error" not in terminal.received
