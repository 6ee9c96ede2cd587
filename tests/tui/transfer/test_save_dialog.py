"""The dialog Save As, used by keys and by clicks."""

import os
from pathlib import Path

import pytest
from textual.widgets import Static

from qm_tui.store.state import UserCount
from qm_tui.transfer.options.export_options import (
    DEFAULT_EXPORT_OPTIONS,
    EXPORT_OPTIONS,
    Delimiter,
    ExportOptions,
)
from qm_tui.tui.transfer.export_options_dialog import (
    CheckList,
    ExportGroup,
    ExportOptionsDialog,
    ExportScope,
)
from qm_tui.tui.transfer.save_dialog import SaveDialog, SaveRequest
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from tests.tui.dialogs import DialogDriver, open_dialog, write_users_files

NAME = "users-2026-11-23.csv"


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    folder = write_users_files(tmp_path / "admin", "exports/")
    monkeypatch.setenv("HOME", str(folder))
    write_users_files(folder / "exports", "archive/", "old.csv")
    return folder


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"


def _dialog(
    folder: Path, choices: ExportOptions = DEFAULT_EXPORT_OPTIONS, marked: int = 0
) -> SaveDialog:
    return SaveDialog(folder, NAME, ExportScope(choices, marked))


async def test_enter_and_the_button_save_under_the_proposed_name(exports):
    for way in ("enter", "#accept"):
        async with open_dialog(_dialog(exports)) as hand:
            assert hand.text == hand.dialog.field.selected_text == NAME
            assert hand.dialog.focused is hand.dialog.field
            assert hand.shown("#folder") == "~/exports"
            await (hand.click(way) if way.startswith("#") else hand.press(way))
            assert hand.app.result == SaveRequest(exports / NAME, overwrite=False)
            assert not (exports / NAME).exists()


async def test_enter_before_the_folder_is_read_saves_into_that_folder(exports):
    async with open_dialog(_dialog(exports)) as hand:
        hand.dialog.files.show_folder(exports / "archive")
        hand.dialog.submit()
        await hand.settle()
        assert hand.app.result == SaveRequest(exports / "archive" / NAME, overwrite=False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("mine", "exports/mine.csv"),
        ("archive/mine", "exports/archive/mine.csv"),
        ("inside/out.csv", "start/inside/out.csv"),  # where the program was started
        ("~/mine.csv", "mine.csv"),
        ("../mine.txt", "exports/../mine.txt.csv"),
        ("[/nope]", "exports/[/nope].csv"),
    ],
)
async def test_names_and_paths_are_accepted_and_get_csv(home, exports, monkeypatch, text, path):
    (exports / "[").mkdir()
    monkeypatch.chdir(write_users_files(home / "start", "archive/", "inside/"))
    async with open_dialog(_dialog(exports)) as hand:
        await hand.type(text, "enter")
        assert hand.app.result == SaveRequest(home / path, overwrite=False)


async def test_entering_folders_keeps_the_name(home, exports):
    async with open_dialog(_dialog(exports)) as hand:
        await hand.press("down", "home", "down", "enter")
        assert hand.shown("#folder") == "~/exports/archive"
        assert hand.text == NAME
        await hand.click_row("..")
        await hand.type("arch", "tab", "enter")
        assert (hand.shown("#folder"), hand.text) == ("~/exports/archive", NAME)
        await hand.type("~/", *"exp", "tab")
        assert hand.text == "~/exports/"
        await hand.press("enter")
        await hand.type("mine", "down", "home", "down", "enter", "shift+tab", "enter")
        assert hand.app.result == SaveRequest(exports / "archive" / "mine.csv", overwrite=False)


# Existing files


async def test_overwriting_asks_and_cancel_is_the_default(exports):
    async with open_dialog(_dialog(exports, ExportOptions(ids=False), marked=1)) as hand:
        await hand.press("down", "end", "enter")
        assert hand.text == "old.csv"
        assert hand.dialog.focused is hand.dialog.field
        await hand.press("enter")
        assert isinstance(hand.app.screen, ConfirmQuestion)
        assert "~/exports/old.csv already exists. Overwrite it?" in hand.screen_text
        await hand.press("enter")
        assert hand.app.is_open
        assert hand.text == "old.csv"
        assert hand.dialog.focused is hand.dialog.field
        await hand.press("enter", "escape")
        assert hand.app.is_open
        await hand.click_row("archive")
        await hand.click_row("old.csv")
        await hand.click_row("old.csv")
        await hand.click("#accept")
        await hand.click("#yes")
        assert hand.app.result == SaveRequest(exports / "old.csv", True, ExportOptions(ids=False))


