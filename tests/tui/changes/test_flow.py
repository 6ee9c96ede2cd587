"""Bulk changes: activate, set a field and delete; confirmed, saved, shown and undone."""

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from qm_tui.store import open_store
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.tui.changes.activation import ActivateDialog, DeleteDialog
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.users.fields import User
from qm_tui.users.validation import validate_user
from tests.helpers import commit_unchecked, users_of
from tests.tui.operations import buttons, done, opens, text_of, undo
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    commit,
    has_text,
    page_of,
    sample_users,
    shown,
    table_of,
    top,
    wait_until,
    wait_until_idle,
)

USERS = [one._replace(is_active="1", location="Oslo") for one in sample_users(30)]
INACTIVE = [one._replace(is_active="0") for one in USERS[:3]]
MARK_FIVE = ("space", "down") * 5


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def app(path):
    return app_on(path, [*INACTIVE, *USERS[3:]])


def stored(path: Path) -> dict[str, User]:
    return users_of(open_store(path).load())


async def filter_users(pilot: Pilot[str], text: str, count: int) -> None:
    await wait_until_idle(pilot)
    await pilot.press("slash", *text, "enter")
    await wait_until(pilot, lambda: table_of(pilot).row_count == count)


async def test_activate_applies_to_the_marked_users(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for key in (*MARK_FIVE, "A"):  # in one burst
            app.simulate_key(key)
        await opens(pilot, ActivateDialog)
        assert "5 marked users: 2 active, 3 inactive." in shown(pilot)
        assert buttons(pilot) == ["[Inactivate 2]", "[Activate 3]", "[Cancel]"]
        assert str(pilot.app.focused.label) == "[Cancel]"
        await done(pilot, "left", "enter", status="Activated 3 users. Press u to undo.")
        assert page_of(pilot).session.marks.text == "5 marked"
        assert all(one.is_active == "1" for one in stored(path).values())
        await undo(pilot)
        assert stored(path)[USERS[0].user_id].is_active == "0"
        await filter_users(pilot, "active:yes", 27)
        await opens(pilot, ActivateDialog, "A")
        assert "5 marked users (3 not shown): 2 active, 3 inactive." in shown(pilot)


async def test_cursor_stays_on_its_row_if_the_filter_hides_the_user(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await filter_users(pilot, "active:yes", 27)
        await opens(pilot, ActivateDialog, "down", "down", "A")
        assert buttons(pilot) == ["[Inactivate]", "[Cancel]"]
        await done(pilot, "enter", status="Inactivated 1 user.")
        assert table_of(pilot).cursor_user_id == USERS[6].user_id
    assert stored(path)[USERS[5].user_id].is_active == "0"


async def test_mass_change_requires_its_number_and_that_of_a_changed_store(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opens(pilot, ActivateDialog, "asterisk", "A")
        await opens(pilot, ConfirmDialog, "right", "enter")
        assert "Inactivate 27 users?" in shown(pilot)
        assert "This inactivates 27 of 30 users. Nothing has been saved yet." in shown(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Inactivate 27 users]"]
        await pilot.press("2", "6", "enter")
        await pilot.pause()
        assert "The number does not match. Type 27, or press Esc to cancel." in shown(pilot)
        await asyncio.to_thread(commit, path, USERS[9]._replace(is_active="0"))
        await pilot.press("backspace", "7", "enter")
        await wait_until(pilot, lambda: has_text(pilot, "inactivates 26"))
        assert f"{STORE_CHANGED} This inactivates 26" in text_of(pilot)
        assert open_store(path).load().number == 2
        await done(pilot, "escape")
        await opens(pilot, ActivateDialog, "A")
        await opens(pilot, ConfirmDialog, "right", "enter")
        await done(pilot, "2", "6", "enter", status="Inactivated 26 users.")
    assert all(one.is_active == "0" for one in stored(path).values())


async def test_change_by_another_admin_asks_again(app, path):
    async def meanwhile(*users: User, delete: str = "") -> None:
        await asyncio.to_thread(commit, path, *users, delete=delete)

    async with app.run_test(size=SMALL) as pilot:
        await opens(pilot, ActivateDialog, *MARK_FIVE, "A")
        await meanwhile(USERS[0])
        await opens(pilot, ConfirmQuestion, "left", "enter")  # one of the three is active now
        assert f"{STORE_CHANGED} This now activates 2 users. Continue?" in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Activate 2 users]"]
        await done(pilot, "tab", "enter", status="Activated 2 users. Press u to undo.")

        await opens(pilot, SetFieldDialog, "m")
        await pilot.press("down", "down", "down", "tab", *"Voss")
        await wait_until(pilot, lambda: has_text(pilot, "Location to Voss for 5"))
        await meanwhile(USERS[0]._replace(location="Voss"))
        await opens(pilot, ConfirmQuestion, "f2")
        assert f"{STORE_CHANGED} This now changes 4 users. Continue?" in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Change 4 users]"]
        await done(pilot, "tab", "enter", status="Set Location for 4 users.")

        await opens(pilot, DeleteDialog, "D")
        await meanwhile(USERS[3]._replace(agent_id="B-7"))
        await opens(pilot, ConfirmDialog, "up", "5", "enter")
        assert f"{STORE_CHANGED} This deletes 5 of 30 users." in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Delete 5 users]"]
        await done(pilot, "escape")
        assert len(stored(path)) == 30

        await opens(pilot, DeleteDialog, "home", *MARK_FIVE, "end", "D")  # without marks
        await meanwhile(delete=USERS[29].user_id)
        await opens(pilot, MessageDialog, "right", "enter")
        text = "Nothing was changed: the users have been deleted."
        assert str(top(pilot).query_one(Static).content) == f"{STORE_CHANGED} {text}"


