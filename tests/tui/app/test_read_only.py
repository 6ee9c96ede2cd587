"""A read-only store: its label and its disabled actions. And the notices at the start."""

import subprocess
import sys

import pytest
from textual.widgets import Button

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.widgets.message_box import MessageDialog
from tests.tui.pages import (
    SMALL,
    app_on,
    commit,
    opened,
    page_of,
    running,
    sample_users,
    shown,
    status_of,
    store_of,
    top,
    wait_until,
    wait_until_idle,
    words,
)
from tests.tui.terminal.test_real_terminal import PROGRAM, started


async def test_read_only_store_is_labeled_disables_changes_and_shows_those_of_others(
    home, monkeypatch
):
    monkeypatch.chdir(home)
    path, users = home / "users.json", sample_users(5)
    async with running(path, users) as pilot:
        assert "read-only" not in shown(pilot)
    app = QmTuiApp(open_store(path, read_only=True), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page = page_of(pilot)
        assert "read-only" in shown(pilot).splitlines()[0]
        assert status_of(pilot) == f"The store {path} is open read-only."
        assert page.query_one("#import", Button).disabled
        assert not page.query_one("#export", Button).disabled
        assert page.query_one("#edit", Button).disabled
        await pilot.press("i", "u", "e", "a", "m", "A", "P", "D", "delete")
        await pilot.pause()
        assert top(pilot) is page

        await pilot.press("2")
        await wait_until(pilot, lambda: not top(pilot).query_one("#open", Button).disabled)
        activity = top(pilot)
        assert "read-only" in shown(pilot)
        assert activity.query_one("#undo", Button).disabled
        await pilot.press("u")
        await pilot.pause()
        assert top(pilot) is activity

        await pilot.press("1")
        await opened(pilot, "x")
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Export complete. 5 users" in shown(pilot))
        await pilot.press("escape")
        commit(path, users[1]._replace(first_name="Late"))
        await wait_until(pilot, lambda: "* Late" in shown(pilot))


async def test_failed_sync_makes_the_store_read_only(home, monkeypatch):
    users = sample_users(5)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[1]._replace(first_name="Late"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("u")
        await wait_until_idle(pilot)

        def fail(*_):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr("qm_tui.store.tinydb.log.os.fdatasync", fail)
        monkeypatch.setattr("qm_tui.store.tinydb.log.os.ftruncate", fail)
        await pilot.click("#yes")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), MessageDialog)
        assert "may not have been saved" in words(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "read-only" in shown(pilot)
        assert page_of(pilot).check_action("import", ()) is None


INTERRUPTED = """
import os, sys
from pathlib import Path
from qm_tui.store import open_store
store = open_store(Path(sys.argv[1]))
store.load()
with store.import_in_progress("sales.csv"):
    os._exit(9)
"""


async def test_interrupted_import_is_reported_once_at_the_start(home):
    store_of(home / "users.json", sample_users(5))
    command = [sys.executable, "-c", INTERRUPTED, str(home / "users.json")]
    assert subprocess.run(command, check=False).returncode == 9
    app = QmTuiApp(open_store(home / "users.json"), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), MessageDialog)
        assert "The import of sales.csv, started by" in words(pilot)
        assert "was interrupted. Nothing was saved. Import the file again." in words(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
    again = QmTuiApp(open_store(home / "users.json"), login="mheller")
    async with again.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert top(pilot) is page_of(pilot)


NOTICES = [
    f"The import of sales-{number}.csv, started by kweber on 2026-11-23 at 09:1{number}, was "
    "interrupted. Nothing was saved. Import the file again."
    for number in range(9)
]


async def test_button_stays_visible_below_many_notices(home, monkeypatch):
    monkeypatch.setattr(TinyDBUserStore, "notices", NOTICES)
    async with running(home / "users.json", sample_users(5)) as pilot:
        assert "[OK]" in shown(pilot)
        assert "sales-0.csv" in shown(pilot)
        await pilot.press(*["down"] * 40)
        await wait_until(pilot, lambda: "sales-8.csv" in shown(pilot))
        await pilot.click("#ok")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))


@pytest.mark.parametrize("is_damaged", [True, False])
def test_quitting_writes_the_snapshot_or_warns(home, is_damaged):
    path = home / "users.json"
    store_of(path, sample_users(5)).close()
    with started(home) as terminal:
        terminal.wait_for("5 users")
        terminal.settle()
        before = path.read_bytes()
        if is_damaged:
            path.write_bytes(before.replace(b"Jack", b"Jane"))
        terminal.send("e")
        terminal.wait_for("F2 Save")
        terminal.send("James")
        terminal.settle()
        terminal.send("\x1bOQ")
        terminal.wait_for("Press u to")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
        said = terminal.received.rpartition(b"\x1b[?1049l")[2]
        assert (b"Warning: users.json is behind" in said) == is_damaged
    assert (b"James" in path.read_bytes()) != is_damaged


def test_program_opens_a_store_read_only(home):
    store_of(home / "users.json", sample_users(5))
    with Terminal([PROGRAM, "--store", str(home / "users.json"), "--read-only"]) as terminal:
        terminal.wait_for("read-only")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
