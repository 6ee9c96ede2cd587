"""Export from the Users page: options, the file written, messages and saved options."""

from pathlib import Path

import pytest
from textual.pilot import Pilot

from qm_tui.config.preferences import load_preferences
from qm_tui.store import open_store
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.transfer.export_options_dialog import ExportOptionsDialog
from qm_tui.tui.transfer.save_dialog import SaveDialog
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.users.query.query import NO_SELECTION
from tests.helpers import ANNA, read, user
from tests.tui.operations import done, opens, text_of
from tests.tui.pages import (
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    table_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
)

_BO = user("bo", location="=1+1")


@pytest.fixture(autouse=True)
def _at_home(home, monkeypatch):
    monkeypatch.chdir(home)


async def _ask(pilot: Pilot[str], *keys: str) -> SaveDialog:
    """Open the dialog, and press keys in its options."""
    await opens(pilot, SaveDialog, "x")
    dialog = top(pilot)
    assert isinstance(dialog, SaveDialog)
    await wait_until(pilot, lambda: not dialog.files.is_reading)
    if keys:
        await pilot.click("#options")
        await opens(pilot, ExportOptionsDialog)
        await pilot.press(*keys, "escape")
        await wait_until(pilot, lambda: top(pilot) is dialog)
        dialog.field.focus()
        await pilot.pause()
    return dialog


async def _save(pilot: Pilot[str], name: str) -> str:
    """Save under a name; return the text of the message shown."""
    await type_text(pilot, name)
    await pilot.press("enter")
    await opens(pilot, MessageDialog)
    text = text_of(pilot)
    await done(pilot, "enter", status="Export complete")
    return text


def _written(home: Path) -> list[list[str | None]]:
    return [list(record.values or ()) for record in read(home / "out.csv")[0]]


async def test_message_names_the_file_the_formulas_and_the_fix(home):
    (home / ".config").write_text("a file")  # settings that cannot be saved do not prevent it
    async with app_on(home / "users.json", [ANNA, _BO]).run_test(size=SMALL) as pilot:
        await _ask(pilot)
        text = await _save(pilot, "out")
        assert "Export complete. 2 users written to ~/out.csv" in text
        assert "run 1 cell of 1 user as a formula (Location 1)" in text
        assert "--guard-formulas" in text
        assert "can only update" not in text


async def test_options_are_applied_and_saved_unless_the_export_is_canceled(home, monkeypatch):
    (home / "out").mkdir()
    (home / "work").mkdir()
    monkeypatch.chdir(home / "work")
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        dialog = await _ask(pilot, "space")
        assert dialog.files.folder == home
        await done(pilot, "escape")
        assert load_preferences().export_options == ExportOptions()
        await _ask(pilot, "down", "space")
        text = await _save(pilot, "~/out/one.csv")
        assert "Without passwords, this file can only update existing users." in text
        written = (home / "out" / "one.csv").read_text()
        assert ANNA.password not in written
        assert "Password" not in written
    assert load_preferences().export_options == ExportOptions(passwords=False)
    async with QmTuiApp(open_store(home / "users.json")).run_test(size=SMALL) as pilot:
        dialog = await _ask(pilot)  # in the folder of the last export
        assert dialog.files.folder == home / "out"
        assert "no passwords" in shown(pilot)


async def test_marked_and_shown_users_are_written(home):
    users = sample_users(30)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        marks = [users[20].user_id, users[3].user_id, "nobody"]
        session = page_of(pilot).session
        await session.toggle_marks(session.store.state, marks)
        await _ask(pilot, "space")
        assert "2 of 30 users written" in await _save(pilot, "out")
        assert _written(home) == [list(users[3]), list(users[20])]  # in store order
        (home / "out.csv").unlink()
        session.marks.replace(NO_SELECTION)
        session.marks_changed()
        inactive = [user for user in users if user.is_active == "0"]
        inactive.sort(key=lambda user: int(user.extension))
        await pilot.press("slash", *"active", "colon", *"no", "enter")
        await wait_until(pilot, lambda: table_of(pilot).row_count == len(inactive))
        await pilot.press("right", "right", "s")
        await wait_until(pilot, lambda: table_of(pilot).user_at(0) == inactive[0])
        await _ask(pilot, "space")
        assert f"{len(inactive)} of 30 users written" in await _save(pilot, "out")
    assert [values[6] for values in _written(home)] == [user.user_name for user in inactive]


async def test_canceled_dialog_leaves_the_message(home):
    async with app_on(home / "users.json", [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        message = "Deleted 3 users. Press u to undo."
        page_of(pilot).session.set_status(message)
        for key in ("x", "i", "u", "e", "D"):
            await pilot.press(key)
            await wait_until(pilot, lambda: top(pilot) is not page_of(pilot))
            await wait_until_idle(pilot)
            await done(pilot, "escape", status=message)
