"""The Activity page: transactions, by keys and by clicks."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from textual.widgets import Input, Static

from qm_tui.store import open_store
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind, TransactionSummary
from qm_tui.store.tinydb import TinyDBUserStore
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
    sample_users,
    shown,
    status_of,
    top,
    type_text,
    wait_until_idle,
)


async def open_activity(pilot):
    await wait_until_idle(pilot)
    await pilot.press("2")
    await listed(pilot)


async def listed(pilot):
    """Wait until the transactions were read and drawn."""
    await pilot.pause(0.1)
    await pilot.app.workers.wait_for_complete(
        [worker for worker in pilot.app.workers if worker.group == "reading"]
    )
    await pilot.pause()


def numbers(pilot):
    rows = pilot.app.screen.query_one(ActivityList)
    return [int(rows.row_text(row, 80).strip("> ").split()[0]) for row in range(rows.row_count)]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_transactions_are_listed_newest_first(home, size, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    users = sample_users(3)
    app = app_on(home / "users.json", users)
    commit(home / "users.json", users[0]._replace(location="Oslo"))
    clean_up = Action(TransactionKind.SCRIPT, "clean-up")
    commit(home / "users.json", action=clean_up, delete=users[2].user_id)
    async with app.run_test(size=size) as pilot:
        await open_activity(pilot)
        assert isinstance(top(pilot), ActivityPage)
        assert numbers(pilot) == [3, 2, 1]
        text = shown(pilot)
        assert "3 transactions" in text
        assert f"Edit {users[0].first_name}" in text
        assert "Edit 3 users" in text
        assert "from 10.20.30.40" in text
        assert "Script 'clean-up': 1 deleted" in text
        assert [line.split()[-1] for line in text.splitlines() if "root" in line][:3] == [
            "-1",
            "~1",
            "+3",
        ]


async def test_filter_typed_in_one_burst_undoes_nothing(home):
    path = home / "users.json"
    app = app_on(path, sample_users(3))
    commit(path, delete="u00000000003")
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        await press_at_once(pilot, "slash", *"up")
        assert isinstance(top(pilot), ActivityPage)
        assert activity_of(pilot).query_one("#filter", Input).value == "up"
        await press_at_once(pilot, "slash", "escape")
        assert focused(pilot) == "transactions"
        assert numbers(pilot) == [2, 1]


def focused(pilot):
    return pilot.app.focused.id


def page_pointed_at(pilot):
    """Where the navigation pane's cursor stands."""
    node = pilot.app.screen.query_one(NavigationPane).cursor_node
    return str(node.label) if node else ""


async def test_pages_are_reached_by_keys_and_by_clicks(home):
    async with app_on(home / "users.json", sample_users(3)).run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        assert focused(pilot) == "transactions"
        assert page_pointed_at(pilot).split()[0] == "Activity"
        await pilot.press("2")
        await pilot.pause()
        assert isinstance(top(pilot), ActivityPage)
        await pilot.press("1")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert focused(pilot) == "users"
        await pilot.click("#navigation", offset=(4, 2))
        await listed(pilot)
        assert isinstance(top(pilot), ActivityPage)
        await pilot.click("#navigation", offset=(4, 1))
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        assert page_pointed_at(pilot).startswith("Users")
        await pilot.press("2")
        await pilot.pause()
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)


async def test_filter_ignores_case_and_escape_clears_it(home):
    users = sample_users(5)
    app = app_on(home / "users.json", users)
    for one in users:
        commit(
            home / "users.json",
            one._replace(location="Oslo"),
            action=Action(TransactionKind.SCRIPT, f"Move of {one.extension}"),
        )
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        await pilot.press("slash")
        await type_text(pilot, f"move {users[3].extension}")
        await pilot.press("enter")
        await listed(pilot)
        assert numbers(pilot) == [5]
        assert "1 of 6 shown" in shown(pilot)
        assert pilot.app.focused is pilot.app.screen.query_one(ActivityList)
        await pilot.press("slash")
        await type_text(pilot, "nowhere")
        await pilot.press("enter")
        await listed(pilot)
        assert "No transactions match the filter. Press Esc to clear it." in shown(pilot)
        await pilot.press("u", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), ActivityPage)
        await pilot.press("escape")
        await listed(pilot)
        assert numbers(pilot) == [6, 5, 4, 3, 2, 1]
        await pilot.press("slash")
        await type_text(pilot, datetime.now().strftime("%Y-%m-%d"))
        await pilot.press("enter")
        await listed(pilot)
        assert "6 of 6 shown" in shown(pilot)


async def changes(pilot):
    """All lines of the transaction that is open."""
    for _ in range(200):
        await pilot.pause(0.02)
        if not any(worker.is_running for worker in top(pilot).workers):
            break
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
        assert isinstance(top(pilot), TransactionScreen)
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
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(top(pilot), ActivityPage)


async def test_large_transaction_opens_while_it_is_read(home):
    app = app_on(home / "users.json", sample_users(3000))
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        await pilot.press("enter")
        lines = await changes(pilot)
        assert sum(line.endswith(", added") for line in lines) == 3000
        await pilot.press("end")
        await pilot.pause()
        assert "user 3,000 of 3,000" in shown(pilot)