async def test_names_are_text(exports):
    name = "a\x1b[2J\u202eb.csv"
    folder = write_users_files(exports / "[@click=app.quit]x", name)
    async with open_dialog(_dialog(folder)) as hand:
        assert hand.shown("#folder") == "~/exports/[@click=app.quit]x"
        await hand.click("#folder", (12, 0))
        assert hand.app.is_open
        hand.dialog.files.focus()
        await hand.press("end", "enter")
        assert hand.text == "a␛[2J‹U+202E›b.csv"
        await hand.press("enter")
        assert "a␛[2J‹U+202E›b.csv already exists" in hand.screen_text
        await hand.press("right", "enter")
        assert hand.app.result == SaveRequest(folder / name, overwrite=True)


# Invalid paths


async def test_invalid_path_shows_an_error_and_keeps_the_input(exports):
    (exports / "dir.csv").mkdir()
    (exports / "loop.csv").symlink_to(exports / "loop.csv")
    os.mkfifo(exports / "pipe.csv")
    async with open_dialog(_dialog(exports)) as hand:
        for text, why in (
            ("/dev/null", "/dev/null is a device"),
            ("gone/mine.csv", "Folder ~/exports/gone does not exist"),
            ("  ", "File Name is required"),
            ("ä" * 130, "too long"),
            ("dir", "~/exports/dir.csv is a folder"),
            ("loop.csv", "symbolic links"),
            ("old.csv/mine", "is not a folder"),
            ("pipe", "is a device or a pipe"),
        ):
            await hand.type(text, "enter")
            assert hand.app.is_open
            assert why in hand.message
            assert hand.text == text
        await hand.type("good", "enter")
        assert hand.app.result == SaveRequest(exports / "good.csv", overwrite=False)


# Options


def _explained(hand: DialogDriver) -> str:
    return str(hand.app.screen.query_one("#export-meaning", Static).content)


def _line(hand: DialogDriver, title: str) -> int:
    lines = hand.app.screen.query_one(CheckList)
    return next(row for row in range(lines.row_count) if title in lines.row_text(row, 70))


async def test_options_are_changed_by_keys_and_clicks(exports):
    choices = ExportOptions(passwords=False, for_excel=True, delimiter=Delimiter.SEMICOLON)
    async with open_dialog(_dialog(exports, choices)) as hand:
        assert hand.shown("#export-summary") == (
            "24 of 26 fields, no passwords, header, for Excel with semicolon"
        )
        await hand.type("", "o")
        assert hand.text == "o"  # a letter in the field
        assert hand.app.screen is hand.dialog
        await hand.press("down", "o")
        assert isinstance(hand.app.screen, ExportOptionsDialog)
        assert "marked" not in hand.screen_text
        for title in ("Passwords", "ID", "Delimiter"):
            await hand.press("home", *["down"] * _line(hand, title), "space")
        for title in ("formulas", "Header", "Header"):
            await hand.click("#export-lines", (6, _line(hand, title)))
        await hand.press("escape")
        await hand.click("#accept")
        changed = ExportOptions(
            ids=False, for_excel=True, delimiter=Delimiter.TAB, guard_formulas=True
        )
        assert hand.app.result == SaveRequest(exports / "o.csv", False, changed)


async def test_current_value_has_help_and_other_delimiters_need_excel(exports):
    async with open_dialog(_dialog(exports)) as hand:
        await hand.press("down", "o")
        assert _explained(hand) == EXPORT_OPTIONS[0].current(DEFAULT_EXPORT_OPTIONS).help
        await hand.press("home", *["down"] * _line(hand, "Delimiter"), "space")
        assert _explained(hand) == "Only files for Excel can use a delimiter other than comma."
        assert "comma" in hand.screen_text


async def test_groups_of_users_are_offered_if_there_are_any(exports):
    scope = ExportScope(DEFAULT_EXPORT_OPTIONS, marked=12, shown=UserCount(312), hidden=9)
    async with open_dialog(SaveDialog(exports, NAME, scope)) as hand:
        assert hand.shown("#export-summary").startswith("all users; all 26 fields")
        await hand.press("down", "o")
        for group, text in (
            ("all users", "Exports all users in store order."),
            ("312 shown", "Exports the users that match the filter, in the order shown."),
            ("12 marked (9 not shown)", "Exports the marked users, including those not shown."),
        ):
            assert group in hand.screen_text
            assert _explained(hand) == text
            await hand.press("space")
        await hand.press("space", "q")
        assert hand.shown("#export-summary").startswith("312 shown; all 26 fields")
        await hand.click("#accept")
        assert hand.app.result == SaveRequest(
            exports / NAME, False, DEFAULT_EXPORT_OPTIONS, ExportGroup.SHOWN
        )
