"""The Licenses page: counts by type and by department, and the users of each number."""

from textual.widgets import Static

from qm_tui.tui.counts.license_tables import CellCursorList, DepartmentList, TypeList
from tests.tui.counted import ids_shown, open_counts, rows_of, wait_until_counted
from tests.tui.pages import (
    SMALL,
    app_on,
    sample_users,
    shown,
    top,
    wait_until,
)


def made(*rows):
    """Users: department, and the flags active, unlimited, on-demand, computer."""
    return [
        one._replace(
            department=department,
            is_active=flags[0],
            unlimited_license=flags[1],
            on_demand_license=flags[2],
            computer_recording_license=flags[3],
        )
        for one, (department, flags) in zip(sample_users(len(rows)), rows, strict=True)
    ]


SIX = made(
    ('the "North" team', "1101"),
    ('the "North" team', "0101"),
    ('the "North" team', "1010"),
    ("", "0010"),
    ("", "1000"),
    ("a|b*", "1001"),
)


def types(pilot):
    return top(pilot).query_one(TypeList)


def departments(pilot):
    return top(pilot).query_one(DepartmentList)


def footers(pilot):
    """The filter terms in the footers: only the focused list shows one."""
    lists = top(pilot).query(CellCursorList)
    return [one.footer_text(70, 0).strip() for one in lists]


async def test_licenses_are_counted_by_type_and_by_department(home):
    async with app_on(home / "users.json", SIX).run_test(size=(60, 16)) as pilot:
        await open_counts(pilot, "licenses")
        assert rows_of(pilot, TypeList) == [
            "> Unlimited 2 1 33.3%",
            "On-Demand 2 1 33.3%",
            "Computer Recording 3 1 50.0%",
            "No license 1 0 16.7%",
        ]
        assert rows_of(pilot, DepartmentList) == [
            '> the "North" team 3 2 1 2 0',
            "(empty) 2 0 1 0 1",
            "a|b* 1 0 0 1 0",
        ]
        text = shown(pilot)
        for words in ("6 users", "Inactive", "Unlimited On-Demand Computer", "[Enter Show users]"):
            assert words in text


async def test_enter_shows_exactly_the_users_of_a_number(home):
    async with app_on(home / "users.json", SIX).run_test(size=SMALL) as pilot:
        for find, row, column, numbers in (
            (types, 2, 0, {0, 1, 5}),
            (types, 0, 1, {1}),
            (departments, 0, 0, {0, 1, 2}),
            (departments, 1, 2, {3}),
        ):
            await open_counts(pilot, "licenses")
            rows = find(pilot)
            top(pilot).set_focus(rows)
            rows.cursor_row = row
            await pilot.press(*["h"] * 4, *["right"] * column, "enter")
            assert await ids_shown(pilot) == {SIX[number].user_id for number in numbers}
        await open_counts(pilot, "licenses")
        rows.cursor_row = 2
        await pilot.press("enter")  # no user of this department has the license
        await wait_until(
            pilot,
            lambda: str(top(pilot).query_one("#status", Static).content) == "No matching users.",
        )


async def test_arrow_keys_and_tab_move_between_the_lists(home):
    async with app_on(home / "users.json", SIX).run_test(size=SMALL) as pilot:
        await open_counts(pilot, "licenses")
        assert pilot.app.focused is types(pilot)
        await pilot.press("j", "j", "down")
        assert types(pilot).cursor_row == 3
        assert footers(pilot) == ["Filter  license:none", ""]
        await pilot.press("down")
        await pilot.pause()
        assert pilot.app.focused is departments(pilot)
        assert footers(pilot) == ["", r'Filter  department:="the \"North\" team"']
        await pilot.press("down", "l", "right")
        assert footers(pilot)[1] == 'Filter  department:"" license:on-demand'
        await pilot.press("up", "k")
        await pilot.pause()
        assert pilot.app.focused is types(pilot)
        await pilot.press("tab")
        await pilot.pause()
        assert pilot.app.focused is departments(pilot)
        await pilot.press("down", "down", "down", "down")
        assert pilot.app.focused is departments(pilot)
        assert departments(pilot).cursor_row == 2


async def test_clicks_select_a_number_and_the_button_shows_its_users(home):
    async with app_on(home / "users.json", SIX).run_test(size=SMALL) as pilot:
        await open_counts(pilot, "licenses")
        rows = departments(pilot)
        header = "".join(one.text for one in rows.header_text(rows.size.width))
        at = header.index("Computer") + 7
        await pilot.click("#license-departments", offset=(at, 1))
        await pilot.pause()
        assert footers(pilot)[1] == r'Filter  department:="the \"North\" team" license:computer'
        await pilot.click("#license-departments", offset=(at, 3))
        await pilot.pause()
        assert footers(pilot)[1] == 'Filter  department:="a|b*" license:computer'
        await pilot.click("#license-departments", offset=(at - 20, 0))
        await pilot.pause()
        assert footers(pilot)[1] == 'Filter  department:="a|b*" license:unlimited'
        for _ in range(2):
            await pilot.click("#license-departments", offset=(at, 3))
        assert await ids_shown(pilot) == {SIX[5].user_id}
        await pilot.press("3")
        await wait_until_counted(pilot)
        await pilot.click("#show")
        assert await ids_shown(pilot) == {SIX[5].user_id}
