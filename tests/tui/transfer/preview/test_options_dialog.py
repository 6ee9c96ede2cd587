"""The dialog Import options: values, help and effect of the options."""

import pytest
from textual.widgets import Button, Static

from qm_tui.transfer.options.import_options import IMPORT_OPTIONS, UnknownIdAction
from qm_tui.tui.transfer.preview.mapping_dialog import MappingDialog
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionList, ImportOptionsDialog
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from tests.helpers import HEADER, csv_text, write_file
from tests.tui.pages import LARGE, SAMPLES, SMALL, app_on, sample_users, shown, top, wait_until_idle
from tests.tui.previews import preview, wait_until_planned

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


@pytest.fixture
def file(home):
    first, second = sample_users(2)
    rows = [first._replace(user_id="elsewhere"), second._replace(user_id="", first_name="Zoë")]
    return write_file(home, csv_text([HEADER, *rows]), "staff.csv")


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(12)[5:])


async def options(pilot, file):
    """Open the options of an import."""
    await wait_until_idle(pilot)
    screen = await preview(pilot, file)
    await pilot.press("o")
    await pilot.pause()
    assert isinstance(top(pilot), ImportOptionsDialog)
    return screen


def rows_of(pilot):
    rows = top(pilot).query_one(ImportOptionList)
    return [rows.row_text(row, 90).rstrip() for row in range(rows.row_count)]


def effect(pilot):
    return str(top(pilot).query_one("#effect", Static).content)


async def test_every_option_has_a_line_with_its_value(app, file):
    async with app.run_test(size=SMALL) as pilot:
        await options(pilot, file)
        rows = rows_of(pilot)
        for choice in IMPORT_OPTIONS:
            assert any(choice.title in row and choice.values[0].label in row for row in rows)
        assert rows[-4].endswith("detected: UTF-8")
        assert rows[-3].endswith("detected: comma")
        assert rows[-2].endswith("detected: first row")
        assert rows[-1].endswith("by header name")


async def test_current_option_has_help(app, file):
    async with app.run_test(size=SMALL) as pilot:
        await options(pilot, file)
        assert IMPORT_OPTIONS[0].values[0].help in shown(pilot)
        await pilot.press("down", "down", "down")
        await pilot.pause()
        assert IMPORT_OPTIONS[3].values[0].help in shown(pilot)


@pytest.mark.parametrize("key", ["space", "enter", "right", "a", "click"])
async def test_change_shows_its_effect(app, file, key):
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, file)
        assert effect(pilot).startswith("2 records: 1 added, 0 changed, 0 unchanged, 1 rejected")
        if key != "a":
            await pilot.press("down")
        if key == "click":
            await pilot.click("#option-list", offset=(10, 1))
        else:
            await pilot.press(key)
        await wait_until_planned(pilot)
        assert isinstance(top(pilot), ImportOptionsDialog)
        assert effect(pilot).startswith("2 records: 2 added, 0 changed, 0 unchanged, 0 rejected")
        assert screen.request.options.unknown_id is UnknownIdAction.ADD
        assert str(screen.query_one("#import", Button).label) == "[i Import 2 changes]"


async def test_left_selects_the_previous_value(app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, file)
        await pilot.press("left")
        await wait_until_planned(pilot)
        assert screen.request.options.mode == "update"
        await pilot.press("right")
        await wait_until_planned(pilot)
        assert screen.request.options.mode == "add-update"


async def test_encoding_can_be_set(app, home):
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


async def test_encoding_that_fails_is_reported_and_reset(app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, file)
        await pilot.press("end", "up", "up", "up")
        for _ in range(3):
            await pilot.press("space")
        for _ in range(100):
            await pilot.pause(0.02)
            if not screen.is_planning:
                break
        assert isinstance(top(pilot), ImportOptionsDialog)
        assert screen.request.read_options.encoding in ("", "utf-8", "utf-8-sig", "utf-16")
        assert effect(pilot).startswith(("2 records", "0 records", "1 record"))


async def test_m_maps_the_columns(app, file):
    async with app.run_test(size=LARGE) as pilot:
        screen = await options(pilot, file)
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(top(pilot), MappingDialog)
        await pilot.press("f2")
        await wait_until_planned(pilot)
        assert screen.request.read_options.mapping is not None
        assert rows_of(pilot)[-1].endswith("mapping “staff” *")


@pytest.mark.parametrize("how", ["escape", "o", "click"])
async def test_closing_keeps_the_options(app, file, how):
    async with app.run_test(size=SMALL) as pilot:
        screen = await options(pilot, file)
        await pilot.press("a")
        await wait_until_planned(pilot)
        await (pilot.click("#ok") if how == "click" else pilot.press(how))
        await pilot.pause()
        assert isinstance(top(pilot), PreviewScreen)
        assert screen.request.options.unknown_id is UnknownIdAction.ADD
        await pilot.click("#options")
        await pilot.pause()
        assert isinstance(top(pilot), ImportOptionsDialog)


@pytest.mark.snapshot
@SIZES
def test_the_options(home, size, snap_compare):
    async def before(pilot):
        await options(pilot, SAMPLES / "users-with-errors.csv")
        await pilot.press("a")
        await wait_until_planned(pilot)

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)
