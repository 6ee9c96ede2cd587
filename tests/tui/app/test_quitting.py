"""Quitting: it asks once where something would be lost, in a terminal that is too small too."""

import pytest

from qm_tui.tui.widgets.message_box import Question
from tests.tui.pages import SMALL, app_on, page_of, sample_users, settled, shown, top


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(5))


def questions(app):
    return [one for one in app.screen_stack if isinstance(one, Question)]


@pytest.mark.parametrize("reason", ["work", "unsaved"])
async def test_one_question_is_asked_however_often_it_is_wanted(app, reason):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        if reason == "work":
            page_of(pilot).begin()
        else:
            page_of(pilot).session.unsaved = "What you typed is not saved"
        await pilot.press("q", "ctrl+c", "ctrl+q", "ctrl+c")
        await pilot.pause()
        assert len(questions(app)) == 1
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert len(questions(app)) == 1


async def test_whoever_is_asked_whether_to_cancel_is_not_asked_whether_to_quit(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        page_of(pilot).begin()
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        (question,) = questions(app)
        page_of(pilot).session.end("It is done.")
        await pilot.pause()
        assert not questions(app)
        assert not question.is_attached
        assert "It ended before you answered." in shown(pilot)


async def test_in_a_terminal_that_is_too_small_it_is_said_that_a_question_waits(app):
    async with app.run_test(size=(58, 14)) as pilot:
        await settled(pilot)
        page_of(pilot).begin()
        await pilot.press("q", "q", "enter", "tab", "enter")
        await pilot.pause(0.1)
        assert len(questions(app)) == 1
        words = " ".join(shown(pilot).split())
        assert words == (
            "This terminal is too small: 58x14. qm-tui needs 60x16; 80x24 is comfortable."
            " A question waits below."
        )
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert "Something is still running." in shown(pilot)
