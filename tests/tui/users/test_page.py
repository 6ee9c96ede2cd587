"""The Users page: imported users, progress and cancel, text that is neither obeyed nor secret."""

import threading

import pytest
from textual.widgets import Static

from qm_tui.store import open_store
from qm_tui.tui.frame.actions_bar import ActionsBar
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work import job as jobs
from tests.helpers import users_of
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    started,
    status_of,
    table_of,
    top,
    users_in,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import (
    import_file,
    preview,
    wait_until_imported,
)


async def test_cursor_moves_to_first_imported_user(home):
    async with started(app_on(home / "users.json", sample_users(50))) as pilot:
        await import_file(pilot, SAMPLES / "users-no-header.csv")
        table = table_of(pilot)
        assert table.row_count == 90
        assert table.cursor_row == 50
        assert table.row_text(50, 60).startswith(">+ ")
        assert table.row_text(49, 60).startswith("   ")
        assert pilot.app.focused is table
        await import_file(pilot, SAMPLES / "users-with-errors.csv")
        assert status_of(pilot) == "Imported: 7 added, 35 rejected"
        before = (home / "users.json").read_bytes()
        await import_file(pilot, SAMPLES / "users-no-header.csv")
        assert status_of(pilot) == "Nothing to import: all records are unchanged"
        assert (home / "users.json").read_bytes() == before


async def test_first_users_are_shown_while_the_others_are_read(home, monkeypatch):
    users = sample_users(2500)
    app, may_go_on = app_on(home / "users.json", users), threading.Event()
    load = app._session.store.load

    def load_slowly(progress, on_loaded):
        def found(state):
            on_loaded(state)
            may_go_on.wait(5)
            may_go_on.set()

        return load(progress, found)

    monkeypatch.setattr(app._session.store, "load", load_slowly)
    async with app.run_test(size=LARGE) as pilot:
        await wait_until(pilot, lambda: bool(table_of(pilot).row_count))
        table = table_of(pilot)
        assert table.row_count < len(users)
        await pilot.press("end", "pageup", "home", "down", "enter")
        await pilot.pause()
        assert users[1].user_id not in page_of(pilot).query_one(DetailsPane).lines
        await pilot.resize_terminal(*SMALL)
        await pilot.press("enter", "space")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert "✓" in table.row_text(1, 60)
        may_go_on.set()
        await wait_until_idle(pilot)
        assert users_in(table) == users
        assert table.cursor_user == users[1]
        assert "1 marked" in shown(pilot)


@pytest.fixture
def slow(monkeypatch):
    """Slow down jobs, so that their progress can be observed."""
    monkeypatch.setattr("qm_tui.progress._YIELD_SECONDS", 0.15)
    monkeypatch.setattr("qm_tui.progress._WORK_SECONDS", 0)


async def test_actions_bar_shows_progress(home, slow, monkeypatch):
    said = []
    show = ActionsBar.show_progress

    def show_and_note(bar, *how_far):
        show(bar, *how_far)
        said.append(str(bar.query_one("#status", Static).render()))

    monkeypatch.setattr(ActionsBar, "show_progress", show_and_note)
    file = home / "many.csv"
    async with started(app_on(home / "users.json"), SMALL) as pilot:
        await write_users(file, 3000)
        await import_file(pilot, file)
        importing = [text for text in said if text.startswith("Importing ")]
        assert any(" of 3,000  ██" in text for text in importing)
        assert len(set(importing)) > 2


async def write_users(file, count):
    from sample_data import generate

    with file.open("w", newline="") as output:
        generate.write(generate.users(count), output)


@pytest.fixture
def go_on(monkeypatch):
    """Let jobs wait at their next tick while the event is cleared, until they are canceled."""
    tick, may = jobs.Job.report_progress, threading.Event()

    def waiting(job, *how_far):
        while not (may.wait(0.01) or job.is_cancelled):
            pass
        tick(job, *how_far)

    monkeypatch.setattr(jobs.Job, "report_progress", waiting)
    may.set()
    yield may
    may.set()


async def test_cancel_and_quit_during_import_need_confirmation(home, go_on):
    file = home / "many.csv"
    await write_users(file, 400)
    async with started(app_on(home / "users.json", sample_users(5))) as pilot:

        async def interrupted(key):
            """Press a key during an import."""
            await preview(pilot, file)
            go_on.clear()
            await pilot.press("i")
            await pilot.pause()
            await pilot.press(key)
            await wait_until(pilot, lambda: isinstance(top(pilot), ConfirmQuestion))
            assert str(getattr(pilot.app.focused, "label", "")) == "[Continue import]"

        before = (home / "users.json").read_bytes()
        await interrupted("escape")
        await pilot.click("#yes")
        await wait_until_idle(pilot)
        assert status_of(pilot) == "Import canceled. Nothing was changed."
        assert (home / "users.json").read_bytes() == before
        assert table_of(pilot).row_count == 5
        assert not list(home.glob(".*.new"))
        go_on.set()
        await interrupted("q")
        await pilot.press("escape")
        go_on.set()
        await wait_until_imported(pilot)
        count = table_of(pilot).row_count
        assert count > 5
        await write_users(file, 600)
        await interrupted("escape")
        go_on.set()  # the import ends before the answer
        await wait_until_imported(pilot)
        assert isinstance(top(pilot), MessageDialog)
        assert "The operation finished before you answered." in shown(pilot)
        assert table_of(pilot).row_count > count


HOSTILE = {
    "first_name": "[@click=app.quit]x[/]",
    "last_name": "[/nope]",
    "department": "\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J",
    "location": "\u202eevil\u2066",
    "user_name": "[b]bold",
}


async def test_untrusted_cells_are_sanitized_and_secrets_never_shown(home):
    hostile, other = sample_users(2)
    secrets = {"password": "PLANTED-PASSWORD", "salt": "PLANTED-SALT"}
    users = [hostile._replace(**HOSTILE, **secrets), other._replace(**secrets)]
    async with started(app_on(home / "users.json", users), SMALL) as pilot:
        text = shown(pilot)
        for _ in range(26):
            await pilot.press("right")
            text += shown(pilot)
        for words in ("[@click=a…", "[/nope]", "‹U+202E›"):
            assert words in text
        assert not {"\x1b", "\u202e"} & {*text}
        assert "PLANTED" not in text
        await pilot.click(table_of(pilot), offset=(6, 1))
        await pilot.pause()
        assert isinstance(top(pilot), DetailsScreen)
        assert "[@click=app.quit]" in shown(pilot)
        await pilot.click("#details", offset=(40, 1))
        assert pilot.app.is_running
    stored = users_of(open_store(home / "users.json").load()).values()
    assert {user.salt for user in stored} == {"PLANTED-SALT"}
