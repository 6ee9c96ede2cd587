"""Counts on a server: the first users come before their exact number."""

import time
from functools import partial
from typing import Any

import pytest

from qm_tui.store.state import UserCount
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.work import current_view, threads, user_query
from qm_tui.tui.work.job import UserListView
from tests.store.slow_store import SlowStore
from tests.tui.pages import (
    commit,
    has_text,
    opened,
    page_of,
    sample_users,
    shown,
    started,
    status_of,
    store_of,
    table_of,
    wait_until,
    words,
)

USERS = sample_users(200)
ACTIVE = sum(user.is_active == "1" for user in USERS)


@pytest.fixture
def path(home):
    return home / "users.json"


def view_of(pilot) -> UserListView:
    view = page_of(pilot).session.view
    assert view is not None
    return view


@pytest.fixture
def store(path, monkeypatch):
    monkeypatch.setattr(user_query, "FIRST_COUNT", 31)
    monkeypatch.setattr(current_view, "_NOTICE_EVERY", 0.05)
    return SlowStore(store_of(path, USERS), 0)


def test_count_as_text():
    assert UserCount(1204).text == "1,204"
    assert UserCount(10_001, is_exact=False).text == "more than 10,000"


async def test_first_users_are_shown_before_their_exact_number(store):
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        table = table_of(pilot)
        store.line.held.add("count")
        await pilot.press("slash", *"active:yes", "enter")
        await wait_until(pilot, lambda: has_text(pilot, "more than 30 of 200 shown"))
        assert "1 of more than 30 " in shown(pilot)
        assert table.row_count == 31
        await wait_until(pilot, lambda: table.user_at(0) is not None)
        await opened(pilot, "F")
        assert "more than 30 users shown" in words(pilot)
        await pilot.press("escape", "end")
        await pilot.pause()
        assert table.cursor_row == 0  # the key waits until the end is known
        store.line.held.clear()
        await wait_until(pilot, lambda: has_text(pilot, f"{ACTIVE} of 200 shown"))
        assert table.row_count == ACTIVE
        await wait_until(pilot, lambda: table.cursor_row == ACTIVE - 1)
        await wait_until(pilot, lambda: table.cursor_user is not None)


async def test_newer_key_ends_the_question_for_the_filter_before(store):
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        store.line.held.add("window")
        await pilot.press("slash", "m")
        await wait_until(pilot, lambda: store.line.ended["window"] == 0 and bool(store.asked))
        asked = store.asked["window"]
        await pilot.press("u")
        await wait_until(pilot, lambda: store.line.ended["window"] > 0)
        store.line.held.clear()
        await wait_until(pilot, lambda: view_of(pilot).query.filter == "mu")
        assert store.asked["window"] >= asked


@pytest.mark.parametrize("keys", ["slash m u", "right right s"])
async def test_slow_question_is_noticed_and_canceled_by_esc(store, keys):
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        page, is_filter = page_of(pilot), keys.startswith("slash")
        page.session.set_status("Before")
        before = view_of(pilot).query
        store.line.held.add("window")
        await pilot.press(*keys.split())
        notice = "Searching… 0 s" if is_filter else "Sorting… 0 s"
        await wait_until(pilot, lambda: status_of(pilot).startswith(notice))
        ended = store.line.ended["window"]
        await pilot.press("escape")
        await wait_until(pilot, lambda: store.line.ended["window"] > ended)
        await wait_until(pilot, lambda: status_of(pilot) == "Before")
        assert view_of(pilot).query == before
        assert page.filter_bar.has_error is is_filter
        if is_filter:
            assert page.filter_bar.field.value == "mu"
            assert "Search canceled." in shown(pilot)
        else:
            assert page.session.query == before
        store.line.held.clear()
        await pilot.press("escape")
        await wait_until(pilot, lambda: page.session.query == view_of(pilot).query)


async def test_filter_whose_clearing_was_canceled_is_not_forgotten(store):
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        page = page_of(pilot)
        await pilot.press("slash", *"mu", "enter")
        await wait_until(pilot, lambda: view_of(pilot).query.filter == "mu")
        store.line.held.add("window")
        await pilot.press("escape")
        await wait_until(pilot, lambda: status_of(pilot).startswith("Searching… 0 s"))
        await pilot.press("escape")
        await wait_until(pilot, lambda: has_text(pilot, "list unchanged"))
        assert "Search canceled." in shown(pilot)
        assert view_of(pilot).query.filter == "mu"
        store.line.held.clear()
        await pilot.press("escape")
        await wait_until(pilot, lambda: view_of(pilot).query.filter == "")
        assert not page.filter_bar.display


async def test_rows_follow_each_change_but_counts_only_after_some_seconds(store, path, monkeypatch):
    monkeypatch.setattr(threads, "COUNT_EVERY", 60)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        await pilot.press("slash", *"active:yes", "enter", "space")
        await wait_until(pilot, lambda: has_text(pilot, f"{ACTIVE} of 200 shown"))
        counter: Any = page_of(pilot)._counter
        asked = store.asked["count"]
        for name in ("One", "Two", "Three"):
            commit(path, USERS[0]._replace(first_name=name))
            await wait_until(pilot, partial(has_text, pilot, name))
        assert store.asked["count"] == asked
        timer = counter._timer
        counter._begun = time.monotonic() - 60
        commit(path, next(one for one in USERS[1:] if one.is_active == "1")._replace(is_active="0"))
        await wait_until(pilot, lambda: view_of(pilot).state.number == 5)
        assert timer is not None
        timer.stop()
        counter._begin_later()
        await wait_until(pilot, lambda: has_text(pilot, f"{ACTIVE - 1} of 200 shown"))


async def test_counts_of_a_page_follow_after_some_seconds(store, path, monkeypatch):
    monkeypatch.setattr(threads, "COUNT_EVERY", 60)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        await pilot.press("5")
        page: Any = pilot.app.screen
        await wait_until(pilot, lambda: page.is_up_to_date)
        asked = store.asked["groups"]
        commit(path, USERS[0]._replace(department="One"))
        await wait_until(pilot, lambda: page._counter._timer is not None)
        commit(path, USERS[0]._replace(department="Two"))
        await wait_until(pilot, lambda: view_of(pilot).state.number == 3)
        assert store.asked["groups"] == asked
        assert not page.is_up_to_date
        page._counter._begun -= 60
        page._counter._begin_later()
        await wait_until(pilot, lambda: has_text(pilot, "Two"))