OLD = datetime(2026, 11, 23, 9, 12, 5, tzinfo=UTC)


@pytest.fixture
def known(monkeypatch):
    """Transactions with fixed times, two of them no longer available."""
    known = (
        (
            "mheller",
            "10.20.30.40",
            Action(
                TransactionKind.IMPORT,
                "sales-emea.csv",
                "214 KB; 200 records: 140 unchanged, 5 rejected",
                "9f86d081884c7d659a2feaa0c55ad015",
            ),
            48,
        ),
        ("kweber", "", Action(TransactionKind.SET, "Location"), 0),
        ("mheller", "10.20.30.40", Action(TransactionKind.UNDO, "2", "edit of Anna Berg"), 0),
        (
            "svetlana.k",
            "2001:db8::17:4",
            Action(TransactionKind.IMPORT, "leavers, all sites, as sent by HR.csv"),
            0,
        ),
    )
    entries = [
        TransactionSummary(
            number,
            OLD + timedelta(hours=number),
            who,
            address,
            action,
            added,
            7,
            0,
            number > 2,
        )
        for number, (who, address, action, added) in enumerate(known * 10, start=1)
    ]
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setattr(TinyDBUserStore, "transactions", lambda _: entries[::-1])
    return entries


async def test_transaction_that_cannot_be_undone_is_labeled(home, known):
    async with app_on(home / "users.json", sample_users(3)).run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        await pilot.press("end")
        await pilot.pause()
        text = shown(pilot)
        assert text.count("(no undo)") == 2
        words = " ".join(str(line).strip() for line in text.replace("│", " ").split())
        assert "7 changed (can no longer be undone)" in words


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
        await pilot.press("u")
        await wait_until_idle(pilot)
        assert "are no longer available" in " ".join(shown(pilot).split())
        await pilot.press("escape", "enter")
        await pilot.pause(0.2)
        assert isinstance(top(pilot), TransactionScreen)
        assert "are no longer available" in " ".join(shown(pilot).split())


async def test_hostile_text_of_a_transaction_is_harmless(home):
    app = app_on(home / "users.json", sample_users(1))
    hostile = "[@click=app.quit]x[/] \x1b]52;c;cm0=\x07 \u202eevil"
    user = sample_users(1)[0]._replace(location=hostile)
    commit(home / "users.json", user, action=Action(TransactionKind.EDIT, hostile))
    async with app.run_test(size=LARGE) as pilot:
        await open_activity(pilot)
        text = shown(pilot)
        await pilot.press("enter")
        await changes(pilot)
        text += shown(pilot)
        await pilot.press("escape", "u")
        await wait_until_idle(pilot)
        text += shown(pilot)
        assert "[@click=app.quit]x[/]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_the_activity_page(home, known, size, snap_compare):
    async def before(pilot):
        await open_activity(pilot)
        await pilot.press("down")
        await pilot.press("down")
        await pilot.press("down")

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_a_transaction(home, known, size, snap_compare):
    users = sample_users(60)
    app = app_on(home / "users.json", users)
    commit(
        home / "users.json", users[0]._replace(location="Oslo", department="", password="PLANTED")
    )

    async def before(pilot):
        await open_activity(pilot)
        top(pilot).query_one(ActivityList).cursor_row = 38
        await pilot.pause()
        await pilot.press("enter")
        await changes(pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_a_filter(home, known, size, snap_compare):
    async def before(pilot):
        await open_activity(pilot)
        await pilot.press("slash")
        await type_text(pilot, "import 10.20")
        await pilot.press("enter")
        await listed(pilot)
        await pilot.press("slash")
        await pilot.pause()

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


async def test_number_of_transactions_follows_changes(home):
    app = app_on(home / "users.json", sample_users(3))
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        commit(home / "users.json", sample_users(1)[0]._replace(location="Oslo"))
        await pilot.pause(0.6)
        await listed(pilot)
        page = activity_of(pilot)
        assert str(page.query_one("#count", Static).render()) == "2 transactions"
        assert status_of(pilot) == ""


@pytest.mark.parametrize("size", [(60, 16), SMALL, LARGE])
async def test_action_is_not_cut_next_to_blanks(home, size, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    users = sample_users(3)
    app = app_on(home / "users.json", users)
    password = Action(TransactionKind.PASSWORD, "Annika Berg")
    commit(home / "users.json", users[0]._replace(location="Oslo"), action=password)
    async with app.run_test(size=size) as pilot:
        await open_activity(pilot)
        assert "Change password of Annika Berg " in shown(pilot).splitlines()[3]


async def test_address_and_year_are_shown_if_no_action_is_cut(home, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.20.30.40 50000 10.0.0.1 22")
    app = app_on(home / "users.json", sample_users(3))
    async with app.run_test(size=SMALL) as pilot:
        await open_activity(pilot)
        header, row = shown(pilot).splitlines()[2:4]
        assert "From" in header
        assert f" {datetime.now().year}-" in row
        assert "10.20.30.40 Edit 3 users" in row
