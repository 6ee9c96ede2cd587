"""Undo: the confirmation with its effect, by keys and by clicks; what is not reverted is listed."""

import pytest
from textual.widgets import Button, Input

from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.tui.changes.undo_dialog import SkippedList, UndoDialog, UndoneReport
from qm_tui.tui.widgets.message_box import MessageDialog
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    status_of,
    table_of,
    top,
    type_text,
    wait_until_idle,
)


def words(pilot):
    """The words on the screen, without frames and line ends."""
    return " ".join(word for word in shown(pilot).split() if word not in "│─╭╮╰╯")


def users_in(home):
    return open_store(home / "users.json").load().users


async def ask(pilot):
    await pilot.press("u")
    await wait_until_idle(pilot)
    assert isinstance(top(pilot), UndoDialog)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_last_transaction_is_undone_after_confirmation(home, size):
    users = sample_users(30)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[2]._replace(first_name="Wrong"), users[3])
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        await ask(pilot)
        text = words(pilot)
        assert "Undo transaction 2?" in text
        assert f"Edit of Wrong {users[2].last_name} by root, 20" in text
        assert f"Wrong {users[2].last_name} will be reverted:" in text
        assert f"First Name: Wrong → {users[2].first_name}" in text
        assert [str(one.label) for one in top(pilot).query(Button)] == ["[Cancel]", "[Undo edit]"]
        assert str(getattr(pilot.app.focused, "label", "")) == "[Cancel]"
        await pilot.press("enter")
        await wait_until_idle(pilot)
        assert "Wrong" in shown(pilot)
        await ask(pilot)
        await pilot.press("tab", "enter")
        await wait_until_idle(pilot)
        assert status_of(pilot) == f"Undid edit of Wrong {users[2].last_name}."
        assert top(pilot) is page_of(pilot)
        assert "Wrong" not in table_of(pilot).row_text(2, 60)
        assert table_of(pilot).row_text(2, 60).startswith(">~ ")
    assert dict(users_in(home)) == {user.user_id: user for user in users}


async def test_undo_works_by_clicking_and_can_be_undone(home):
    users = sample_users(30)
    app = app_on(home / "users.json", users)
    delete = Action(TransactionKind.DELETE)
    commit(home / "users.json", action=delete, delete=users[4].user_id)
    name = f"{users[4].first_name} {users[4].last_name}"
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        undo = f"Undo of transaction 2 (deletion of {name})"
        redo = f"Redo of transaction 2 (deletion of {name})"
        for effect, heading, caption, undone in (
            ("restored", f"Deletion of {name}", "[Undo deletion]", f"Undid deletion of {name}."),
            ("deleted", undo, "[Redo]", f"Redid deletion of {name}."),
            ("restored", redo, "[Undo redo]", "Undid redo of transaction 2."),
            ("deleted", "Undo of transaction 4 (redo of transaction 2)", "[Redo]",
             "Redid redo of transaction 2."),
        ):  # fmt: skip
            await ask(pilot)
            assert str(top(pilot).query_one("#yes", Button).label) == caption
            assert f"{name} will be {effect}." in words(pilot)
            assert f"{heading} by root" in words(pilot)
            await pilot.click("#yes")
            await wait_until_idle(pilot)
            assert status_of(pilot) == undone
    assert users[4].user_id not in users_in(home)


async def test_selected_transaction_is_undone_without_later_changes(home):
    users = sample_users(30)
    app = app_on(home / "users.json", users)
    wrong = [one._replace(location="Wrong", agent_id="X1") for one in users[:2]]
    commit(home / "users.json", *wrong)
    commit(home / "users.json", wrong[0]._replace(location="Right"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("2")
        await pilot.pause(0.2)
        await pilot.press("down")
        await ask(pilot)
        name = f"{users[0].first_name} {users[0].last_name}"
        assert "2 users will be reverted. 1 value will not be reverted:" in words(pilot)
        assert f"> {name}" in shown(pilot)
        assert "Location" in shown(pilot)
        assert "changed since then" in shown(pilot)
        await pilot.click("#yes")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), UndoneReport)
        assert "2 users reverted; 1 value not reverted." in words(pilot)
        assert top(pilot).query_one(SkippedList).row_count == 1
        await pilot.press("enter")
        await pilot.pause()
        assert status_of(pilot) == "Undid edit of 2 users. 1 value not reverted."
        assert " Undo 2 " in shown(pilot)
    stored = users_in(home)
    assert stored[users[0].user_id] == users[0]._replace(location="Right")
    assert stored[users[1].user_id] == users[1]


