"""The keyboard shortcuts: which are listed, their texts, and the dialog."""

import re

import pytest
from textual.binding import Binding
from textual.widgets import Input

from qm_tui.tui.frame.key_help import KeysScreen, active_keys, key_name
from qm_tui.tui.frame.navigation import NavigationPane
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    table_of,
    top,
    wait_until_idle,
)
from tests.tui.previews import preview


@pytest.fixture
def app(home, monkeypatch):
    monkeypatch.chdir(home)
    return app_on(home / "users.json", sample_users(60))


def listed(pilot):
    """The keys of the shortcuts, by their texts."""
    return {one.label: one.keys for one in active_keys(top(pilot))}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("question_mark", "?"),
        ("ctrl+p", "Ctrl+P"),
        ("ctrl+left", "Ctrl+←"),
        ("shift+tab", "Shift+Tab"),
        ("f1", "F1"),
        ("G", "G"),
        ("pagedown", "PgDn"),
    ],
)
def test_key_name_is_that_of_the_keyboard(key, name):
    assert key_name(key) == name


async def test_users_page_lists_each_key_once(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        keys = active_keys(top(pilot))
        said = [one for key in keys for one in key.keys.split()]
        assert len(said) == len(set(said))
        assert len(keys) == len({one.label for one in keys})
        wanted = "↑ ↓ ← → h j k l PgUp PgDn Home End g G Space * L / s S c v F y Y Enter"
        wanted += " i x e a A m P D Del u n 1 2 3 4 5 6 : ? F1 Ctrl+P q Ctrl+Q Ctrl+C Ctrl+Z"
        wanted += " Tab Shift+Tab Esc"
        assert set(said) == set(wanted.split())


async def test_keys_with_the_same_action_are_grouped(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        keys = listed(pilot)
        assert keys["Open the command palette"] == ": Ctrl+P"
        assert keys["Show keyboard shortcuts"] == "? F1"
        assert keys["Quit"] == "q Ctrl+C Ctrl+Q"
        assert keys["First"] == "Home g"


async def test_unavailable_actions_are_not_listed(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert "Import users from a .csv file" in listed(pilot)
        page_of(pilot).begin_job()
        await pilot.pause()
        assert "Import users from a .csv file" not in listed(pilot)
        assert "Undo the last change" not in listed(pilot)


async def test_letters_and_editing_keys_of_an_input_are_not_listed(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash")
        await pilot.pause()
        keys = [one for key in active_keys(top(pilot)) for one in key.keys.split()]
        assert not [one for one in keys if re.fullmatch(r"[a-zA-Z0-9/:?*]", one)]
        assert {"Enter", "Esc", "Tab", "F1", "Ctrl+P", "Ctrl+Q"} <= set(keys)
        assert not {"Home", "Del", "Ctrl+U", "Ctrl+←"} & set(keys)


async def test_navigation_pane_lists_its_keys(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).query_one(NavigationPane).focus()
        await pilot.pause()
        here = [one for one in active_keys(top(pilot)) if "pane" in one.group]
        assert [(one.keys, one.label) for one in here] == [
            ("↑ k", "Up"),
            ("↓ j", "Down"),
            ("Enter", "Open page"),
            ("← h", "Hide the list of pages"),
        ]


TEXTUALS = {one.description for one in Binding.make_bindings(Input.BINDINGS)}


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["slash"],
        ["enter"],
        ["i"],
        ["x"],
        ["v"],
        ["c"],
        ["F"],
        ["L"],
        ["u"],
        ["2"],
        ["2", "enter"],
        ["shift+tab"],
    ],
    ids="-".join,
)
async def test_f1_shows_and_hides_the_shortcuts_on_every_screen(app, keys):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.2)
        below, focused = top(pilot), pilot.app.focused
        assert not TEXTUALS & set(listed(pilot))
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(top(pilot), KeysScreen)
        await pilot.press("f1")
        await pilot.pause()
        assert top(pilot) is below
        assert pilot.app.focused is focused


async def test_preview_lists_its_keys(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, SAMPLES / "users-with-errors.csv")
        assert listed(pilot)["Show keyboard shortcuts"] == "? F1"
        await pilot.press("f1")
        await pilot.pause()
        assert isinstance(top(pilot), KeysScreen)


@pytest.mark.parametrize("size", [(60, 16), SMALL])
@pytest.mark.parametrize("keys", [["end"], ["G"], ["j"] * 60, ["pagedown"] * 4], ids=lambda k: k[0])
async def test_long_list_scrolls_to_its_end(app, size, keys):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert "↓ show more" in shown(pilot)
        assert "Quit" not in shown(pilot)
        await pilot.press(*keys)
        await pilot.pause()
        assert "Quit" in shown(pilot)
        assert "↓ show more" not in shown(pilot)


@pytest.mark.parametrize("size", [(60, 16), SMALL, (100, 30), LARGE])
async def test_no_text_is_cut_at_any_size(app, size):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("question_mark")
        seen = ""
        for _ in range(8):
            await pilot.pause()
            seen += shown(pilot)
            await pilot.press("pagedown")
        text = " ".join(" ".join(re.findall("│(.*?)│", seen)).split())
        for one in active_keys(page_of(pilot)):
            for word in one.label.split():
                assert word in text


async def test_wide_terminal_shows_two_columns(app):
    def lines_with_both(pilot):
        return [
            line for line in shown(pilot).splitlines() if "In the list" in line and "On" in line
        ]

    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        assert not lines_with_both(pilot)
        await pilot.resize_terminal(*LARGE)
        await pilot.pause()
        assert lines_with_both(pilot)
        assert "Quit" in shown(pilot)
        await pilot.resize_terminal(*SMALL)
        await pilot.pause()
        assert not lines_with_both(pilot)


async def test_closing_the_shortcuts_keeps_the_cursor(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down", "down", "question_mark", "j", "j", "escape")
        await pilot.pause()
        assert table_of(pilot).cursor_row == 2
