"""The dialog Open, used by keys and by clicks."""

import os
from pathlib import Path

import pytest
from textual import events

from qm_tui.tui.transfer.open_dialog import OpenDialog
from tests.tui.dialogs import DialogDriver, open_dialog, write_users_files


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
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert hand.text == "~/incoming/new.csv"
        assert hand.dialog.field.selected_text == hand.text
        assert hand.cursor == "new.csv"
        await hand.press("enter")
        assert hand.app.result == incoming / "new.csv"


async def test_newer_folder_is_not_preselected(incoming):
    (incoming / "archive").mkdir(exist_ok=True)
    os.utime(incoming / "archive", (2_000_000_000, 2_000_000_000))
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert hand.cursor == "new.csv"


@pytest.mark.parametrize("text", ["there.csv", "inside/deep.csv", "inside/"])
async def test_typed_path_may_start_where_the_program_was_started(incoming, monkeypatch, text):
    start = write_users_files(incoming.parent / "start", "there.csv", "inside/")
    write_users_files(start / "inside", "deep.csv")
    monkeypatch.chdir(start)
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type(text, "enter")
        if text.endswith("/"):
            assert hand.dialog.files.folder == start / "inside"
        else:
            assert hand.app.result == start / text


async def test_typed_path_in_the_folder_shown_goes_first(incoming, monkeypatch):
    start = write_users_files(incoming.parent / "start", "new.csv")
    monkeypatch.chdir(start)
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("./new.csv", "enter")
        assert hand.app.result == incoming / "new.csv"