async def test_mass_change_requires_its_number(home):
    users = sample_users(40)
    app = app_on(home / "users.json", users[:10])
    commit(home / "users.json", *users[10:], action=Action(TransactionKind.IMPORT, "all.csv"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await ask(pilot)
        assert "Import of all.csv by root, 20" in words(pilot)
        assert "30 users will be deleted." in words(pilot)
        assert "Type 30 to confirm:" in words(pilot)
        assert isinstance(pilot.app.focused, Input)
        for typed in ("", "3", "40", "yes"):
            await type_text(pilot, typed)
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(top(pilot), UndoDialog)
        assert "The number does not match. Type 30, or press Esc to cancel." in words(pilot)
        await pilot.click("#yes")
        await pilot.pause()
        assert isinstance(top(pilot), UndoDialog)
        await type_text(pilot, "30")
        await pilot.press("enter")
        await wait_until_idle(pilot)
        assert status_of(pilot) == "Undid import of all.csv."
        assert table_of(pilot).row_count == 10
    assert len(users_in(home)) == 10


async def test_change_of_another_admin_asks_again(home):
    users = sample_users(30)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", *(one._replace(location="Wrong") for one in users[:2]))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await ask(pilot)
        assert "2 users will be reverted." in words(pilot)
        commit(home / "users.json", users[0]._replace(location="Right"))
        await pilot.click("#yes")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), UndoDialog)
        assert "Another admin changed the store in the meantime" in words(pilot)
        assert f"{users[1].last_name} will be reverted:" in words(pilot)
        assert "Location: Wrong → " in words(pilot)
        assert "1 value will not be reverted:" in words(pilot)
        assert users_in(home)[users[1].user_id].location == "Wrong"
        await pilot.click("#yes")
        await wait_until_idle(pilot)
    stored = users_in(home)
    assert [stored[one.user_id].location for one in users[:2]] == ["Right", users[1].location]


async def test_transaction_that_cannot_be_undone_offers_no_undo(home):
    users = sample_users(5)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[0]._replace(location="Wrong"))
    commit(home / "users.json", users[0]._replace(location="Right"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("2")
        await pilot.pause(0.2)
        await pilot.press("down")
        await ask(pilot)
        assert "Transaction 2 cannot be undone: all of its values have been changed" in words(pilot)
        assert [str(one.label) for one in top(pilot).query(Button)] == ["[OK]"]
        await pilot.press("enter")
        await wait_until_idle(pilot)
        assert users_in(home)[users[0].user_id].location == "Right"


async def test_empty_store_has_nothing_to_undo(home):
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("u")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), MessageDialog)
        assert "Nothing to undo: there are no transactions yet." in words(pilot)


async def test_full_disk_shows_an_error_and_changes_nothing(home, monkeypatch):
    users = sample_users(5)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[0]._replace(location="Wrong"))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await ask(pilot)

        def full(*_args):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("qm_tui.store.tinydb.log.os.write", full)
        await pilot.click("#yes")
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), MessageDialog)
        assert "Cannot write the store" in words(pilot)
        assert "No space left on device" in words(pilot)
        monkeypatch.undo()
    assert users_in(home)[users[0].user_id].location == "Wrong"


SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


@pytest.fixture
def at_one_time(monkeypatch):
    """Transactions that were all made at one time."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from qm_tui.store.tinydb import TinyDBUserStore

    activity, time = TinyDBUserStore.transactions, datetime(2026, 11, 23, 9, 12, 5, tzinfo=UTC)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(
        TinyDBUserStore,
        "transactions",
        lambda store: [
            replace(one, time=time, login="kweber", address="10.20.30.40")
            for one in activity(store)
        ],
    )


def app_with_a_mass_change(home):
    """Return the terminal UI after an import of 60 users, six of them changed since."""
    users = sample_users(80)
    app = app_on(home / "users.json", users[:20])
    action = Action(
        TransactionKind.IMPORT,
        "sales-emea.csv",
        "214 KB; 60 records: 0 unchanged, 0 rejected",
        "9f86d081884c7d659a2feaa0c55ad015",
    )
    commit(home / "users.json", *users[20:], action=action)
    commit(home / "users.json", *(one._replace(location="Oslo") for one in users[20:26]))
    return app


async def asked(pilot):
    await wait_until_idle(pilot)
    await pilot.press("2")
    await pilot.pause(0.2)
    await pilot.press("down")
    await pilot.press("u")
    await wait_until_idle(pilot)


@pytest.mark.snapshot
@SIZES
def test_the_question_before_a_mass_change(home, at_one_time, size, snap_compare):
    async def before(pilot):
        await asked(pilot)
        await type_text(pilot, "5")
        await pilot.press("enter")
        await pilot.pause()

    assert snap_compare(app_with_a_mass_change(home), terminal_size=size, run_before=before)


@pytest.mark.snapshot
@SIZES
def test_what_an_undo_kept(home, at_one_time, size, snap_compare):
    async def before(pilot):
        await asked(pilot)
        await type_text(pilot, "54")
        await pilot.press("enter")
        await wait_until_idle(pilot)

    assert snap_compare(app_with_a_mass_change(home), terminal_size=size, run_before=before)


@pytest.mark.snapshot
@SIZES
def test_the_question_before_an_undo(home, at_one_time, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.press("u")
        await wait_until_idle(pilot)

    users = sample_users(60)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[1]._replace(location="Oslo"), delete=users[2].user_id)
    assert snap_compare(app, terminal_size=size, run_before=before)
