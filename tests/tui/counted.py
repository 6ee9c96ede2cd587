"""The pages of counts for tests: opened, and waited for."""

from textual.pilot import Pilot

from qm_tui.tui.widgets.count_table import NumberList
from tests.tui.pages import page_of, settled, top

NUMBERED = {"licenses": "3", "profiles": "4", "departments": "5", "locations": "6"}


async def open_counts(pilot: Pilot[str], page: str) -> None:
    """Go to a page, and wait until its users are counted."""
    await settled(pilot)
    await pilot.press(NUMBERED[page])
    await counted(pilot)


async def counted(pilot: Pilot[str]) -> None:
    """Wait until users were counted and the counts are drawn."""
    await settled(pilot)
    await pilot.pause(0.05)  # for what a message begins
    await _done(pilot, "counting")


async def _done(pilot: Pilot[str], group: str) -> None:
    waiting = [one for one in pilot.app.workers if one.group == group]
    if waiting:
        await pilot.app.workers.wait_for_complete(waiting)
    await pilot.pause()


def rows_of(pilot: Pilot[str], kind: type[NumberList]) -> list[str]:
    """The lines of a list, without bars and columns of blanks."""
    rows = top(pilot).query_one(kind)
    lines = [rows.row_text(row, 90) for row in range(rows.row_count)]
    return [" ".join(line.split("■")[0].split()) for line in lines]


async def ids_shown(pilot: Pilot[str]) -> set[str]:
    """The User IDs that the Users page shows, once they are found."""
    await pilot.pause(0.05)
    await _done(pilot, "listing")
    assert top(pilot) is page_of(pilot)
    view = page_of(pilot).session.view
    assert view is not None
    assert view.wanted.filter == page_of(pilot).session.shown.filter
    return set(view.user_ids)