async def test_the_button_opens_what_the_field_shows(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.click("#accept")
        assert hand.app.result == incoming / "new.csv"


async def test_enter_before_the_folder_is_read_opens_the_newest_file(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        hand.dialog.files.show_folder(incoming)
        hand.dialog.submit()
        await hand.settle()
        assert hand.app.result == incoming / "new.csv"


async def test_cursor_follows_typed_name(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("old.CSV")
        assert (hand.cursor, hand.text) == ("old.CSV", "old.CSV")
        await hand.pilot.pause(0.3)
        await hand.settle()
        assert "Read as" in hand.shown("#lines")
        await hand.type("ne")
        assert (hand.cursor, hand.text) == ("new.csv", "ne")
        assert hand.shown("#lines") == ""
        await hand.type("no-such.csv")
        assert hand.shown("#lines") == ""


async def test_enter_in_the_list_first_replaces_a_typed_path(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("no-such.csv")
        hand.dialog.files.focus()
        await hand.press("enter")
        assert hand.app.is_open
        assert hand.text == "~/incoming/new.csv"
        await hand.press("enter")
        assert hand.app.result == incoming / "new.csv"


async def test_file_is_selected_by_keys(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.press("down", "down")
        assert (hand.cursor, hand.text) == ("old.CSV", "~/incoming/old.CSV")
        await hand.press("enter")
        assert hand.app.result == incoming / "old.CSV"


async def test_file_is_selected_by_clicks(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.click_row("old.CSV")
        assert hand.app.is_open
        assert hand.text == "~/incoming/old.CSV"
        await hand.click_row("old.CSV")
        assert hand.app.result == incoming / "old.CSV"


async def test_click_on_a_row_then_on_open(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.click_row("old.CSV")
        await hand.click("#accept")
        assert hand.app.result == incoming / "old.CSV"


# Folders


async def test_enter_opens_a_folder_and_backspace_its_parent(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.press("down", "up", "enter")
        assert hand.names == ["..", "october.csv"]
        assert hand.text == "~/incoming/2026-10/october.csv"
        await hand.press("backspace")
        assert hand.cursor == "2026-10"
        assert hand.text == "~/incoming/2026-10/"


async def test_clicks_open_a_folder_and_its_parent(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.click_row("2026-10")
        await hand.click_row("2026-10")
        assert hand.names == ["..", "october.csv"]
        await hand.click_row("..")
        assert hand.text == "~/incoming/"
        await hand.click("#accept")
        assert hand.names == ["..", "2026-10", "new.csv", "old.CSV"]
        assert hand.text == "~/incoming/new.csv"


async def test_keys_sort_show_hidden_files_and_go_home(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert hand.shown("#shown") == "1 folder, 2 .csv files, newest first"
        await hand.press("down", "s")
        assert hand.shown("#shown") == "1 folder, 2 .csv files, by name"
        assert hand.cursor == "new.csv"
        await hand.press(".")
        assert hand.names == ["..", "2026-10", ".hidden.csv", "new.csv", "old.CSV"]
        await hand.press("~")
        assert hand.names == ["..", "empty", "incoming"]


async def test_key_hints_can_be_clicked(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        hints = list(hand.dialog.query("KeyHint"))
        for hint, seen in zip(
            hints, ["by name", "1 folder, 3 .csv files", "2 folders, by name"], strict=True
        ):
            await hand.pilot.click(hint)
            await hand.settle()
            assert seen in hand.shown("#shown")


async def test_typing_a_folder_shows_it_and_keeps_the_input(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("2026-10/")
        assert hand.names == ["..", "october.csv"]
        assert hand.text == "2026-10/"
        await hand.press("end", *"oct", "tab")
        assert hand.text == "2026-10/october.csv"
        await hand.press("enter")
        assert hand.app.result == incoming / "2026-10" / "october.csv"


async def test_folder_without_csv_files_is_shown_then_reported(home):
    async with open_dialog(OpenDialog(home / "incoming")) as hand:
        await hand.type("~/empty", "enter")
        assert hand.names == [".."]
        assert (hand.text, hand.message) == ("~/empty/", "")
        await hand.press("enter")
        assert "No .csv files in ~/empty." in hand.message
        assert hand.app.is_open


async def test_missing_folder_shows_an_error_and_keeps_the_list(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        (incoming / "2026-10" / "october.csv").unlink()
        (incoming / "2026-10").rmdir()
        await hand.press("down", "up", "enter")
        assert hand.message.startswith("Folder ~/incoming/2026-10 does not exist.")
        assert "new.csv" in hand.names
        await hand.press("down")
        assert hand.message == ""


@pytest.mark.parametrize("name", ["gone", "gone/deeper", "new.csv", "x" * 300, "loop"])
async def test_unreadable_start_folder_falls_back_to_home(incoming, name):
    (incoming / "loop").symlink_to(incoming / "loop")
    async with open_dialog(OpenDialog(incoming / name)) as hand:
        assert hand.names == ["..", "empty", "incoming"]
        assert hand.message.endswith("Showing ~ instead.")


async def test_missing_home_falls_back_to_root(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    async with open_dialog(OpenDialog(tmp_path / "gone")) as hand:
        assert hand.dialog.files.folder == Path("/")


# Typed paths


async def _refused(hand: DialogDriver, text: str) -> str:
    await hand.type(text, "enter")
    assert hand.app.is_open
    assert hand.text == text
    return hand.message


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("nothing.csv", "does not exist"),
        ("notes.txt", "does not end in .csv"),
        ("/dev/null", "is a device"),
        ("**x", "does not exist"),
        ("~nouser/x.csv", "does not exist"),
        ("x" * 300 + ".csv", "too long"),
        ("a/" * 2040, "too long"),
        ("loop.csv", "symbolic links"),
        ("pipe.csv", "is a pipe"),
        ("picture.csv", "is a picture"),
        ("new.csv/x.csv", "Cannot read"),
        ("   ", "Path is required"),
    ],
)
async def test_invalid_path_shows_an_error_and_keeps_the_input(incoming, text, why):
    (incoming / "loop.csv").symlink_to(incoming / "loop.csv")
    os.mkfifo(incoming / "pipe.csv")
    (incoming / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n")
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert why in await _refused(hand, text)
        await hand.type("~/incoming/old.CSV")
        assert hand.message == ""
        await hand.press("enter")
        assert hand.app.result == incoming / "old.CSV"


@pytest.mark.parametrize("text", ["{home}/incoming/old.CSV", "~/incoming/old.CSV", "old.CSV"])
async def test_absolute_home_and_relative_paths_are_opened(home, incoming, text):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type(text.format(home=home), "enter")
        assert hand.app.result == incoming / "old.CSV"


async def test_tab_completes_or_moves_the_focus(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.type("~/", *"inc", "tab", *"ol", "tab")
        assert hand.text == "~/incoming/old.CSV"
        for next_one in ("files", "accept", "cancel", "path"):
            await hand.press("tab")
            assert hand.dialog.focused is not None
            assert hand.dialog.focused.id == next_one
        assert hand.text == "~/incoming/old.CSV"


async def test_keys_typed_during_a_completion_keep_their_order(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
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
        field.post_message(events.Key("escape", "\x1b"))
        field.post_message(events.Key("x", "\u200b"))
        await hand.settle()
        assert "\x1b" not in hand.text
        assert "\u200b" not in hand.text


# Untrusted names


@pytest.mark.parametrize(
    "name", ["[@click=app.quit]x", "[", "[red]", "a\x1b[2Jb", "a\nb", "a\u202eb", "  "]
)
async def test_folders_and_files_of_any_name_are_shown_safely_and_opened(incoming, name):
    folder = write_users_files(incoming / "in", name + "/")
    write_users_files(folder / name, name + ".csv")
    async with open_dialog(OpenDialog(folder)) as hand:
        await hand.press("down", "enter")
        assert hand.names == ["..", name + ".csv"]
        for seen in (hand.text, hand.screen_text.replace("\n", ""), hand.shown("#folder")):
            assert not set("\x1b\u202e\n") & set(seen)
        await hand.press("shift+tab", "enter")
        assert hand.app.result == folder / name / (name + ".csv")


async def test_click_on_markup_in_a_name_does_nothing(incoming):
    folder = write_users_files(incoming / "in", "[@click=app.exit]x/", "a.csv")
    async with open_dialog(OpenDialog(folder / "[@click=app.exit]x")) as hand:
        await hand.click("#folder", (20, 0))
        assert hand.app.is_running
        assert hand.app.is_open


async def test_path_like_a_closing_tag_is_text(incoming):
    folder = write_users_files(incoming / "[" / "nope]", "[@].csv")
    async with open_dialog(OpenDialog(folder)) as hand:
        assert hand.shown("#folder") == "~/incoming/[/nope]"
        assert hand.text == "~/incoming/[/nope]/[@].csv"
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


# First lines


async def test_first_lines_of_the_current_file_are_shown(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.pilot.pause(0.3)
        await hand.settle()
        lines = hand.shown("#lines").split("\n")
        assert lines[0] == "Read as UTF-8, comma, header in line 1."
        assert lines[2].startswith("Anna, Berg, 0412")
        assert "(not shown)" in lines[2]
        assert "ENC-anna-PW" not in hand.screen_text
        await hand.press("down", "up")
        assert hand.shown("#lines") == ""


async def test_error_of_the_current_file_is_shown_before_opening(incoming):
    (incoming / "newest.csv").write_bytes(b"")
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.pilot.pause(0.3)
        await hand.settle()
        assert "is empty" in hand.shown("#lines")


# Closing


async def test_escape_closes_it_from_everywhere(incoming):
    for keys in ([], ["down"], ["shift+tab"]):
        async with open_dialog(OpenDialog(incoming)) as hand:
            await hand.press(*keys, "escape")
            assert hand.app.result is None


async def test_q_is_a_letter_in_the_field_and_closes_elsewhere(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.press("q")
        assert hand.app.is_open
        assert hand.text == "q"
        await hand.press("down", "q")
        assert hand.app.result is None


async def test_cancel_is_clicked(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.click("#cancel")
        assert hand.app.result is None


async def test_it_closes_once(incoming):
    async with open_dialog(OpenDialog(incoming)) as hand:
        await hand.pilot.press("enter", "enter", "escape", "escape")
        await hand.settle()
        assert not hand.app.is_open


# Layout


@pytest.mark.parametrize(("size", "width"), [((80, 24), 80), ((120, 40), 100)])
async def test_it_fits_and_uses_the_room(incoming, size, width):
    async with open_dialog(OpenDialog(incoming), size) as hand:
        await hand.pilot.pause(0.3)
        await hand.settle()
        lines = [line.strip() for line in hand.screen_text.split("\n") if line.strip()]
        assert {len(line) for line in lines} == {width}
        assert lines[0].startswith("╭─ Open ─")
        assert lines[-1].startswith("╰─")
        assert "[Open]   [Cancel]" in lines[-2]
        assert "s sort   . hidden   ~ home │" in hand.screen_text
        assert "14 Nov" not in hand.screen_text
        assert "folder" in hand.screen_text


async def test_twenty_thousand_files_are_listed(incoming):
    for number in range(20_000):
        os.close(os.open(incoming / f"{number:05}.csv", os.O_CREAT | os.O_WRONLY))
    async with open_dialog(OpenDialog(incoming)) as hand:
        assert "1 folder, 20,002 .csv files" in hand.shown("#shown")
        await hand.press("down", "s", "end")
        assert hand.cursor == "old.CSV"
        await hand.press("home", "pagedown", "enter")
        assert hand.app.result is not None
