"""Bulk changes: activate, set a field and delete; confirmed, saved, shown and undone."""

import asyncio
import re

import pytest
from textual.widgets import Button, Input

from qm_tui.store import open_store
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import ActivateDialog, DeleteDialog
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.users.user_screen import UserScreen
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.users.validation import validate_user
from tests.helpers import commit_unchecked
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    status_of,
    store_of,
    table_of,
    top,
    wait_until_idle,
)

USERS = [one._replace(is_active="1", location="Oslo") for one in sample_users(30)]
INACTIVE = [one._replace(is_active="0") for one in USERS[:3]]


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def app(path):
    return app_on(path, [*INACTIVE, *USERS[3:]])


def stored(path):
    return open_store(path).load().users


async def ready(pilot, *keys: str) -> None:
    await wait_until_idle(pilot)
    await pilot.press(*keys)
    for _ in range(50):
        await pilot.pause(0.02)
        if not page_of(pilot).is_busy and top(pilot) is not page_of(pilot):
            break


async def done(pilot) -> None:
    for _ in range(100):
        await pilot.pause(0.02)
        if not page_of(pilot).is_busy and top(pilot) is page_of(pilot):
            break
    await wait_until_idle(pilot)


async def comes(pilot, screen) -> None:
    """Wait until a screen is on top."""
    for _ in range(100):
        await pilot.pause(0.02)
        if isinstance(top(pilot), screen):
            break
    assert isinstance(top(pilot), screen)


def text_of(pilot) -> str:
    """The text of the screen in one line."""
    return " ".join(shown(pilot).replace("│", " ").split())


def buttons(pilot) -> list[str]:
    return [str(one.label) for one in top(pilot).query(Button) if one.display]


MARK_FIVE = ("space", "down") * 5


# Activate and inactivate


async def test_activate_applies_to_the_marked_users(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "A")
        assert isinstance(top(pilot), ActivateDialog)
        assert "5 marked users: 2 active, 3 inactive." in shown(pilot)
        assert buttons(pilot) == ["[Inactivate 2]", "[Activate 3]", "[Cancel]"]
        assert str(pilot.app.focused.label) == "[Cancel]"
        await pilot.press("left", "enter")
        await done(pilot)
        assert status_of(pilot) == "Activated 3 users. Press u to undo."
        assert page_of(pilot).session.marks_text == "5 marked"
    assert all(one.is_active == "1" for one in stored(path).values())


async def test_keys_in_one_burst_apply_to_the_users_that_they_mark(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for key in ("space", "down", "space", "down", "space", "A"):
            app.simulate_key(key)
        await ready(pilot)
        for _ in range(50):
            await pilot.pause(0.02)
            if isinstance(top(pilot), ActivateDialog):
                break
        assert "3 marked users: 3 inactive." in shown(pilot)


async def test_enter_activates_one_user_and_undo_reverts_it(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "A")
        assert buttons(pilot) == ["[Activate]", "[Cancel]"]
        await pilot.press("enter")
        await done(pilot)
        assert stored(path)[USERS[0].user_id].is_active == "1"
        await ready(pilot, "u")
        await pilot.press("right", "enter")
        await done(pilot)
    assert stored(path)[USERS[0].user_id].is_active == "0"


async def test_mass_inactivation_requires_its_number(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "A")
        await pilot.press("right", "enter")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), ConfirmDialog)
        assert "Inactivate 27 users?" in shown(pilot)
        text = "This inactivates 27 of 30 users. Nothing has been saved yet."
        assert text in shown(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Inactivate 27 users]"]
        await pilot.press("2", "6", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmDialog)
        assert "The number does not match. Type 27, or press Esc to cancel." in shown(pilot)
        await pilot.press("backspace", "7", "enter")
        await done(pilot)
        assert status_of(pilot).startswith("Inactivated 27 users.")
    assert all(one.is_active == "0" for one in stored(path).values())


async def test_change_by_another_admin_requires_the_new_number(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "A")
        await pilot.press("right", "enter")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        await asyncio.to_thread(commit, path, USERS[9]._replace(is_active="0"))
        await pilot.press("2", "7", "enter")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), ConfirmDialog)
        assert f"{STORE_CHANGED} This inactivates 26" in text_of(pilot)
        assert open_store(path).load().number == 2
        await pilot.press("escape")
        await done(pilot)
    assert open_store(path).load().number == 2


