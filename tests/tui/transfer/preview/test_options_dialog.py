"""The dialog Import options: values, help and effect of the options."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Static

from qm_tui.transfer.options.import_options import IMPORT_OPTIONS, UnknownIdAction
from qm_tui.tui.transfer.preview.mapping.dialog import MappingDialog
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionList, ImportOptionsDialog
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from tests.helpers import HEADER, csv_text, write_file
from tests.tui.operations import opens
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    sample_users,
    top,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import preview, wait_until_planned


@pytest.fixture
def file(home):
    first, second = sample_users(2)
    rows = [first._replace(user_id="elsewhere"), second._replace(user_id="", first_name="Zoë")]
    return write_file(home, csv_text([HEADER, *rows]), "staff.csv")


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(12)[5:])


async def options(pilot: Pilot[str], file: Path) -> PreviewScreen:
    """Open the options of an import."""
    await wait_until_idle(pilot)
    screen = await preview(pilot, file)
    await opens(pilot, ImportOptionsDialog, "o")
    return screen


def rows_of(pilot: Pilot[str]) -> list[str]:
    rows = top(pilot).query_one(ImportOptionList)
    return [rows.row_text(row, 90).rstrip() for row in range(rows.row_count)]


def effect(pilot: Pilot[str]) -> str:
    return str(top(pilot).query_one("#effect", Static).content)


async def test_every_option_has_a_line_with_its_value_and_help(app, file):
    async with app.run_test(size=SMALL) as pilot:
        await options(pilot, file)
        rows = rows_of(pilot)
        for choice in IMPORT_OPTIONS:
            assert any(choice.title in row and choice.values[0].label in row for row in rows)
        ends = ["detected: UTF-8", "detected: comma", "detected: first row", "by header name"]
        for row, end in zip(rows[-4:], ends, strict=True):
            assert row.endswith(end)
        meaning = top(pilot).query_one("#meaning", Static)
        assert str(meaning.content) == IMPORT_OPTIONS[0].values[0].help
        await pilot.press("down")
        await wait_until(pilot, lambda: str(meaning.content) == IMPORT_OPTIONS[1].values[0].help)


async def test_change_shows_its_effect(app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, file)
        await pilot.press("down")
        for key, back in (("space", "left"), ("enter", "left"), ("right", "a"), ("click", "left")):
            assert effect(pilot).startswith(
                "2 records: 1 added, 0 changed, 0 unchanged, 1 rejected"
            )
            if key == "click":
                await pilot.click("#option-list", offset=(10, 1))
            else:
                await pilot.press(key)
            await wait_until_planned(pilot)
            assert isinstance(top(pilot), ImportOptionsDialog)
            assert effect(pilot).startswith("2 records: 2 added, 0 changed, 0 unchanged, 0 rej")
            assert screen.request.options.unknown_id is UnknownIdAction.ADD
            assert "Import 2 changes" in str(screen.query_one("#import", Button).label)
            await pilot.press(back)
            await wait_until_planned(pilot)


async def test_encoding_can_be_set_and_one_that_fails_is_reset(app, home):
    user = sample_users(1)[0]._replace(user_id="", first_name="Müller")
    path = home / "win.csv"
    path.write_bytes(csv_text([HEADER, user]).encode("cp1252"))
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, path)
        await pilot.press("end", "up", "up", "up", "space")
        await wait_until_planned(pilot)
        assert screen.request.read_options.encoding == "utf-8"
        assert rows_of(pilot)[-4].endswith(" UTF-8 *")
        assert "1 rejected" in effect(pilot)
        await pilot.press("left")
        await wait_until_planned(pilot)
        assert screen.request.read_options.encoding == ""
        assert "1 added" in effect(pilot)
        await pilot.press("space", "space", "space")
        await wait_until(pilot, lambda: not screen.is_planning)
        assert isinstance(top(pilot), ImportOptionsDialog)


async def test_m_maps_the_columns_and_closing_keeps_the_options(app, file):
    async with app.run_test(size=LARGE) as pilot:
        screen = await options(pilot, file)
        await opens(pilot, MappingDialog, "m")
        await pilot.press("f2")
        await wait_until(pilot, lambda: screen.request.read_options.mapping is not None)
        await wait_until_planned(pilot)
        assert rows_of(pilot)[-1].endswith("mapping “staff” *")
        await pilot.press("a")
        await wait_until_planned(pilot)
        for way in ("escape", "o", "#ok"):
            await (pilot.click(way) if way.startswith("#") else pilot.press(way))
            await opens(pilot, PreviewScreen)
            assert screen.request.options.unknown_id is UnknownIdAction.ADD
            await pilot.click("#options")
            await opens(pilot, ImportOptionsDialog)
