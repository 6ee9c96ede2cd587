"""Pictures of all screens, at two sizes in the default theme, and of some in the others."""

import re

import pytest
from pytest_textual_snapshot import SVGImageExtension

from qm_tui.config.preferences import Theme
from qm_tui.tui.transfer import export_flow
from qm_tui.tui.user import details_pane
from tests.tui.pages import LARGE, SMALL, app_on, sample_users, wait_until_idle
from tests.tui.screens import (
    DIRECTORY_SCREENS,
    FixedDay,
    app_with_directory,
    app_with_file,
    visit,
)

pytestmark = pytest.mark.snapshot

IN_OTHER_THEMES = ("users", "marked", "form with error", "palette", "filter with error")

VARYING = {
    r"\d{4}-\d\d-\d\d(&#160;)\d\d:\d\d": r"2026-11-23\g<1>09:12",
    r"(09:12):\d\d": r"\1:30",
    r"terminal-\d+": "terminal-0",
}
"""What differs between two pictures of the same screen: times, and a checksum of all text."""


def picture(app):
    """The picture of the screen."""
    svg = app.export_screenshot(simplify=True)
    for pattern, fixed in VARYING.items():
        svg = re.sub(pattern, fixed, svg)
    return svg


@pytest.fixture
def pictures(snapshot):
    """The pictures as they should be."""
    return snapshot.use_extension(SVGImageExtension)


@pytest.fixture
def fixed_home(home, monkeypatch):
    """The home folder at a fixed day; the program runs in the folder of a file to import."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("SUDO_USER", "mheller")
    monkeypatch.setenv("SSH_CONNECTION", "10.1.2.3 50000 10.0.0.1 22")
    monkeypatch.setattr(export_flow, "date", FixedDay)
    monkeypatch.setattr(details_pane, "HISTORY_DELAY", 60)  # else it may or may not be drawn
    (home / "incoming").mkdir()
    monkeypatch.chdir(home / "incoming")
    monkeypatch.setenv("PWD", str(home / "incoming"))
    return home


@pytest.fixture
def app(fixed_home):
    """The app with a file to import."""
    return app_with_file(fixed_home)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
async def test_every_screen(app, size, pictures):
    differing = []
    async with app.run_test(size=size) as pilot:
        async for name in visit(pilot):
            if picture(app) != pictures(name=name):
                differing.append(name)
    assert not differing


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
async def test_file_of_another_program(fixed_home, size, pictures):
    app, differing = app_with_directory(fixed_home), []
    async with app.run_test(size=size) as pilot:
        async for name in visit(pilot, DIRECTORY_SCREENS):
            if picture(app) != pictures(name=name):
                differing.append(name)
    assert not differing


@pytest.mark.parametrize("size", [(58, 14), (60, 16)], ids=["58x14", "60x16"])
def test_smallest_terminals(home, size, snap_compare):
    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=wait_until_idle)


def test_empty_store(home, snap_compare):
    assert snap_compare(app_on(home / "users.json"), run_before=wait_until_idle)


@pytest.fixture
def look(request, monkeypatch):
    """The theme, or no color."""
    if request.param == "no color":
        monkeypatch.setenv("NO_COLOR", "1")
    return request.param


@pytest.mark.parametrize("look", ["light", "ansi-dark", "no color"], indirect=True)
async def test_some_screens_in_other_themes(look, app, pictures):
    if look in list(Theme):
        app.action_switch_theme(look)
    differing = []
    async with app.run_test(size=SMALL) as pilot:
        async for name in visit(pilot):
            if name in IN_OTHER_THEMES and picture(app) != pictures(name=name):
                differing.append(name)
            if name == IN_OTHER_THEMES[-1]:
                break
    assert not differing
