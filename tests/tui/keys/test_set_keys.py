"""Keys that are set: they work, the default ones do not, and every text shows them."""

import pytest

from qm_tui.tui.frame.command_palette import CommandList
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.frame.key_hints_bar import KeyHints
from qm_tui.tui.keys.keymap import use_keys, with_keys
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.users.dialogs.views import ViewsDialog
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    has_text,
    is_on_top,
    opened,
    page_of,
    press_at_once,
    running,
    sample_users,
    shown,
    status_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import wait_until_planned

IMPORT = {"users.import": "f5"}


def listed(screen):
    """The keys that a list of shortcuts shows, by their action."""
    assert isinstance(screen, KeysScreen)
    return {key.label: key.keys.split() for key in screen.keys}


async def test_action_has_the_key_that_is_set_and_not_its_default(tmp_path):
    async with running(tmp_path / "users.json", sample_users(5), keys=IMPORT) as pilot:
        page = top(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is page
        assert isinstance(await opened(pilot, "f5"), OpenDialog)


async def test_two_actions_exchange_their_keys(tmp_path):
    keys = {"users.views": "c", "users.columns": "v"}
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        assert isinstance(await opened(pilot, "c"), ViewsDialog)
        below = top(pilot)
        await pilot.press("c")  # the key that opens the dialog closes it
        await wait_until(pilot, lambda: top(pilot) is not below)
        assert top(pilot) is page_of(pilot)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_buttons_and_hints_of_a_page_show_the_keys_that_are_set(tmp_path, size):
    keys = {
        **IMPORT,
        "users.export": "f6",
        "user.edit": "E",
        "list.mark": "ctrl+g",
        "users.filter": "f7",
        "screen.keys": "f8",
        "page.quit": "Q",
    }
    async with running(tmp_path / "users.json", sample_users(5), size, keys) as pilot:
        for text in ("[F5 Import]", "[F6 Export]", "[E Edit]", "[a Add]", "Ctrl+G mark"):
            assert has_text(pilot, text), shown(pilot)
        assert "F7 filter" in str(top(pilot).query_one(KeyHints).render())
        assert shown(pilot).rstrip().endswith("F8 keys  Q quit")
        for default in ("[i Import]", "Space mark", "/ filter", "? keys", "q quit"):
            assert not has_text(pilot, default)


async def test_list_of_keys_and_palette_show_the_keys_that_are_set(tmp_path):
    keys = {**IMPORT, "app.keys": "f9", "app.palette": "ctrl+g"}
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        shortcuts = listed(await opened(pilot, "f9"))
        assert shortcuts["Import users from a .csv file"] == ["F5"]
        assert shortcuts["Show keyboard shortcuts"] == ["?", "F9"]
        assert shortcuts["Open the command palette"] == [":", "Ctrl+G"]
        await pilot.press("f9")
        await is_on_top(pilot, type(page_of(pilot)))
        palette = await opened(pilot, "ctrl+g")
        commands = {one.label: one.key for one in palette.query_one(CommandList).commands}
        assert commands["Import users from a .csv file"] == "F5"


async def test_messages_name_the_keys_that_are_set(tmp_path):
    keys = {"changes.undo": "U", "form.save": "f10", "users.import": "f5", "user.add": "N"}
    async with running(tmp_path / "users.json", keys=keys) as pilot:
        assert has_text(pilot, "Press F5 to import a .csv file, or N to add a user.")
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        await opened(pilot, "e")
        await is_on_top(pilot, UserFormScreen)
        assert has_text(pilot, "F10 save  Esc cancel  F1 keys")
        assert has_text(pilot, "[F10 Save]")
        await pilot.press("tab", "X", "f2")  # F2 does nothing
        await pilot.pause()
        assert isinstance(top(pilot), UserFormScreen)
        await pilot.press("f10")
        await wait_until_idle(pilot)
        await wait_until(pilot, lambda: "Saved" in status_of(pilot))
        assert status_of(pilot).endswith("Press U to undo.")


async def test_preview_and_its_dialogs_show_and_take_the_keys_that_are_set(tmp_path):
    keys = {
        "preview.import": "f5",
        "preview.options": "f6",
        "preview.allow_unlicensed": "f7",
        "preview.rejected": "R",
        "preview.save_report": "W",
    }
    async with running(tmp_path / "users.json", size=LARGE, keys=keys) as pilot:
        await pilot.press("i")
        await is_on_top(pilot, OpenDialog)
        await type_text(pilot, str(SAMPLES / "users-with-errors.csv"))
        await pilot.press("enter")
        screen = await wait_until_planned(pilot)
        for text in ("[F5 Import ", "[F6 Options]", "R:Rejected", "1:All", "W save report"):
            assert has_text(pilot, text), shown(pilot)
        await pilot.press("R")
        await wait_until(pilot, lambda: has_text(pilot, "rejected"))
        options = await opened(pilot, "f6")
        assert has_text(pilot, "F7 Users without a license")
        await pilot.press("f6")
        await wait_until(pilot, lambda: top(pilot) is not options)
        assert isinstance(top(pilot), PreviewScreen)
        assert top(pilot) is screen


async def test_keys_typed_ahead_are_those_that_are_set(tmp_path):
    keys = {"user.edit": "E", "form.save": "f10", "app.quit": "ctrl+t"}
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        await press_at_once(pilot, "E", *"Adam", "f10")
        await wait_until_idle(pilot)
        await wait_until(pilot, lambda: "Saved JackAdam" in status_of(pilot))
        await press_at_once(pilot, "E", "ctrl+t")  # it does not wait for the form
        await wait_until(pilot, lambda: not pilot.app.is_running)


async def test_key_that_is_set_moves_in_a_list_without_delay(tmp_path):
    keys = {"list.down": "ö", "list.last": "Z"}
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        table = page_of(pilot).table
        await pilot.press("ö", "down", "j")
        assert table.cursor_row == 2  # the arrow is fixed, j is not the key any more
        await press_at_once(pilot, "Z")
        assert table.cursor_row == 4


async def test_letters_can_be_typed_whatever_is_set(tmp_path):
    keys = {"page.navigation": "ä", "changes.undo": "f5", "user.add": "Q"}
    async with running(tmp_path / "users.json", sample_users(5), keys=keys) as pilot:
        await pilot.press("slash", "u", "Q", "ä")
        assert page_of(pilot).filter_bar.field.value == "uQä"


async def test_terminal_that_is_too_small_is_left_with_the_keys_that_are_set(tmp_path):
    keys = {"page.quit": "Q"}
    async with running(tmp_path / "users.json", sample_users(5), (30, 8), keys) as pilot:
        await pilot.press("q")
        await pilot.pause()
        assert pilot.app.is_running
        await pilot.press("Q")
        await wait_until(pilot, lambda: not pilot.app.is_running)


def test_text_names_an_unknown_action_only_by_mistake():
    use_keys({})
    assert with_keys("Press <changes.undo>, not <this>.") == "Press u, not <this>."
    with pytest.raises(KeyError):
        with_keys("<users.nothing>")
