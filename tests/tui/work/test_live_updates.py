"""Live updates: changes by other admins are shown within half a second, and nothing else moves."""

import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from qm_tui.store import open_store
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.tui.users import table as users_table
from qm_tui.tui.work import live_updates
from tests.helpers import EDIT, IMPORT
from tests.tui.pages import (
    SAMPLES,
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    status_of,
    table_of,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import import_file

OTHER = """
import sys
from pathlib import Path
from qm_tui.store import open_store
from tests.helpers import EDIT
store = open_store(Path(sys.argv[1]))
store.load()
for line in sys.stdin:
    what, user_id, value = line.split()
    with store.transaction(EDIT) as transaction:
        user = transaction.state.users[user_id]
        changed = None if what == "delete" else user._replace(first_name=value)
        transaction.commit({user_id: changed})
    if what == "close":
        store.close()
    print("done", flush=True)
"""


@pytest.fixture
def other(home):
    """Another process with the store open; call it to let it do something."""
    started: list[Any] = []

    def do(what, user_id="-", value="-"):
        if not started:
            command = [sys.executable, "-c", OTHER, str(home / "users.json")]
            started.append(
                subprocess.Popen(
                    command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1
                )
            )
        started[0].stdin.write(f"{what} {user_id} {value}\n")
        assert started[0].stdout.readline() == "done\n"

    yield do
    for process in started:
        process.communicate(timeout=5)


def _is_shown(pilot, text):
    return text in shown(pilot)


def test_store_is_polled_within_half_a_second():
    assert live_updates._POLL_EVERY < 0.4


async def test_commits_of_another_process_are_shown_without_a_key(home, other):
    users = sample_users(200)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for value in ("One", "Two", "Three"):
            other("edit", users[3].user_id, value)
            await wait_until(pilot, partial(_is_shown, pilot, value))


async def test_snapshot_written_by_another_process_is_not_read_again(home, other, monkeypatch):
    users = sample_users(200)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        other("edit", users[3].user_id, "Before")
        await wait_until(pilot, lambda: "Before" in shown(pilot))
        table_of(pilot).cursor_row = 150
        await pilot.pause()
        monkeypatch.setattr(
            "qm_tui.store.tinydb.snapshot.SnapshotFile.read",
            lambda *_: pytest.fail("the snapshot was read again"),
        )
        before = (home / "users.json").stat().st_ino
        other("close", users[149].user_id, "After")
        assert (home / "users.json").stat().st_ino != before
        await wait_until(pilot, lambda: "After" in shown(pilot))
        assert table_of(pilot).cursor_row == 150
        assert status_of(pilot) == ""


async def test_cursor_stays_on_its_user_and_rows_in_place(home, other):
    users = sample_users(200)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        table = table_of(pilot)
        table.cursor_row = 120
        await pilot.pause()
        await pilot.press("up", "up", "up")
        before = shown(pilot).splitlines()[3:12]
        other("delete", users[10].user_id)
        other("delete", users[20].user_id)
        await wait_until(pilot, lambda: "198 users" in shown(pilot))
        await wait_until(pilot, lambda: "Users      198" in shown(pilot))
        assert table.cursor_row == 115
        assert table._view[115] == users[117].user_id
        assert [line[18:] for line in shown(pilot).splitlines()[3:12]] == [
            line[18:] for line in before
        ]
        commit(home / "users.json", users[10])
        await wait_until(pilot, lambda: "199 users" in shown(pilot))
        assert table._view[table.cursor_row] == users[117].user_id


async def test_cursor_of_a_deleted_user_moves_to_the_next(home):
    users = sample_users(30)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        table_of(pilot).cursor_row = 29
        await pilot.pause()
        commit(home / "users.json", delete=users[29].user_id)
        await wait_until(pilot, lambda: "29 users" in shown(pilot))
        assert table_of(pilot).cursor_row == 28
        for one in users[:29]:
            commit(home / "users.json", delete=one.user_id)
        await wait_until(pilot, lambda: "No users yet." in shown(pilot))
        commit(home / "users.json", users[4])
        await wait_until(pilot, lambda: "1 user" in shown(pilot))
        assert table_of(pilot).cursor_row == 0
        await wait_until(pilot, lambda: pilot.app.focused is table_of(pilot))


async def test_changes_by_other_admins_are_highlighted_for_a_moment(home, monkeypatch):
    monkeypatch.setattr(users_table, "HIGHLIGHT_SECONDS", 0.6)
    users = sample_users(20)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        table = table_of(pilot)
        new = users[0]._replace(user_id="new", user_name="new")
        commit(home / "users.json", users[2]._replace(first_name="Renamed"), new)
        await wait_until(pilot, lambda: "* Renamed" in shown(pilot))
        assert table.row_text(20, 60).startswith(" * ")
        assert table.row_text(3, 60).startswith("   ")
        assert table.row_style(2) != table.row_style(3)
        await wait_until(pilot, lambda: "* Renamed" not in shown(pilot))
        assert table.row_text(20, 60).startswith("   ")
        assert table.row_style(2) == table.row_style(3)


async def test_signs_of_the_last_import_stay(home):
    users = sample_users(5)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await import_file(pilot, SAMPLES / "users-no-header.csv")
        commit(home / "users.json", delete=users[0].user_id)
        await wait_until(pilot, lambda: "44 users" in shown(pilot))
        assert table_of(pilot).row_text(4, 60).startswith(">+ ")


async def test_store_is_not_read_while_a_job_is_running(home, monkeypatch):
    users = sample_users(50)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page = page_of(pilot)
        refreshed = []
        refresh = TinyDBUserStore.refresh

        def refresh_and_note(store, tick):
            refreshed.append(page.is_busy)
            return refresh(store, tick)

        monkeypatch.setattr(TinyDBUserStore, "refresh", refresh_and_note)
        page.begin_job()
        commit(home / "users.json", users[1]._replace(first_name="Late"))
        await pilot.pause(0.8)
        assert not refreshed
        page.session.end_job("")
        await wait_until(pilot, lambda: "Late" in shown(pilot))
        assert refreshed == [False]


async def test_changes_read_by_a_canceled_job_are_shown(home, monkeypatch):
    users = sample_users(50)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page = page_of(pilot)
        page.begin_job()
        commit(home / "users.json", users[1]._replace(first_name="Late"))
        with page.session.store.transaction(IMPORT) as transaction:
            assert transaction.state.users[users[1].user_id].first_name == "Late"
        page.session.end_job("Import canceled. Nothing was changed.")
        assert not page.session.store.has_external_changes()
        await wait_until(pilot, lambda: "* Late" in shown(pilot))


async def test_unreadable_store_is_reported_once(home, monkeypatch):
    users = sample_users(5)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page, said = page_of(pilot), []
        say = page.session.set_status

        def say_and_note(text):
            said.append(text)
            say(text)

        monkeypatch.setattr(page.session, "set_status", say_and_note)
        kept = list(home.glob("users.*"))
        for path in kept:
            path.rename(home / f"kept.{path.name}")
        await wait_until(pilot, lambda: "its files were removed" in status_of(pilot))
        await pilot.pause(1)
        assert len(said) == 1
        assert "5 users" in shown(pilot)
        for path in kept:
            (home / f"kept.{path.name}").rename(path)
        commit(home / "users.json", users[1]._replace(first_name="Again"))
        await wait_until(pilot, lambda: "Again" in shown(pilot))


async def test_table_does_not_wait_for_another_writer(home):
    users = sample_users(50)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        other_store = open_store(home / "users.json")
        with other_store.transaction(EDIT) as transaction:
            await pilot.press("down")
            assert table_of(pilot).cursor_row == 1
            transaction.commit({users[1].user_id: users[1]._replace(first_name="Late")})
            await wait_until(pilot, lambda: "Late" in shown(pilot))


async def test_unexpected_error_stops_only_the_live_updates(home, monkeypatch):
    async with app_on(home / "users.json", sample_users(5)).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)

        def fail(_store, _tick):
            raise RuntimeError("ENC-secret")

        monkeypatch.setattr(TinyDBUserStore, "refresh", fail)
        commit(home / "users.json", sample_users(1)[0]._replace(location="Oslo"))
        await wait_until(pilot, lambda: "Unexpected error (RuntimeError)" in status_of(pilot))
        await pilot.pause(0.7)
        (log,) = home.rglob("qm-tui.log")
        assert log.read_text().count("qm-tui 0.") == 1
        assert pilot.app.is_running


