"""Ranges: the users between two rows are marked, also those that were never loaded."""

import pytest

from qm_tui.progress import no_rest
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.key_hints_bar import KeyHints
from qm_tui.tui.widgets.markable_list import MarkableList, RangeEnd
from qm_tui.tui.work.mark_range import RANGE_CHANGED, users_of_range
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, Query, these
from tests.helpers import state_of
from tests.store.slow_store import SlowStore
from tests.tui.pages import (
    commit,
    has_text,
    page_of,
    press_at_once,
    running,
    sample_users,
    started,
    status_of,
    store_of,
    table_of,
    top,
    wait_until,
)

USERS = sample_users(30)
IDS = [user.user_id for user in USERS]


def marks_of(pilot):
    return page_of(pilot).session.marks


async def marked(pilot, user_ids):
    """Wait until exactly these users are marked, and the page says so."""
    await wait_until(pilot, lambda: marks_of(pilot).selection == these(user_ids))
    assert has_text(pilot, f"{len(user_ids):,} marked")


@pytest.mark.parametrize(
    ("keys", "rows"),
    [
        (("down", "V", "pagedown", "V"), range(1, 16)),
        (("G", "V", "up", "up", "V"), range(27, 30)),  # upward
        (("V", "V"), range(1)),
        (("V", "G", "V"), range(30)),
    ],
)
async def test_range_marks_all_rows_between_two_positions(tmp_path, keys, rows):
    async with running(tmp_path / "users.json", USERS) as pilot:
        await pilot.press(*keys)
        await marked(pilot, IDS[rows.start : rows.stop])


async def test_range_adds_to_the_marks_and_is_shown_until_it_is_marked(tmp_path):
    async with running(tmp_path / "users.json", USERS) as pilot:
        table = table_of(pilot)
        await pilot.press("space", "down", "down", "space", "down", "V", "down", "down")
        hints = str(top(pilot).query_one(KeyHints).render())
        assert hints.startswith("Enter details  Space mark  V mark to here  Esc cancel  ")
        signs = [table.row_text(row, 60)[1] for row in range(7)]
        assert signs == ["✓", " ", "✓", "·", "·", "·", " "]
        await pilot.press("up")
        assert table.row_text(5, 60)[1] == " "
        await pilot.press("V")
        await marked(pilot, [IDS[row] for row in (0, 2, 3, 4)])
        assert "mark to here" not in str(top(pilot).query_one(KeyHints).render())


async def test_esc_cancels_only_the_range(tmp_path):
    async with running(tmp_path / "users.json", USERS) as pilot:
        page_of(pilot).show_filter("active:yes")
        await wait_until(pilot, lambda: has_text(pilot, "of 30 shown"))
        await pilot.press("space", "V", "down", "escape")
        assert has_text(pilot, "1 marked")
        assert table_of(pilot).row_text(1, 60)[1] == " "
        assert page_of(pilot).session.current_view.filter == "active:yes"
        await pilot.press("escape")
        await wait_until(pilot, lambda: not page_of(pilot).session.current_view.filter)
        assert has_text(pilot, "1 marked")


async def test_range_ends_if_other_users_are_shown(tmp_path):
    async with running(tmp_path / "users.json", USERS) as pilot:
        await pilot.press("down", "V", "right", "s")
        await wait_until(pilot, lambda: table_of(pilot).range_start is None)
        await wait_until(pilot, lambda: status_of(pilot) == MarkableList.RangeDropped.text)
        assert not marks_of(pilot)


async def test_range_ends_with_a_message_if_a_filter_is_entered(tmp_path):
    async with running(tmp_path / "users.json", USERS) as pilot:
        await pilot.press("V", "down")
        page_of(pilot).show_filter("active:yes")
        await wait_until(pilot, lambda: status_of(pilot) == MarkableList.RangeDropped.text)
        assert table_of(pilot).range_start is None


async def test_range_follows_its_user_if_another_admin_changes_the_list(tmp_path):
    path = tmp_path / "users.json"
    async with running(path, USERS) as pilot:
        await pilot.press(*["down"] * 5, "V")
        commit(path, delete=IDS[2])
        await wait_until(pilot, lambda: has_text(pilot, "29 users"))
        start = table_of(pilot).range_start
        assert start == RangeEnd(4, IDS[5])
        await pilot.press("down", "V")
        await marked(pilot, [IDS[5], IDS[6]])


async def test_range_of_a_user_that_another_admin_deleted_marks_nothing(tmp_path):
    path = tmp_path / "users.json"
    async with running(path, USERS) as pilot:
        await pilot.press("V", "down", "down")
        commit(path, delete=IDS[0])
        await wait_until(pilot, lambda: has_text(pilot, "29 users"))
        await pilot.press("V")
        await wait_until(pilot, lambda: status_of(pilot) == RANGE_CHANGED)
        assert not marks_of(pilot)


async def test_keys_after_a_range_of_a_slow_store_wait_for_it(home):
    users = sample_users(3000)
    path = home / "users.json"
    store_of(path, users).close()
    app = QmTuiApp(SlowStore(open_store(path)), login="mheller")
    async with started(app) as pilot:
        await wait_until(pilot, lambda: page_of(pilot).table.cursor_user is not None)
        await pilot.press("down", "V")
        await press_at_once(pilot, "G", "up")
        await wait_until(pilot, lambda: page_of(pilot).table.cursor_user is not None)
        await press_at_once(pilot, "V", "A")
        await wait_until(pilot, lambda: has_text(pilot, "Activate or inactivate 2,998"))
        await pilot.press("escape")
        await marked(pilot, [user.user_id for user in users[1:-1]])


# Where the rows are asked from

STATE = state_of(*USERS)


def between(start, end, state=STATE, query=ALL):
    return users_of_range(state, query, start, end, no_rest)


def test_rows_may_have_moved_since_they_were_seen():
    assert between(RangeEnd(0, IDS[4]), RangeEnd(9, IDS[2])) == IDS[2:5]
    assert between(RangeEnd(25, IDS[3]), RangeEnd(2, IDS[5])) == IDS[3:6]


def test_user_that_the_query_does_not_find_ends_no_range():
    query = Query(parse_filter(f"-{USERS[3].user_name}"))
    assert between(RangeEnd(3, IDS[3]), RangeEnd(5, IDS[5]), query=query) is None
    assert between(RangeEnd(1, IDS[1]), RangeEnd(3, IDS[3]), query=query) is None
    assert between(RangeEnd(2, IDS[2]), RangeEnd(5, IDS[5]), query=query) == [
        *IDS[2:3],
        *IDS[4:6],
    ]
