"""Dialogs that are closed while they are being composed."""

import asyncio

from textual.widgets import Static

from qm_tui.tui.app import QmTuiApp
from tests.tui.pages import back_to_users, page_of, running, sample_users, wait_until


async def test_dialogs_can_be_closed_at_any_moment(home):
    async with running(home / "users.json", sample_users(20)) as pilot:
        app = pilot.app
        for key in ("e", "x", "c", "L", "m", "u"):
            for delay in range(0, 16, 5):
                app.simulate_key(key)
                await asyncio.sleep(delay * 0.006)
                app.simulate_key("escape")
                await asyncio.sleep(0.02)
            await back_to_users(pilot)
        await pilot.press("down")
        await wait_until(pilot, lambda: page_of(pilot).table.cursor_row == 1)


async def test_removed_widget_that_asks_for_its_screen_does_not_end_the_program(home):
    async with running(home / "users.json", sample_users(20)) as pilot:
        widget, removed = Static(""), Static("")
        await page_of(pilot).mount(widget)
        widget.call_later(lambda: removed.screen)
        async with asyncio.timeout(10):
            while widget.is_running:  # the pilot would wait for it
                await asyncio.sleep(0.01)
        await widget.remove()
        await pilot.press("down")
        await wait_until(pilot, lambda: page_of(pilot).table.cursor_row == 1)
        assert isinstance(pilot.app, QmTuiApp)
        assert pilot.app.failure is None
