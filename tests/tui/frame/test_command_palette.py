"""The palette: what it offers on which screen, how it is found, and that it does it."""

import pytest
from textual import events
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from qm_tui.preferences import Theme, remembered
from qm_tui.tui.activity.page import ActivityPage
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.command_palette import Palette
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.users.dialogs.views import ViewsDialog
from tests.tui.pages import SAMPLES, SMALL, app_on, page_of, sample_users, settled, shown, top
from tests.tui.previews import preview


@pytest.fixture
def app(home, monkeypatch):
    monkeypatch.chdir(home)
    return app_on(home / "users.json", sample_users(60))


async def opened(pilot, key="colon"):
    await pilot.press(key)
    await pilot.pause(0.3)
    assert isinstance(top(pilot), CommandPalette)


async def typed(pilot, text):
    top(pilot).query_one(Input).value = text
    await pilot.pause(0.4)


def offered(pilot):
    """What is offered, line by line: the words, and the key."""
    options = top(pilot).query_one(OptionList).options
    return {words.strip(): key for *_, words, key in map(halves, options)}


def halves(option):
    words, _, key = str(option.prompt).rstrip().rpartition("  ")
    return (words, key) if words else (key, "")


async def test_it_offers_what_works_here_with_its_key_and_nothing_of_textuals(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        offers = offered(pilot)
        assert offers["Import users from a .csv file"] == "i"
        assert offers["Sort by the current column; again: reverse"] == "s"
        assert offers["All keys that work here"] == "?"
        assert "Light or dark colours" in offers
        text = " ".join(offers)
        assert not [one for one in ("Theme", "Screenshot", "Maximize", "Up") if one in text]


async def test_letters_find_an_action_and_enter_does_it(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        await typed(pilot, "choose a view")
        assert next(iter(offered(pilot))) == "Choose a view, or save this one"
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), ViewsDialog)


async def test_arrows_choose_among_those_found(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        await typed(pilot, "page a")
        wanted = list(offered(pilot)).index("Page Activity")
        await pilot.press(*["down"] * wanted, "enter")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), ActivityPage)


async def test_an_action_of_the_list_is_done_by_the_list(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down")
        await opened(pilot)
        await typed(pilot, "mark the user, or")
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "1 marked" in shown(pilot)


async def test_escape_leaves_it_and_nothing_is_done(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        await typed(pilot, "quit")
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert top(pilot) is page_of(pilot)


async def test_what_cannot_be_done_now_is_not_offered(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        page_of(pilot).begin()
        await pilot.pause()
        await opened(pilot)
        assert "Import users from a .csv file" not in offered(pilot)
        assert "Clear the filter, or cancel a job" in offered(pilot)


async def test_ctrl_p_offers_the_actions_of_a_dialog(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("v")
        await pilot.pause(0.2)
        await opened(pilot, "ctrl+p")
        offers = offered(pilot)
        assert offers["Show the view"] == "Enter"
        assert "Import users from a .csv file" not in offers


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_preview_has_a_palette(app, key):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, SAMPLES / "users-with-errors.csv")
        await opened(pilot, key)
        assert offered(pilot)["Save the rejected records"] == "r"
        assert "To the records" not in offered(pilot)
        await typed(pilot, "back")
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert top(pilot) is not screen


async def test_f1_and_the_palettes_own_key_do_nothing_in_it(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        await pilot.press("ctrl+p", "f1")
        await pilot.pause(0.2)
        assert [type(one) for one in pilot.app.screen_stack].count(Palette) == 1
        assert not isinstance(top(pilot), KeysScreen)


async def test_it_is_whole_in_the_smallest_terminal(app):
    async with app.run_test(size=(60, 16)) as pilot:
        await settled(pilot)
        await opened(pilot)
        await pilot.press("up")  # from the first to the last
        await pilot.pause(0.2)
        assert "Light or dark colours" in shown(pilot)


async def test_colours_are_turned_and_are_the_same_at_the_next_start(app, home):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert app.current_theme.dark
        await opened(pilot)
        await typed(pilot, "light or")
        await pilot.press("enter")
        await pilot.pause(0.3)
        await app.workers.wait_for_complete()
        assert not app.current_theme.dark
    assert remembered().theme is Theme.LIGHT
    store = app_on(home / "other.json")._session.store
    assert not QmTuiApp(store, theme=remembered().theme).current_theme.dark


async def test_what_is_pasted_is_drawn_and_not_obeyed(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await opened(pilot)
        top(pilot).query_one(Input).post_message(events.Paste("P\x1b[2J\u202eue"))
        await pilot.pause(0.3)
        assert "P\ufffd[2J\ufffdue" in shown(pilot)
