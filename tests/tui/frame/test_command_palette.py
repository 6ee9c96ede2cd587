"""The command palette: the commands of each screen, the search, and that they run."""

from functools import partial

from textual import events
from textual.widgets import Input

from qm_tui.config.preferences import Theme, load_preferences
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.counts.values_page import DepartmentsPage
from qm_tui.tui.frame.command_palette import CommandList, CommandPalette
from qm_tui.tui.users.dialogs.views import ViewsDialog
from tests.tui.pages import (
    app_on,
    back_to_users,
    has_text,
    is_on_top,
    opened,
    page_of,
    running,
    sample_users,
    shown,
    top,
    wait_until,
)

IMPORT = "Import users from a .csv file"


def list_of(pilot):
    return top(pilot).query_one(CommandList)


def offered(pilot):
    """The commands with their keys."""
    return {command.label: command.key for command in list_of(pilot).commands}


async def typed(pilot, text):
    """Type a text, and wait until the commands that match are listed."""
    before = list_of(pilot).commands
    top(pilot).query_one(Input).value = text
    await wait_until(pilot, lambda: list_of(pilot).commands is not before)


def is_saved(theme):
    return load_preferences().theme is theme


async def test_palette_offers_the_available_commands_finds_and_runs_them(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        palette = await opened(pilot, "colon")
        assert isinstance(palette, CommandPalette)
        offers = offered(pilot)
        assert offers[IMPORT] == "i"
        assert offers["Sort by the current column; again to reverse"] == "s"
        assert offers["Show keyboard shortcuts"] == "?"
        assert "Switch to the light theme" in offers
        assert not {"Theme", "Screenshot", "Maximize", "Up"} & set(offers)
        await pilot.press("ctrl+p", "f1")  # it ignores F1 and its own key
        await pilot.pause()
        assert top(pilot) is palette
        top(pilot).query_one(Input).post_message(events.Paste("P\x1b[2J\u202eue"))
        await wait_until(pilot, partial(has_text, pilot, "P[2Jue"))

        await typed(pilot, "open or save")
        assert next(iter(offered(pilot))) == "Open or save a view"
        await pilot.press("enter")
        await is_on_top(pilot, ViewsDialog)
        await opened(pilot, "ctrl+p")
        assert offered(pilot)["Open view"] == "Enter"
        assert IMPORT not in offered(pilot)

        await back_to_users(pilot)
        await pilot.press("down")
        await opened(pilot, "colon")
        await typed(pilot, "mark or unmark the user")
        await pilot.press("enter")
        await wait_until(pilot, partial(has_text, pilot, "1 marked"))

        await opened(pilot, "colon")
        await typed(pilot, "go to")
        wanted = list(offered(pilot)).index("Go to Departments")
        assert wanted
        await pilot.press(*["down"] * wanted, "enter")
        await is_on_top(pilot, DepartmentsPage)


async def test_unavailable_commands_are_not_offered(home):
    async with running(home / "users.json", sample_users(60), (60, 16)) as pilot:
        await opened(pilot, "colon")
        await pilot.press(*["pagedown"] * 5)
        await wait_until(pilot, partial(has_text, pilot, "Switch to the ansi-light theme"))
        await back_to_users(pilot)
        page_of(pilot).begin_job()
        await opened(pilot, "colon")
        assert IMPORT not in offered(pilot)
        assert "Clear the filter, or cancel the running operation" in offered(pilot)


async def test_theme_is_switched_and_saved(home):
    async with running(home / "users.json", sample_users(3)) as pilot:
        for theme, name in ((Theme.LIGHT, "textual-light"), (Theme.ANSI_DARK, "ansi-dark")):
            await opened(pilot, "colon")
            await typed(pilot, f"switch to the {theme} theme")
            await pilot.press("enter")
            await wait_until(pilot, partial(is_saved, theme))
            assert pilot.app.theme == name
    store = app_on(home / "other.json")._session.store
    assert QmTuiApp(store, theme=load_preferences().theme).theme == "ansi-dark"


async def test_palette_opened_and_closed_quickly_never_fails(home):
    async with running(home / "users.json", sample_users(3)) as pilot:
        for count in range(20):
            for key in ("colon", "enter", "colon", "escape", "colon"):
                pilot.app.post_message(events.Key(key, ":" if key == "colon" else None))
                if count % 4:
                    await pilot.pause()
            pilot.app.post_message(events.Key("escape", None))
        await back_to_users(pilot)
        assert ">  " in shown(pilot)
