"""Live updates: changes by other admins are shown within half a second, and nothing else moves."""

import pytest

from qm_tui.store import open_store
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.tui.users import table as users_table
from qm_tui.tui.work import live_updates
from qm_tui.tui.work.live_updates import LiveView
from tests.helpers import EDIT, IMPORT, write_unchecked
from tests.tui.pages import (
    SAMPLES,
    app_on,
    commit,
    page_of,
    running,
    sample_users,
    shown,
    status_of,
    table_of,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import import_file


async def is_shown(pilot, text):
    await wait_until(pilot, lambda: text in shown(pilot))


@pytest.fixture
def polled(monkeypatch):
    """Wait until the store was polled twice, or could have been."""
    polls: list[object] = []
    poll = LiveView._poll

    def poll_and_note(live_view):
        polls.append(live_view)
        poll(live_view)

    monkeypatch.setattr(LiveView, "_poll", poll_and_note)

    async def wait(pilot):
        goal = len(polls) + 2
        await wait_until(pilot, lambda: len(polls) >= goal)

    return wait


@pytest.fixture
def path(home):
    return home / "users.json"


async def test_commits_of_another_admin_are_shown_and_nothing_else_moves(path, monkeypatch):
    users = sample_users(200)
    async with running(path, users) as pilot:
        table, other = table_of(pilot), open_store(path)
        other.load()
        for value in ("One", "Two", "Three"):
            write_unchecked(other, {users[3].user_id: users[3]._replace(first_name=value)})
            await is_shown(pilot, value)

        table.cursor_row = 120
        await pilot.pause()
        await pilot.press("up", "up", "up")
        before = [line[18:] for line in shown(pilot).splitlines()[3:12]]
        write_unchecked(other, {users[10].user_id: None})
        write_unchecked(other, {users[20].user_id: None})
        await is_shown(pilot, "198 users")
        assert table.cursor_row == 115
        assert table.cursor_user_id == users[117].user_id
        assert [line[18:] for line in shown(pilot).splitlines()[3:12]] == before
        monkeypatch.setattr(
            "qm_tui.store.tinydb.snapshot.SnapshotFile.read",
            lambda *_: pytest.fail("the snapshot was read again"),
        )
        assert b"After" not in path.read_bytes()
        write_unchecked(other, {users[117].user_id: users[117]._replace(first_name="After")})
        other.close()  # it writes the snapshot
        assert b"After" in path.read_bytes()
        await is_shown(pilot, "After")
        assert status_of(pilot) == ""


async def test_cursor_of_a_deleted_user_moves_to_the_next(path):
    users = sample_users(6)
    async with running(path, users) as pilot:
        table_of(pilot).cursor_row = 5
        commit(path, delete=users[5].user_id)
        await is_shown(pilot, "5 users")
        assert table_of(pilot).cursor_row == 4
        for one in users[:5]:
            commit(path, delete=one.user_id)
        await is_shown(pilot, "No users yet.")
        commit(path, users[4])
        await is_shown(pilot, "1 user")
        assert table_of(pilot).cursor_row == 0
        await wait_until(pilot, lambda: pilot.app.focused is table_of(pilot))


async def test_changes_are_highlighted_for_a_moment_and_signs_of_the_last_import_stay(
    path, monkeypatch
):
    monkeypatch.setattr(users_table, "HIGHLIGHT_SECONDS", 0.6)
    users = sample_users(5)
    async with running(path, users) as pilot:
        table = table_of(pilot)
        new = users[0]._replace(user_id="new", user_name="new")
        commit(path, users[2]._replace(first_name="Renamed"), new)
        await is_shown(pilot, "* Renamed")
        assert table.row_text(5, 60).startswith(" * ")
        assert table.row_text(3, 60).startswith("   ")
        assert table.row_style(2) != table.row_style(3)
        await wait_until(pilot, lambda: "* Renamed" not in shown(pilot))
        assert table.row_text(5, 60).startswith("   ")
        assert table.row_style(2) == table.row_style(3)
        await import_file(pilot, SAMPLES / "users-no-header.csv")
        commit(path, delete=users[0].user_id)
        await is_shown(pilot, "45 users")
        assert table.row_text(table.cursor_row, 60).startswith(">+ ")


async def test_store_is_not_read_while_a_job_is_running(path, monkeypatch, polled):
    users = sample_users(50)
    async with running(path, users) as pilot:
        page, refreshed = page_of(pilot), []
        refresh = TinyDBUserStore.refresh

        def refresh_and_note(store, tick):
            refreshed.append(page.is_busy)
            return refresh(store, tick)

        monkeypatch.setattr(TinyDBUserStore, "refresh", refresh_and_note)
        page.begin_job()
        commit(path, users[1]._replace(first_name="Late"))
        await polled(pilot)
        assert not refreshed
        page.session.end_job("")
        await is_shown(pilot, "Late")
        assert refreshed == [False]

        page.begin_job()
        commit(path, users[1]._replace(first_name="Later"))
        with page.session.store.transaction(IMPORT) as transaction:  # the job reads it
            (later,) = transaction.state.users([users[1].user_id])
            assert later is not None
            assert later.first_name == "Later"
        page.session.end_job("Import canceled. Nothing was changed.")
        assert not page.session.store.has_external_changes()
        await is_shown(pilot, "* Later")


async def test_unreadable_store_is_reported_once(home, path, monkeypatch, polled):
    users = sample_users(5)
    async with running(path, users) as pilot:
        page, said = page_of(pilot), []
        say = page.session.set_status

        def say_and_note(text):
            said.append(text)
            say(text)

        monkeypatch.setattr(page.session, "set_status", say_and_note)
        kept = list(home.glob("users.*"))
        for file in kept:
            file.rename(home / f"kept.{file.name}")
        await wait_until(pilot, lambda: "its files were removed" in status_of(pilot))
        await polled(pilot)
        assert len(said) == 1
        assert "5 users" in shown(pilot)
        for file in kept:
            (home / f"kept.{file.name}").rename(file)
        commit(path, users[1]._replace(first_name="Again"))
        await is_shown(pilot, "Again")


async def test_table_does_not_wait_for_another_writer(path):
    users = sample_users(50)
    async with running(path, users) as pilot:
        with open_store(path).transaction(EDIT) as transaction:
            await pilot.press("down")
            assert table_of(pilot).cursor_row == 1
            transaction.commit({users[1].user_id: users[1]._replace(first_name="Late")})
            await is_shown(pilot, "Late")


async def test_unexpected_error_stops_only_the_live_updates(home, path, monkeypatch):
    monkeypatch.setattr(live_updates, "_POLL_EVERY", 0.01)
    async with running(path, sample_users(5)) as pilot:

        def fail(_store, _tick):
            raise RuntimeError("ENC-secret")

        monkeypatch.setattr(TinyDBUserStore, "refresh", fail)
        commit(path, sample_users(1)[0]._replace(location="Oslo"))
        await wait_until(pilot, lambda: "Unexpected error (RuntimeError)" in status_of(pilot))
        await pilot.press("down", "up", "down")  # many polls later
        await wait_until(pilot, lambda: table_of(pilot).cursor_row == 1)
        (log,) = home.rglob("qm-tui.log")
        assert log.read_text().count("qm-tui 0.") == 1
        assert pilot.app.is_running


# Notices and warnings of the store


async def test_replaced_store_is_shown_and_reported(home, path, polled):
    users = sample_users(5)
    app = app_on(path, users)
    files = {file.name: file.read_bytes() for file in home.glob("users.*")}
    commit(path, users[1]._replace(first_name="Late"))
    async with app.run_test() as pilot:
        await wait_until_idle(pilot)
        assert "Late" in shown(pilot)
        for name, data in files.items():
            (home / "copy").write_bytes(data)
            (home / "copy").rename(home / name)
        await wait_until(pilot, lambda: "was replaced by another copy" in status_of(pilot))
        await wait_until(pilot, lambda: "Late" not in shown(pilot))
        page_of(pilot).session.set_status("")
        await polled(pilot)
        assert status_of(pilot) == ""


async def test_store_is_read_only_only_as_long_as_its_files_do_not_match(home, polled):
    folder, moved = home / "store", home / "moved"
    folder.mkdir(mode=0o700)
    async with running(folder / "users.json", sample_users(5)) as pilot:
        session = page_of(pilot).session
        folder.rename(moved)
        await wait_until(pilot, lambda: "read-only" in shown(pilot).splitlines()[0])
        assert not session.may_change
        moved.rename(folder)
        await wait_until(pilot, lambda: session.may_change)
        await wait_until(pilot, lambda: "read-only" not in shown(pilot).splitlines()[0])
        await polled(pilot)
        assert "files" not in status_of(pilot) or "again" in status_of(pilot)


async def test_outdated_snapshot_is_reported_in_the_header_of_every_page(path, monkeypatch):
    def has_warning(pilot):
        return "users.json is behind: it was" in shown(pilot).splitlines()[0]

    monkeypatch.setattr("qm_tui.store.tinydb.storage._RETRY", 0.1)
    users = sample_users(5)
    async with running(path, users) as pilot:
        kept = path.read_bytes()
        path.write_bytes(kept.replace(b"Jack", b"Jane"))
        with page_of(pilot).session.store.transaction(EDIT) as transaction:
            transaction.commit({users[1].user_id: users[1]._replace(first_name="Late")})
        await wait_until(pilot, lambda: has_warning(pilot))
        await pilot.press("2")
        await pilot.pause()
        assert has_warning(pilot)
        path.write_bytes(kept)
        await wait_until(pilot, lambda: not has_warning(pilot))
        assert b"Late" in path.read_bytes()
