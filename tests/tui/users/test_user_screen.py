"""Details from the Users page: a screen whose actions apply to its user only, or a pane."""

import asyncio

import pytest
from textual.widgets import Button

from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.undo_dialog import UndoDialog
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.users.user_screen import UserScreen
from tests.helpers import users_of
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    commit,
    has_text,
    page_of,
    sample_users,
    shown,
    store_of,
    table_of,
    top,
    wait_until,
    wait_until_idle,
)

USERS = [one._replace(is_active="1", location="Oslo") for one in sample_users(5)]
ACTS = ("edit", "change", "activate", "delete")


@pytest.fixture
def path(home):
    return home / "users.json"


def stored(path):
    return users_of(open_store(path).load())


async def opened(pilot, *keys):
    """Open the details of the current user."""
    await wait_until_idle(pilot)
    await pilot.press(*keys, "enter")
    await comes(pilot, UserScreen)


async def comes(pilot, screen):
    """Wait until a screen is on top."""
    await wait_until(pilot, lambda: isinstance(top(pilot), screen) and not page_of(pilot).is_busy)


async def says(pilot, text):
    """Wait until a text is shown."""
    await wait_until(pilot, lambda: has_text(pilot, text))


def offered(pilot):
    return {one.id for one in top(pilot).query(Button) if one.id in ACTS and not one.disabled}


async def test_keys_apply_to_shown_user(path):
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await opened(pilot, "space", "down", "down")  # another one is marked
        assert offered(pilot) == set(ACTS)
        for key, dialog in (
            ("e", UserFormScreen),
            ("a", UserFormScreen),
            ("m", SetFieldDialog),
            ("P", PasswordDialog),
            ("delete", DeleteDialog),
        ):
            await pilot.press(key)
            await comes(pilot, dialog)
            if key != "a":  # a new user has another name
                await says(pilot, USERS[2].last_name)
            assert "marked" not in shown(pilot)
            await pilot.press("escape")
            await comes(pilot, UserScreen)
    assert open_store(path).load().number == 1


async def test_result_is_shown_and_undone_in_details(path):
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await opened(pilot, "down")
        await pilot.click("#change")
        await comes(pilot, SetFieldDialog)
        await pilot.press("down", "down", "down", "tab", *"Voss")
        await says(pilot, "Sets Location to Voss for 1 user.")
        await pilot.press("f2")
        await says(pilot, "Set Location for 1 user. Press u to undo.")
        assert isinstance(top(pilot), UserScreen)
        assert stored(path)[USERS[1].user_id].location == "Voss"
        await pilot.press("u")
        await comes(pilot, UndoDialog)
        await pilot.press("right", "enter")
        await says(pilot, "Undid change of Location.")
        assert isinstance(top(pilot), UserScreen)
        await pilot.press("right", "right", "escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert table_of(pilot).cursor_row == 3  # it follows
    assert stored(path)[USERS[1].user_id] == USERS[1]


async def test_deleted_user_has_no_actions(path):
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await opened(pilot, "space", "down", "down")
        await pilot.press("D")
        await comes(pilot, DeleteDialog)
        await asyncio.to_thread(commit, path, delete=USERS[2].user_id)
        await pilot.press("right", "enter")
        await says(pilot, "was deleted")
        while not isinstance(top(pilot), UserScreen):
            await pilot.press("enter")  # a message: another admin deleted the user
            await pilot.pause()
        assert isinstance(top(pilot), UserScreen)
        await says(pilot, "Jack Norris, jack.norris: deleted")
        assert offered(pilot) == set()
        for key in ("e", "m", "A", "P", "D"):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(top(pilot), UserScreen)
        await pilot.press("right")  # the other users can be shown
        await pilot.pause()
        assert USERS[3].user_name in shown(pilot)
        assert offered(pilot) == set(ACTS)
        await pilot.press("left", "escape")  # the cursor cannot follow to a deleted user
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
    assert len(stored(path)) == 4


async def test_read_only_store_has_no_actions(path):
    store_of(path, USERS)
    app = QmTuiApp(open_store(path, read_only=True), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert offered(pilot) == set()
        await pilot.press("e", "a", "m", "A", "P", "D", "u")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), UserScreen)


async def test_all_buttons_are_shown_in_full_in_the_smallest_terminal(path):
    async with app_on(path, USERS).run_test(size=(60, 16)) as pilot:
        await opened(pilot)
        for _ in USERS:
            for button in top(pilot).query(Button):
                assert str(button.label) in shown(pilot)
            await pilot.press("right")
            await pilot.pause()


async def test_wide_terminal_shows_pane_that_follows_cursor(path):
    async with app_on(path, USERS).run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        pane, table = page_of(pilot).query_one(DetailsPane), table_of(pilot)
        assert not bool(pane.display)
        await pilot.press("enter", "down", "down")
        await says(pilot, USERS[2].user_id)
        assert bool(table.has_focus)
        await pilot.press("enter")
        await pilot.pause()
        assert not bool(pane.display)
        await pilot.press("enter", "tab")
        await pilot.pause()
        assert bool(pane.has_focus)
        await pilot.press("escape")
        await pilot.pause()
        assert bool(table.has_focus)
        await pilot.press("enter")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert not bool(pane.display)
        assert table.cursor_row == 2
        assert bool(table.has_focus)
