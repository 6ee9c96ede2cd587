"""The dialog Open, used by keys and by clicks."""

import os
from pathlib import Path

import pytest
from textual import events

from qm_tui.tui.transfer.open_dialog import OpenDialog
from tests.tui.dialogs import open_dialog, write_users_files
from tests.tui.pages import wait_until


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    folder = write_users_files(tmp_path / "admin", "incoming/", "empty/")
    monkeypatch.setenv("HOME", str(folder))
    write_users_files(
        folder / "incoming", "2026-10/", "new.csv", "old.CSV", ".hidden.csv", "notes.txt"
    )
    write_users_files(folder / "incoming" / "2026-10", "october.csv")
    return folder


@pytest.fixture
def incoming(home: Path) -> Path:
    return home / "incoming"


# Opening a file


async def test_enter_opens_the_newest_file(incoming):
    os.utime(incoming / "2026-10", (2_000_000_000, 2_000_000_000))  # a newer folder does not count
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert hand.text == "~/incoming/new.csv"
        assert hand.dialog.field.selected_text == hand.text
        assert hand.cursor == "new.csv"
        await hand.pilot.press("enter", "enter", "escape")  # it closes once
        await hand.settle()
        assert hand.app.result == incoming / "new.csv"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("there.csv", "start/there.csv"),
        ("inside/deep.csv", "start/inside/deep.csv"),
        ("./new.csv", "incoming/new.csv"),  # the folder shown goes first
        ("~/incoming/old.CSV", "incoming/old.CSV"),
    ],
)
async def test_typed_path_is_opened(home, incoming, monkeypatch, text, path):
    start = write_users_files(home / "start", "there.csv", "new.csv", "inside/")
    write_users_files(start / "inside", "deep.csv")
    monkeypatch.chdir(start)
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("inside/", "enter")
        assert hand.dialog.files.folder == start / "inside"
        hand.dialog.files.show_folder(incoming)
        await hand.settle()
        await hand.type(text, "enter")
        assert hand.app.result == home / path


async def test_files_are_selected_by_clicks(incoming):
    for last in ("row", "#accept"):
        async with open_dialog(OpenDialog(incoming)) as hand:
            await hand.click_row("old.CSV")
            assert hand.app.is_open
            assert hand.text == "~/incoming/old.CSV"
            await (hand.click_row("old.CSV") if last == "row" else hand.click(last))
            assert hand.app.result == incoming / "old.CSV"


