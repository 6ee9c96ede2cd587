"""Dialogs that are closed while they are being composed."""

import asyncio

import pytest

from qm_tui.tui.user.form import UserForm
from tests.helpers import sample_cases
from tests.tui.pages import app_on, page_of, sample_users, wait_until, wait_until_idle

SMALL = (80, 24)
DIALOGS = [
    "e",
    "a",
    "i",
    "x",
    "F",
    "c",
    "v",
    "L",
    "P",
    "m",
    "A",
    "D",
    "question_mark",
    "colon",
    "u",
]


@pytest.mark.parametrize("key", sample_cases(DIALOGS, range(0, 15, 4)))
async def test_dialog_can_be_closed_at_any_moment(home, key):
    app = app_on(home / "users.json", sample_users(20))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for delay in range(0, 16, 2):
            app.simulate_key(key)
            await asyncio.sleep(delay * 0.006)
            app.simulate_key("escape")
            await asyncio.sleep(0.02)
        await wait_until_idle(pilot)
        for _ in range(4):
            await pilot.press("escape")
            await pilot.pause()
        assert page_of(pilot).is_current
        await pilot.press("down")
        assert page_of(pilot).table.cursor_row >= 0
    assert app.failure is None
    assert app._exception is None


async def test_keys_do_not_wait_for_rows_of_a_form_closed_during_a_mount(home, monkeypatch):
    mount, closed = UserForm.mount, []

    def and_closed(form, *widgets, **where):
        return (mount if where else _and_removed)(form, *widgets, **where)

    async def _and_removed(form, *widgets):
        await mount(form, *widgets)
        closed.append(form)
        form.remove()

    app = app_on(home / "users.json", sample_users(20))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        monkeypatch.setattr(UserForm, "mount", and_closed)
        await pilot.press("e")
        await wait_until(pilot, lambda: bool(closed) and not app.screen.query(UserForm))
        await wait_until(pilot, closed[0].is_complete.is_set)
    assert app.failure is None
