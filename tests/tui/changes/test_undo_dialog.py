"""Undo: the confirmation with its effect, by keys and by clicks; what is not reverted is listed."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.tui.activity.page import ActivityPage
from qm_tui.tui.changes.undo_dialog import SkippedList, UndoDialog, UndoneReport
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.users.fields import User
from tests.helpers import users_of
from tests.tui.operations import ask_to_undo, buttons, done, opens, text_of
from tests.tui.pages import (
    LARGE,
    SMALL,
    activity_of,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    status_of,
    table_of,
    top,
    type_text,
    wait_until,
)

USERS = sample_users(40)


@pytest.fixture
def path(home):
    return home / "users.json"


def stored(path: Path) -> dict[str, User]:
    return users_of(open_store(path).load())


async def ask_from_activity(pilot: Pilot[str]) -> UndoDialog:
    """Ask to undo the transaction before the last one."""
    await opens(pilot, ActivityPage, "2")
    await wait_until(pilot, lambda: "Edit" in shown(pilot))
    await pilot.press("down")
    return await ask_to_undo(pilot)


async def test_last_transaction_is_undone_after_confirmation(path):
    app = app_on(path, USERS)
    commit(path, USERS[2]._replace(first_name="Wrong"), USERS[3])
    name = USERS[2].last_name
    async with app.run_test(size=LARGE) as pilot:
        await ask_to_undo(pilot)
        text = text_of(pilot)
        assert "Undo transaction 2?" in text
        assert f"Edit of Wrong {name} by root, 20" in text
        assert f"Wrong {name} will be reverted:" in text
        assert f"First Name: Wrong → {USERS[2].first_name}" in text
        assert buttons(pilot) == ["[Cancel]", "[Undo edit]"]
        assert str(getattr(pilot.app.focused, "label", "")) == "[Cancel]"
        await done(pilot, "enter")
        assert "Wrong" in shown(pilot)
        await ask_to_undo(pilot)
        await done(pilot, "tab", "enter", status=f"Undid edit of Wrong {name}.")
        assert "Wrong" not in table_of(pilot).row_text(2, 60)
        assert table_of(pilot).row_text(2, 60).startswith(">~ ")
    assert stored(path) == {user.user_id: user for user in USERS}


async def test_undo_works_by_clicking_and_can_be_undone(path):
    app = app_on(path, USERS)
    commit(path, action=Action(TransactionKind.DELETE), delete=USERS[4].user_id)
    name = f"{USERS[4].first_name} {USERS[4].last_name}"
    undo = f"Undo of transaction 2 (deletion of {name})"
    redo = f"Redo of transaction 2 (deletion of {name})"
    async with app.run_test(size=SMALL) as pilot:
        for effect, heading, caption, undone in (
            ("restored", f"Deletion of {name}", "[Undo deletion]", f"Undid deletion of {name}."),
            ("deleted", undo, "[Redo]", f"Redid deletion of {name}."),
            ("restored", redo, "[Undo redo]", "Undid redo of transaction 2."),
        ):  # fmt: skip
            dialog = await ask_to_undo(pilot)
            assert str(dialog.query_one("#yes", Button).label) == caption
            assert f"{name} will be {effect}." in text_of(pilot)
            assert f"{heading} by root" in text_of(pilot)
            await pilot.click("#yes")
            await done(pilot, status=undone)
    assert stored(path)[USERS[4].user_id] == USERS[4]


async def test_selected_transaction_is_undone_without_later_changes(path):
    app = app_on(path, USERS)
    wrong = [one._replace(location="Wrong", agent_id="X1") for one in USERS[:2]]
    commit(path, *wrong)
    commit(path, wrong[0]._replace(location="Right"))
    async with app.run_test(size=SMALL) as pilot:
        await ask_from_activity(pilot)
        assert "2 users will be reverted. 1 value will not be reverted:" in text_of(pilot)
        for text in (f"> {USERS[0].first_name} {USERS[0].last_name}", "Location", "changed since"):
            assert text in shown(pilot)
        await pilot.click("#yes")
        await opens(pilot, UndoneReport)
        assert "2 users reverted; 1 value not reverted." in text_of(pilot)
        assert top(pilot).query_one(SkippedList).row_count == 1
        await pilot.press("enter")
        await wait_until(pilot, lambda: top(pilot) is activity_of(pilot))
        assert status_of(pilot) == "Undid edit of 2 users. 1 value not reverted."
        assert " Undo 2 " in shown(pilot)
    assert stored(path)[USERS[0].user_id] == USERS[0]._replace(location="Right")
    assert stored(path)[USERS[1].user_id] == USERS[1]


async def test_mass_change_requires_its_number(path):
    app = app_on(path, USERS[:10])
    commit(path, *USERS[10:], action=Action(TransactionKind.IMPORT, "all.csv"))
    async with app.run_test(size=SMALL) as pilot:
        await ask_to_undo(pilot)
        assert "Import of all.csv by root, 20" in text_of(pilot)
        assert "30 users will be deleted." in text_of(pilot)
        assert isinstance(pilot.app.focused, Input)
        await type_text(pilot, "3")
        await pilot.press("enter")
        await pilot.click("#yes")
        await pilot.pause()
        assert "The number does not match. Type 30, or press Esc to cancel." in text_of(pilot)
        await type_text(pilot, "30")
        await done(pilot, "enter", status="Undid import of all.csv.")
        assert table_of(pilot).row_count == 10


async def test_change_of_another_admin_asks_again(path, monkeypatch):
    app = app_on(path, USERS)
    commit(path, *(one._replace(location="Wrong") for one in USERS[:2]))
    async with app.run_test(size=SMALL) as pilot:
        first = await ask_to_undo(pilot)
        assert "2 users will be reverted." in text_of(pilot)
        commit(path, USERS[0]._replace(location="Right"))
        await pilot.click("#yes")
        await wait_until(pilot, lambda: top(pilot) is not first)
        await opens(pilot, UndoDialog)
        assert "Another admin changed the store in the meantime" in text_of(pilot)
        assert f"{USERS[1].last_name} will be reverted:" in text_of(pilot)
        assert "Location: Wrong → " in text_of(pilot)
        assert "1 value will not be reverted:" in text_of(pilot)

        def full(*_args: Any) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr("qm_tui.store.tinydb.log.os.write", full)
            await pilot.click("#yes")
            await opens(pilot, MessageDialog)
        assert "Cannot write the store" in text_of(pilot)
        assert "No space left on device" in text_of(pilot)
        await done(pilot, "enter")
        assert stored(path)[USERS[1].user_id].location == "Wrong"


async def test_what_cannot_be_undone_offers_no_undo(path):
    async with app_on(path).run_test(size=SMALL) as pilot:
        await opens(pilot, MessageDialog, "u")
        assert "Nothing to undo: there are no transactions yet." in text_of(pilot)
        await done(pilot, "enter")
        for location in ("Old", "Wrong", "Right"):
            commit(path, USERS[0]._replace(location=location))
        await wait_until(pilot, lambda: page_of(pilot).store.state.number == 3)
        await ask_from_activity(pilot)
        text = "Transaction 2 cannot be undone: all of its values have been changed"
        assert text in text_of(pilot)
        assert buttons(pilot) == ["[OK]"]
        await pilot.press("enter")
        await wait_until(pilot, lambda: top(pilot) is activity_of(pilot))
