"""The installed program in a real terminal, from start to quit."""

import sys
from pathlib import Path

import pytest
import tomli_w

from benchmarks.terminal import Terminal
from tests.helpers import commit, sample_cases
from tests.tui.pages import SAMPLES, sample_users

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


@pytest.mark.parametrize("environment", sample_cases(TERMINALS, [2]), ids=lambda one: one["TERM"])
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


def test_keys_that_are_set_work_and_are_shown(home):
    commit(home / "users.json", *sample_users(20))
    settings = home / ".config" / "qm-tui" / "settings.toml"
    settings.parent.mkdir(parents=True)
    keys = {"users.import": "f5", "list.mark_range": "R", "list.down": "ctrl+t", "page.quit": "Q"}
    settings.write_text(tomli_w.dumps({"keys": keys}))
    with started(home) as terminal:
        terminal.wait_for("[F5 Import]")
        terminal.wait_for("1 of 20")
        terminal.settle()
        terminal.send("iq")  # they do nothing
        terminal.settle()
        terminal.send("R\x14\x14\x1b[BR")
        terminal.wait_for("4 marked")
        terminal.send("\x1b[15~")
        terminal.wait_for("First lines")
        terminal.send("\x1b")
        terminal.settle()
        terminal.send("Q")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("users", [[], sample_users(20)], ids=["no users", "users"])
def test_all_lines_of_the_first_page_are_drawn(home, users):
    commit(home / "users.json", *users)
    with started(home) as terminal:
        terminal.wait_for("No users yet." if not users else "1 of 20")
        terminal.settle(1)
        lines = [line.rstrip() for line in terminal.text.split("\n")]
    assert any(line.startswith("─ Actions ──") for line in lines)
    assert "[i Import] [x Export] [e Edit]" in lines[-2]
    assert not users or any("A active   Lic U unlimited" in line for line in lines)


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


DEAF = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"]


def test_damaged_store_is_reported_in_one_sentence(home):
    (home / "users.json").write_text("not json")
    with started(home) as terminal:
        assert terminal.wait_for_end() == 2
    assert b"cannot be used: line 1, column 1 is not JSON" in terminal.received.replace(
        b"\r\n", b" "
    )
    assert b"Traceback" not in terminal.received
    assert (home / "users.json").read_text() == "not json"


@pytest.mark.parametrize("keys", sample_cases("LcvixF?:", [0, 3]))
def test_quit_works_while_a_dialog_is_opening(home, keys):
    with started(home) as terminal:
        terminal.wait_for("No users yet.")
        terminal.settle()
        terminal.send(f"{keys}\x11")
        assert terminal.wait_for_end() == 0
    assert b"Unexpected error" not in terminal.received
