"""The table of users: cursor, columns, sorting, drawing of visible rows."""

from typing import Any

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from wcwidth import wcwidth

from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.query.columns import COLUMN, DEFAULT_LAYOUT, LICENSE, ColumnPlacement, Layout
from qm_tui.users.query.views import SortKey
from tests.tui.pages import sample_users

LARGEST = Layout(tuple(ColumnPlacement(key, one.width) for key, one in COLUMN.items()))
"""All 27 columns."""


def layout(*columns, frozen=0):
    """A layout of columns, each a key or a key and a width."""
    placed = [one if isinstance(one, tuple) else (one, COLUMN[one].width) for one in columns]
    return Layout(tuple(ColumnPlacement(*one) for one in placed), frozen)


class TableApp(App[None]):
    """Nothing but the table."""

    def __init__(self, count, columns=DEFAULT_LAYOUT, **values):
        super().__init__(css_path=[str(path) for path in style_sheets()])
        users = {user.user_id: user._replace(**values) for user in sample_users(min(count, 300))}
        self.columns = columns
        ids = list(users)
        self.ids = [ids[number % len(ids)] for number in range(count)]
        self.users = users
        self.messages = []

    def compose(self):
        yield UsersDataTable()

    def on_mount(self):
        self.table = self.query_one(UsersDataTable)
        self.table.show_layout(self.columns)
        self.table.show(self.ids, self.users)
        self.table.focus()

    @property
    def header(self):
        return self.table.render_line(0).text

    @property
    def current_header(self):
        """What stands out in the header."""
        strip = self.table.render_line(0)
        return "".join(one.text for one in strip if one.style and one.style.reverse)

    @property
    def position(self):
        return self.table.render_line(self.size.height - 1).text.strip()

    def on_users_data_table_sort_requested(self, event):
        self.messages.append(("sort", event.column_key, event.add))

    def on_users_data_table_copy_requested(self, event):
        self.messages.append(("copy", event.user_id, event.column_key))

    def on_virtual_list_row_highlighted(self, event):
        self.messages.append(("highlighted", event.cursor_row))

    def on_virtual_list_row_selected(self, event):
        self.messages.append(("selected", event.cursor_row))


PAGE = 22
"""Rows on a screen of 24 lines: one line is the header, one the footer."""


async def test_keys_move_cursor_and_keep_it_visible():
    app = TableApp(1000)
    async with app.run_test(size=(80, 24)) as pilot:
        for keys, row in (
            ("down", 1),
            ("j j k", 2),
            ("up up up", 0),
            ("pagedown", PAGE - 1),
            ("pagedown", 2 * (PAGE - 1)),
            ("pageup pageup", 0),
            ("end", 999),
            ("pagedown down", 999),
            ("up", 998),
            ("home", 0),
            ("G", 999),
            ("g", 0),
        ):
            await pilot.press(*keys.split())
            await pilot.pause()
            assert app.table.cursor_row == row
            top = int(app.table.scroll_offset.y)
            assert top <= row < top + PAGE
            assert [y for y in range(24) if app.table.render_line(y).text.startswith(">")] == [
                row - top + 1
            ]


async def test_only_visible_rows_are_drawn(monkeypatch):
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


@pytest.mark.parametrize(
    ("width", "columns"),
    [(40, DEFAULT_LAYOUT), (102, LARGEST)],
)
async def test_left_and_right_reach_every_column(width, columns):
    app = TableApp(10, columns)
    keys = [one.key for one in columns.columns]
    async with app.run_test(size=(width, 24)) as pilot:
        at_the_start = app.table.visible_columns
        seen = set()
        for key in keys:
            assert app.header.startswith("   First Name")
            assert app.table.current_key == key
            assert key in app.table.visible_columns
            seen |= set(app.table.visible_columns)
            await pilot.press("right")
        assert seen == set(keys)
        assert app.table.visible_columns[-1] == keys[-1]
        for _ in keys:
            await pilot.press("left")
        assert app.table.current_column == 0
        assert app.table.visible_columns == at_the_start


async def test_lines_are_as_wide_as_table():
    app = TableApp(30, LARGEST, first_name="陈\u200d🙂e\u0301❤\ufe0f👍🏽🇩🇪", last_name="\u0301x")
    async with app.run_test(size=(20, 24)) as pilot:
        for width in (20, 62, 102, 500):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            app.table.show_sort([SortKey(app.table.current_key, bool(width % 4))])
            for y in range(24):
                strip = app.table.render_line(y)
                assert strip.cell_length == width
                assert sum(one.cell_length for one in strip) == width
            await pilot.press("right", "right", "right", "down")


