"""The dialog that counts users by field."""

import pytest
from textual.widgets import Button, Static

from qm_tui.tui.users.dialogs.counts import CountList, CountsDialog
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.users.query import counts
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from qm_tui.users.query.query import ALL, these
from tests.helpers import ANNA, state_of
from tests.tui.dialogs import DialogApp, open_dialog
from tests.tui.pages import SMALL


def dialog_of(users, shown=None):
    query = ALL if shown is None else ALL.among(these(shown))
    number = len(users if shown is None else shown)
    return CountsDialog(state_of(*users), query, number, f"{number:,} users shown")


def in_departments(*names):
    """Return users that differ only in their departments."""
    return [
        ANNA._replace(user_id=f"u{number}", department=name) for number, name in enumerate(names)
    ]


def list_of(hand):
    return hand.app.dialog.query_one(CountList)


def rows_of(hand):
    rows = list_of(hand)
    return [" ".join(rows.row_text(row, 76).split()) for row in range(rows.row_count)]


def header_of(hand):
    return "".join(segment.text for segment in list_of(hand).header_text(76))


def fields_of(hand):
    return [str(one.content).strip() for one in hand.app.dialog.query(KeyHint)]


FOUR = in_departments("Sales", "Sales", "IT", "")


async def test_shown_users_are_counted_first_by_department():
    users = [*FOUR, *in_departments(*["Legal"] * 9)[4:]]
    async with open_dialog(dialog_of(users, shown=["u3", "u2", "u1", "u0"])) as hand:
        assert header_of(hand).split() == ["Department", "Name:", "3", "values", "Users", "Share"]
        assert rows_of(hand) == [
            f"> Sales 2 50.0% {'■' * 6}",
            f"(empty) 1 25.0% {'■' * 3}",
            f"IT 1 25.0% {'■' * 3}",
        ]
        assert "Count by field: 4 users shown" in hand.screen_text
        assert 'Filter  department:="Sales"' in hand.screen_text
        for y in (2, 2):  # the second click on a row selects it
            await hand.click("#count-list", (5, y))
        assert hand.app.result == 'department:""'


async def test_keys_and_clicks_change_field():
    async with open_dialog(dialog_of(FOUR)) as hand:
        names = [name.strip("[]") for name in fields_of(hand)]

        def shows(place):
            marked = [f"[{name}]" if at == place else name for at, name in enumerate(names)]
            return fields_of(hand) == marked

        assert shows(0)
        for key, place in (("right", 1), ("l", 2), ("left", 1), ("h", 0), ("h", 6), ("l", 0)):
            await hand.press(key)
            assert shows(place)
        assert header_of(hand).startswith("  Department Name:")
        await hand.pilot.click(list(hand.app.dialog.query(KeyHint))[4])
        await hand.settle()
        assert shows(4)
        assert header_of(hand).startswith("  Recording Service IP Address:")


async def test_user_with_several_licenses_counts_once_per_license():
    async with open_dialog(dialog_of(FOUR)) as hand:
        await hand.press(*["right"] * 5)
        assert [row.split("■")[0].strip() for row in rows_of(hand)] == [
            "> computer 4 100.0%",
            "unlimited 4 100.0%",
        ]
        assert "Users with several licenses are counted once per license." in hand.screen_text
        await hand.press("right")
        assert "several licenses" not in hand.screen_text


@pytest.mark.parametrize(
    ("keys", "term"),
    [
        (["j", "enter"], 'department:""'),
        (["tab", "enter"], 'department:="Sales"'),
        (["left", "left", "down", "enter"], "license:unlimited"),
        (["escape"], None),
        (["tab", "tab", "enter"], None),
    ],
)
async def test_enter_returns_filter_term(keys, term):
    async with open_dialog(dialog_of(FOUR)) as hand:
        await hand.press(*keys)
        assert not hand.app.is_open
        assert hand.app.result == term


async def test_keys_work_during_count(monkeypatch):
    counts_of = counts.count_by

    def slow(users, by, rest):
        while by.name == "department":
            rest()
        return counts_of(users, by, rest)

    monkeypatch.setattr("qm_tui.tui.users.dialogs.counts.count_by", slow)
    app = DialogApp(dialog_of(FOUR))
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause(0.1)
        rows = app.dialog.query_one(CountList)
        assert rows.row_count == 0
        assert "counting…" in "".join(one.text for one in rows.header_text(76))
        await pilot.press("right")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert rows.term == 'location:="Oslo"'
        await pilot.press("left")
        await pilot.press("escape")
        await app.workers.wait_for_complete()
        assert app.result is None


async def test_without_users_nothing_can_be_added():
    async with open_dialog(dialog_of([])) as hand:
        assert "No users to count." in hand.screen_text
        await hand.press("enter", "right", "enter")
        assert hand.app.is_open


async def test_value_too_long_for_filter_is_rejected():
    async with open_dialog(dialog_of(in_departments("x" * MAX_FILTER_LENGTH, "y"))) as hand:
        said = hand.app.dialog.query_one("#counts-said", Static)
        await hand.press("enter")
        assert hand.app.is_open
        assert "too long to filter by (maximum 1,000 characters)" in str(said.content)
        await hand.press("down")
        assert str(said.content) == ""
        await hand.press("enter")
        assert hand.app.result == 'department:="y"'


async def test_thousands_of_values_can_be_scrolled():
    names = [f"Department {number:04}" for number in range(5000)]
    async with open_dialog(dialog_of(in_departments(*names, names[77]))) as hand:
        assert "5,000 values" in header_of(hand)
        assert rows_of(hand)[0].startswith("> Department 0077 2 <0.1% ■")
        assert rows_of(hand)[1].startswith("Department 0000 1 <0.1% ■")
        await hand.press("end")
        assert "> Department 4999" in hand.screen_text
        for button in hand.app.dialog.query(Button):
            assert str(button.label) in hand.screen_text
        assert "← → field  Enter add to filter  ? keys  Esc close" in hand.screen_text
        await hand.press("enter")
        assert hand.app.result == 'department:="Department 4999"'
