"""The dialog for the column layout."""

import pytest
from textual.widgets import Static

from qm_tui.tui.users.dialogs.columns import ColumnLayoutList, ColumnsDialog
from qm_tui.tui.users.dialogs.layout_editor import LayoutDraft
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.users.query.columns import COLUMN, DEFAULT_LAYOUT, LICENSE, ColumnPlacement, Layout
from tests.tui.dialogs import open_dialog

FOUR = Layout(
    (
        ColumnPlacement("salt", 4),
        ColumnPlacement("location", 20),
        ColumnPlacement(LICENSE, 3),
        ColumnPlacement("extension", 6),
    ),
    2,
)


def lines_of(hand):
    return hand.app.screen.query_one(ColumnLayoutList)


def row_of(hand, row):
    return lines_of(hand).row_text(row, 76).rstrip()


def result(*columns, frozen):
    return Layout(tuple(ColumnPlacement(*one) for one in columns), frozen)


SALT, LOCATION, LICENSES, EXTENSION = FOUR.columns


@pytest.mark.parametrize(
    ("keys", "layout"),
    [
        (["f2"], FOUR),
        (["space", "escape"], None),
        (["tab", "tab", "enter"], None),
        (
            ["+", "right", "+", "-", "left", "+", *"jj<", "down", "f", "enter"],
            result(("salt", 6), LICENSES, LOCATION, EXTENSION, frozen=3),
        ),
        (["space", "r", "tab", "enter"], DEFAULT_LAYOUT),
    ],
)
async def test_keys_edit_layout(keys, layout):
    async with open_dialog(ColumnsDialog(FOUR)) as hand:
        await hand.press(*keys)
        assert not hand.app.is_open
        assert hand.app.result == layout


async def test_list_shows_all_columns_with_shown_ones_first():
    async with open_dialog(ColumnsDialog(FOUR)) as hand:
        lines = lines_of(hand)
        assert lines.row_count == len(COLUMN)
        rows = [" ".join(row_of(hand, row).split()) for row in range(5)]
        assert rows == [
            "> ✓ Salt Value Salt 4 frozen",
            "✓ Location Location 20* frozen",
            "✓ Licenses Lic 3",
            "✓ Extension Exten 6",
            "First Name First Name 10",
        ]
        assert lines.footer_text(76, 0).strip() == "4 of 27 columns shown, 2 frozen"


async def test_message_explains_column_or_why_key_has_no_effect():
    async with open_dialog(ColumnsDialog(FOUR)) as hand:

        async def says(keys, text):
            await hand.press(*keys.split())
            shown = str(hand.app.screen.query_one("#columns-said", Static).content)
            assert shown.startswith(text)

        await says("", "Salt of the password.\nColumns with the default width grow")
        await says("down", "Geographic location of the user.\n* custom width")
        await says("down", "All licenses in one cell: U unlimited")
        await says("end <", "This column is hidden. Press Space to show it first.")
        await says("up", "Whether dual endpoints are enabled.")
        await says("f", "This column is hidden. Press Space to show it first.")
        await hand.press("home", "space", *["down", "space"] * 2, "down")
        await says("space", "At least one column must be visible.")
        await says("+", "Telephone extension. Leading zeros are significant.")
        await hand.press("home", "space", "down", "down", "space", "<", "<", "<")
        assert "Licenses" in row_of(hand, 0)
        assert lines_of(hand).cursor_row == 0  # it follows the moved column


async def test_second_click_on_line_shows_or_hides_column():
    async with open_dialog(ColumnsDialog(FOUR)) as hand:
        await hand.click("#column-lines", (5, 3))
        assert lines_of(hand).cursor_row == 2
        assert "✓" in row_of(hand, 2)
        await hand.click("#column-lines", (5, 3))
        assert "✓" not in row_of(hand, 2)
        await hand.click("#ok")
        assert hand.app.result == result(SALT, LOCATION, EXTENSION, frozen=2)


async def test_key_hints_can_be_clicked():
    async with open_dialog(ColumnsDialog(FOUR)) as hand:
        layouts = {
            "[Space Show]": result(LOCATION, LICENSES, EXTENSION, frozen=1),
            "[< Left]": FOUR,
            "[> Right]": result(LOCATION, SALT, LICENSES, EXTENSION, frozen=2),
            "[- Narrower]": result(("salt", 3), LOCATION, LICENSES, EXTENSION, frozen=2),
            "[+ Wider]": result(("salt", 5), LOCATION, LICENSES, EXTENSION, frozen=2),
            "[f Freeze]": result(*FOUR.columns, frozen=1),
            "[r Reset]": DEFAULT_LAYOUT,
        }
        for hint in hand.app.screen.query(KeyHint):
            lines = lines_of(hand)
            lines.draft = LayoutDraft(FOUR)
            lines.rows_changed()
            assert await hand.pilot.click(hint)
            await hand.settle()
            assert lines.draft.layout == layouts.pop(str(hint.content))
            assert hand.app.focused is lines
            assert str(hint.content) in hand.screen_text
        assert not layouts
