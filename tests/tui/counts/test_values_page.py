"""The pages Profiles, Departments and Locations: the values in use, and their rename."""

import pytest
from textual.widgets import Button, Input, Static

from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.counts.values_page import ValueList, ValuesPage
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.tui.widgets.count_table import TOO_LONG
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from tests.helpers import users_of
from tests.tui.counted import ids_shown, open_counts, rows_of, wait_until_counted
from tests.tui.pages import (
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    store_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
    words,
)


def having(key, *values):
    """Users that differ in one field; every second one is inactive."""
    return [
        one._replace(**{key: value}, is_active=str(number % 2))
        for number, (one, value) in enumerate(zip(sample_users(len(values)), values, strict=True))
    ]


def list_of(pilot):
    return top(pilot).query_one(ValueList)


def values(pilot):
    return rows_of(pilot, ValueList)


def cursor_value(pilot):
    one = list_of(pilot).cursor_item
    return one.value if one else None


def status(pilot):
    return str(top(pilot).query_one("#status", Static).content)


def departments_in(home):
    users = users_of(open_store(home / "users.json").load())
    return [one.department for one in users.values()]


def transactions_in(home):
    store = open_store(home / "users.json")
    store.load()
    return [one.action for one in store.transactions()]


async def rename_to(pilot, text, *keys):
    """Rename the current value."""
    await pilot.press("e")
    await pilot.pause()
    assert isinstance(top(pilot), RenameDialog)
    await type_text(pilot, text)
    await pilot.press(*(keys or ["enter"]))
    await wait_until_counted(pilot)


async def test_values_in_use_are_listed_most_frequent_first(home):
    names = ("Oslo", "Bergen", "", "Oslo", "", "Oslo")
    users = [
        one._replace(department=one.location, recording_profile=one.location)
        for one in having("location", *names)
    ]
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        for page in ("profiles", "departments", "locations"):
            await open_counts(pilot, page)
            assert values(pilot) == ["> Oslo 3 1 50.0%", "(empty) 2 2 33.3%", "Bergen 1 0 16.7%"]
            assert "6 users" in shown(pilot)
            assert "3 values" in shown(pilot)


async def test_profiles_have_two_fields_with_a_cursor_each(home):
    users = [
        one._replace(security_profile=f"S{number % 3}")
        for number, one in enumerate(having("recording_profile", *"RRRPPQ"))
    ]
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await open_counts(pilot, "profiles")
        assert "Recording Profile Name" in shown(pilot)
        await pilot.press("down")
        assert cursor_value(pilot) == "P"
        for key, value in (("right", "S0"), ("l", "P"), ("left", "S0"), ("h", "P")):
            await pilot.press(key)
            await pilot.pause()
            assert cursor_value(pilot) == value
        await pilot.click(list(top(pilot).query(KeyHint))[1])
        await pilot.pause()
        assert "[Security]" in shown(pilot)
        assert "Security Profile Name" in shown(pilot)
        assert cursor_value(pilot) == "S0"
        await rename_to(pilot, "Zeta")
        assert "[Security]" in shown(pilot)  # a rename keeps the field
        assert cursor_value(pilot) == "Zeta"
        await pilot.press("right")
        await pilot.pause()
        assert "[Recording]" in shown(pilot)
        assert cursor_value(pilot) == "P"
    stored = users_of(open_store(home / "users.json").load()).values()
    assert [one.security_profile for one in stored] == ["Zeta", "S1", "S2"] * 2


async def test_enter_shows_exactly_the_users_with_the_value(home):
    users = having("department", "", 'the "North" team', "a|b", "", "a", "(empty)")
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        for row in range(4):
            await open_counts(pilot, "departments")
            list_of(pilot).cursor_row = row
            value = cursor_value(pilot)
            await pilot.press("enter")
            wanted = {one.user_id for one in users if one.department == value}
            assert await ids_shown(pilot) == wanted
            assert pilot.app.focused is page_of(pilot).table
        await pilot.press("escape")
        assert len(await ids_shown(pilot)) == len(users)


