"""Activate, change and delete: one user or all marked ones, shown, guarded, undone."""

import asyncio

import pytest
from textual.widgets import Button, Input

from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activate_dialog import ActivateDialog
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.changes.delete_dialog import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import ChangeDialog
from qm_tui.tui.users.user_screen import UserScreen
from qm_tui.tui.widgets.message_box import Message, Question
from tests.helpers import commit_unchecked
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    settled,
    shown,
    status_of,
    store_of,
    table_of,
    top,
)

USERS = [one._replace(is_active="1", location="Oslo") for one in sample_users(30)]
INACTIVE = [one._replace(is_active="0") for one in USERS[:3]]


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def app(path):
    return app_on(path, [*INACTIVE, *USERS[3:]])


def stored(path):
    return open_store(path).load().users


async def ready(pilot, *keys: str) -> None:
    await settled(pilot)
    await pilot.press(*keys)
    for _ in range(50):
        await pilot.pause(0.02)
        if not page_of(pilot).is_busy and top(pilot) is not page_of(pilot):
            break


async def done(pilot) -> None:
    for _ in range(100):
        await pilot.pause(0.02)
        if not page_of(pilot).is_busy and top(pilot) is page_of(pilot):
            break
    await settled(pilot)


async def comes(pilot, screen) -> None:
    """Wait until a screen is on top."""
    for _ in range(100):
        await pilot.pause(0.02)
        if isinstance(top(pilot), screen):
            break
    assert isinstance(top(pilot), screen)


def buttons(pilot) -> list[str]:
    return [str(one.label) for one in top(pilot).query(Button) if one.display]


MARK_FIVE = ("space", "down") * 5


# Activate and inactivate


async def test_it_says_how_many_are_active_and_offers_what_would_do_something(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "A")
        assert isinstance(top(pilot), ActivateDialog)
        assert "5 marked users: 2 active, 3 inactive." in shown(pilot)
        assert buttons(pilot) == ["[Inactivate 2]", "[Activate 3]", "[Cancel]"]
        assert str(pilot.app.focused.label) == "[Cancel]"
        await pilot.press("left", "enter")
        await done(pilot)
        assert status_of(pilot) == "3 users activated. u takes it back"
        assert page_of(pilot).session.marks_words == "5 marked"
    assert all(one.is_active == "1" for one in stored(path).values())


async def test_keys_in_one_burst_are_about_those_marked_by_them(app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        for key in ("space", "down", "space", "down", "space", "A"):
            app.simulate_key(key)
        await ready(pilot)
        for _ in range(50):
            await pilot.pause(0.02)
            if isinstance(top(pilot), ActivateDialog):
                break
        assert "3 marked users: 3 inactive." in shown(pilot)


async def test_of_one_user_one_enter_does_it_and_u_takes_it_back(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "A")
        assert buttons(pilot) == ["[Activate 1]", "[Cancel]"]
        await pilot.press("enter")
        await done(pilot)
        assert stored(path)[USERS[0].user_id].is_active == "1"
        await ready(pilot, "u")
        await pilot.press("right", "enter")
        await done(pilot)
    assert stored(path)[USERS[0].user_id].is_active == "0"


async def test_many_at_once_ask_for_their_number(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "A")
        await pilot.press("right", "enter")
        await settled(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), ConfirmDialog)
        assert "27 users of 30" in shown(pilot)
        await pilot.press("2", "6", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmDialog)
        await pilot.press("backspace", "7", "enter")
        await done(pilot)
        assert status_of(pilot).startswith("27 users inactivated")
    assert all(one.is_active == "0" for one in stored(path).values())


async def test_the_number_is_asked_for_anew_where_others_were_at_work_meanwhile(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "A")
        await pilot.press("right", "enter")
        await settled(pilot)
        await pilot.pause(0.1)
        await asyncio.to_thread(commit, path, USERS[9]._replace(is_active="0"))
        await pilot.press("2", "7", "enter")
        await settled(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), ConfirmDialog)
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "Somebody changed the store meanwhile. This inactivates" in text
        assert "26 users of 30" in text
        assert open_store(path).load().number == 2
        await pilot.press("escape")
        await done(pilot)
    assert open_store(path).load().number == 2


async def test_another_number_than_was_agreed_to_is_asked_about(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "A")
        await asyncio.to_thread(commit, path, USERS[0])
        await pilot.press("left", "enter")  # of three, one is active by now
        await comes(pilot, Question)
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "Somebody changed the store meanwhile. This would now change 2 users." in text
        await pilot.press("tab", "enter")
        await done(pilot)
        assert status_of(pilot) == "2 users activated. u takes it back"