# Notices and warnings of the store


async def test_replaced_store_is_shown_and_reported(home):
    users = sample_users(5)
    app = app_on(home / "users.json", users)
    files = {path.name: path.read_bytes() for path in home.glob("users.*")}
    commit(home / "users.json", users[1]._replace(first_name="Late"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert "Late" in shown(pilot)
        for name, data in files.items():
            (home / "copy").write_bytes(data)
            (home / "copy").rename(home / name)
        await wait_until(pilot, lambda: "was replaced by another copy" in status_of(pilot))
        await wait_until(pilot, lambda: "Late" not in shown(pilot))
        page_of(pilot).session.set_status("")
        await pilot.pause(0.7)
        assert status_of(pilot) == ""


async def test_store_is_read_only_only_as_long_as_its_files_do_not_match(home):
    users, folder, moved = sample_users(5), home / "store", home / "moved"
    folder.mkdir(mode=0o700)
    app = app_on(folder / "users.json", users)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        session = page_of(pilot).session
        folder.rename(moved)
        await wait_until(pilot, lambda: bool(session.read_only_reason))
        await wait_until(pilot, lambda: "read-only" in shown(pilot).splitlines()[0])
        assert not session.may_change
        moved.rename(folder)
        await wait_until(pilot, lambda: session.may_change)
        await wait_until(pilot, lambda: "read-only" not in shown(pilot).splitlines()[0])
        await pilot.pause(0.7)
        assert "files" not in status_of(pilot) or "again" in status_of(pilot)


async def test_outdated_snapshot_is_reported_in_the_header(home, monkeypatch):
    monkeypatch.setattr("qm_tui.store.tinydb.storage._RETRY", 0.1)
    path, users = home / "users.json", sample_users(5)
    async with app_on(path, users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"Jack", b"Jane"))
        with page_of(pilot).session.store.transaction(EDIT) as transaction:
            transaction.commit({users[1].user_id: users[1]._replace(first_name="Late")})
        await wait_until(
            pilot, lambda: "users.json is behind: it was" in shown(pilot).splitlines()[0]
        )
        await pilot.press("2")
        await pilot.pause()
        assert "users.json is behind: it was" in shown(pilot).splitlines()[0]
        path.write_bytes(kept)
        await wait_until(pilot, lambda: "is behind" not in shown(pilot))
        assert b"Late" in path.read_bytes()
