"""The command palette: the commands of each screen, the search, and that they run."""

import asyncio

import pytest
from textual import events
from textual.widgets import Input

from qm_tui.config.preferences import Theme, load_preferences
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.counts.values_page import DepartmentsPage
from qm_tui.tui.frame.command_palette import CommandList, CommandPalette
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.users.dialogs.views import ViewsDialog
from tests.tui.pages import (
    SAMPLES,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    top,
    wait_until,
    wait_until_idle,
)
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
    """The commands with their keys."""
    commands = top(pilot).query_one(CommandList).commands
    return {command.label: command.key for command in commands}


async def test_palette_offers_available_commands_with_keys_and_none_of_textuals(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        offers = offered(pilot)
        assert offers["Import users from a .csv file"] == "i"
        assert offers["Sort by the current column; again to reverse"] == "s"
        assert offers["Show keyboard shortcuts"] == "?"
        assert "Switch to the light theme" in offers
        text = " ".join(offers)
        assert not [one for one in ("Theme", "Screenshot", "Maximize", "Up") if one in text]


async def test_letters_find_a_command_and_enter_runs_it(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        await typed(pilot, "open or save")
        assert next(iter(offered(pilot))) == "Open or save a view"
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), ViewsDialog)


async def test_arrow_keys_select_a_match(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        await typed(pilot, "go to")
        wanted = list(offered(pilot)).index("Go to Departments")
        await pilot.press(*["down"] * wanted, "enter")
        await pilot.pause(0.3)
        assert wanted
        assert isinstance(top(pilot), DepartmentsPage)


async def test_command_of_the_list_applies_to_its_cursor(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down")
        await opened(pilot)
        await typed(pilot, "mark or unmark the user")
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "1 marked" in shown(pilot)


async def test_escape_closes_the_palette(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        await typed(pilot, "quit")
        await pilot.press("escape")
        await pilot.pause(0.2)
        assert top(pilot) is page_of(pilot)


async def test_unavailable_commands_are_not_offered(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).begin_job()
        await pilot.pause()
        await opened(pilot)
        assert "Import users from a .csv file" not in offered(pilot)
        assert "Clear the filter, or cancel the running operation" in offered(pilot)


async def test_ctrl_p_offers_the_commands_of_a_dialog(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("v")
        await pilot.pause(0.2)
        await opened(pilot, "ctrl+p")
        offers = offered(pilot)
        assert offers["Open view"] == "Enter"
        assert "Import users from a .csv file" not in offers


@pytest.mark.parametrize("key", ["colon", "ctrl+p"])
async def test_the_preview_has_a_palette(app, key):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, SAMPLES / "users-with-errors.csv")
        await opened(pilot, key)
        assert offered(pilot)["Save rejected records"] == "r"
        assert "Go to records" not in offered(pilot)
        await typed(pilot, "cancel")
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert top(pilot) is not screen


async def test_palette_ignores_f1_and_its_own_key(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        await pilot.press("ctrl+p", "f1")
        await pilot.pause(0.2)
        assert [type(one) for one in pilot.app.screen_stack].count(CommandPalette) == 1
        assert not isinstance(top(pilot), KeysScreen)


async def test_palette_fits_in_the_smallest_terminal(app):
    async with app.run_test(size=(60, 16)) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        await pilot.press(*["pagedown"] * 5)
        await pilot.pause(0.2)
        assert "Switch to the ansi-light theme" in shown(pilot)


async def test_theme_is_switched_and_saved(app, home):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for theme, shown_theme in ((Theme.LIGHT, "textual-light"), (Theme.ANSI_DARK, "ansi-dark")):
            await opened(pilot)
            await typed(pilot, f"switch to the {theme} theme")
            await pilot.press("enter")
            await wait_until(pilot, lambda: load_preferences().theme is theme)  # noqa: B023
            assert app.theme == shown_theme
    store = app_on(home / "other.json")._session.store
    assert QmTuiApp(store, theme=load_preferences().theme).theme == "ansi-dark"


async def test_pasted_text_is_sanitized(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await opened(pilot)
        top(pilot).query_one(Input).post_message(events.Paste("P\x1b[2J\u202eue"))
        await pilot.pause(0.3)
        assert "P[2Jue" in shown(pilot)


@pytest.mark.parametrize("pause", [0, 0.05, 0.1, 0.3])
async def test_palette_opened_and_closed_quickly_never_fails(app, pause):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for _ in range(5):
            for key in ("colon", "enter", "colon", "escape", "colon"):
                app.post_message(events.Key(key, ":" if key == "colon" else None))
                await asyncio.sleep(pause)
            app.post_message(events.Key("escape", None))
            await asyncio.sleep(pause)
        await pilot.pause()
        assert app.failure is None
        assert app.is_running
