"""Ctrl with D, U, F and B moves in lists and texts, but never from a text field."""

import pytest

from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.users.dialogs.columns import ColumnsDialog
from qm_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.pages import opened, page_of, running, sample_users, table_of, top, wait_until


async def test_pages_and_half_pages_of_the_users_table(tmp_path):
    async with running(tmp_path / "users.json", sample_users(100)) as pilot:
        table = table_of(pilot)
        page, half = table.page_height - 1, table.page_height // 2
        assert half > 2
        rows = []
        for key in ("ctrl+d", "ctrl+d", "ctrl+u", "ctrl+f", "ctrl+b", "pagedown", "pageup"):
            await pilot.press(key)
            rows.append(table.cursor_row)
        assert rows == [half, 2 * half, half, half + page, half, half + page, half]


async def test_half_pages_of_a_list_in_a_dialog_and_of_details(tmp_path):
    async with running(tmp_path / "users.json", sample_users(3)) as pilot:
        dialog = await opened(pilot, "c")
        assert isinstance(dialog, ColumnsDialog)
        rows = dialog.query_one(VirtualList)
        await pilot.press("ctrl+f", "ctrl+u")
        assert rows.cursor_row == rows.page_height - 1 - rows.page_height // 2
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
        await opened(pilot, "enter")
        pane = top(pilot).query_one(DetailsPane)
        await pilot.press("ctrl+d")
        assert pane.scroll_offset.y == (pane.size.height - 1) // 2


@pytest.mark.parametrize(
    ("key", "text"),
    [("ctrl+u", "two three"), ("ctrl+d", "one wo three"), ("ctrl+f", "one two three")],
)
async def test_list_does_not_move_while_text_is_typed(tmp_path, key, text):
    async with running(tmp_path / "users.json", sample_users(100)) as pilot:
        await pilot.press("slash", *"one", "space", *"two", "space", *"three")
        field = page_of(pilot).filter_bar.field
        field.cursor_position = len("one ")
        await pilot.press(key, "ctrl+b")
        assert field.value == text
        assert table_of(pilot).cursor_row == 0