async def test_enter_before_the_folder_is_read_opens_the_newest_file(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        hand.dialog.files.show_folder(incoming)
        hand.dialog.submit()
        await hand.settle()
        assert hand.app.result == incoming / "new.csv"


async def test_cursor_follows_typed_name_and_first_lines_are_shown(incoming):
    (incoming / "wrong.csv").write_bytes(b"")
    os.utime(incoming / "wrong.csv", (0, 0))
    async with open_dialog(OpenDialog(incoming)) as hand:

        async def shows(text: str) -> None:
            await wait_until(hand.pilot, lambda: text in hand.shown("#lines"))

        await shows("Read as UTF-8, comma, header in line 1.")
        lines = hand.shown("#lines").split("\n")
        assert lines[2].startswith("Anna, Berg, 0412")
        assert "(not shown)" in lines[2]
        assert "ENC-anna-PW" not in hand.screen_text
        await hand.type("old.CSV")
        assert (hand.cursor, hand.text) == ("old.CSV", "old.CSV")
        await shows("Read as")
        await hand.type("wrong.csv")
        await shows("is empty")
        await hand.type("ne")
        assert (hand.cursor, hand.text) == ("new.csv", "ne")
        assert hand.shown("#lines") == ""
        await hand.type("no-such.csv")
        assert hand.shown("#lines") == ""
        # Enter in the list first replaces a typed path
        hand.dialog.files.focus()
        await hand.press("enter")
        assert hand.app.is_open
        assert hand.text == "~/incoming/new.csv"
        await hand.press("enter")
        assert hand.app.result == incoming / "new.csv"


# Folders


async def test_folders_are_entered_by_keys_and_clicks(home, incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.press("down", "up", "enter")
        assert hand.text == "~/incoming/2026-10/october.csv"
        await hand.press("backspace")
        assert (hand.cursor, hand.text) == ("2026-10", "~/incoming/2026-10/")
        await hand.click_row("2026-10")
        assert hand.names == ["..", "october.csv"]
        await hand.click_row("..")
        assert hand.text == "~/incoming/"
        await hand.click("#accept")
        assert hand.names == ["..", "2026-10", "new.csv", "old.CSV"]
        assert hand.shown("#shown") == "1 folder, 2 .csv files, newest first"
        hand.dialog.files.focus()
        await hand.press("s", ".")
        assert hand.shown("#shown").endswith(" by name")
        assert hand.names == ["..", "2026-10", ".hidden.csv", "new.csv", "old.CSV"]
        await hand.press("~")
        shown = ["newest first", "2 folders", "2 folders, newest first"]
        for hint, seen in zip(hand.dialog.query("KeyHint"), shown, strict=True):
            await hand.pilot.click(hint)
            await hand.settle()
            assert seen in hand.shown("#shown")
        await hand.type("~/empty", "enter")
        assert hand.names == [".."]
        assert (hand.text, hand.message) == ("~/empty/", "")
        await hand.press("enter")
        assert "No .csv files in ~/empty." in hand.message
        await hand.type("~/incoming/2026-10/", "end", *"oct", "tab", "enter")
        assert hand.app.result == incoming / "2026-10" / "october.csv"


async def test_missing_folder_shows_an_error_and_keeps_the_list(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        (incoming / "2026-10" / "october.csv").unlink()
        (incoming / "2026-10").rmdir()
        await hand.press("down", "up", "enter")
        assert hand.message.startswith("Folder ~/incoming/2026-10 does not exist.")
        assert "new.csv" in hand.names
        await hand.press("down")
        assert hand.message == ""


async def test_unreadable_start_folder_falls_back_to_home_and_then_to_root(incoming, monkeypatch):
    (incoming / "loop").symlink_to(incoming / "loop")
    for name in ("gone/deeper", "new.csv", "loop"):
        async with open_dialog(OpenDialog(incoming / name)) as hand:
            assert hand.names == ["..", "empty", "incoming"]
            assert hand.message.endswith("Showing ~ instead.")
    monkeypatch.setenv("HOME", str(incoming / "nowhere"))
    async with open_dialog(OpenDialog(incoming / "gone")) as hand:
        assert hand.dialog.files.folder == Path("/")


# Typed paths


async def test_invalid_path_shows_an_error_and_keeps_the_input(incoming):
    (incoming / "loop.csv").symlink_to(incoming / "loop.csv")
    os.mkfifo(incoming / "pipe.csv")
    (incoming / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    async with open_dialog(OpenDialog(incoming)) as hand:
        for text, why in (
            ("nothing.csv", "does not exist"),
            ("notes.txt", "does not end in .csv"),
            ("/dev/null", "is a device"),
            ("~nouser/x.csv", "does not exist"),
            ("a/" * 2040, "too long"),
            ("loop.csv", "symbolic links"),
            ("pipe.csv", "is a pipe"),
            ("picture.csv", "is a picture"),
            ("new.csv/x.csv", "Cannot read"),
            ("   ", "Path is required"),
        ):
            await hand.type(text, "enter")
            assert why in hand.message
            assert hand.text == text
        await hand.type("~/incoming/old.CSV")
        assert hand.message == ""
        await hand.press("enter")
        assert hand.app.result == incoming / "old.CSV"


async def test_tab_completes_or_moves_the_focus(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("~/", *"inc", "tab", *"ol", "tab")
        assert hand.text == "~/incoming/old.CSV"
        for name in ("files", "accept", "cancel", "path"):
            await hand.press("tab")
            assert hand.dialog.focused is not None
            assert hand.dialog.focused.id == name
        # keys typed during a completion keep their order
        await hand.type("")
        await hand.pilot.press(*"~/inc", "tab", *"old", "tab", "enter")
        await hand.settle()
        assert hand.app.result == incoming / "old.CSV"


async def test_control_characters_are_removed(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("")
        field = hand.dialog.field
        field.post_message(events.Paste("old\x1b[2J\x00\u202e\x9b.csv\nrest"))
        await hand.settle()
        assert hand.text == "old[2J.csv"
        field.post_message(events.Key("x", "\u200b"))
        await hand.settle()
        assert "\u200b" not in hand.text


# Untrusted names


@pytest.mark.parametrize("name", ["[@click=app.exit]x", "a\x1b[2J\u202eb\nc", "  "])
async def test_folders_and_files_of_any_name_are_shown_safely_and_opened(incoming, name):
    folder = write_users_files(incoming / "in", name + "/")
    write_users_files(folder / name, name + ".csv")
    async with open_dialog(OpenDialog(folder)) as hand:
        await hand.press("down", "enter")
        assert hand.names == ["..", name + ".csv"]
        for seen in (hand.text, hand.screen_text.replace("\n", ""), hand.shown("#folder")):
            assert not set("\x1b\u202e\n") & set(seen)
        await hand.click("#folder", (17, 0))
        assert hand.app.is_running
        await hand.press("shift+tab", "enter")
        assert hand.app.result == folder / name / (name + ".csv")


async def test_path_like_a_closing_tag_is_text(incoming):
    folder = write_users_files(incoming / "[" / "nope]", "[@].csv")
    async with open_dialog(OpenDialog(folder)) as hand:
        assert hand.shown("#folder") == "~/incoming/[/nope]"
        await hand.type("~/incoming/[/gone]", "enter")
        assert "incoming/[/gone] does not exist" in hand.message
        await hand.type("~/incoming/[/nope]/[", "tab", "enter")
        assert hand.app.result == folder / "[@].csv"


async def test_name_that_is_not_utf_8_is_opened(incoming):
    path = Path(os.fsdecode(os.fsencode(write_users_files(incoming / "in")) + b"/caf\xe9.csv"))
    path.write_bytes((incoming / "new.csv").read_bytes())
    async with open_dialog(OpenDialog(path.parent)) as hand:
        assert hand.text == "~/incoming/in/caf‹U+DCE9›.csv"
        await hand.press("enter")
        assert hand.app.result == path


# Closing and layout


@pytest.mark.parametrize(
    "keys", ["escape", "down escape", "shift+tab escape", "q down q", "#cancel"]
)
async def test_it_closes_from_everywhere_but_q_is_a_letter_in_the_field(incoming, keys):
    async with open_dialog(OpenDialog(incoming)) as hand:
        *first, last = keys.split()
        await hand.press(*first)
        assert hand.text == ("q" if "q" in first else "~/incoming/new.csv")
        await (hand.click(last) if last.startswith("#") else hand.press(last))
        assert hand.app.result is None


async def test_twenty_thousand_files_are_listed(incoming):
    for number in range(20_000):
        os.close(os.open(incoming / f"{number:05}.csv", os.O_CREAT | os.O_WRONLY))
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert "1 folder, 20,002 .csv files" in hand.shown("#shown")
        await hand.press("down", "s", "end")
        assert hand.cursor == "old.CSV"
        await hand.press("home", "pagedown", "enter")
        assert hand.app.result is not None
