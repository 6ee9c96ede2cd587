"""The Actions bar: the line of the message, and the buttons that fit below it."""

import pytest

from qm_tui.tui.changes.activation import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.work.job import JobProgressed
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    table_of,
    top,
    wait_until,
    wait_until_idle,
)

SMALLEST = (60, 16)
LONG = (
    "The store ~/users.json was replaced by another copy: its last transaction was 12, and is now "
    "9. Quit the program, and restore the newest copy of the store."
)


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(60))


def bar_of(pilot):
    """The lines of the Actions bar: the message, and the buttons."""
    lines = [line.strip() for line in shown(pilot).splitlines()]
    border = next(row for row, line in enumerate(lines) if line.startswith("─ Actions ─"))
    return lines[border + 1 : -1]


@pytest.mark.parametrize(
    ("size", "buttons"),
    [
        (SMALLEST, "[i Import] [x Export] [e Edit] [a Add] [m Set field]"),
        (SMALL, "[i Import] [x Export] [e Edit] [a Add] [m Set field] [D Delete] [P Password]"),
        (LARGE, "[i Import] [x Export] [e Edit] [a Add] [m Set field] [D Delete] [P Password]"),
    ],
)
async def test_buttons_that_fit_are_below_the_message(app, size, buttons):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).session.set_status("Deleted 3 users. Press u to undo.")
        await pilot.pause()
        assert bar_of(pilot) == ["Deleted 3 users. Press u to undo.", buttons]


@pytest.mark.parametrize(
    ("button", "dialog"),
    [
        ("#edit", UserFormScreen),
        ("#add", UserFormScreen),
        ("#set-field", SetFieldDialog),
        ("#delete", DeleteDialog),
        ("#password", PasswordDialog),
    ],
)
async def test_button_runs_its_action(app, button, dialog):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.click(button)
        await wait_until(pilot, lambda: isinstance(top(pilot), dialog))


@pytest.mark.parametrize("size", [SMALLEST, SMALL, LARGE])
async def test_long_message_is_shown_completely(app, size):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot).session.set_status(LONG)
        await pilot.pause()
        *message, buttons = bar_of(pilot)
        assert " ".join(message) == LONG
        assert buttons.startswith("[i Import]")


@pytest.mark.parametrize("size", [SMALLEST, SMALL])
async def test_table_does_not_jump_when_a_message_of_one_line_is_shown(app, size):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        before = table_of(pilot).region
        page_of(pilot).session.set_status("Nothing to import: all 250 records are unchanged")
        await pilot.pause()
        assert table_of(pilot).region == before


@pytest.mark.parametrize("size", [SMALLEST, SMALL])
async def test_progress_and_cancel_fit(app, size):
    text = "Importing 41,500 of 100,000, 12,345/s, 5 s left"
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        page = page_of(pilot)
        page.session.set_status(LONG)
        await pilot.pause()
        page.begin_job()
        page.session.report_progress(JobProgressed(text, 41_500, 100_000))
        await pilot.pause()
        progress, buttons = bar_of(pilot)
        assert progress.startswith(f"{text}  ███")
        assert progress.endswith("─")
        assert buttons.startswith("[i Import] [x Export]")
        assert buttons.endswith("[Esc Cancel]")
