"""What all dialogs share."""

from textual._context import visible_screen_stack
from textual.renderables.background_screen import BackgroundScreen

from qm_tui.tui.widgets.message_box import ConfirmQuestion
from tests.tui.pages import running, sample_users


async def test_dialog_is_never_drawn_on_one_that_is_above_it(home):
    async with running(home / "users.json", sample_users(3)) as pilot:
        dialogs = [ConfirmQuestion(f"{number}?", yes="Yes") for number in range(3)]
        for dialog in dialogs:
            pilot.app.push_screen(dialog)
            await pilot.pause()
        # what Textual sets if the first is asked for a style while the third is shown
        visible_screen_stack.set(pilot.app.screen_stack[:-1])
        drawn = dialogs[0].render()
        assert isinstance(drawn, BackgroundScreen)
        assert drawn.screen is pilot.app.screen_stack[1]