async def test_change_by_another_admin_asks_again(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "A")
        await asyncio.to_thread(commit, path, USERS[0])
        await pilot.press("left", "enter")  # one of the three is active now
        await comes(pilot, ConfirmQuestion)
        assert f"{STORE_CHANGED} This now activates 2 users. Continue?" in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Activate 2 users]"]
        await pilot.press("tab", "enter")
        await done(pilot)
        assert status_of(pilot) == "Activated 2 users. Press u to undo."


async def test_cursor_stays_on_its_row_if_the_filter_hides_the_user(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "slash", *"active:yes", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "down", "down", "A", "enter")
        await done(pilot)
        assert table_of(pilot).cursor_user_id == USERS[6].user_id
    assert stored(path)[USERS[5].user_id].is_active == "0"


async def test_status_names_skipped_users(app, path):
    broken = INACTIVE[0]._replace(last_name="")
    commit_unchecked(path, broken)
    async with app.run_test(size=LARGE) as pilot:
        await ready(pilot, "slash", *"active:no", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "asterisk", "A", "left", "enter")
        await done(pilot)
        error = validate_user(broken)[0].message
        skipped = f"1 skipped ({error})"
        assert status_of(pilot) == f"Activated 2 users; {skipped}. Press u to undo."
    assert stored(path)[broken.user_id] == broken


async def test_dialog_names_marked_users_that_are_not_shown(app):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "slash", *"active:yes", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "A")
        assert "5 marked users (3 not shown): 2 active, 3 inactive." in shown(pilot)


# Set a field


async def test_field_is_set_for_the_marked_users(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m")
        assert isinstance(top(pilot), SetFieldDialog)
        await pilot.press("down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        assert "Sets Location to Voss for 5 users." in shown(pilot)
        assert "[F2 Apply to 5 users]" in buttons(pilot)
        await pilot.press("f2")
        await done(pilot)
        assert status_of(pilot) == "Set Location for 5 users. Press u to undo."
        assert table_of(pilot).cursor_user_id == USERS[5].user_id
    assert [one.location for one in stored(path).values()][:6] == [*["Voss"] * 5, "Oslo"]


async def test_set_field_shows_the_effect_and_errors(app, path):
    commit(path, INACTIVE[0]._replace(location="Voss"))
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", "down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        assert "Sets Location to Voss for 4 of 5 users." in shown(pilot)
        assert "1 already has this value." in shown(pilot)
        await pilot.press(*["backspace"] * 4)
        await pilot.pause(0.3)
        assert "Clears Location for 5 users." in shown(pilot)
        top(pilot).query_one(Input).insert_text_at_cursor("a\x1bb" + "x" * 10)
        await pilot.pause()
        assert "Removed 1 nonprintable character." in shown(pilot)
        await pilot.press("shift+tab", "down", "tab", *"a b")
        await pilot.pause(0.3)
        assert "'axxxxxxxxxx" not in shown(pilot)
        assert "is not an IP address, Any or a valid node name" in text_of(pilot)
        assert "[F2 Apply]" in buttons(pilot)
        await pilot.press("f2", "escape")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmQuestion)
        await pilot.press("tab", "enter")
        await done(pilot)
    assert open_store(path).load().number == 2


async def test_license_option_sets_both_flags(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", *["down"] * 5, "tab", "right")
        await pilot.pause(0.3)
        assert "Sets Call recording license to On-Demand" in shown(pilot)
        await pilot.press("f2")
        await done(pilot)
    flags = [(one.unlimited_license, one.on_demand_license) for one in stored(path).values()]
    assert flags[:5] == [("0", "1")] * 5


async def test_set_field_asks_again_after_a_change_by_another_admin(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", "down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        moved = INACTIVE[0]._replace(location="Voss")
        await asyncio.to_thread(commit, path, moved)
        await pilot.press("f2")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), ConfirmQuestion)
        assert f"{STORE_CHANGED} This now changes 4 users. Continue?" in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Change 4 users]"]
        await pilot.press("tab", "enter")
        await done(pilot)
        assert status_of(pilot).startswith("Set Location for 4 users.")


# Delete


async def test_delete_offers_to_inactivate_first(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "down", "down", "down", "down", "D")
        assert isinstance(top(pilot), DeleteDialog)
        assert "In the suite, the user's recordings are deleted, too." in shown(pilot)
        assert str(pilot.app.focused.label) == "[Inactivate instead]"
        await pilot.press("enter")
        await done(pilot)
    assert stored(path)[USERS[4].user_id].is_active == "0"


