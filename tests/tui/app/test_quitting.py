"""Quitting: it asks once if something would be lost, even in a too small terminal."""

from qm_tui.tui.widgets.message_box import ConfirmQuestion
from tests.tui.pages import SMALL, page_of, running, sample_users, top, wait_until, words


def questions(pilot):
    return [one for one in pilot.app.screen_stack if isinstance(one, ConfirmQuestion)]


async def test_quit_asks_once_whether_to_discard_or_to_cancel(home):
    async with running(home / "users.json", sample_users(5)) as pilot:
        session = page_of(pilot).session
        for begin in (page_of(pilot).begin_job, lambda: setattr(session, "unsaved", "Unsaved")):
            begin()
            await pilot.press("q", "ctrl+c", "ctrl+q", "ctrl+c")
            await pilot.pause()
            assert len(questions(pilot)) == 1
            await pilot.press("escape")
            await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
            await pilot.press("ctrl+q")
            await pilot.pause()
            assert len(questions(pilot)) == 1
            await pilot.press("escape")
            if session.is_busy:
                session.end_job("")


async def test_quit_does_not_ask_while_cancel_is_asked(home):
    async with running(home / "users.json", sample_users(5)) as pilot:
        page_of(pilot).begin_job()
        await pilot.press("escape")
        await wait_until(pilot, lambda: bool(questions(pilot)))
        await pilot.press("ctrl+c")
        await pilot.pause()
        (question,) = questions(pilot)
        for text in (
            "Cancel the operation? Nothing will be saved.",
            "[Continue operation]",
            "[Cancel operation]",
        ):
            assert text in words(pilot)
        page_of(pilot).session.end_job("It is done.")
        await wait_until(pilot, lambda: not question.is_attached)
        assert not questions(pilot)
        assert "The operation finished before you answered." in words(pilot)


async def test_too_small_terminal_says_that_a_dialog_is_waiting(home):
    async with running(home / "users.json", sample_users(5), (58, 14)) as pilot:
        page_of(pilot).begin_job()
        await pilot.press("q", "q", "enter", "tab", "enter")
        await wait_until(pilot, lambda: bool(questions(pilot)))
        sentence = "Terminal too small: 58x14 (minimum 60x16, recommended 80x24)."
        waits = f"{sentence} A dialog is waiting for your answer."
        await wait_until(pilot, lambda: words(pilot) == waits)
        await pilot.resize_terminal(*SMALL)
        text = "The operation is still running. Cancel it and quit? Nothing will be saved."
        await wait_until(pilot, lambda: text in words(pilot))
        assert len(questions(pilot)) == 1
