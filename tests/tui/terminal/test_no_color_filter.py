"""States that are distinguishable in 16 colors and without colors, in dark and light."""

from typing import NamedTuple

import pytest
from rich.color import Color, ColorSystem

from qm_tui.config.preferences import Theme
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.navigation import NavigationPane
from tests.tui.pages import SMALL, page_of, sample_users, shown, store_of, top, wait_until_idle

pytestmark = [
    pytest.mark.parametrize("has_colours", [True, False], ids=["16 colours", "no colours"]),
    pytest.mark.parametrize("theme", list(Theme)),
]


@pytest.fixture
def start(home, monkeypatch, has_colours, theme):
    """A function that builds the app with these colors."""

    def make(*, read_only=False):
        if has_colours:
            monkeypatch.delenv("NO_COLOR", raising=False)
        else:
            monkeypatch.setenv("NO_COLOR", "1")
        store_of(home / "users.json", sample_users(60))
        store = open_store(home / "users.json", read_only=read_only)
        return QmTuiApp(store, login="mheller", theme=theme)

    return make


class Look(NamedTuple):
    """The look of a text: colors as numbers of a 16-color terminal, or None."""

    colour: int | None
    behind: int | None
    is_reversed: bool
    is_dim: bool


def look(pilot, words):
    """The look of the first occurrence of a text."""
    for strip in top(pilot)._compositor.render_strips():
        if words in strip.text:
            at = strip.index_to_cell_position(strip.text.index(words))
            style = next(iter(strip.crop(at))).style
            assert style is not None
            colours = (in_16(style.color), in_16(style.bgcolor))
            return Look(*colours, bool(style.reverse), bool(style.dim))
    raise AssertionError(f"{words!r} is not on the screen:\n{shown(pilot)}")


def in_16(colour: Color | None) -> int | None:
    if colour is None or colour.is_default:
        return None
    return colour.downgrade(ColorSystem.STANDARD).number


def stands_out(one, other, has_colours):
    """Whether two texts have different backgrounds, and both are readable."""
    for each in (one, other):
        assert has_colours == (each.behind is not None)
        assert each.colour != each.behind or not has_colours
    return (one.behind, one.is_reversed) != (other.behind, other.is_reversed)


async def test_cursor_and_its_column_stand_out(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert stands_out(look(pilot, ">  Jack"), look(pilot, "Laura"), has_colours)
        assert stands_out(look(pilot, "First Name"), look(pilot, "Last Name"), has_colours)


async def test_focus_of_the_table_is_visible(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        before = look(pilot, ">  Jack")
        await pilot.press("tab")
        await pilot.pause()
        assert stands_out(before, look(pilot, ">  Jack"), has_colours)


async def test_focused_button_stands_out(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("tab")
        await pilot.pause()
        assert stands_out(look(pilot, "[i Import]"), look(pilot, "[x Export]"), has_colours)


async def test_disabled_button_is_faint(start):
    async with start(read_only=True).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        grey, usable = look(pilot, "[i Import]"), look(pilot, "[x Export]")
        assert (grey.colour, grey.is_dim) != (usable.colour, usable.is_dim)


async def test_focus_of_the_navigation_pane_is_visible(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        before = look(pilot, "Users       60")
        page_of(pilot).query_one(NavigationPane).focus()
        await pilot.pause()
        focused = look(pilot, "Users       60")
        assert stands_out(focused, look(pilot, "Activity"), has_colours)
        assert stands_out(focused, before, has_colours)


async def test_selected_command_stands_out(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("colon")
        await pilot.pause(0.3)
        first, second = look(pilot, "Show all fields"), look(pilot, "Mark or unmark the user")
        assert stands_out(first, second, has_colours)
        await pilot.press("down")
        await pilot.pause()
        assert look(pilot, "Mark or unmark the user") == first
        assert look(pilot, "Show all fields") == second


async def test_marked_users_have_a_sign(start):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space", "down")
        await pilot.pause()
        assert " ✓ Jack" in shown(pilot)
        assert ">  Laura" in shown(pilot)


async def test_focused_button_of_a_dialog_stands_out(start, has_colours):
    async with start().run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("v")
        await pilot.pause(0.2)
        while str(getattr(pilot.app.focused, "label", "")) != "[Open]":
            await pilot.press("tab")
            await pilot.pause()
        assert stands_out(look(pilot, "[Open]"), look(pilot, "[Close]"), has_colours)
