"""Snapshots of the screens at 80x24 and 120x40."""

import os
from datetime import date

import pytest

from qm_tui.tui.transfer import export_flow
from tests.tui.pages import LARGE, SAMPLES, SMALL, app_on, sample_users, wait_until_idle

pytestmark = pytest.mark.snapshot

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


class FixedDay(date):
    """A fixed date."""

    @classmethod
    def today(cls):
        return cls(2026, 11, 23)


@pytest.fixture
def folder(home, monkeypatch):
    """A folder with files of fixed times."""
    incoming = home / "incoming"
    (incoming / "2025-10").mkdir(parents=True)
    for day, name in enumerate(("sales-emea.csv", "hr-leavers.CSV", "notes.txt"), start=1):
        (incoming / name).write_bytes((SAMPLES / "users.csv").read_bytes()[: 20_000 * day])
        os.utime(incoming / name, (1_750_000_000 - day * 90_000, 1_750_000_000 - day * 90_000))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(incoming)
    monkeypatch.setattr(export_flow, "date", FixedDay)
    return incoming


@SIZES
def test_the_users_page(home, size, snap_compare):
    assert snap_compare(
        app_on(home / "users.json", sample_users(1204)),
        terminal_size=size,
        run_before=wait_until_idle,
    )


@SIZES
def test_an_empty_store(home, size, snap_compare):
    assert snap_compare(app_on(home / "users.json"), terminal_size=size, run_before=wait_until_idle)


@SIZES
def test_the_open_dialog(home, folder, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.press("i")
        await pilot.pause(0.6)

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


@SIZES
def test_the_save_as_dialog(home, folder, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.press("x")
        await pilot.pause(0.6)

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


@SIZES
def test_an_export_is_complete(home, folder, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.press("x")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await wait_until_idle(pilot)

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


LISTS = {
    "completion": ["slash", *"dep", "tab"],
    "fault": ["slash", *"active", "colon", *"maybe"],
    "filtered": ["slash", *"muller", "enter"],
    "nobody": ["slash", *"zzz"],
    "sorted_and_marked": ["right", "right", "s", "down", "space", "down", "space"],
    "details": ["down", "enter"],
    "keys": ["question_mark"],
    "palette": ["colon"],
}


@SIZES
@pytest.mark.parametrize("keys", LISTS.values(), ids=LISTS.keys())
def test_the_list_of_users(home, keys, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.pause(0.4)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(0.05)
        await pilot.pause(0.6)

    app = app_on(home / "users.json", sample_users(120))
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [(58, 14), (60, 16)], ids=["58x14", "60x16"])
def test_the_smallest_terminals(home, size, snap_compare):
    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=wait_until_idle)