async def test_button_shows_the_users_and_up_recalls_the_previous_filter(home):
    users = having("department", "Sales", "Sales", "x" * MAX_FILTER_LENGTH)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", *"active:no", "enter")
        await open_counts(pilot, "departments")
        assert top(pilot).check_action("turn", (1,)) is False  # there is one field
        await pilot.click("#show")
        assert await ids_shown(pilot) == {users[0].user_id, users[1].user_id}
        await pilot.press("slash", "up", "up")
        await pilot.pause()
        assert page_of(pilot).query_one(FilterBar).field.value == "active:no"
        await pilot.press("enter")
        await open_counts(pilot, "departments")
        top(pilot).set_focus(list_of(pilot))  # the button has it
        await pilot.press("end", "enter")
        await wait_until(pilot, lambda: status(pilot) == TOO_LONG)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)


@pytest.mark.parametrize(("page", "enabled"), [("licenses", {"show"}), ("departments", set())])
async def test_empty_store_shows_a_message(home, page, enabled):
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await open_counts(pilot, page)
        assert "No users yet." in shown(pilot)
        buttons = top(pilot).query("#show, #rename")
        assert {button.id for button in buttons if not button.disabled} == enabled
        counts = top(pilot)
        await pilot.press("enter", "down", "enter", "e")
        await pilot.pause()
        assert top(pilot) is counts
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)


# Renaming


SALES = ["Sales EMEA", "Sales EMEA", "Sales EMEA", "Sales Nord", "Sales Nord", "", "IT"]


async def test_rename_is_one_transaction_that_can_be_undone_and_may_merge(home):
    app = app_on(home / "users.json", having("department", *SALES))
    async with app.run_test(size=SMALL) as pilot:
        await open_counts(pilot, "departments")
        await rename_to(pilot, "Zoology")
        assert departments_in(home) == ["Zoology"] * 3 + SALES[3:]
        assert transactions_in(home)[:-1] == [
            Action(TransactionKind.RENAME, "Department Name", "'Sales EMEA' → 'Zoology'"),
        ]
        assert status(pilot) == "Set Department Name to Zoology for 3 users. Press u to undo."
        assert values(pilot)[0] == "> Zoology 3 2 42.9%"
        await pilot.press("u")
        await wait_until_idle(pilot)
        await pilot.click("#yes")
        await wait_until_counted(pilot)
        assert departments_in(home) == SALES
        assert "Sales EMEA 3 2 42.9%" in values(pilot)[0]
        list_of(pilot).cursor_row = 1
        assert cursor_value(pilot) == "Sales Nord"
        await pilot.click("#rename")
        await pilot.pause()
        await type_text(pilot, "IT")
        assert "IT is already used by 1 user. After merging: 3 users." in words(pilot)
        await pilot.click("#yes")
        await wait_until_counted(pilot)
        assert departments_in(home) == [*SALES[:3], "IT", "IT", "", "IT"]
        assert cursor_value(pilot) == "IT"
        list_of(pilot).cursor_row = 2
        assert cursor_value(pilot) == ""
        top(pilot).set_focus(list_of(pilot))  # the button has it
        await rename_to(pilot, "(empty)")
        assert departments_in(home) == [*SALES[:3], "IT", "IT", "(empty)", "IT"]
        assert cursor_value(pilot) == "(empty)"


async def test_mass_clearing_requires_its_number(home):
    names = ["Sales"] * 12 + ["IT"] * 3
    app = app_on(home / "users.json", having("department", *names))
    async with app.run_test(size=SMALL) as pilot:
        await open_counts(pilot, "departments")
        await rename_to(pilot, "")
        assert isinstance(top(pilot), ConfirmDialog)
        assert "This removes Department Name from 12 of 15 users." in words(pilot)
        await pilot.press("escape")
        await wait_until_counted(pilot)
        assert departments_in(home) == names
        assert cursor_value(pilot) == "Sales"
        await rename_to(pilot, "")
        await pilot.press("1", "2", "enter")
        await wait_until_counted(pilot)
        assert departments_in(home) == [""] * 12 + ["IT"] * 3
        assert cursor_value(pilot) == ""
        assert status(pilot) == "Cleared Department Name for 12 users. Press u to undo."


