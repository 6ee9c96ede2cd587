"""The dialog Save As, used by keys and by clicks."""

import os
from pathlib import Path

import pytest

from qm_tui.tui.question import Question
from qm_tui.tui.save_dialog import SaveChoice, SaveDialog
from tests.tui.dialogs import made, opened

NAME = "users-2026-11-23.csv"


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    folder = made(tmp_path / "admin", "exports/")
    monkeypatch.setenv("HOME", str(folder))
    made(folder / "exports", "archive/", "old.csv")
    return folder


@pytest.fixture
def exports(home: Path) -> Path:
    return home / "exports"


def _dialog(folder: Path) -> SaveDialog:
    return SaveDialog(folder, NAME)


async def test_enter_saves_under_the_proposed_name(exports):
    async with opened(_dialog(exports)) as hand:
        assert hand.text == hand.dialog.field.selected_text == NAME
        assert hand.dialog.focused is hand.dialog.field
        assert hand.shown("#folder") == "~/exports"
        await hand.press("enter")
        assert hand.app.result == SaveChoice(exports / NAME, overwrite=False)
        assert not (exports / NAME).exists()


async def test_save_is_clicked(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.click("#accept")
        assert hand.app.result == SaveChoice(exports / NAME, overwrite=False)


async def test_enter_before_the_folder_is_read_saves_into_that_folder(exports):
    async with opened(_dialog(exports)) as hand:
        hand.dialog.files.show_folder(exports / "archive")
        hand.dialog.submit()
        await hand.settle()
        assert hand.app.result == SaveChoice(exports / "archive" / NAME, overwrite=False)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("mine", "exports/mine.csv"),
        ("mine.CSV", "exports/mine.CSV"),
        ("archive/mine", "exports/archive/mine.csv"),
        ("~/mine.csv", "mine.csv"),
        ("{home}/mine", "mine.csv"),
        ("../mine.txt", "exports/../mine.txt.csv"),
        ("**x", "exports/**x.csv"),
        ("[/nope]", "exports/[/nope].csv"),
    ],
)
async def test_names_and_whole_paths_are_taken_and_get_csv(home, exports, text, path):
    (exports / "[").mkdir()
    async with opened(_dialog(exports)) as hand:
        await hand.type(text.format(home=home), "enter")
        assert hand.app.result == SaveChoice(home / path, overwrite=False)


async def test_entering_folders_keeps_the_name(home, exports):
    async with opened(_dialog(exports)) as hand:
        await hand.press("down", "home", "down", "enter")
        assert hand.shown("#folder") == "~/exports/archive"
        assert hand.text == NAME
        await hand.click_row("..")
        await hand.click_row("..")
        await hand.click("#accept")
        assert hand.app.result == SaveChoice(exports / NAME, overwrite=False)


