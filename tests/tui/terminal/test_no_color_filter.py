"""States that are distinguishable in 16 colors and without colors, in every theme."""

from typing import NamedTuple

import pytest
from rich.color import Color, ColorSystem
from textual.widgets import Button

from qm_tui.config.preferences import Theme
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.navigation import NavigationPane
from tests.tui.pages import (
    SMALL,
    page_of,
    sample_users,
    shown,
    store_of,
    top,
    wait_until,
    wait_until_idle,
)


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


def stands_out(one, other):
    """Whether two texts have different backgrounds, and both are readable."""
    for each in (one, other):
        assert each.colour != each.behind or each.colour is None
    return (one.behind, one.is_reversed) != (other.behind, other.is_reversed)


@pytest.mark.parametrize(
    ("theme", "has_colours"),
    [*((theme, True) for theme in Theme), (Theme.LIGHT, False), (Theme.ANSI_DARK, False)],
)
async def test_states_are_visible(home, monkeypatch, theme, has_colours):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not has_colours:
        monkeypatch.setenv("NO_COLOR", "1")
    store_of(home / "users.json", sample_users(60)).close()
    app = QmTuiApp(open_store(home / "users.json", read_only=True), "mheller", theme=theme)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        cursor = look(pilot, ">  Jack")
        assert stands_out(cursor, look(pilot, "Laura")), "the cursor"
        assert stands_out(look(pilot, "First Name"), look(pilot, "Last Name")), "its column"
        disabled, enabled = look(pilot, "[i Import]"), look(pilot, "[x Export]")
        assert (disabled.colour, disabled.is_dim) != (enabled.colour, enabled.is_dim)
        if not has_colours:
            assert {cursor.colour, cursor.behind, disabled.colour, disabled.behind} == {None}

        page_of(pilot).query_one("#export", Button).focus()
        await pilot.pause()
        assert stands_out(cursor, look(pilot, ">  Jack")), "the cursor without the focus"
        assert stands_out(look(pilot, "[x Export]"), enabled), "the focused button"

        pane = look(pilot, "Users       60")
        page_of(pilot).query_one(NavigationPane).focus()
        await pilot.pause()
        assert stands_out(look(pilot, "Users       60"), look(pilot, "Activity"))
        assert stands_out(look(pilot, "Users       60"), pane), "the focused pane"

        await pilot.press("colon")
        await wait_until(pilot, lambda: "Search for" in shown(pilot))
        page, current = look(pilot, "Go to Users"), look(pilot, "> ")
        assert stands_out(current, page), "the current command"

        await pilot.press("escape", "v")
        await wait_until(pilot, lambda: "Save current view" in shown(pilot))
        top(pilot).query_one("#show", Button).focus()
        await pilot.pause()
        assert stands_out(look(pilot, "[Open]"), look(pilot, "[Close]")), "a button of a dialog"
