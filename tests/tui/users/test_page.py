"""The Users page: list, import and export, by keys and by clicks."""

import threading

import pytest
from textual.widgets import Button, Static

from qm_tui.store import open_store
from qm_tui.tui.frame.actions_bar import ActionsBar
from qm_tui.tui.transfer import import_flow
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.save_dialog import SaveDialog
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work import job as jobs
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    app_on,
    has_text,
    page_of,
    sample_users,
    shown,
    started,
    status_of,
    table_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import (
    import_file,
    open_file,
    preview,
    wait_until_imported,
    wait_until_planned,
)


async def test_page_shows_users_path_login_and_keys(home):
    async with started(app_on(home / "users.json", sample_users(60))) as pilot:
        for size in (SMALL, LARGE):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            text = shown(pilot)
            for words in ("~/users.json", "mheller", "60 users", "Knight", "[i Import]"):
                assert words in text
            assert pilot.app.focused is table_of(pilot)
        for is_shown in (False, True):
            await pilot.press("n")
            await pilot.pause()
            assert has_text(pilot, "Administration") is is_shown
        await pilot.press("question_mark")
        await pilot.pause()
        assert "PgDn" in shown(pilot)


async def test_import_by_clicks_into_empty_store_shows_imported_users(home, monkeypatch):
    (home / "incoming").mkdir()
    (home / "incoming" / "staff.csv").write_bytes((SAMPLES / "users.csv").read_bytes())
    monkeypatch.chdir(home / "incoming")
    async with started(app_on(home / "users.json")) as pilot:
        assert "No users yet." in shown(pilot)
        assert "sample_data/users.csv" in shown(pilot)
        await pilot.click("#import")
        await wait_until(pilot, lambda: has_text(pilot, "staff.csv"))
        button = next(one for one in pilot.app.screen.query(Button) if "Open" in str(one.label))
        await pilot.click(button)
        await wait_until_planned(pilot)
        await pilot.click("#import")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Imported: 250 added"
        assert table_of(pilot).row_count == 250
        assert ">+ " in shown(pilot)
        assert pilot.app.focused is table_of(pilot)
        before = (home / "users.json").read_bytes()
        await import_file(pilot, SAMPLES / "users.csv")
        assert status_of(pilot) == "Nothing to import: all records are unchanged"
        assert (home / "users.json").read_bytes() == before


async def test_cursor_moves_to_first_imported_user(home):
    async with started(app_on(home / "users.json", sample_users(50))) as pilot:
        await import_file(pilot, SAMPLES / "users-no-header.csv")
        table = table_of(pilot)
        assert table.row_count == 90
        assert table.cursor_row == 50
        assert table.row_text(50, 60).startswith(">+ ")
        assert table.row_text(49, 60).startswith("   ")
        await import_file(pilot, SAMPLES / "users-with-errors.csv")
        assert status_of(pilot) == "Imported: 7 added, 35 rejected"
        assert table.row_count == 97


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


async def test_export_by_keys(home, monkeypatch):
    monkeypatch.chdir(home)
    async with started(app_on(home / "users.json", sample_users(30))) as pilot:
        await pilot.press("x")
        await wait_until(pilot, lambda: isinstance(top(pilot), SaveDialog))
        await type_text(pilot, "staff")
        await pilot.press("enter")
        await wait_until(pilot, lambda: isinstance(top(pilot), MessageDialog))
        assert "Export complete. 30 users written to ~/staff.csv" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert len((home / "staff.csv").read_bytes().splitlines()) == 31
        assert (home / "staff.csv").stat().st_mode & 0o777 == 0o600


async def test_failed_import_is_one_sentence_and_changes_nothing(home, monkeypatch):
    secret, bad = "ENC-secret-PW", home / "bad.csv"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))

    def fail(*_args, **_more):
        raise RuntimeError(secret)

    monkeypatch.setattr(import_flow, "commit_import", fail)
    async with started(app_on(home / "users.json", sample_users(3))) as pilot:
        await open_file(pilot, bad)
        await wait_until_idle(pilot)
        words = [word for word in shown(pilot).split() if word != "│"]
        assert "is a picture, not a CSV file" in " ".join(words)
        assert isinstance(top(pilot), OpenDialog)
        await pilot.press("escape")
        await pilot.pause()
        await import_file(pilot, SAMPLES / "users.csv")
        assert isinstance(top(pilot), MessageDialog)
        text = shown(pilot)
        assert "Unexpected error (RuntimeError)" in " ".join(text.split())
        assert secret not in text
        assert table_of(pilot).row_count == 3
    (log,) = home.rglob("qm-tui.log")
    assert secret not in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_unusable_store_ends_program(home, capsys):
    (home / "users.json").write_text("not json")
    app = app_on(home / "users.json")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 2
    assert (home / "users.json").read_text() == "not json"


HOSTILE = {
    "first_name": "[@click=app.quit]x[/]",
    "last_name": "[/nope]",
    "department": "\x1b]52;c;cm0gLXJmIC8=\x07\x1b[2J",
    "location": "\u202eevil\u2066",
    "user_name": "[b]bold",
}


async def test_untrusted_cells_are_sanitized(home):
    (hostile,) = sample_users(1)
    hostile = hostile._replace(**HOSTILE)
    file = home / "[@click=app.quit]x.csv"
    cells = ['"' + value.replace("\x1b", "").replace("\x07", "") + '"' for value in hostile]
    cells[3] = ""
    cells[11] = "[/nope]"
    file.write_text(",".join(cells))
    async with started(app_on(home / "users.json", [hostile]), SMALL) as pilot:
        text = shown(pilot)
        assert "[@click=a…" in text
        assert "[/nope]" in text
        assert "\x1b" not in text
        for _ in range(26):
            await pilot.press("right")
            text += shown(pilot)
        assert "‹U+202E›" in text
        assert "\u202e" not in text
        await pilot.click(table_of(pilot), offset=(6, 1))
        await pilot.pause()
        assert isinstance(top(pilot), DetailsScreen)
        assert "[@click=app.quit]" in shown(pilot)
        await pilot.press("escape")
        await preview(pilot, file)
        text = shown(pilot)
        assert "[@click=app.quit]x.csv" in text
        assert "[@click=app.quit]…" in text
        await pilot.click("#records", offset=(6, 1))
        await pilot.pause()
        assert "'[/nope]'" in shown(pilot)
        assert pilot.app.is_running


async def test_passwords_and_salts_are_never_shown(home):
    users = [
        one._replace(password="PLANTED-PASSWORD", salt="PLANTED-SALT") for one in sample_users(20)
    ]
    async with started(app_on(home / "users.json", users), LARGE) as pilot:
        for _ in range(26):
            assert "PLANTED" not in shown(pilot)
            await pilot.press("right")
    stored = open_store(home / "users.json").load().users.values()
    assert {user.salt for user in stored} == {"PLANTED-SALT"}
