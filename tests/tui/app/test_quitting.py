"""Quitting: it asks once if something would be lost, even in a too small terminal."""

import pytest

from qm_tui.tui.widgets.message_box import ConfirmQuestion
from tests.tui.pages import SMALL, app_on, page_of, sample_users, shown, top, wait_until_idle


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(5))


def questions(app):
    return [one for one in app.screen_stack if isinstance(one, ConfirmQuestion)]


@pytest.mark.parametrize("reason", ["work", "unsaved"])
async def test_quit_asks_only_once(app, reason):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        if reason == "work":
            page_of(pilot).begin_job()
        else:
            page_of(pilot).session.unsaved = "Your changes have not been saved"
        await pilot.press("q", "ctrl+c", "ctrl+q", "ctrl+c")
        await pilot.pause()
        assert len(questions(app)) == 1
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert len(questions(app)) == 1


async def test_quit_does_not_ask_while_cancel_is_asked(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).begin_job()
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        (question,) = questions(app)
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "Cancel the operation? Nothing will be saved." in text
        assert "[Continue operation]" in text
        assert "[Cancel operation]" in text
        page_of(pilot).session.end_job("It is done.")
        await pilot.pause()
        assert not questions(app)
        assert not question.is_attached
        assert "The operation finished before you answered." in shown(pilot)


async def test_too_small_terminal_says_that_a_dialog_is_waiting(app):
    async with app.run_test(size=(58, 14)) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).begin_job()
        await pilot.press("q", "q", "enter", "tab", "enter")
        await pilot.pause(0.1)
        assert len(questions(app)) == 1
        words = " ".join(shown(pilot).split())
        assert words == (
            "Terminal too small: 58x14 (minimum 60x16, recommended 80x24)."
            " A dialog is waiting for your answer."
        )
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "The operation is still running. Cancel it and quit? Nothing will be saved." in text
