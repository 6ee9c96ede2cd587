"""Bursts of keys in a real terminal, each in one write, as from a line that stalled."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from qm_tui.store import open_store
from tests.helpers import users_of
from tests.tui.pages import SAMPLES, sample_users, store_of
from tests.tui.terminal.test_real_terminal import started

F2 = "\x1bOQ"

BURSTS = {
    "export a file": ("xD\r", "Export complete"),
    "edit": ("eAdam" + F2, "Saved"),
    "filter and edit": ("/laura\re", "Edit Laura"),
    "delete": ("D\r\r", "Delete"),
    "Esc and a key": ("eX\x1bD", "Discard"),
    "Esc and the palette": (":\x1b:export\rDaily", "Daily"),
    "invalid filter": ("/foo:bar\reDx", "list unchanged"),
}
CHANGES = {"edit"}
"""The bursts that may change users."""


@contextmanager
def running(home, *, is_loaded=True):
    """The program with 20 users in a terminal; at the end it is interrupted."""
    store_of(home / "users.json", sample_users(20)).close()
    with started(home) as terminal:
        if is_loaded:
            terminal.wait_for("20 users")
            terminal.settle()
        yield terminal
        terminal.send("\x03")
        terminal.settle()
    assert b"Traceback" not in terminal.received


def stored(home):
    return users_of(open_store(home / "users.json").load())


def check_burst(home, burst):
    keys, text = BURSTS[burst]
    with running(home) as terminal:
        before = stored(home)
        terminal.send(keys)
        terminal.wait_for(text)
        terminal.settle()
    if burst not in CHANGES:
        assert stored(home) == before


@pytest.mark.parametrize("burst", BURSTS)
def test_burst_goes_to_the_screen_it_was_meant_for(home, monkeypatch, burst):
    monkeypatch.chdir(home)
    check_burst(home, burst)


def test_burst_right_after_the_start_opens_the_file_and_imports_nothing(home):
    with running(home, is_loaded=False) as terminal:
        before = stored(home)
        terminal.send(f"i{SAMPLES / 'users.csv'}\r\r")
        terminal.wait_for("nothing imported yet")
        terminal.settle()
    assert stored(home) == before


def click(column, line):
    """The bytes of a click."""
    return f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m"


@pytest.mark.parametrize("burst", ["eX" + click(30, 12) + F2, click(30, 23) + "X" + F2])
def test_clicks_stay_in_order_with_keys(home, burst):
    with running(home) as terminal:
        before = stored(home)
        terminal.send(burst)
        terminal.wait_for("Saved")
    after = stored(home)
    assert [user_id for user_id in before if after[user_id] != before[user_id]] == list(before)[:1]


def test_click_before_a_question_is_drawn_does_not_confirm(home):
    with running(home) as terminal:
        before = stored(home)
        terminal.send("D" + click(51, 15) + click(51, 16) + click(51, 14))
        terminal.wait_for("Inactivating keeps the recordings")
        terminal.wait_until_idle()
    assert stored(home) == before


def test_click_on_a_button_opens_its_dialog_for_the_keys_that_follow(home, monkeypatch):
    monkeypatch.chdir(home)
    with running(home) as terminal:
        terminal.send(click(18, 23) + "daily\r")
        terminal.wait_for("Export complete")
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
@pytest.mark.parametrize("burst", BURSTS)
def test_burst_while_all_cores_are_busy(home, monkeypatch, burst):
    monkeypatch.chdir(home)
    check_burst(home, burst)
