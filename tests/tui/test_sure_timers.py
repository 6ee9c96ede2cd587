"""What is set to happen later happens, though the machine gave the program no processor then."""

from itertools import count

import pytest
from textual import _time
from textual.pilot import Pilot

from qm_tui.store.tinydb_store import open_store
from qm_tui.tui.user_form_screen import UserFormScreen
from tests.helpers import ANNA
from tests.tui.pages import SMALL, app_on, page_of, settled, shown, status_of, top


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def stalls(monkeypatch):
    """Give a function after which the program stands still for 12 ms at each look at the clock."""
    looks = count(1)
    now = _time.get_time

    def begin() -> None:
        monkeypatch.setattr(_time, "get_time", lambda: now() + 0.012 * next(looks))

    return begin


async def _wait_until(pilot: Pilot[str], is_so) -> None:
    for _ in range(300):
        if is_so():
            return
        await pilot.pause(0.01)
    pytest.fail(f"it never came:\n{shown(pilot)}")


async def test_it_happens_once_on_the_program_and_on_what_it_shows(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await settled(pilot)
        stalls()
        fired: list[str] = []
        pilot.app.set_timer(0.005, lambda: fired.append("program"))
        top(pilot).set_timer(0.005, lambda: fired.append("page"))
        await _wait_until(pilot, lambda: len(fired) == 2)
        await pilot.pause(0.1)
        assert sorted(fired) == ["page", "program"]


async def test_a_form_becomes_whole_and_saves(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await settled(pilot)
        stalls()
        await pilot.press("e")
        await _wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
        await pilot.press("ctrl+u", *"Eva", "f2")
        await _wait_until(pilot, lambda: "saved" in status_of(pilot))
    assert [one.first_name for one in open_store(path).load().users.values()] == ["Eva"]


async def test_another_size_is_drawn(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await settled(pilot)
        stalls()
        for size in ((90, 24), (100, 30), (81, 24)):
            await pilot.resize_terminal(*size)
            await _wait_until(
                pilot, lambda width=size[0]: page_of(pilot).actions.outer_size.width == width
            )
