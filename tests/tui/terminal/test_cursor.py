"""The position of the terminal's cursor: on the current row, or in the edited field."""

import shutil
from unicodedata import east_asian_width

import pytest
from textual.geometry import Offset
from textual.widgets import Button, OptionList

from qm_tui.tui.frame.navigation import NavigationPane
from qm_tui.tui.widgets.option_row import RadioRow
from tests.tui.app.test_terminals import Tmux, soon
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    store_of,
    top,
    wait_until,
    wait_until_idle,
)
from tests.tui.terminal.test_real_terminal import PROGRAM


def after_cursor(pilot) -> str:
    """The text on the screen from the cursor on."""
    x, y = pilot.app.cursor_position
    cells = "".join(
        character * (2 if east_asian_width(character) in "WF" else 1)
        for character in shown(pilot).splitlines()[y]
    )
    return cells[x:]


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(60))


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_cursor_is_on_the_current_row_of_lists(app, size):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        for key in ("down", "down", "end", "up", "pageup"):
            await pilot.press(key)
            await pilot.pause()
            assert after_cursor(pilot).startswith(">  ")
        page_of(pilot).query_one(NavigationPane).focus()
        await pilot.press("down")
        await pilot.pause()
        assert after_cursor(pilot).lstrip().startswith("Activity")
        page_of(pilot).table.focus()
        await pilot.press("m")
        await wait_until(pilot, lambda: isinstance(pilot.app.focused, OptionList))
        for _ in range(9):
            await pilot.press("down")
            await pilot.pause()
            assert after_cursor(pilot).startswith("> ")


async def test_cursor_is_in_the_edited_field(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", *"ab陈")
        await wait_until(pilot, lambda: "ab陈" in shown(pilot))
        field = pilot.app.focused
        assert pilot.app.cursor_position == field.content_region.offset + Offset(4, 0)
        await pilot.press("left")
        assert after_cursor(pilot).startswith("陈")
        await pilot.press("home")
        assert after_cursor(pilot).startswith("ab")


async def test_cursor_is_on_the_selected_option_and_on_the_focused_button(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: bool(top(pilot).query(RadioRow)))
        top(pilot).query(RadioRow).first().focus()
        await pilot.pause()
        before = after_cursor(pilot)
        assert before.startswith("[")
        await pilot.press("space")
        assert after_cursor(pilot).startswith("[")
        assert after_cursor(pilot) != before
        top(pilot).query_one("#cancel", Button).focus()
        await pilot.pause()
        assert after_cursor(pilot).lstrip().startswith("[Cancel]")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_cursor_of_a_real_terminal_follows_rows_and_typed_text(home):
    store_of(home / "users.json", sample_users(60))
    tmux = Tmux(home, PROGRAM, "--store", str(home / "users.json"), HOME=str(home))

    def is_at(text):
        x, y = map(int, tmux.cursor.split(","))
        return tmux.text().splitlines()[y][x:].startswith(text)

    try:
        tmux.wait_for(">  Jack")
        soon(lambda: is_at(">  Jack"))
        before = tmux.cursor
        tmux.send("Down")
        soon(lambda: tmux.cursor != before and is_at(">  "))
        tmux.send("/", "jac")
        tmux.wait_for("jac")
        soon(lambda: "jac" in tmux.text().splitlines()[int(tmux.cursor.split(",")[1])])
        tmux.send("Home")
        soon(lambda: is_at("jac"))
    finally:
        tmux.end()
