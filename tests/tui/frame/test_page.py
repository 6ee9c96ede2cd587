"""The frame of a page: the navigation pane, the Actions bar and the key hints."""

from functools import partial
from typing import Any

import pytest
from textual.screen import Screen

from qm_tui.tui.changes.activation import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.frame.navigation import NavigationPane, _count_text
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.work.job import JobProgressed
from tests.tui.pages import (
    LARGE,
    SMALL,
    back_to_users,
    has_text,
    is_on_top,
    page_of,
    running,
    sample_users,
    shown,
    table_of,
    top,
    wait_until,
)

# The navigation pane


def pane_of(pilot):
    return top(pilot).query_one(NavigationPane)


def has_pages(pilot):
    return "  Locations" in shown(pilot)


async def test_administration_collapses_and_expands_on_all_pages(home):
    async with running(home / "users.json", sample_users(3)) as pilot:
        pane_of(pilot).focus()
        for keys, arrow in zip(
            ("left", "right", "h", "l", "up enter", "enter", ""), "▶▼▶▼▶▼▶", strict=True
        ):
            if keys:
                await pilot.press(*keys.split())
            else:
                await pilot.click("#navigation", offset=(1, 0))
            await wait_until(pilot, partial(has_text, pilot, f"{arrow} Administration"))
            assert has_pages(pilot) is (arrow == "▼")
        for key in "21":
            await pilot.press(key)
            await wait_until(pilot, partial(has_text, pilot, "▶ Administration"))
            assert not has_pages(pilot)


# The Actions bar


ALL = "[i Import] [x Export] [e Edit] [a Add] [m Set field] [D Delete] [P Password]"
SIZES = {(60, 16): "[i Import] [x Export] [e Edit] [a Add] [m Set field]", SMALL: ALL, LARGE: ALL}
"""The buttons that fit."""

SHORT = "Nothing to import: all 250 records are unchanged"
LONG = (
    "The store ~/users.json was replaced by another copy: its last transaction was 12, and is now "
    "9. Quit the program, and restore the newest copy of the store."
)
PROGRESS = "Importing 41,500 of 100,000, 12,345/s, 5 s left"
BUTTONS: dict[str, type[Screen[Any]]] = {
    "#edit": UserFormScreen,
    "#add": UserFormScreen,
    "#set-field": SetFieldDialog,
    "#delete": DeleteDialog,
    "#password": PasswordDialog,
}


def bar_of(pilot):
    """The lines of the Actions bar: the message, and the buttons."""
    lines = [line.strip() for line in shown(pilot).splitlines()]
    border = next(row for row, line in enumerate(lines) if line.startswith("─ Actions ─"))
    return lines[border + 1 : -1]


def shows(pilot, message, buttons):
    *lines, last = bar_of(pilot)
    return (" ".join(lines), last) == (message, buttons)


async def test_message_and_progress_are_complete_and_buttons_fit_at_any_size(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        page = page_of(pilot)
        for size, buttons in SIZES.items():
            await pilot.resize_terminal(*size)
            page.session.set_status("")
            await wait_until(pilot, partial(shows, pilot, "", buttons))
            region = table_of(pilot).region
            page.session.set_status(SHORT)
            await wait_until(pilot, partial(shows, pilot, SHORT, buttons))
            assert table_of(pilot).region == region
            page.session.set_status(LONG)
            await wait_until(pilot, partial(shows, pilot, LONG, buttons))

            page.begin_job()
            page.session.report_progress(JobProgressed(PROGRESS, 41_500, 100_000))
            await wait_until(pilot, lambda: len(bar_of(pilot)) == 2)
            progress, last = bar_of(pilot)
            assert progress.startswith(f"{PROGRESS}  ███")
            assert progress.endswith("─")
            assert last.startswith("[i Import] [x Export]")
            assert last.endswith("[Esc Cancel]")
            page.session.end_job("")


async def test_button_runs_its_action(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        for button, dialog in BUTTONS.items():
            await pilot.click(button)
            await is_on_top(pilot, dialog)
            await back_to_users(pilot)


# The key hints


WIDTHS = {
    (60, 16): "Enter details  Space mark  / filter  ? keys  q quit",
    SMALL: "Enter details  Space mark  / filter  m set field  u undo  ? keys  q quit",
    LARGE: "Enter details  Space mark  / filter  m set field  u undo  e edit  a add  A activate"
    "  P password  ? keys  q quit",
}


def line_of(pilot):
    return shown(pilot).splitlines()[-1].strip()


def begins(pilot, hints):
    return line_of(pilot).startswith(hints)


async def test_hints_fill_the_width_and_none_is_cut(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        for size, line in WIDTHS.items():
            await pilot.resize_terminal(*size)
            await wait_until(pilot, partial(begins, pilot, line))
        whole = line_of(pilot).split("  ")
        for width in range(60, 120, 7):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            words = line_of(pilot).split("  ")
            assert words[-2:] == ["? keys", "q quit"]
            assert words[:-2] == whole[: len(words) - 2]


async def test_hints_follow_the_focus_and_what_is_available(home):
    async with running(home / "users.json", sample_users(60), LARGE) as pilot:
        await pilot.press("slash")
        await wait_until(
            pilot, partial(begins, pilot, "Enter apply  Esc clear  Tab complete  F1 keys")
        )
        await pilot.press("escape")
        await wait_until(pilot, partial(begins, pilot, "Enter details"))
        for keys, hints in (
            (["shift+tab"], "Enter open page  ← collapse  / filter"),
            (["tab", "enter", "tab"], "↓ scroll  / filter"),
            (["tab"], "Enter press button  / filter"),
        ):
            await pilot.press(*keys)
            await wait_until(pilot, partial(begins, pilot, hints))
        assert "u undo" in line_of(pilot)
        page_of(pilot).begin_job()
        await wait_until(pilot, lambda: "u undo" not in line_of(pilot))


async def test_click_on_a_hint_runs_its_action_and_between_hints_nothing(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        line = shown(pilot).splitlines()[-1]
        for x in (line.index("  / filter"), 79):
            await pilot.click(offset=(x, 23))
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        at = line.index("Space mark")
        await pilot.click(offset=(at, 23))
        await wait_until(pilot, partial(has_text, pilot, "1 marked"))
        await pilot.click(offset=(at + len("Space mark") - 1, 23))
        await wait_until(pilot, lambda: not page_of(pilot).session.marks)
        await pilot.click(offset=(shown(pilot).splitlines()[-1].index("q quit"), 23))
        await wait_until(pilot, lambda: not pilot.app.is_running)


@pytest.mark.parametrize(
    ("count", "width", "text"),
    [
        (0, 8, "0"),
        (999_999, 8, "999,999"),
        (1_000_000, 8, "1,000k"),
        (123_456_789, 8, "123,456k"),
        (9_999, 5, "9,999"),
        (10_000, 5, "10k"),
        (9_999_999, 5, "9M"),
    ],
)
def test_count_in_the_navigation_pane_is_never_cut(count, width, text):
    assert _count_text(count, width) == text
