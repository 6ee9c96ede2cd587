"""Random input: the terminal UI never fails and never stores invalid users.

Keys, texts, clicks and sizes are random, and another admin commits in between. At the end the
program is running, all users are valid, the table matches the store, and no secret was ever shown.
"""

import asyncio
import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from textual.pilot import OutOfBounds, Pilot

from qm_tui.store import open_store
from qm_tui.store.state import EMPTY
from qm_tui.store.validation import validate_changes
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.users.filter_bar import FilterBar
from tests.helpers import user
from tests.tui.pages import LARGE, SAMPLES, SMALL, commit, page_of, sample_users, shown, store_of

KEYS = (
    "up down left right pageup pagedown home end enter escape tab shift+tab space asterisk slash "
    "backspace delete f1 f2 f3 plus minus full_stop less_than_sign greater_than_sign "
    "question_mark colon 1 2 3 4 5 6 n u i x e a A m P D s S v c F L y Y j k g G h l o r z b w d t"
)
LIKELY = "down down enter enter enter escape tab f2 space e a m A D P"
TEXTS = (
    "Sales Nord",
    "department:sales",
    "marked:yes",
    "license:none",
    "9",
    "10.1.2.3",
    "CORP\\x",
    "[@click=app.quit]x[/]",
    "日本 👩‍👩‍👧 שלום",
    "\x1b[2J\u202e",
    "x" * 5000,
    "u00000000001\nnobody",
    "users.csv",
)
SIZES = (SMALL, LARGE, (60, 16), (59, 15), (200, 50))
SECRETS = ("ENC-", "planted-salt", "planted-password")


class _Anybody:
    """An admin with random input."""

    def __init__(self, pilot: Pilot[str], path: Path, seed: int) -> None:
        self._pilot, self._path = pilot, path
        self._chance = random.Random(seed)  # noqa: S311 - the same at each run
        self.done: list[object] = []

    async def do(self) -> None:
        """Do one random action."""
        chance, pilot = self._chance, self._pilot
        what = chance.choices(
            (self._press, self._type, self._click, self._resize, self._commit),
            (70, 12, 8, 4, 6),
        )[0]
        await what()
        if chance.random() < 0.5:
            await pilot.pause()

    async def _press(self) -> None:
        chance = self._chance
        keys = (LIKELY if chance.random() < 0.4 else KEYS).split()
        keys = chance.choices(keys, k=chance.choice((1, 1, 3)))
        self.done.append(keys)
        for key in keys:
            self._pilot.app.simulate_key(key)
        await asyncio.sleep(0)

    async def _type(self) -> None:
        text = self._chance.choice(TEXTS)
        self.done.append(text[:40])
        focused = self._pilot.app.focused
        if focused is not None and hasattr(focused, "insert_text_at_cursor"):
            focused.insert_text_at_cursor(text)

    async def _click(self) -> None:
        width, height = self._pilot.app.size
        offset = self._chance.randrange(width), self._chance.randrange(height)
        self.done.append(offset)
        with suppress(OutOfBounds):
            await self._pilot.click(offset=offset)

    async def _resize(self) -> None:
        size = self._chance.choice(SIZES)
        self.done.append(size)
        await self._pilot.resize_terminal(*size)

    async def _commit(self) -> None:
        chance = self._chance
        users = sample_users(30)
        one = chance.choice(users)
        changed = one._replace(location=chance.choice(("Oslo", "", "Bergen")), agent_id="B-1")
        self.done.append(("another admin", one.user_id))
        if chance.random() < 0.2:
            await asyncio.to_thread(commit, self._path, user("new"), delete="")
        else:
            await asyncio.to_thread(commit, self._path, changed)


async def _come_to_rest(pilot: Pilot[str]) -> None:
    await pilot.resize_terminal(*SMALL)
    for _ in range(300):
        await pilot.pause(0.02)
        if not pilot.app.is_running or not page_of(pilot).is_busy:
            break
    await pilot.pause(0.8)  # changes by another admin are read twice a second


async def _anything(home: Path, seed: int, steps: int) -> None:
    shutil.copy(SAMPLES / "users.csv", home)
    path = home / "store" / "users.json"
    store_of(path, [one._replace(salt="planted-salt") for one in sample_users(40)])
    app = QmTuiApp(open_store(path), login="anybody")
    async with app.run_test(size=SMALL) as pilot:
        await pilot.pause(0.1)
        anybody = _Anybody(pilot, path, seed)
        for _ in range(steps):
            await anybody.do()
            if app.failure is not None or not app.is_running:
                break
            seen = shown(pilot)
            assert not any(one in seen for one in SECRETS), anybody.done
        assert app.failure is None, anybody.done
        if app.is_running and not app._exit:
            await _come_to_rest(pilot)
        assert app.failure is None, anybody.done
        if app.is_running and not app._exit:
            session, view = app._session, app._session.view
            assert view is not None
            if not session.is_busy:
                assert view.state.version == session.store.state.version, anybody.done
                has_error = page_of(pilot).query_one(FilterBar).has_error
                assert has_error or view.query == session.query, anybody.done
    state = open_store(path).load()
    assert validate_changes(dict(state.users), EMPTY) == {}, anybody.done
    assert len(state.names) == len(state.users)


async def test_some_random_input(home, monkeypatch):
    monkeypatch.chdir(home)
    await _anything(home, 1, 120)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
async def test_much_random_input(home, monkeypatch, seed):
    monkeypatch.chdir(home)
    await _anything(home, seed, 600)
