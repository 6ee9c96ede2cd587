"""The table of users: cursor, columns, sorting, drawing of visible rows."""

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App
from wcwidth import wcwidth

from qm_tui.store.memory.state import MemoryState
from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.users import table
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.users.table_layout import measure_values
from qm_tui.tui.work.marks import Marks
from qm_tui.users.fields import User
from qm_tui.users.query.columns import COLUMN, DEFAULT_LAYOUT, LICENSE, ColumnPlacement, Layout
from qm_tui.users.query.views import SortKey
from tests.helpers import state_of
from tests.tui.pages import rows_of, sample_users

"""All 27 columns."""


def layout(*columns, frozen=0):
    """A layout of columns, each a key or a key and a width."""
    placed = [one if isinstance(one, tuple) else (one, COLUMN[one].width) for one in columns]
    return Layout(tuple(ColumnPlacement(*one) for one in placed), frozen)


class TableApp(App[None]):
    """Nothing but the table."""

    def __init__(self, count, columns=DEFAULT_LAYOUT, **values):
        super().__init__(css_path=[str(path) for path in style_sheets()])
        users = sample_users(min(count, 300))
        self.columns = columns
        self.users = [
            users[at % len(users)]._replace(user_id=f"u{at + 1:011}", **values)
            for at in range(count)
        ]
        self.messages = []

    def compose(self):
        yield UsersDataTable(Marks())

    def on_mount(self):
        self.table = self.query_one(UsersDataTable)
        self.table.show_layout(self.columns)
        self.table.show(rows_of(state_of(*self.users)))
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


async def test_only_visible_rows_are_drawn_and_few_are_measured(monkeypatch):
    made: list[int] = []
    measured: list[User] = []
    loaded: list[User] = []
    make, answer = UsersDataTable.row_text, MemoryState.window

    def make_and_note(table, row, width):
        made.append(row)
        return make(table, row, width)

    def measure_and_note(columns, users, *, has_words):
        measured.extend(users)
        return measure_values(columns, users, has_words=has_words)

    def answer_and_note(*question):
        window = answer(*question)
        loaded.extend(window.users)
        return window

    monkeypatch.setattr(UsersDataTable, "row_text", make_and_note)
    monkeypatch.setattr(table, "measure_values", measure_and_note)
    monkeypatch.setattr(MemoryState, "window", answer_and_note)
    app = TableApp(100_000)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert app.table.row_count == 100_000
        assert len(set(made)) < 4 * PAGE
        assert len(loaded) < 20 * PAGE
        loaded.clear()
        measured.clear()
        app.table.show(rows_of(state_of(*app.users)))
        await pilot.pause()
        assert 0 < len(measured) < 4 * PAGE
        assert len(loaded) < 20 * PAGE


async def test_lines_are_as_wide_as_table():
    app = TableApp(
        30, layout(*COLUMN), first_name="陈\u200d🙂e\u0301❤\ufe0f👍🏽🇩🇪", last_name="\u0301x"
    )
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
        assert app.position.endswith("columns 20-24 of 24")
        await pilot.resize_terminal(182, 24)
        await pilot.pause()
        assert app.position.endswith("-24 of 24")
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
        await pilot.pause()
        assert app.header.split() == ["Exten", "Location"]


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
    "Korean, taken apart": "\u1112\u1161\u11ab",
    "half-width": "ｶﾞｷﾞ",
    "wide at the cut": "a陈b静c国d强e",
    "Thai": "สมชาย น้ำ",
    "Hebrew": "נועה",
    "marks": "e\u0301a\u0301\u0302\u0303\u0304",
    "a mark first": "\u0301abc",
    "emoji": "🙂🙂🙂🙂🙂🙂🙂",
    "drawn as emoji": "❤\ufe0f☎\ufe0f",
    "drawn as text": "⌚\ufe0ex",
    "family": "👩\u200d👩\u200d👧",
    "skin": "👍🏽x",
    "flag": "🇩🇪 Anna",
    "flag of tags": "🏴\U000e0067\U000e0062\U000e007f",
    "zero width": "a\u200bb\u2060c\u00add",
    "of either width": "±①→✓–…▲",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_wide_characters_do_not_shift_columns(name):
    table = UsersDataTable(Marks())
    user = sample_users(1)[0]._replace(first_name=name)
    for width in (1, 2, 5, 9, 11):
        table.show_layout(layout(("first_name", width), "user_id", "is_active", frozen=1))
        table.show(rows_of(state_of(user)))
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
            (layout(("sip_uri", 60), "salt"), ["left"], "2 of 1,204   column 1 of 2 → more"),
            (layout("first_name"), [], "2 of 1,204   1 column"),
        ):
            app.table.show_layout(columns)
            await pilot.press(*keys)
            await pilot.pause()
            assert app.position == position


