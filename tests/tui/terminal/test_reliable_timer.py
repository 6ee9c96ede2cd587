"""Timers fire even if the program gets no CPU time when they are due."""

from functools import partial
from itertools import count

import pytest
from textual import _time
from textual.pilot import Pilot

from qm_tui.store import open_store
from qm_tui.tui.user.form_screen import UserFormScreen
from tests.helpers import ANNA
from tests.tui.pages import SMALL, app_on, page_of, status_of, top, wait_until, wait_until_idle


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def stalls(monkeypatch):
    """A function after which the program seems to stall often, for 12 ms, between readings."""
    looks = count(1)
    now = _time.get_time

    def begin() -> None:
        monkeypatch.setattr(_time, "get_time", lambda: now() + 0.012 * (next(looks) // 3))

    return begin


async def test_timers_of_app_and_screen_fire_once(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        stalls()
        fired: list[str] = []
        pilot.app.set_timer(0.005, lambda: fired.append("program"))
        top(pilot).set_timer(0.005, lambda: fired.append("page"))
        await wait_until(pilot, lambda: len(fired) == 2)
        await pilot.pause(0.1)
        assert sorted(fired) == ["page", "program"]


async def test_form_is_completed_and_saved(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        stalls()
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
        await pilot.press("ctrl+u", *"Eva", "f2")
        await wait_until(pilot, lambda: "Saved" in status_of(pilot))
    assert [one.first_name for one in open_store(path).load().users.values()] == ["Eva"]


async def test_new_size_is_drawn(path, stalls):
    async with app_on(path, [ANNA]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        stalls()
        for width in (90, 100, 81):
            await pilot.resize_terminal(width, 24)
            await wait_until(pilot, partial(_is_drawn, pilot, width))


def _is_drawn(pilot: Pilot[str], width: int) -> bool:
    return page_of(pilot).actions.outer_size.width == width