async def test_status_names_skipped_users(app, path):
    broken = INACTIVE[0]._replace(last_name="")
    commit_unchecked(path, broken)
    async with app.run_test(size=LARGE) as pilot:
        await filter_users(pilot, "active:no", 3)
        await opens(pilot, ActivateDialog, "asterisk", "A")
        skipped = f"1 skipped ({validate_user(broken)[0].message})"
        status = f"Activated 2 users; {skipped}. Press u to undo."
        await done(pilot, "left", "enter", status=status)
    assert stored(path)[broken.user_id] == broken


async def test_field_is_set_for_the_marked_users(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opens(pilot, SetFieldDialog, *MARK_FIVE, "m")
        await pilot.press("down", "down", "down", "tab", *"Voss")
        await wait_until(pilot, lambda: has_text(pilot, "Location to Voss for 5 users."))
        assert "[F2 Apply to 5 users]" in buttons(pilot)
        await done(pilot, "f2", status="Set Location for 5 users. Press u to undo.")
        assert table_of(pilot).cursor_user_id == USERS[5].user_id
        assert [one.location for one in stored(path).values()][:6] == [*["Voss"] * 5, "Oslo"]

        await opens(pilot, SetFieldDialog, "m")
        await pilot.press(*["down"] * 5, "tab", "right")
        await wait_until(pilot, lambda: has_text(pilot, "Call recording license to On-Demand"))
        await done(pilot, "f2", status="Set Call recording license")
    flags = [(one.unlimited_license, one.on_demand_license) for one in stored(path).values()]
    assert flags[:5] == [("0", "1")] * 5


async def test_users_are_deleted_and_restored(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opens(pilot, DeleteDialog, "home", *["down"] * 4, "D")
        assert str(pilot.app.focused.label) == "[Inactivate instead]"
        await done(pilot, "enter", status="Inactivated 1 user.")
        assert stored(path)[USERS[4].user_id].is_active == "0"

        await opens(pilot, DeleteDialog, "home", "delete")
        assert "In the suite, the user's recordings are deleted, too." in shown(pilot)
        await done(pilot, "left", "enter", status="Deleted 1 user. Press u to undo.")
        assert USERS[0].user_id not in stored(path)
        assert table_of(pilot).cursor_user_id == USERS[1].user_id
        await undo(pilot)
        assert stored(path)[USERS[0].user_id] == INACTIVE[0]

        await opens(pilot, DeleteDialog, "home", *MARK_FIVE, "D")
        await pilot.click("#yes")
        await pilot.pause()
        assert "The number does not match. Type 5, or press Esc to cancel." in shown(pilot)
        await done(pilot, "5", "enter", status="Deleted 5 users. Press u to undo.")
        await wait_until(pilot, lambda: not page_of(pilot).session.marks)

        await opens(pilot, DeleteDialog, "asterisk", "D")
        await done(pilot, "up", "2", "5", "enter", status="Deleted 25 users.")
        assert not stored(path)
        await wait_until(pilot, lambda: not has_text(pilot, "m set field"))
        assert "u undo" in shown(pilot)
        await pilot.press("e", "m", "A", "P", "D")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        await pilot.press("a")
        await wait_until(pilot, lambda: has_text(pilot, "Add a user"))
