"""The registry of the pages, and the navigation pane."""

from functools import partial
from importlib import import_module

import pytest

from qm_tui.tui.frame.navigation import PAGES, NavigationPane
from qm_tui.tui.frame.page import Page
from tests.tui.pages import (
    SMALL,
    app_on,
    has_text,
    sample_users,
    shown,
    top,
    wait_until,
    wait_until_idle,
)


@pytest.mark.parametrize("key", PAGES)
def test_page_is_found_by_its_entry(key):
    page = getattr(import_module(PAGES[key].module), PAGES[key].class_name)
    assert issubclass(page, Page)
    assert key == page.PAGE


def pane_of(pilot):
    return top(pilot).query_one(NavigationPane)


def has_pages(pilot):
    return "  Locations" in shown(pilot)


@pytest.mark.parametrize("way", [["left", "right"], ["h", "l"], ["up", "enter", "enter"], "click"])
async def test_administration_collapses_and_expands(home, way):
    app = app_on(home / "users.json", sample_users(3))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        pane_of(pilot).focus()
        await pilot.pause()
        *before, collapse, expand = ["click", "click"] if way == "click" else way
        for key in before:
            await pilot.press(key)
        for key, arrow in ((collapse, "▶"), (expand, "▼")):
            await (
                pilot.click("#navigation", offset=(1, 0)) if key == "click" else pilot.press(key)
            )
            await wait_until(pilot, partial(has_text, pilot, f"{arrow} Administration"))
            assert has_pages(pilot) is (arrow == "▼")


async def test_administration_stays_collapsed_on_other_pages(home):
    app = app_on(home / "users.json", sample_users(3))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        pane_of(pilot).focus()
        await pilot.press("left")
        await pilot.pause()
        for key in "21":
            await pilot.press(key)
            await wait_until(pilot, lambda: "▶ Administration" in shown(pilot))
            assert not has_pages(pilot)
        assert pane_of(pilot).cursor_node is pane_of(pilot).root
