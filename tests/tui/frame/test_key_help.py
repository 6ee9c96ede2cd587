"""The keyboard shortcuts: which are listed, their texts, and the dialog."""

import re

from textual.binding import Binding
from textual.widgets import Input

from qm_tui.tui.frame.key_help import KeysScreen, active_keys
from qm_tui.tui.frame.navigation import NavigationPane
from qm_tui.tui.keys.names import key_name
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from tests.tui.pages import (
    SAMPLES,
    back_to_users,
    is_on_top,
    opened,
    page_of,
    running,
    sample_users,
    shown,
    table_of,
    top,
    wait_until,
)
from tests.tui.previews import preview

IMPORT = "Import users from a .csv file"
TEXTUALS = {one.description for one in Binding.make_bindings(Input.BINDINGS)}


def listed(pilot):
    """The keys of the shortcuts, by their texts."""
    return {one.label: one.keys for one in active_keys(top(pilot))}


def all_keys(pilot):
    return [one for key in active_keys(top(pilot)) for one in key.keys.split()]


def test_key_name_is_that_of_the_keyboard():
    names = {"question_mark": "?", "ctrl+p": "Ctrl+P", "ctrl+left": "Ctrl+←", "G": "G"}
    names |= {"shift+tab": "Shift+Tab", "f1": "F1", "pagedown": "PgDn"}
    assert {key: key_name(key) for key in names} == names


async def test_available_keys_are_listed_once_and_grouped_by_action(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        keys, said = listed(pilot), all_keys(pilot)
        assert len(said) == len(set(said))
        wanted = "↑ ↓ ← → h j k l PgUp PgDn Home End g G Space * V L / s S c v F y Y Enter"
        wanted += " i x e a A m P D Del u n 1 2 3 4 5 6 : ? F1 Ctrl+P q Ctrl+Q Ctrl+C Ctrl+L Ctrl+Z"
        wanted += " Tab Shift+Tab Esc Ctrl+F Ctrl+B Ctrl+D Ctrl+U"
        assert set(said) == set(wanted.split())
        assert keys["Open the command palette"] == ": Ctrl+P"
        assert keys["Show keyboard shortcuts"] == "? F1"
        assert keys["Quit"] == "q Ctrl+C Ctrl+Q"
        assert IMPORT in keys

        await pilot.press("slash")  # letters and editing keys of an input are not listed
        await pilot.pause()
        said = all_keys(pilot)
        assert not [one for one in said if re.fullmatch(r"[a-zA-Z0-9/:?*]", one)]
        assert {"Enter", "Esc", "Tab", "F1", "Ctrl+P", "Ctrl+Q"} <= set(said)
        assert not {"Home", "Del", "Ctrl+U", "Ctrl+←"} & set(said)

        page_of(pilot).query_one(NavigationPane).focus()
        await pilot.pause()
        here = [one for one in active_keys(top(pilot)) if "pane" in one.group]
        assert [(one.keys, one.label) for one in here] == [
            ("↑ k", "Up"),
            ("↓ j", "Down"),
            ("Enter", "Open page"),
            ("← h", "Hide the list of pages"),
        ]
        page_of(pilot).begin_job()
        await pilot.pause()
        assert not {IMPORT, "Undo the last change"} & set(listed(pilot))


async def test_f1_shows_and_hides_the_shortcuts_on_every_screen(home, monkeypatch):
    monkeypatch.chdir(home)
    async with running(home / "users.json", sample_users(60)) as pilot:
        await pilot.press("down", "down")
        for keys in ("slash", "enter", "i", "v", "L", "2", "shift+tab"):
            await pilot.press(keys)
            await pilot.pause()
            below, focused = top(pilot), pilot.app.focused
            assert not TEXTUALS & set(listed(pilot))
            assert isinstance(await opened(pilot, "f1"), KeysScreen)
            await pilot.press("j", "f1")
            await is_on_top(pilot, type(below))
            assert pilot.app.focused is focused
            await back_to_users(pilot)
        assert table_of(pilot).cursor_row == 2
        await preview(pilot, SAMPLES / "users-with-errors.csv")
        assert isinstance(await opened(pilot, "f1"), KeysScreen)


async def test_long_list_scrolls_and_nothing_is_cut_at_any_size(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        for size in ((60, 16), (100, 30)):
            await pilot.resize_terminal(*size)
            await opened(pilot, "question_mark")
            seen = shown(pilot)
            assert "↓ show more" in seen
            for _ in range(8):
                await pilot.press("pagedown")
                await pilot.pause()
                seen += shown(pilot)
            assert "↓ show more" not in shown(pilot)
            text = " ".join(" ".join(re.findall("│(.*?)│", seen)).split())
            for one in active_keys(page_of(pilot)):
                assert all(word in text for word in one.label.split())
            for end in (["end"], ["G"], ["j"] * 60):
                await pilot.press("home")
                await wait_until(pilot, lambda: "Quit" not in shown(pilot))
                await pilot.press(*end)
                await wait_until(pilot, lambda: "Quit" in shown(pilot))
            await back_to_users(pilot)


async def test_action_with_many_keys_has_several_lines_and_leaves_room_for_the_texts(home):
    async with running(home / "users.json", sample_users(1)) as pilot:
        await preview(pilot, SAMPLES / "users-with-errors.csv")
        for width in (60, 80, 100):
            await pilot.resize_terminal(width, 24)
            await opened(pilot, "question_mark")
            seen = shown(pilot)
            for _ in range(8):
                await pilot.press("pagedown")
                await pilot.pause()
                seen += shown(pilot)
            text = " ".join(" ".join(re.findall("│(.*?)│", seen)).split())
            assert "Values altered by a spreadsheet" in text, width
            assert re.search(r"↑ k ↓ j PgUp Ctrl\+B +Go to records", text)
            await pilot.press("escape")
            await is_on_top(pilot, PreviewScreen)
