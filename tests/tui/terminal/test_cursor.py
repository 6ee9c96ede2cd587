"""The position of the terminal's cursor: on the current row, or in the edited field."""

from unicodedata import east_asian_width

from textual.geometry import Offset
from textual.widgets import Button, OptionList

from qm_tui.tui.frame.navigation import NavigationPane
from qm_tui.tui.widgets.option_row import RadioRow
from tests.helpers import needs_package
from tests.tui.pages import (
    back_to_users,
    page_of,
    running,
    sample_users,
    shown,
    store_of,
    top,
    wait_until,
)
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.tmux import Tmux, soon


def after_cursor(pilot) -> str:
    """The text on the screen from the cursor on."""
    x, y = pilot.app.cursor_position
    cells = "".join(
        character * (2 if east_asian_width(character) in "WF" else 1)
        for character in shown(pilot).splitlines()[y]
    )
    return cells[x:]


async def test_cursor_is_on_the_current_row_option_or_button_or_in_the_edited_field(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
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
        await pilot.press("down", "down")
        await wait_until(pilot, lambda: after_cursor(pilot).startswith("> "))

        await back_to_users(pilot)
        await pilot.press("slash", *"ab陈")
        await wait_until(pilot, lambda: "ab陈" in shown(pilot))
        field = pilot.app.focused
        assert field is not None
        assert pilot.app.cursor_position == field.content_region.offset + Offset(4, 0)
        await pilot.press("left")
        assert after_cursor(pilot).startswith("陈")
        await pilot.press("home")
        assert after_cursor(pilot).startswith("ab")

        await back_to_users(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: bool(top(pilot).query(RadioRow)))
        top(pilot).query(RadioRow).first().focus()
        await pilot.pause()
        assert after_cursor(pilot).startswith("[")
        top(pilot).query_one("#cancel", Button).focus()
        await pilot.pause()
        assert after_cursor(pilot).lstrip().startswith("[Cancel]")


def test_cursor_of_a_real_terminal_follows_rows_and_typed_text(home):
    needs_package("tmux")
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
        tmux.send("Home")
        soon(lambda: is_at("jac"))
    finally:
        tmux.end()