async def test_mouse_selects_sorts_and_scrolls():
    app = TableApp(100)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot._post_mouse_events([events.MouseScrollDown], UsersDataTable)
        await pilot.pause()
        assert int(app.table.scroll_offset.y) == 3
        assert app.table.cursor_row == 0
        for held, add in (({}, False), ({"shift": True}, True), ({"control": True}, True)):
            offset = (app.header.index("Exten"), 0)
            await pilot.click(UsersDataTable, offset=offset, **held)
            await pilot.pause()
            assert app.table.current_key == "extension"
            assert app.table.cursor_row == 0
            assert app.messages[-1] == ("sort", "extension", add)
        for _ in range(2):  # the second click selects
            await pilot.click(UsersDataTable, offset=(5, 4))
            await pilot.pause()
            assert app.table.cursor_row == 6
        assert app.messages[-1] == ("selected", 6)


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


async def test_columns_stay_until_other_users_are_shown():
    app = TableApp(300)
    async with app.run_test(size=(62, 24)) as pilot:
        before = app.header
        await pilot.press("down", "pagedown", "end", "up")
        long = app.users[0]._replace(user_id="new", user_name="x" * 12)
        app.table.follow(rows_of(state_of(*app.users, long)), {})
        await pilot.pause()
        assert app.header == before
        users = [user._replace(user_name="x" * 12) for user in app.users[100:]]
        app.table.follow(rows_of(state_of(*users)), {})
        await pilot.pause()
        assert app.header != before
        assert "x" * 12 in app.table.render_line(1).text


def moved(users, first, to):
    """The users with one at another row."""
    others = [*users[:first], *users[first + 1 :]]
    return [*others[:to], users[first], *others[to:]]


MANY = TableApp(3000).users
NEW = [one._replace(user_id=f"new{at}") for at, one in enumerate(MANY[:500])]
FOLLOWED = {
    "added in front": (1500, 1490, [*NEW, *MANY], 2000, 1990),
    "deleted in front": (1500, 1490, MANY[1000:], 500, 490),
    "the user moved far": (10, 0, moved(MANY, 10, 2500), 2500, 2479),
    "the user deleted": (1500, 1490, [*MANY[:1500], *MANY[1501:]], 1500, 1490),
    "the first visible user deleted": (1500, 1490, [*MANY[:1490], *MANY[1491:]], 1499, 1490),
    "the first visible user moved": (1500, 1490, moved(MANY, 1490, 2000), 1499, 1499),
    "scrolled away, and added in front": (3, 2000, [*NEW, *MANY], 503, 2500),
    "scrolled away from the first user": (0, 2000, [*NEW, *MANY], 500, 2500),
    "scrolled away, and the user deleted": (3, 2000, [*MANY[:3], *MANY[4:]], 3, 1999),
    "scrolled away from the last, and it deleted": (2999, 9, MANY[:2999], 2998, 9),
    "few left": (1500, 1490, MANY[:5], 4, 0),
    "none left": (1500, 1490, [], 0, 0),
}
"""The rows of the cursor and of the first visible user before and after a change."""


@pytest.mark.parametrize(
    ("cursor", "top", "users", "new_cursor", "new_top"), FOLLOWED.values(), ids=FOLLOWED
)
async def test_cursor_stays_on_its_user_and_the_view_does_not_jump(
    cursor, top, users, new_cursor, new_top
):
    app = TableApp(3000)
    async with app.run_test(size=(80, 24)) as pilot:
        app.table.cursor_row = cursor
        app.table.scroll_to(y=top, animate=False, force=True)
        await pilot.pause()
        app.table.follow(rows_of(state_of(*users)), {})
        await pilot.pause()
        assert app.table.cursor_row == new_cursor
        assert app.table.cursor_user == (users[new_cursor] if users else None)
        assert int(app.table.scroll_offset.y) == new_top
        for y, one in enumerate(users[new_top : new_top + PAGE], 1):
            assert one.last_name[:5] in app.table.render_line(y).text
            assert app.table.user_at(new_top + y - 1) == one


async def test_current_user_is_known_when_the_list_is_scrolled_away():
    app = TableApp(3000)
    async with app.run_test(size=(80, 24)) as pilot:
        for top in (1000, 2900, 0, 1500):
            app.table.scroll_to(y=top, animate=False, force=True)
            await pilot.pause()
            assert app.table.cursor_user == app.users[0]
            assert not app.table.is_loading
        await pilot.press("down")
        await pilot.pause()
        assert app.table.cursor_user == app.users[1]
        assert app.table.scroll_offset.y == 1


async def test_inactive_users_are_dimmed_and_licenses_are_words_in_a_wide_terminal():
    app = TableApp(2, layout("first_name", "is_active", LICENSE))
    async with app.run_test(size=(99, 24)) as pilot:
        app.users[1] = app.users[1]._replace(is_active="0")
        app.table.show(rows_of(state_of(*app.users)))
        for width, name in ((99, "Lic"), (100, "Licenses")):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            assert app.header.split()[-1] == name
            assert ("Lic U" in app.table.legend) is (width < 100)
        assert app.table.render_line(1).text.rstrip().endswith("y Unlimited")
        assert app.table.row_style(1).dim
        assert not app.table.row_style(0).dim
        assert " n " in app.table.render_line(2).text
