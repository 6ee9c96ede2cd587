"""The Activity page: transactions, by keys and by clicks."""

from contextlib import closing
from datetime import datetime

from textual.widgets import Input

from qm_tui.store import open_store
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind
from qm_tui.tui.activity.list import ActivityList
from qm_tui.tui.activity.page import ActivityPage
from qm_tui.tui.activity.transaction_screen import ChangeList, TransactionScreen
from qm_tui.tui.frame.navigation import NavigationPane
from tests.helpers import EDIT, write_unchecked
from tests.tui.pages import (
    LARGE,
    SMALL,
    activity_of,
    app_on,
    commit,
    page_of,
    press_at_once,
    running,
    sample_users,
    shown,
    status_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
    words,
)


async def open_activity(pilot):
    await wait_until_idle(pilot)
    await pilot.press("2")
    await listed(pilot)


async def listed(pilot):
    """Wait until the transactions were read and drawn."""
    await wait_until(pilot, lambda: isinstance(top(pilot), ActivityPage))
    await wait_until(pilot, lambda: not activity_of(pilot).is_reading)
    await pilot.pause()


async def filtered(pilot, text):
    """Apply a filter."""
    await pilot.press("slash")
    await type_text(pilot, text)
    await pilot.press("enter")
    await listed(pilot)


def numbers(pilot):
    rows = pilot.app.screen.query_one(ActivityList)
    return [int(rows.row_text(row, 80).strip("> ").split()[0]) for row in range(rows.row_count)]


def page_pointed_at(pilot):
    """Where the navigation pane's cursor stands."""
    node = pilot.app.screen.query_one(NavigationPane).cursor_node
    return str(node.label) if node else ""


async def test_transactions_are_listed_newest_first_with_whole_actions(home, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    path, users = home / "users.json", sample_users(3)
    app = app_on(path, users)
    commit(path, users[0]._replace(location="Oslo"))
    commit(path, action=Action(TransactionKind.SCRIPT, "clean-up"), delete=users[2].user_id)
    password = Action(TransactionKind.PASSWORD, "Annika Berg")
    commit(path, users[0]._replace(location="Bergen"), action=password)
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        assert numbers(pilot) == [4, 3, 2, 1]
        text = shown(pilot)
        for part in ("4 transactions", "Edit 3 users", "Edit Jack"):
            assert part in text
        assert "from 10.20.30.40" in text
        assert "Change password of Annika Berg " in text.splitlines()[3]
        await pilot.press("down")
        await wait_until(pilot, lambda: "Script 'clean-up': 1 deleted" in words(pilot))
        counts = [line.split()[-1] for line in text.splitlines() if " root " in line]
        assert counts[:4] == ["~1", "-1", "~1", "+3"]


async def test_address_and_year_are_shown_if_no_action_is_cut(home, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    async with running(home / "users.json", sample_users(3)) as pilot:
        await open_activity(pilot)
        header, row = shown(pilot).splitlines()[2:4]
        assert "From" in header
        assert f" {datetime.now().year}-" in row
        assert "10.20.30.40 Edit 3 users" in row


async def test_pages_are_reached_by_keys_and_clicks_and_the_list_follows_changes(home):
    path = home / "users.json"
    async with running(path, sample_users(3)) as pilot:
        await open_activity(pilot)
        await pilot.press("1")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
        assert page_of(pilot).table.has_focus
        await pilot.click("#navigation", offset=(4, 2))
        await listed(pilot)
        assert page_pointed_at(pilot).split()[0] == "Activity"

        await press_at_once(pilot, "slash", *"up")  # typed in one burst, it undoes nothing
        assert isinstance(top(pilot), ActivityPage)
        assert activity_of(pilot).query_one("#filter", Input).value == "up"
        await press_at_once(pilot, "slash", "escape")
        assert top(pilot).query_one(ActivityList).has_focus
        assert numbers(pilot) == [1]

        commit(path, sample_users(1)[0]._replace(location="Oslo"))
        await wait_until(pilot, lambda: "2 transactions" in shown(pilot))
        assert status_of(pilot) == ""
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))