async def test_wider_table_leaves_no_room_after_last_column():
    app = TableApp(10)
    async with app.run_test(size=(62, 24)) as pilot:
        await pilot.press(*["right"] * 23)
        few = app.table.visible_columns
        await pilot.resize_terminal(182, 24)
        await pilot.pause()
        many = app.table.visible_columns
        assert few[-1] == many[-1] == "secondary_phone_ip"
        assert len(many) > len(few)
        assert app.table.render_line(0).text.rstrip()[100:]


async def test_current_column_survives_other_layout():
    app = TableApp(10)
    async with app.run_test(size=(62, 24)) as pilot:
        await pilot.press("right", "right", "right", "right")
        assert app.table.current_key == "department"
        app.table.show_layout(layout("extension", "location", "department"))
        assert app.table.current_key == "department"
        await pilot.pause()
        assert app.current_header.strip() == "Department"
        app.table.show_layout(layout("extension", "location"))
        assert app.table.current_key == "location"
        assert app.table.shown_layout == layout("extension", "location")
        await pilot.pause()
        assert app.table.visible_columns == ("extension", "location")


async def test_header_shows_sort_keys():
    app = TableApp(10)
    async with app.run_test(size=(62, 24)) as pilot:
        app.table.show_sort([SortKey("last_name", descending=True), SortKey("extension")])
        await pilot.pause()
        assert app.header.startswith("   First Name Last Name▼ Exten▵ User Name")
        app.table.show_sort([])
        await pilot.pause()
        assert app.header.startswith("   First Name Last Name Exten User Name")


async def test_keys_apply_to_current_cell():
    app = TableApp(10)
    async with app.run_test(size=(62, 24)) as pilot:
        for keys, message in (
            ("s", ("sort", "first_name", False)),
            ("right right S", ("sort", "extension", True)),
            ("down left y", ("copy", "u00000000002", "last_name")),
            ("Y", ("copy", "u00000000002", None)),
            ("down", ("highlighted", 2)),
            ("enter", ("selected", 2)),
        ):
            await pilot.press(*keys.split())
            await pilot.pause()
            assert app.messages[-1] == message


async def test_only_header_is_redrawn_if_columns_do_not_scroll(monkeypatch):
    drawn = []
    draw = UsersDataTable.render_line

    def draw_and_note(table, y):
        drawn.append(y)
        return draw(table, y)

    monkeypatch.setattr(UsersDataTable, "render_line", draw_and_note)
    app = TableApp(100)
    async with app.run_test(size=(62, 24)) as pilot:
        await pilot.press("right")
        await pilot.pause()
        drawn.clear()
        await pilot.press("right")
        await pilot.pause()
        assert drawn == [0]
        app.table.show_sort([SortKey("first_name")])
        await pilot.pause()
        assert drawn == [0, 0]
        await pilot.press(*["right"] * 5)
        await pilot.pause()
        assert set(drawn) == set(range(24))