async def test_one_user_is_deleted_and_restored(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "delete")
        assert str(pilot.app.focused.label) == "[Cancel]"  # the user is inactive already
        await pilot.press("left", "enter")
        await done(pilot)
        assert status_of(pilot) == "Deleted 1 user. Press u to undo."
        assert USERS[0].user_id not in stored(path)
        assert table_of(pilot).cursor_user_id == USERS[1].user_id
        await ready(pilot, "u")
        await pilot.press("right", "enter")
        await done(pilot)
    assert stored(path)[USERS[0].user_id] == INACTIVE[0]


async def test_delete_asks_again_after_a_change_by_another_admin(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "D")
        await asyncio.to_thread(commit, path, USERS[3]._replace(agent_id="B-7"))
        await pilot.press("up", "5", "enter")
        await comes(pilot, ConfirmDialog)
        assert f"{STORE_CHANGED} This deletes 5 of 30 users." in text_of(pilot)
        assert buttons(pilot) == ["[Cancel]", "[Delete 5 users]"]
        await pilot.press("escape")
        await done(pilot)
    assert len(stored(path)) == 30


async def test_several_users_are_deleted_only_with_their_number(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "D")
        await pilot.click("#yes")
        await pilot.pause()
        assert "The number does not match. Type 5, or press Esc to cancel." in shown(pilot)
        await pilot.press("5", "enter")
        await done(pilot)
        assert status_of(pilot) == "Deleted 5 users. Press u to undo."
        await pilot.pause(0.3)
        assert page_of(pilot).session.marks == set()
    assert len(stored(path)) == 25


async def test_key_hints_without_users_offer_no_actions_on_users(app):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "D", "up", "3", "0", "enter")
        await done(pilot)
        await pilot.pause(0.3)
        assert status_of(pilot) == "Deleted 30 users. Press u to undo."
        assert "u undo" in shown(pilot)
        assert "m set field" not in shown(pilot)


# Unavailable actions


async def test_read_only_store_ignores_keys_of_changes(path):
    store_of(path, USERS)
    app = QmTuiApp(open_store(path, read_only=True), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e", "a", "m", "A", "P", "D", "delete")
        await pilot.pause(0.1)
        assert top(pilot) is page_of(pilot)
        assert page_of(pilot).query_one("#edit").disabled


async def test_empty_store_offers_only_to_add_a_user(path):
    app = app_on(path)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e", "m", "A", "P", "D")
        await pilot.pause(0.1)
        assert top(pilot) is page_of(pilot)
        await pilot.press("a")
        await pilot.pause(0.1)
        assert "Add a user" in shown(pilot)


async def test_users_deleted_by_another_admin_are_reported(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "D")
        await asyncio.to_thread(commit, path, delete=USERS[0].user_id)
        await pilot.press("left", "enter")
        await comes(pilot, MessageDialog)
        assert "Nothing was changed: the users have been deleted." in text_of(pilot)


# The details


async def test_details_apply_actions_to_the_shown_user(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "space", "enter")
        assert isinstance(top(pilot), UserScreen)
        await pilot.press("A")
        await pilot.pause(0.2)
        assert isinstance(top(pilot), ActivateDialog)  # for the shown user, not for the marked ones
        await pilot.press("enter")
        for _ in range(50):
            await pilot.pause(0.02)
            if "Press u to undo." in shown(pilot):
                break
        assert isinstance(top(pilot), UserScreen)
        assert "Activated 1 user. Press u to undo." in shown(pilot)
        assert re.search(r"Is User Active +yes", shown(pilot))
        await pilot.press("D")
        await pilot.pause(0.2)
        await pilot.press("right", "enter")
        for _ in range(50):
            await pilot.pause(0.02)
            if "was deleted" in shown(pilot):
                break
        assert "This user was deleted." in shown(pilot)
        await pilot.press("e", "m", "escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
    assert USERS[0].user_id not in stored(path)


# Pictures


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", ["A", "m", "D", "P"])
def test_the_dialogs(path, keys, size, snap_compare):
    async def before(pilot):
        await ready(pilot, *MARK_FIVE, keys)
        if keys == "m":
            await pilot.press("down", "down", "tab", *"Sales")
            await pilot.pause(0.4)

    app = app_on(path, [*INACTIVE, *USERS[3:]])
    assert snap_compare(app, terminal_size=size, run_before=before)
