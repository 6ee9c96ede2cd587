"""Bursts of keys in a real terminal, each in one write, as from a line that stalled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from tests.tui.pages import SAMPLES, sample_users, store_of

PROGRAM = str(Path(sys.executable).with_name("qm-tui"))
SIZES = [(80, 24), (120, 40)]
DOWN, F2 = "\x1b[B", "\x1bOQ"

BURSTS = {
    "export a file": ("xD\r", "Export complete"),
    "name a file": ("xDaily.csv", "Daily.csv"),
    "open and a letter": ("iu", "Open"),
    "edit": ("eAdam" + F2, "Saved"),
    "filter and edit": ("/laura\re", "Edit Laura"),
    "command palette": (":export\rDaily.csv", "Daily.csv"),
    "down in the form": ("e" + DOWN * 22, "Edit"),
    "delete": ("D\r\r", "Delete"),
    "undo": ("u\r", "ndo"),
    "counts": ("F\x1b[C\r", "shown"),
    "rename": ("5eZZ\r", "Rename"),
    "merge": ("5eSales" + F2, "Rename"),
    "set a field of all": ("*m\tFull Time" + F2, "Set a field"),
    "letters in a list": ("*mLocation\tOslo" + F2, "Set a field"),
    "Esc and a key": ("eX\x1bD", "Discard"),
    "Esc and another dialog": ("i\x1bu", "Undo"),
    "Esc and the palette": (":\x1b:export\rDaily", "Daily"),
    "no match": ("/zzz\re", "No users are shown"),
    "invalid filter": ("/foo:bar\reDx", "list unchanged"),
    "no match and import": ("/zzz\riname", "name"),
}
CHANGES = {"edit"}
"""The bursts that may change users."""


def users_of(path):
    return dict(open_store(path).load().users)


def check_burst(home, burst, columns, lines):
    keys, text = BURSTS[burst]
    path = home / "users.json"
    store_of(path, sample_users(20))
    before = users_of(path)
    with Terminal([PROGRAM, "--store", str(path)], columns=columns, lines=lines) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send(keys)
        terminal.wait_for(text)
        terminal.settle()
        if burst == "open and a letter":
            assert "Undo" not in terminal.text.partition("Open")[2].partition("[Cancel]")[0]
        terminal.send("\x03")
        terminal.settle()
    assert b"Traceback" not in terminal.received
    if burst not in CHANGES:
        assert users_of(path) == before


@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.parametrize("burst", BURSTS)
def test_burst_goes_to_the_screen_it_was_meant_for(home, monkeypatch, burst, columns, lines):
    monkeypatch.chdir(home)
    check_burst(home, burst, columns, lines)


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_burst_right_after_the_start_opens_the_file(home, monkeypatch, columns, lines):
    monkeypatch.chdir(home)
    path = home / "users.json"
    store_of(path, sample_users(20))
    before = users_of(path)
    with Terminal([PROGRAM, "--store", str(path)], columns=columns, lines=lines) as terminal:
        terminal.send(f"i{SAMPLES / 'users.csv'}\r\r")
        terminal.wait_for("nothing imported yet")
        terminal.settle()
        assert users_of(path) == before
        terminal.send("\x03")
        terminal.settle()


def click(column, line):
    """The bytes of a click."""
    return f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m"


@pytest.mark.parametrize(
    "burst",
    ["e" + click(30, 12) + "X" + F2, "eX" + click(30, 12) + F2, click(30, 23) + "X" + F2],
)
def test_clicks_stay_in_order_with_keys(home, burst):
    path = home / "users.json"
    store_of(path, sample_users(20))
    before = users_of(path)
    with Terminal([PROGRAM, "--store", str(path)], columns=80, lines=24) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send(burst)
        terminal.wait_for("Saved")
        terminal.settle()
        terminal.send("\x03")
        terminal.settle()
    after = users_of(path)
    assert [user_id for user_id in before if after[user_id] != before[user_id]] == list(before)[:1]


@pytest.mark.parametrize("burst", ["D" + click(51, 15), "D" + click(51, 16), "u" + click(51, 12)])
def test_click_before_a_question_is_drawn_does_not_confirm(home, burst):
    path = home / "users.json"
    store_of(path, sample_users(20))
    before = users_of(path)
    with Terminal([PROGRAM, "--store", str(path)], columns=80, lines=24) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send(burst)
        terminal.settle(0.5)
        terminal.send("\x03")
        terminal.settle()
    assert users_of(path) == before


def test_click_on_a_button_opens_its_dialog_for_the_keys_that_follow(home, monkeypatch):
    monkeypatch.chdir(home)
    store_of(home / "users.json", sample_users(20))
    with Terminal([PROGRAM, "--store", str(home / "users.json")], columns=80, lines=24) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send(click(18, 23) + "daily\r")
        terminal.wait_for("Export complete")
        terminal.send("\x03")
        terminal.settle()
    assert (home / "daily.csv").exists()


@pytest.fixture
def busy_cores():
    """Keep all cores busy."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(os.cpu_count() or 1)]
    yield
    for process in busy:
        process.kill()
        process.wait()


@pytest.mark.long
@pytest.mark.usefixtures("busy_cores")
@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.parametrize("burst", BURSTS)
def test_burst_while_all_cores_are_busy(home, monkeypatch, burst, columns, lines):
    monkeypatch.chdir(home)
    check_burst(home, burst, columns, lines)