async def test_rename_asks_again_after_a_change_by_another_admin(home):
    users = having("department", *SALES)
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:

        async def overtaken(new, other):
            """Accept a new name after another admin has changed the store."""
            await pilot.press("e")
            await pilot.pause()
            await type_text(pilot, new)
            commit(home / "users.json", other)
            stored = page_of(pilot).session.store
            await wait_until(pilot, lambda: stored.state.user(other.user_id) == other)
            assert isinstance(top(pilot), RenameDialog)
            await pilot.press("enter")
            await wait_until_idle(pilot)

        await open_counts(pilot, "departments")
        await overtaken("Lab", users[6]._replace(department="Lab"))
        assert isinstance(top(pilot), ConfirmQuestion)
        now = "Now: Lab is already used by 1 user. After merging: 4 users. Continue?"
        assert now in words(pilot)
        await pilot.press("enter")
        await wait_until_counted(pilot)
        assert departments_in(home) == [*SALES[:6], "Lab"]
        await pilot.press("end")
        assert cursor_value(pilot) == "Lab"
        await overtaken("Zoo", users[6]._replace(department="HR"))
        assert isinstance(top(pilot), MessageDialog)
        assert "No user has this value anymore" in words(pilot)
        await pilot.press("enter")
        await wait_until_counted(pilot)
        assert departments_in(home) == [*SALES[:6], "HR"]


async def test_quit_asks_before_discarding_a_new_name(home):
    async with app_on(home / "users.json", having("location", "Oslo")).run_test() as pilot:
        await open_counts(pilot, "locations")
        await pilot.press("e")
        await pilot.pause()
        await pilot.press("B", "ctrl+q")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmQuestion)
        assert "The new name has not been saved. Quit anyway?" in words(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert top(pilot).query_one(Input).value == "B"
        assert top(pilot).query_one(Input).has_focus


async def test_read_only_store_allows_no_rename(home):
    store_of(home / "users.json", having("location", "Oslo"))
    app = QmTuiApp(open_store(home / "users.json", read_only=True), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await open_counts(pilot, "locations")
        assert top(pilot).query_one("#rename", Button).disabled
        assert not top(pilot).query_one("#show", Button).disabled
        await pilot.press("e")
        await pilot.pause()
        assert not isinstance(top(pilot), RenameDialog)
        assert "e rename" not in shown(pilot)


# Following the store


async def test_counts_follow_the_store_and_the_cursor_its_value(home):
    users = having("location", "Oslo", "Oslo", "Bergen", "Bergen", "Bergen", "Turku")
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await open_counts(pilot, "locations")
        await pilot.press("down")
        assert cursor_value(pilot) == "Oslo"
        moved = [one._replace(location="Oslo") for one in users[2:5]]
        commit(home / "users.json", *moved)
        await wait_until(pilot, lambda: values(pilot) == ["> Oslo 5 3 83.3%", "Turku 1 0 16.7%"])
        page = top(pilot)
        assert isinstance(page, ValuesPage)
        await pilot.press("1")
        await pilot.pause()
        commit(home / "users.json", *users[:3])
        view = page_of(pilot).session.view
        await wait_until(pilot, lambda: page_of(pilot).session.view is not view)
        await pilot.pause()
        assert not page.is_up_to_date  # it waits until it is shown
        await open_counts(pilot, "locations")
        assert values(pilot) == ["> Oslo 4 2 66.7%", "Bergen 1 1 16.7%", "Turku 1 0 16.7%"]
