"""The terminal UI on a store that answers as slowly as a server, with at most 50 users at once."""

import re
import shutil

import pytest
from textual import events

from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.transfer import export_flow
from qm_tui.tui.user import details_pane
from tests.store.slow_store import SlowStore
from tests.tui.pages import page_of, sample_users, shown, started, store_of, wait_until
from tests.tui.screens import FixedDay, app_with_file, visit

_VARYING = re.compile(r"\d\d:\d\d(:\d\d)?|\d+(\.\d+)? (s|ms)\b|/tmp/\S*")


@pytest.fixture
def folder(home, monkeypatch):
    """The folder of a file to import, which is the current one."""
    monkeypatch.setattr(export_flow, "date", FixedDay)
    monkeypatch.setattr(details_pane, "HISTORY_DELAY", 60)  # else it may or may not be drawn
    incoming = home / "incoming"
    incoming.mkdir()
    monkeypatch.chdir(incoming)
    monkeypatch.setenv("PWD", str(incoming))
    return home


async def _tour(app):
    """The text of each screen."""
    texts = {}
    async with started(app) as pilot:
        async for name in visit(pilot):
            texts[name] = _VARYING.sub("", shown(pilot))
    return texts


async def test_all_screens_are_the_same_in_the_end(folder, tmp_path_factory):
    fast = app_with_file(folder)
    fresh = tmp_path_factory.mktemp("fresh") / "home"
    shutil.copytree(folder, fresh)
    expected = await _tour(fast)
    for item in folder.iterdir():
        if item.name != "incoming":
            shutil.rmtree(item) if item.is_dir() else item.unlink()
    for exported in (folder / "incoming").glob("users-*.csv"):
        exported.unlink()
    shutil.copytree(fresh, folder, dirs_exist_ok=True)
    store = SlowStore(open_store(folder / "users.json"))
    found = await _tour(QmTuiApp(store, login="mheller"))
    different = [name for name, text in expected.items() if found[name] != text]
    assert different == []


@pytest.mark.parametrize(("stars", "marked"), [(1, 1100), (2, 0), (3, 1100)])
async def test_keys_after_mark_all_wait_for_it_and_esc_does_not_cancel_it(
    home, monkeypatch, stars, marked
):
    slow = SlowStore(store_of(home / "users.json", sample_users(1100)))
    async with started(QmTuiApp(slow, login="mheller")) as pilot:
        session, toggled = page_of(pilot).session, []
        monkeypatch.setattr(session, "marks_changed", lambda: toggled.append(session.marks.number))
        for _ in range(stars):
            pilot.app.post_message(events.Key("asterisk", "*"))
        pilot.app.post_message(events.Key("escape", None))
        await wait_until(pilot, lambda: len(toggled) == stars)
        await pilot.press("down")  # after Esc
        assert toggled[-1] == marked
        assert not session.is_marking
