"""The pages with counts for tests."""

from typing import Any

from textual.pilot import Pilot

from qm_tui.tui.counts.page import CountingPage
from qm_tui.tui.widgets.count_table import NumberList
from tests.tui.pages import page_of, table_of, top, users_in, wait_until, wait_until_idle

NUMBERED = {"licenses": "3", "profiles": "4", "departments": "5", "locations": "6"}


async def open_counts(pilot: Pilot[str], page: str) -> None:
    """Open a page, and wait until the users are counted."""
    await wait_until_idle(pilot)
    await pilot.press(NUMBERED[page])
    await wait_until(pilot, lambda: isinstance(top(pilot), CountingPage))
    await wait_until_counted(pilot)


async def wait_until_counted(pilot: Pilot[str]) -> None:
    """Wait until users are counted and the counts are drawn."""
    await wait_until_idle(pilot)
    page = top(pilot)
    if isinstance(page, CountingPage):
        await wait_until(pilot, lambda: page.is_up_to_date)
    await pilot.pause()


def rows_of(pilot: Pilot[str], kind: type[NumberList[Any]]) -> list[str]:
    """The rows of a list, without bars and repeated blanks."""
    rows = top(pilot).query_one(kind)
    lines = [rows.row_text(row, 90) for row in range(rows.row_count)]
    return [" ".join(line.split("■")[0].split()) for line in lines]


async def ids_shown(pilot: Pilot[str]) -> set[str]:
    """The User IDs that the Users page shows after the search."""
    session = page_of(pilot).session
    await wait_until(
        pilot,
        lambda: (
            top(pilot) is page_of(pilot)
            and session.view is not None
            and session.view.query == session.query
        ),
    )
    return {user.user_id for user in users_in(table_of(pilot))}