async def test_the_cursor_stays_on_its_row_where_the_filter_hides_the_user(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "slash", *"active:yes", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "down", "down", "A", "enter")
        await done(pilot)
        assert table_of(pilot).cursor_user_id == USERS[6].user_id
    assert stored(path)[USERS[5].user_id].is_active == "0"


async def test_who_is_left_out_is_said_and_the_others_are_done(app, path):
    broken = INACTIVE[0]._replace(last_name="")
    commit_unchecked(path, broken)
    async with app.run_test(size=LARGE) as pilot:
        await ready(pilot, "slash", *"active:no", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "asterisk", "A", "left", "enter")
        await done(pilot)
        left_out = "1 left out: Last Name is empty: every user needs one"
        assert status_of(pilot) == f"2 users activated, {left_out}. u takes it back"
    assert stored(path)[broken.user_id] == broken


async def test_marked_users_who_are_not_shown_are_said(app):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "slash", *"active:yes", "enter")
        await pilot.pause(0.3)
        await ready(pilot, "A")
        assert "5 marked users, 3 of them not shown: 2 active, 3 inactive." in shown(pilot)


# Change a field


async def test_a_field_of_the_marked_users_gets_a_value(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m")
        assert isinstance(top(pilot), ChangeDialog)
        await pilot.press("down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        assert "5 users get Location Voss." in shown(pilot)
        assert "[F2 Change 5 users]" in buttons(pilot)
        await pilot.press("f2")
        await done(pilot)
        assert status_of(pilot) == "Location of 5 users changed. u takes it back"
        assert table_of(pilot).cursor_user_id == USERS[5].user_id
    assert [one.location for one in stored(path).values()][:6] == [*["Voss"] * 5, "Oslo"]


async def test_it_says_who_has_it_already_who_would_lose_it_and_what_is_no_value(app, path):
    commit(path, INACTIVE[0]._replace(location="Voss"))
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", "down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        assert "4 of 5 users get Location Voss." in shown(pilot)
        assert "1 has it already." in shown(pilot)
        await pilot.press(*["backspace"] * 4)
        await pilot.pause(0.3)
        assert "5 users lose Location." in shown(pilot)
        top(pilot).query_one(Input).insert_text_at_cursor("a\x1bb" + "x" * 10)
        await pilot.pause()
        assert "1 character that cannot be shown: left out." in shown(pilot)
        await pilot.press("shift+tab", "down", "tab", *"a b")
        await pilot.pause(0.3)
        assert "'axxxxxxxxxx" not in shown(pilot)
        assert "is no recording service" in shown(pilot)
        assert "[F2 Change nobody]" in buttons(pilot)
        await pilot.press("f2", "escape")
        await pilot.pause()
        assert isinstance(top(pilot), Question)
        await pilot.press("tab", "enter")
        await done(pilot)
    assert open_store(path).load().number == 2


async def test_licenses_are_one_choice(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", *["down"] * 5, "tab", "right")
        await pilot.pause(0.3)
        assert "get Call recording license: On-Demand." in shown(pilot)
        await pilot.press("f2")
        await done(pilot)
    flags = [(one.unlimited_license, one.on_demand_license) for one in stored(path).values()]
    assert flags[:5] == [("0", "1")] * 5


async def test_somebody_elses_change_meanwhile_is_asked_about(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "m", "down", "down", "down", "tab", *"Voss")
        await pilot.pause(0.3)
        moved = INACTIVE[0]._replace(location="Voss")
        await asyncio.to_thread(commit, path, moved)
        await pilot.press("f2")
        await settled(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), Question)
        assert "This would now change 4 users." in shown(pilot)
        await pilot.press("tab", "enter")
        await done(pilot)
        assert status_of(pilot).startswith("Location of 4 users changed")


# Delete


async def test_delete_says_what_it_means_and_offers_to_inactivate_first(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "down", "down", "down", "down", "D")
        assert isinstance(top(pilot), DeleteDialog)
        text = " ".join(shown(pilot).split())
        assert "deleting a user deletes the user's │ │ recordings too. Inactivating keeps" in text
        assert str(pilot.app.focused.label) == "[Inactivate 1]"
        await pilot.press("enter")
        await done(pilot)
    assert stored(path)[USERS[4].user_id].is_active == "0"


async def test_one_user_is_deleted_by_its_button_and_comes_back(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "delete")
        assert str(pilot.app.focused.label) == "[Cancel]"  # the user is inactive already
        await pilot.press("left", "enter")
        await done(pilot)
        assert status_of(pilot) == "1 user deleted. u takes it back"
        assert USERS[0].user_id not in stored(path)
        assert table_of(pilot).cursor_user_id == USERS[1].user_id
        await ready(pilot, "u")
        await pilot.press("right", "enter")
        await done(pilot)
    assert stored(path)[USERS[0].user_id] == INACTIVE[0]


async def test_users_whom_somebody_changed_meanwhile_are_not_deleted_unseen(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "D")
        await asyncio.to_thread(commit, path, USERS[3]._replace(agent_id="B-7"))
        await pilot.press("up", "5", "enter")
        await comes(pilot, ConfirmDialog)
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "Somebody changed the store meanwhile. This deletes 5 users." in text
        await pilot.press("escape")
        await done(pilot)
    assert len(stored(path)) == 30


async def test_several_are_deleted_only_with_their_number_typed(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, *MARK_FIVE, "D")
        await pilot.click("#yes")
        await pilot.pause()
        assert "Nothing is deleted yet: type 5 first" in shown(pilot)
        await pilot.press("5", "enter")
        await done(pilot)
        assert status_of(pilot) == "5 users deleted. u takes it back"
        await pilot.pause(0.3)
        assert page_of(pilot).session.marks == set()
    assert len(stored(path)) == 25


async def test_where_all_were_deleted_no_key_for_users_is_offered(app):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "asterisk", "D", "up", "3", "0", "enter")
        await done(pilot)
        await pilot.pause(0.3)
        assert status_of(pilot) == "30 users deleted. u takes it back"
        assert "u undo" in shown(pilot)
        assert "m change" not in shown(pilot)


# Where it cannot be done


async def test_where_the_store_is_only_looked_at_the_keys_do_nothing(path):
    store_of(path, USERS)
    app = QmTuiApp(open_store(path, read_only=True), login="mheller")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("e", "a", "m", "A", "P", "D", "delete")
        await pilot.pause(0.1)
        assert top(pilot) is page_of(pilot)
        assert page_of(pilot).query_one("#edit").disabled


async def test_an_empty_store_offers_to_add_alone(path):
    app = app_on(path)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("e", "m", "A", "P", "D")
        await pilot.pause(0.1)
        assert top(pilot) is page_of(pilot)
        await pilot.press("a")
        await pilot.pause(0.1)
        assert "Add a user" in shown(pilot)


async def test_users_who_are_all_gone_are_said(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "D")
        await asyncio.to_thread(commit, path, delete=USERS[0].user_id)
        await pilot.press("left", "enter")
        await comes(pilot, Message)
        text = " ".join(shown(pilot).replace("│", " ").split())
        assert "Nothing was changed: none of the users is there any more." in text


# The details


async def test_from_the_details_the_shown_user_is_changed_and_followed(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await ready(pilot, "space", "enter")
        assert isinstance(top(pilot), UserScreen)
        await pilot.press("A")
        await pilot.pause(0.2)
        assert isinstance(top(pilot), ActivateDialog)  # of the user shown, not of those marked
        await pilot.press("enter")
        for _ in range(50):
            await pilot.pause(0.02)
            if "takes it back" in shown(pilot):
                break
        assert isinstance(top(pilot), UserScreen)
        assert "1 user activated. u takes it back" in shown(pilot)
        assert "1 yes" in shown(pilot)
        await pilot.press("D")
        await pilot.pause(0.2)
        await pilot.press("right", "enter")
        for _ in range(50):
            await pilot.pause(0.02)
            if "was deleted" in shown(pilot):
                break
        assert f"{USERS[0].user_id} was deleted" in shown(pilot)
        await pilot.press("e", "m", "escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
    assert USERS[0].user_id not in stored(path)


# Pictures


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", ["A", "m", "D", "P"])
def test_the_dialogs(path, keys, size, snap_compare):
    async def before(pilot):
        await ready(pilot, *MARK_FIVE, keys)
        if keys == "m":
            await pilot.press("down", "down", "tab", *"Sales")
            await pilot.pause(0.4)

    app = app_on(path, [*INACTIVE, *USERS[3:]])
    assert snap_compare(app, terminal_size=size, run_before=before)