NAMES = {
    "Chinese": "陈静国强欧阳",
    "Korean": "김민준",
    "Korean, taken apart": "\u1112\u1161\u11ab",
    "half-width": "ｶﾞｷﾞ",
    "full-width": "ＡＢＣ",
    "wide at the cut": "a陈b静c国d强e",
    "wide blank": "a\u3000b",
    "Thai": "สมชาย น้ำ",
    "Arabic": "محمد",
    "Hebrew": "נועה",
    "marks": "e\u0301a\u0301\u0302\u0303\u0304",
    "a mark first": "\u0301abc",
    "only marks": "\u0301\u0302",
    "a ring around": "A\u20dd",
    "emoji": "🙂🙂🙂🙂🙂🙂🙂",
    "emoji of old": "❤☎⌚☕",
    "drawn as emoji": "❤\ufe0f☎\ufe0f",
    "drawn as text": "⌚\ufe0ex",
    "key cap": "1\ufe0f\u20e3",
    "family": "👩\u200d👩\u200d👧",
    "skin": "👍🏽x",
    "skin alone": "🏽x",
    "flag": "🇩🇪 Anna",
    "half a flag": "🇩",
    "flag of tags": "🏴\U000e0067\U000e0062\U000e007f",
    "kind of a character": "葛\U000e0100",
    "zero width": "a\u200bb\u2060c\u00add",
    "of either width": "±①→✓–…▲",
    "no-break": "a\xa0b",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_wide_characters_do_not_shift_columns(name):
    table = UsersDataTable()
    user = sample_users(1)[0]._replace(first_name=name)
    for width in (1, 2, 5, 9, 11):
        table.show_layout(layout(("first_name", width), "user_id", "is_active", frozen=1))
        table.show([user.user_id], {user.user_id: user})
        line = table.row_text(0, 40)
        name_cell, others = line[: line.index("u0000")], line[line.index("u0000") :]
        # as terminals measure that know nothing of what belongs together
        assert sum(map(wcwidth, name_cell)) == 3 + width + 1
        assert others.split() == ["u00000000001", "y"]
        assert cell_len(line) == 40


async def test_footer_shows_position():
    app = TableApp(1204)
    async with app.run_test(size=(62, 24)) as pilot:
        for columns, keys, position in (
            (DEFAULT_LAYOUT, ["down"], "2 of 1,204   columns 3-7 of 24 → more"),
            (DEFAULT_LAYOUT, ["right"] * 7, "2 of 1,204   ← columns 5-9 of 24 → more"),
            (DEFAULT_LAYOUT, ["right"] * 16, "2 of 1,204   ← columns 20-24 of 24"),
            (layout(("sip_uri", 60), "salt"), ["left"], "2 of 1,204   column 1 of 2 → more"),
            (layout("first_name", "salt", frozen=1), [], "2 of 1,204   2 columns"),
            (layout("first_name"), [], "2 of 1,204   1 column"),
        ):
            app.table.show_layout(columns)
            await pilot.press(*keys)
            await pilot.pause()
            assert app.position == position


async def test_second_click_selects_row():
    app = TableApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(UsersDataTable, offset=(5, 4))
        await pilot.pause()
        assert app.table.cursor_row == 3
        await pilot.click(UsersDataTable, offset=(5, 4))
        await pilot.pause()
        assert app.messages[-1] == ("selected", 3)


async def test_click_on_header_sorts():
    app = TableApp(10)
    async with app.run_test(size=(80, 24)) as pilot:
        for held, add in (({}, False), ({"shift": True}, True), ({"control": True}, True)):
            offset = (app.header.index("Exten"), 0)
            await pilot.click(UsersDataTable, offset=offset, **held)
            await pilot.pause()
            assert app.table.current_key == "extension"
            assert app.table.cursor_row == 0
            assert app.messages[-1] == ("sort", "extension", add)


async def test_wheel_scrolls_without_moving_cursor():
    app = TableApp(100)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([events.MouseScrollDown], UsersDataTable)
        await pilot.pause()
        assert int(app.table.scroll_offset.y) == 3
        assert app.table.cursor_row == 0


async def test_resize_keeps_cursor_visible():
    app = TableApp(100)
    async with app.run_test(size=(80, 40)) as pilot:
        await pilot.press(*["down"] * 30)
        await pilot.resize_terminal(80, 16)
        await pilot.pause()
        top = int(app.table.scroll_offset.y)
        assert app.table.cursor_row == 30
        assert top <= 30 < top + 14


async def test_empty_table_handles_all_keys():
    app = TableApp(0)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(
            "down", "up", "pagedown", "end", "home", "enter", "right", "left", "y", "Y"
        )
        await pilot.pause()
        assert app.messages == []
        assert app.table.cursor_user_id is None
        assert isinstance(app.table, VirtualList)


async def test_columns_stay_while_the_cursor_moves_or_another_admin_adds_users():
    app = TableApp(300)
    async with app.run_test(size=(62, 24)) as pilot:
        before = app.header
        for key in ("down", "pagedown", "end", "up"):
            await pilot.press(key)
            await pilot.pause()
            assert app.header == before
        long = app.users[app.ids[0]]._replace(user_id="new", user_name="x" * 40)
        app.table.follow([*app.ids, "new"], {**app.users, "new": long}, {})
        await pilot.pause()
        assert app.header == before


async def test_columns_follow_the_values_of_other_users():
    app = TableApp(300)
    async with app.run_test(size=(62, 24)) as pilot:
        before = app.header
        users = {key: user._replace(user_name="x" * 12) for key, user in app.users.items()}
        app.table.follow(app.ids[100:], users, {})
        await pilot.pause()
        assert app.header != before
        assert "x" * 12 in app.table.render_line(1).text


async def test_values_are_measured_in_few_of_many_users(monkeypatch):
    asked = []
    app = TableApp(100_000)

    class Noting(dict[str, Any]):
        def __getitem__(self, user_id):
            asked.append(user_id)
            return dict.__getitem__(self, user_id)

    async with app.run_test(size=(62, 24)) as pilot:
        app.table.show(app.ids, Noting(app.users))
        await pilot.pause()
        assert len(asked) < 10 * PAGE


async def test_inactive_users_are_dimmed_and_licenses_are_words_in_a_wide_terminal():
    app = TableApp(2, layout("first_name", "is_active", LICENSE))
    async with app.run_test(size=(99, 24)) as pilot:
        second = app.ids[1]
        app.users[second] = app.users[second]._replace(is_active="0")
        app.table.show(app.ids, app.users)
        for width, name in ((99, "Lic"), (100, "Licenses")):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert app.header.split()[-1] == name
            assert ("Lic U" in app.table.legend) is (width < 100)
        assert app.table.render_line(1).text.rstrip().endswith("y Unlimited")
        assert app.table.row_style(1).dim
        assert not app.table.row_style(0).dim
        assert " n " in app.table.render_line(2).text
