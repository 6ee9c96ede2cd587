"""Ctrl+Z suspends the program from every screen."""

import pytest

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.page import Page
from tests.tui.pages import SMALL, app_on, page_of, sample_users, top, wait_until, wait_until_idle

DIALOGS = ["i", "x", "e", "a", "m", "A", "P", "D", "u", "c", "v", "F", "?", ":", "enter", "L"]


@pytest.fixture
def suspended(monkeypatch):
    """The screens from which the program was suspended."""
    where: list[str] = []
    monkeypatch.setattr(
        QmTuiApp, "action_suspend", lambda app: where.append(type(app.screen).__name__)
    )
    return where


async def test_ctrl_z_suspends_from_pages_and_inputs(home, suspended):
    async with app_on(home / "users.json", sample_users(3)).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("ctrl+z", "slash", "x", "ctrl+z", "escape", "2", "ctrl+z")
        await pilot.pause()
        assert suspended == ["UsersPage", "UsersPage", "ActivityPage"]


@pytest.mark.parametrize("key", DIALOGS)
async def test_ctrl_z_suspends_from_every_dialog(home, suspended, key):
    async with app_on(home / "users.json", sample_users(3)).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press(key)
        await wait_until(pilot, lambda: not isinstance(top(pilot), Page) and top(pilot).is_mounted)
        name = type(top(pilot)).__name__
        await pilot.press("ctrl+z")
        # in the text area it undoes typed text instead
        if key == "L":
            assert not suspended
            await pilot.press("tab", "ctrl+z")
        assert suspended == [name]
        assert type(top(pilot)).__name__ == name


async def test_ctrl_z_suspends_in_a_too_small_terminal(home, suspended):
    async with app_on(home / "users.json", sample_users(3)).run_test(size=(40, 10)) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("x", "ctrl+z")
        assert suspended == ["UsersPage"]
        assert top(pilot) is page_of(pilot)
