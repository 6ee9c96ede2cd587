"""Dialogs that are closed while they are being composed."""

import asyncio

from qm_tui.tui.user.form import UserForm
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
        assert page_of(pilot).table.cursor_row == 1


async def test_keys_do_not_wait_for_rows_of_a_form_closed_during_a_mount(home, monkeypatch):
    mount, closed = UserForm.mount, []

    def and_closed(form, *widgets, **where):
        return (mount if where else _and_removed)(form, *widgets, **where)

    async def _and_removed(form, *widgets):
        await mount(form, *widgets)
        closed.append(form)
        form.remove()

    async with running(home / "users.json", sample_users(20)) as pilot:
        app = pilot.app
        monkeypatch.setattr(UserForm, "mount", and_closed)
        await pilot.press("e")
        await wait_until(pilot, lambda: bool(closed) and not app.screen.query(UserForm))
        await wait_until(pilot, closed[0].is_complete.is_set)
