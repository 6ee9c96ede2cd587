"""The pages of counts for tests: opened, and waited for."""

from collections.abc import Callable, Sequence

from textual.pilot import Pilot

from qm_tui.tui.number_list import NumberList
from qm_tui.users.fields import User
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
    for _ in range(2):
        waiting = [one for one in pilot.app.workers if one.group == "counting"]
        await pilot.app.workers.wait_for_complete(waiting)
        await pilot.pause()


def rows_of(pilot: Pilot[str], kind: type[NumberList]) -> list[str]:
    """The lines of a list, without bars and columns of blanks."""
    rows = top(pilot).query_one(kind)
    lines = [rows.row_text(row, 90) for row in range(rows.row_count)]
    return [" ".join(line.split("■")[0].split()) for line in lines]


async def ids_shown(pilot: Pilot[str]) -> set[str]:
    """The User IDs that the Users page shows, once they are found."""
    await pilot.pause()
    waiting = [one for one in pilot.app.workers if one.group == "listing"]
    await pilot.app.workers.wait_for_complete(waiting)
    await pilot.pause()
    assert top(pilot) is page_of(pilot)
    view = page_of(pilot).session.view
    assert view is not None
    assert view.wanted.filter == page_of(pilot).session.shown.filter
    return set(view.user_ids)


def ids_of(users: Sequence[User], holds: Callable[[User], bool]) -> set[str]:
    """The User IDs of the users for whom something holds."""
    return {one.user_id for one in users if holds(one)}
