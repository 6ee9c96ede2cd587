"""The table of users draws visible rows only, and moves as a table should."""

import pytest
from textual import events
from textual.app import App

from qm_tui.tui.styles import style_sheets
from qm_tui.tui.users_table import COLUMNS, UsersDataTable, cell_text
from qm_tui.tui.virtual_rows import VirtualRows
from qm_tui.users.fields import FIELD, FIELDS
from tests.tui.pages import sample_users


class TableApp(App[None]):
    """Nothing but the table."""

    def __init__(self, count):
        super().__init__(css_path=[str(path) for path in style_sheets()])
        users = {user.user_id: user for user in sample_users(min(count, 300))}
        ids = list(users)
        self.ids = [ids[number % len(ids)] for number in range(count)]
        self.users = users
        self.messages = []

    def compose(self):
        yield UsersDataTable()

    def on_mount(self):
        self.table = self.query_one(UsersDataTable)
        self.table.show(self.ids, self.users)
        self.table.focus()

    def on_virtual_rows_row_highlighted(self, event):
        self.messages.append(("highlighted", event.cursor_row))

    def on_virtual_rows_row_selected(self, event):
        self.messages.append(("selected", event.cursor_row))


PAGE = 22
"""Rows on a screen of 24 lines: one is the header, one says the position."""


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["down"], 1),
        (["j", "j", "k"], 1),
        (["up"], 0),
        (["pagedown"], PAGE - 1),
        (["pagedown", "pagedown"], 2 * (PAGE - 1)),
        (["pagedown", "pageup"], 0),
        (["end"], 999),
        (["G"], 999),
        (["G", "g"], 0),
        (["end", "home"], 0),
        (["end", "pagedown", "down"], 999),
        (["end", "up"], 998),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_visible(keys, row):
    app = TableApp(1000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert app.table.cursor_row == row
        top = int(app.table.scroll_offset.y)
        assert top <= row < top + PAGE
        assert [y for y in range(24) if app.table.render_line(y).text.startswith(">")] == [
            row - top + 1
        ]


async def test_only_visible_rows_are_made(monkeypatch):
    made = []
    make = UsersDataTable.row_text

    def make_and_note(table, row, width):
        made.append(row)
        return make(table, row, width)

    monkeypatch.setattr(UsersDataTable, "row_text", make_and_note)
    app = TableApp(100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert app.table.row_count == 100_000
        assert len(set(made)) < 4 * PAGE


async def test_left_and_right_reach_every_column_with_the_names_frozen():
    app = TableApp(10)
    async with app.run_test(size=(62, 24)) as pilot:
        seen = set()
        for _ in COLUMNS:
            header = app.table.render_line(0).text
            assert "First Name" in header
            assert "Last Name" in header
            seen |= set(app.table.visible_columns())
            assert app.table.current_column in app.table.visible_columns()
            await pilot.press("right")
        assert seen == set(range(26))
        assert {column.key for column in COLUMNS} == {field.key for field in FIELDS}
        for _ in COLUMNS:
            await pilot.press("left")
        assert app.table.current_column == 0
        assert app.table.visible_columns()[:4] == [0, 1, 2, 3]


@pytest.mark.parametrize("width", [40, 62, 80, 102, 200, 500])
async def test_every_line_is_exactly_as_wide_as_the_table(width):
    app = TableApp(30)
    async with app.run_test(size=(width, 24)) as pilot:
        for _ in range(5):
            for y in range(24):
                assert app.table.render_line(y).cell_length == width
            await pilot.press("right", "right", "right", "down")


async def test_the_position_is_said_in_words():
    app = TableApp(1204)
    async with app.run_test(size=(62, 24)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        assert app.table.render_line(23).text.strip() == "2 of 1,204   columns 3-9 of 26 → more"


async def test_the_cursor_tells_where_it_is_and_enter_selects():
    app = TableApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter")
        await pilot.pause()
        assert app.messages[-2:] == [("highlighted", 1), ("selected", 1)]


async def test_a_click_moves_the_cursor_and_a_second_one_selects():
    app = TableApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(UsersDataTable, offset=(5, 4))
        await pilot.pause()
        assert app.table.cursor_row == 3
        await pilot.click(UsersDataTable, offset=(5, 4))
        await pilot.pause()
        assert app.messages[-1] == ("selected", 3)


async def test_a_click_on_a_header_makes_its_column_the_current_one():
    app = TableApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(UsersDataTable, offset=(app.table.render_line(0).text.index("Exten"), 0))
        await pilot.pause()
        assert COLUMNS[app.table.current_column].key == "extension"
        assert app.table.cursor_row == 0


async def test_the_wheel_scrolls_and_leaves_the_cursor():
    app = TableApp(100)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([events.MouseScrollDown], UsersDataTable)
        await pilot.pause()
        assert int(app.table.scroll_offset.y) == 3
        assert app.table.cursor_row == 0


async def test_a_resize_keeps_the_cursor_visible():
    app = TableApp(100)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press(*["down"] * 30)
        await pilot.resize_terminal(80, 16)
        await pilot.pause()
        top = int(app.table.scroll_offset.y)
        assert app.table.cursor_row == 30
        assert top <= 30 < top + 14


async def test_an_empty_table_takes_every_key():
    app = TableApp(0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "up", "pagedown", "end", "home", "enter", "right", "left")
        await pilot.pause()
        assert app.messages == []
        assert isinstance(app.table, VirtualRows)


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("is_active", "1", "y"),
        ("is_active", "0", "n"),
        ("is_active", "", ""),
        ("password", "x", "set"),
        ("password", "", ""),
        ("salt", "x", "set"),
        ("first_name", "陈", "陈"),
        ("first_name", "a\x1b[2J", "a␛[2J"),
        ("first_name", "a\u202eb", "a‹U+202E›b"),
    ],
)
def test_a_cell_shows_what_may_be_shown(key, value, shown):
    assert cell_text(FIELD[key], value) == shown
