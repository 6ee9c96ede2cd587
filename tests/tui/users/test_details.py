"""Details from the Users page: in a dialog, or next to the table if there is room."""

import pytest

from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.user.details_screen import DetailsScreen
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    table_of,
    top,
    wait_until_idle,
)


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(40))


async def test_narrow_terminal_shows_dialog_and_cursor_follows(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), DetailsScreen)
        await pilot.press("right", "right", "escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert table_of(pilot).cursor_row == 3


async def test_wide_terminal_shows_pane_that_follows_cursor(app):
    async with app.run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        pane = page_of(pilot).query_one(DetailsPane)
        assert not bool(pane.display)
        await pilot.press("enter")
        await pilot.pause()
        assert bool(pane.display)
        assert pilot.app.focused is table_of(pilot)
        users = sample_users(40)
        assert users[0].sip_uri in shown(pilot) or users[0].user_id in shown(pilot)
        await pilot.press("down", "down")
        await pilot.pause()
        assert users[2].user_id in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert not bool(pane.display)
        await pilot.press("enter", "tab")
        await pilot.pause()
        assert bool(pane.has_focus)
        await pilot.press("escape")
        await pilot.pause()
        assert bool(table_of(pilot).has_focus)
        await pilot.press("enter")
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert not bool(pane.display)
        assert table_of(pilot).cursor_row == 2
        assert pilot.app.focused is table_of(pilot)