async def test_filter_ignores_case_and_escape_clears_it(home):
    users = sample_users(3)
    app = app_on(home / "users.json", users)
    for one in users:
        move = Action(TransactionKind.SCRIPT, f"Move of {one.extension}")
        commit(home / "users.json", one._replace(location="Oslo"), action=move)
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        await filtered(pilot, f"move {users[1].extension}")
        assert numbers(pilot) == [3]
        assert "1 of 4 shown" in shown(pilot)
        await filtered(pilot, "nowhere")
        assert "No transactions match the filter. Press Esc to clear it." in shown(pilot)
        await pilot.press("u", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), ActivityPage)
        await pilot.press("escape")
        await listed(pilot)
        assert numbers(pilot) == [4, 3, 2, 1]
        await filtered(pilot, datetime.now().strftime("%Y-%m-%d"))
        assert "4 of 4 shown" in shown(pilot)


async def changes(pilot):
    """All lines of the transaction that is open."""
    await wait_until(pilot, lambda: isinstance(top(pilot), TransactionScreen))
    await wait_until(pilot, lambda: not any(one.is_running for one in top(pilot).workers))
    await pilot.pause()
    rows = top(pilot).query_one(ChangeList)
    return [rows.line(row).strip() for row in range(rows.row_count)]


async def test_transaction_shows_each_user_and_field_before_and_after(home):
    users = sample_users(3)
    app = app_on(home / "users.json", users)
    changed = users[0]._replace(location="Oslo", department="", password="PLANTED", salt="PLANTED2")
    store = open_store(home / "users.json")
    with store.transaction(EDIT) as transaction:
        new = users[1]._replace(user_id="new", user_name="new", location="", first_name="Zoë")
        transaction.commit({changed.user_id: changed, users[2].user_id: None, "new": new})
    async with app.run_test(size=LARGE) as pilot:
        await open_activity(pilot)
        await pilot.press("enter")
        lines = await changes(pilot)
        name = f"{users[0].first_name} {users[0].last_name}"
        at = lines.index(f"{name} ({users[0].user_id}), changed")
        assert lines[at + 1 : at + 5] == [
            f"Department Name: {users[0].department} → (empty)",
            "Password: changed",
            "Salt Value: changed",
            f"Location: {users[0].location} → Oslo",
        ]
        at = lines.index(f"Zoë {new.last_name} (new), added")
        added = lines[at + 1 :]
        assert f"User Name: {new.user_name}" in added
        assert not [line for line in added if line.startswith("Location")]
        assert any(line.endswith(f"({users[2].user_id}), deleted") for line in lines)
        assert f"Last Name: {users[2].last_name}" in lines
        secrets = {users[2].password, users[2].salt, new.password, new.salt, "PLANTED", "PLANTED2"}
        assert not [line for line in lines if any(secret in line for secret in secrets if secret)]


async def test_large_transaction_opens_while_it_is_read(home):
    async with running(home / "users.json", sample_users(3000)) as pilot:
        await open_activity(pilot)
        await pilot.press("enter")
        lines = await changes(pilot)
        assert sum(line.endswith(", added") for line in lines) == 3000
        await pilot.press("end")
        await wait_until(pilot, lambda: "user 3,000 of 3,000" in shown(pilot))


async def test_undo_of_a_too_old_transaction_gives_the_reason(home):
    app = app_on(home / "users.json", sample_users(3))
    nothing = RetentionPolicy(bytes=0, segment_bytes=0, segment_ratio=0)
    one = sample_users(1)[0]._replace(location="Oslo")
    with closing(open_store(home / "users.json", retention=nothing)) as store:
        write_unchecked(store, {one.user_id: one})
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        assert numbers(pilot) == [2, 1]
        await pilot.press("end")
        await pilot.pause()
        assert "(no undo) Edit" in shown(pilot)
        assert "(can no longer be undone)" in words(pilot)
        await pilot.press("u")
        await wait_until(pilot, lambda: "are no longer available" in words(pilot))
        await pilot.press("escape", "enter")
        await changes(pilot)
        assert "are no longer available" in words(pilot)
