"""Export from the Users page: options, the file written, messages and saved options."""

import pytest
from textual.widgets import Button

from qm_tui.config.preferences import load_preferences
from qm_tui.store import open_store
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.transfer.save_dialog import SaveDialog
from qm_tui.tui.widgets.message_box import MessageDialog
from tests.helpers import ANNA, read, user
from tests.tui.pages import (
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    status_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
)

_BO = user("bo", location="=1+1")


@pytest.fixture(autouse=True)
def _at_home(home, monkeypatch):
    monkeypatch.chdir(home)


async def _ask(pilot) -> SaveDialog:
    await wait_until_idle(pilot)
    await pilot.press("x")
    await pilot.pause()
    dialog = top(pilot)
    assert isinstance(dialog, SaveDialog)
    return dialog


async def _save(pilot, name: str) -> str:
    """Save under a name; return the text of the message shown."""
    await type_text(pilot, name)
    await pilot.press("enter")
    await wait_until_idle(pilot)
    assert isinstance(top(pilot), MessageDialog)
    words = " ".join(shown(pilot).replace("│", " ").split())
    await pilot.press("enter")
    await pilot.pause()
    assert top(pilot) is page_of(pilot)
    return words


async def test_message_names_the_file_the_formulas_and_the_fix(home):
    async with app_on(home / "users.json", [ANNA, _BO]).run_test(size=SMALL) as pilot:
        await _ask(pilot)
        said = await _save(pilot, "out")
        assert "Export complete. 2 users written to ~/out.csv" in said
        assert "run 1 cell of 1 user as a formula (Location 1)" in said
        assert "--guard-formulas" in said
        assert "can only update" not in said
        assert status_of(pilot) == "Export complete"


async def test_options_are_applied_reported_and_saved(home):
    chosen = ExportOptions(passwords=False)
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await _ask(pilot)
        await pilot.click("#options")
        await pilot.pause()
        await pilot.press("down", "space", "escape")
        await pilot.pause()
        await pilot.press("shift+tab", "shift+tab")
        said = await _save(pilot, "out")
        assert "Without passwords, this file can only update existing users." in said
        text = (home / "out.csv").read_text()
        assert ANNA.password not in text
        assert "Password" not in text
    assert load_preferences().export_options == chosen
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await _ask(pilot)
        assert "no passwords" in shown(pilot)


async def test_options_of_a_canceled_export_are_not_saved(home):
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await _ask(pilot)
        await pilot.click("#options")
        await pilot.pause()
        await pilot.press("space", "escape")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
    assert load_preferences().export_options == ExportOptions()


async def test_marked_users_are_written_in_store_order(home):
    users = sample_users(30)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).session.toggle_marks([users[20].user_id, users[3].user_id, "nobody"])
        await _ask(pilot)
        await pilot.click("#options")
        await pilot.pause()
        await pilot.press("space", "escape")
        await pilot.pause()
        await pilot.press("shift+tab", "shift+tab")
        assert "2 of 30 users written" in await _save(pilot, "out")
    assert [record.values for record in read(home / "out.csv")[0]] == [
        list(users[3]),
        list(users[20]),
    ]


async def test_unusable_settings_folder_does_not_prevent_export(home):
    (home / ".config").write_text("a file")
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await _ask(pilot)
        assert "1 user written" in await _save(pilot, "out")


async def test_users_are_exported_by_clicks(home):
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.click("#export")
        await pilot.pause(0.2)
        await pilot.click("#options")
        await pilot.pause(0.1)
        await pilot.click("#export-lines", offset=(6, 1))
        await pilot.click("#ok")
        await pilot.pause(0.1)
        await pilot.click(top(pilot).query_one("#accept", Button))
        await wait_until_idle(pilot)
        assert "1 user written to ~/users-" in shown(pilot)
    assert not load_preferences().export_options.passwords


async def test_shown_users_are_written_in_the_order_shown(home):
    users = sample_users(30)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", *"active", "colon", *"no", "enter")
        await pilot.press("right", "right", "s")
        await pilot.pause(0.2)
        await _ask(pilot)
        await pilot.click("#options")
        await pilot.pause()
        await pilot.press("space", "escape")
        await pilot.pause()
        await pilot.press("shift+tab", "shift+tab")
        text = await _save(pilot, "out")
        inactive = sorted(filter(_is_inactive, users), key=_extension)
        assert f"{len(inactive)} of 30 users written" in text
    assert [record.values[6] for record in read(home / "out.csv")[0]] == [
        exported.user_name for exported in inactive
    ]


def _extension(user):
    return int(user.extension)


def _is_inactive(user):
    return user.is_active == "0"


async def test_save_as_begins_in_the_folder_of_the_last_export(home, monkeypatch):
    (home / "out").mkdir()
    (home / "work").mkdir()
    monkeypatch.chdir(home / "work")
    app = app_on(home / "users.json", [ANNA])
    async with app.run_test(size=SMALL) as pilot:
        dialog = await _ask(pilot)
        await pilot.pause(0.2)
        assert dialog.files.folder == home
        await _save(pilot, "~/out/one.csv")
    async with QmTuiApp(open_store(home / "users.json")).run_test(size=SMALL) as pilot:
        dialog = await _ask(pilot)
        await wait_until(pilot, lambda: dialog.files.folder == home / "out")


async def test_canceled_dialog_leaves_the_message(home):
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).session.set_status("Deleted 3 users. Press u to undo.")
        for key in ("x", "i", "u", "e", "D"):
            await pilot.press(key)
            await wait_until(pilot, lambda: top(pilot) is not page_of(pilot))
            await wait_until_idle(pilot)
            await pilot.press("escape")
            await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
            assert status_of(pilot) == "Deleted 3 users. Press u to undo."
