"""Ctrl+Z suspends the program from every screen."""

import pytest

from qm_tui.tui.app import QmTuiApp
from tests.tui.pages import back_to_users, opened, page_of, running, sample_users, top, wait_until

DIALOGS = ("i", "x", "e", "a", "m", "A", "P", "D", "u", "c", "v", "F", "?", ":", "enter", "L")


@pytest.fixture
def suspended(monkeypatch):
    """The screens from which the program was suspended."""
    where: list[str] = []
    monkeypatch.setattr(
        QmTuiApp, "action_suspend", lambda app: where.append(type(app.screen).__name__)
    )
    return where


async def test_ctrl_z_suspends_from_pages_inputs_and_every_dialog(home, suspended):
    async with running(home / "users.json", sample_users(3)) as pilot:
        await pilot.press("ctrl+z", "slash", "x", "ctrl+z", "escape", "2", "ctrl+z", "1")
        await pilot.pause()
        assert suspended == ["UsersPage", "UsersPage", "ActivityPage"]
        for key in DIALOGS:
            suspended.clear()
            dialog = await opened(pilot, key)
            if key == "L":  # in the text area it undoes typed text instead
                await pilot.press("ctrl+z", "tab")
                assert not suspended
            await pilot.press("ctrl+z")
            await wait_until(pilot, lambda: bool(suspended))
            assert suspended == [type(dialog).__name__]
            await back_to_users(pilot)


async def test_ctrl_z_suspends_in_a_too_small_terminal(home, suspended):
    async with running(home / "users.json", sample_users(3), (40, 10)) as pilot:
        await pilot.press("x", "ctrl+z")
        assert suspended == ["UsersPage"]
        assert top(pilot) is page_of(pilot)
