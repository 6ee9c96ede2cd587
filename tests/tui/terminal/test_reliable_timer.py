"""Timers fire even if the program gets no CPU time when they are due."""

from itertools import count

from textual import _time

from tests.helpers import ANNA
from tests.tui.pages import running, top, wait_until


async def test_timers_fire_once_even_if_the_program_stalls(home, monkeypatch):
    async with running(home / "users.json", [ANNA]) as pilot:
        looks, now = count(1), _time.get_time
        # the program seems to stall often, for 12 ms, between readings of the clock
        monkeypatch.setattr(_time, "get_time", lambda: now() + 0.012 * (next(looks) // 3))
        fired: list[str] = []
        pilot.app.set_timer(0.005, lambda: fired.append("app"))
        top(pilot).set_timer(0.005, lambda: fired.append("page"))
        await wait_until(pilot, lambda: len(fired) == 2)
        pilot.app.set_timer(0.05, lambda: fired.append("later"))
        await wait_until(pilot, lambda: "later" in fired)
        assert sorted(fired) == ["app", "later", "page"]