async def test_entering_folders_keeps_a_name_that_was_typed(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.type("mine", "down", "home", "down", "enter", "shift+tab", "enter")
        assert hand.app.result == SaveChoice(exports / "archive" / "mine.csv", overwrite=False)


async def test_a_folder_typed_is_entered_and_the_name_comes_back(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.type("arch", "tab", "enter")
        assert hand.shown("#folder") == "~/exports/archive"
        assert hand.text == NAME
        assert hand.app.is_open


async def test_home_is_completed(home, exports):
    async with opened(_dialog(exports)) as hand:
        await hand.type("~/", *"exp", "tab")
        assert hand.text == "~/exports/"


# A file stands there


async def test_choosing_a_file_puts_its_name_into_the_field(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.press("down", "end", "enter")
        assert hand.text == "old.csv"
        assert hand.dialog.focused is hand.dialog.field
        assert hand.app.is_open


async def test_overwriting_asks_and_no_is_the_default(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.type("old", "enter")
        assert isinstance(hand.app.screen, Question)
        assert "~/exports/old.csv exists already. Overwrite it?" in hand.screen_text
        await hand.press("enter")
        assert hand.app.is_open
        assert hand.text == "old"
        assert hand.dialog.focused is hand.dialog.field
        await hand.press("enter", "escape")
        assert hand.app.is_open


async def test_overwriting_is_allowed_by_keys(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.type("~/exports/old.csv", "enter", "tab", "enter")
        assert hand.app.result == SaveChoice(exports / "old.csv", overwrite=True)


async def test_overwriting_is_allowed_by_clicks(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.click_row("archive")
        await hand.click_row("old.csv")
        assert hand.text == NAME
        await hand.click_row("old.csv")
        assert hand.text == "old.csv"
        await hand.click("#accept")
        await hand.click("#yes")
        assert hand.app.result == SaveChoice(exports / "old.csv", overwrite=True)


async def test_a_file_with_escapes_in_its_name_is_asked_about_safely(exports):
    name = "a\x1b[2J\u202eb.csv"
    made(exports / "in", name)
    async with opened(_dialog(exports / "in")) as hand:
        await hand.press("down", "end", "enter")
        assert hand.text == "a␛[2J‹U+202E›b.csv"
        await hand.press("enter")
        assert "a␛[2J‹U+202E›b.csv exists already" in hand.screen_text
        await hand.press("right", "enter")
        assert hand.app.result == SaveChoice(exports / "in" / name, overwrite=True)


# What cannot be saved


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("/dev/null", "/dev/null is a device"),
        ("gone/mine.csv", "The folder ~/exports/gone does not exist"),
        ("gone/", "The folder ~/exports/gone does not exist"),
        ("", "File Name is empty"),
        ("  ", "File Name is empty"),
        ("x" * 252, "too long"),
        ("x" * 300, "too long"),
        ("ä" * 130, "too long"),
        ("dir", "~/exports/dir.csv is a folder"),
        ("loop.csv", "symbolic links"),
        ("old.csv/mine", "does not exist"),
        ("pipe", "is a device or a pipe"),
        ("~nouser/x", "does not exist"),
    ],
)
async def test_what_cannot_be_saved_is_said_and_nothing_is_lost(exports, text, why):
    (exports / "dir.csv").mkdir()
    (exports / "loop.csv").symlink_to(exports / "loop.csv")
    os.mkfifo(exports / "pipe.csv")
    async with opened(_dialog(exports)) as hand:
        await hand.type(text, "enter")
        assert hand.app.is_open
        assert why in hand.said
        assert hand.text == text
        await hand.type("good", "enter")
        assert hand.app.result == SaveChoice(exports / "good.csv", overwrite=False)


@pytest.mark.parametrize("name", ["[@click=app.quit]x", "[/nope]"])
async def test_markup_in_folder_names_is_text(exports, name):
    async with opened(_dialog(made(exports / name, "[@click=app.quit]y/"))) as hand:
        assert hand.shown("#folder") == f"~/exports/{name}"
        await hand.click("#folder", (12, 0))
        assert hand.app.is_open
        await hand.press("enter")
        assert hand.app.result == SaveChoice(exports / name / NAME, overwrite=False)


async def test_a_start_folder_that_is_gone_falls_back_to_home(home):
    async with opened(_dialog(home / "gone")) as hand:
        assert hand.shown("#folder") == "~"
        assert hand.said == "The folder ~/gone does not exist. ~ is shown instead."
        assert hand.text == NAME


async def test_escape_and_cancel_give_nothing(exports):
    async with opened(_dialog(exports)) as hand:
        await hand.press("escape")
        assert hand.app.result is None
    async with opened(_dialog(exports)) as hand:
        await hand.click("#cancel")
        assert hand.app.result is None


async def test_every_part_is_reached_by_tab(exports):
    async with opened(_dialog(exports)) as hand:
        reached = []
        for _ in range(4):
            await hand.press("tab")
            reached.append(hand.dialog.focused.id if hand.dialog.focused else "")
        assert reached == ["files", "accept", "cancel", "path"]


@pytest.mark.parametrize(("size", "width"), [((80, 24), 80), ((120, 40), 100)])
async def test_it_fits_and_uses_the_room(exports, size, width):
    async with opened(_dialog(exports), size) as hand:
        lines = [line.strip() for line in hand.screen_text.split("\n") if line.strip()]
        assert {len(line) for line in lines} == {width}
        assert lines[0].startswith("╭─ Save As ─")
        assert "[Save]   [Cancel]" in lines[-2]
