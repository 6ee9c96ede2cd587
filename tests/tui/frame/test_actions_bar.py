"""The Actions bar: the line of the message, and the buttons that fit below it."""

from functools import partial
from typing import Any

from textual.screen import Screen

from qm_tui.tui.changes.activation import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.work.job import JobProgressed
from tests.tui.pages import (
    LARGE,
    SMALL,
    back_to_users,
    is_on_top,
    page_of,
    running,
    sample_users,
    shown,
    table_of,
    wait_until,
)

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
