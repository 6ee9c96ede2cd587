"""Dialogs that are closed while they are being composed."""

import asyncio

import pytest

from qm_tui.tui.user.form import UserForm
from tests.helpers import sample_cases
from tests.tui.pages import app_on, page_of, sample_users, wait_until_idle

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


async def test_closed_form_composes_no_more_groups(home, monkeypatch):
    mount = UserForm.mount

    def and_closed(form, *widgets, **where):
        return (mount if where else _and_removed)(form, *widgets, **where)

    async def _and_removed(form, *widgets):
        await mount(form, *widgets)
        await form.remove_children()

    app = app_on(home / "users.json", sample_users(20))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        monkeypatch.setattr(UserForm, "mount", and_closed)
        await pilot.press("e")
        await pilot.pause(0.3)
        form = app.screen.query_one(UserForm)
        assert not form.is_complete.is_set()
    assert app.failure is None
