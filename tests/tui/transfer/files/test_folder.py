"""Listing folders, and completing and resolving paths."""

import os
from datetime import datetime
from pathlib import Path

import pytest

from qm_tui.errors import UserError
from qm_tui.text import size_text
from qm_tui.tui.transfer.files.folder import (
    complete_path,
    date_text,
    list_directory,
    resolve_typed_path,
)
from tests.tui.dialogs import write_users_files


def _names(folder: Path, hidden: bool = False, by_name: bool = False) -> list[str]:
    return [entry.name for entry in list_directory(folder, hidden, by_name)]


def test_listing_has_parent_then_folders_then_newest_files(tmp_path):
    folder = write_users_files(
        tmp_path / "x", "b.csv", "A.CSV", "c.Csv", "zoo/", "Ark/", "notes.txt", "csv"
    )
    assert _names(folder) == ["..", "Ark", "zoo", "b.csv", "A.CSV", "c.Csv"]
    assert _names(folder, by_name=True) == ["..", "Ark", "zoo", "A.CSV", "b.csv", "c.Csv"]


def test_hidden_entries_are_listed_on_request(tmp_path):
    folder = write_users_files(tmp_path / "x", ".old/", ".a.csv", "b.csv")
    assert _names(folder) == ["..", "b.csv"]
    assert _names(folder, hidden=True) == ["..", ".old", ".a.csv", "b.csv"]


def test_root_has_no_parent():
    assert ".." not in _names(Path("/"))


def test_only_folders_and_regular_files_are_listed_also_through_links(tmp_path):
    target = write_users_files(tmp_path / "target", "real.csv")
    folder = write_users_files(tmp_path / "x", "a.csv")
    (folder / "linked").symlink_to(target)
    (folder / "linked.csv").symlink_to(target / "real.csv")
    (folder / "loop.csv").symlink_to(folder / "loop.csv")
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "gone.csv").symlink_to(folder / "nothing")
    (folder / "device.csv").symlink_to("/dev/null")
    os.mkfifo(folder / "pipe.csv")
    assert sorted(_names(folder)) == ["..", "a.csv", "linked", "linked.csv"]


def test_names_that_are_not_utf_8_are_listed(tmp_path):
    folder = write_users_files(tmp_path / "x")
    raw = os.fsencode(folder) + b"/caf\xe9.csv"
    Path(os.fsdecode(raw)).write_text("x")
    (entry,) = list_directory(folder, hidden=False, by_name=False)[1:]
    assert os.fsencode(entry.path) == raw


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone", "does not exist"),
        ("a.csv", "is not a folder"),
        ("x" * 300, "File name too long"),
        ("loop", "symbolic links"),
        ("a\0b", "Invalid folder name"),
    ],
)
def test_unreadable_folder_raises_an_error_message(tmp_path, name, why):
    write_users_files(tmp_path, "a.csv")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UserError, match=why) as refused:
        list_directory(tmp_path / name, hidden=False, by_name=False)
    assert str(refused.value).endswith(".")
    assert "\0" not in str(refused.value)


def test_size_text():
    sizes = (0, 1, 214 * 1024, 1_258_291, 60 * 1024**2, 3 * 1024**3, 10**18)
    texts = ["empty", "1 KB", "214 KB", "1.2 MB", "60 MB", "3.0 GB", "909,495 TB"]
    assert [size_text(size) for size in sizes] == texts


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 11, 23, 9, 12), "today 09:12"),
        (datetime(2026, 11, 22, 17, 40), "yesterday 17:40"),
        (datetime(2026, 11, 16, 8, 0), "16 Nov"),
        (datetime(2025, 11, 16, 8, 0), "16 Nov 2025"),
        (datetime(2027, 1, 2, 8, 0), "2 Jan 2027"),
    ],
)
def test_date_text(when, text):
    assert date_text(when.timestamp(), datetime(2026, 11, 23, 12, 0)) == text


@pytest.mark.parametrize("modified", [1e300, float("inf"), float("nan"), -1e20])
def test_impossible_date_is_empty(modified):
    assert date_text(modified, datetime.now()) == ""


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    folder = write_users_files(
        tmp_path / "admin", "incoming/", "sales-emea.csv", "sales-apac.csv", "notes.txt"
    )
    write_users_files(folder / "incoming", "deep/", "one.csv", ".hidden.csv")
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.mark.parametrize(
    ("text", "longer"),
    [
        ("~", "~/"),
        ("~/", None),
        ("~/inc", "~/incoming/"),
        ("~/incoming", "~/incoming/"),
        ("~/incoming/", None),
        ("~/incoming/o", "~/incoming/one.csv"),
        ("~/incoming/.h", "~/incoming/.hidden.csv"),
        ("~/sa", "~/sales-"),
        ("~/sales-", None),
        ("~/sales-e", "~/sales-emea.csv"),
        ("~/sales-emea.csv", None),
        ("~/notes", None),
        ("sa", "sales-"),
        ("incoming/d", "incoming/deep/"),
        ("./inc", "./incoming/"),
        ("..", "../"),
        ("incoming/..", "incoming/../"),
        ("incoming/../sales-a", "incoming/../sales-apac.csv"),
        ("", None),
    ],
)
def test_home_and_relative_paths_are_completed(home, text, longer):
    assert complete_path(text, home) == longer


def test_absolute_paths_are_completed(home):
    assert complete_path(f"{home}/inc", Path("/")) == f"{home}/incoming/"
    assert complete_path("/et", Path("/nowhere")) == "/etc/"


@pytest.mark.parametrize(
    "text",
    ["**x", "*", "~nouser", "~nouser/x", "a\0b", "x" * 300, "y" * 300 + "/z", "~\0/", "\udcff"],
)
def test_invalid_paths_are_not_completed_and_do_not_raise(home, text):
    assert complete_path(text, home) is None


def test_names_with_control_characters_are_not_completed(home):
    (home / "esc\x1b[2J.csv").write_text("x")
    Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9.csv")).write_text("x")
    assert complete_path("es", home) is None
    assert complete_path("ca", home) is None


def test_typed_path_resolves_home_and_relative_paths(home):
    base = Path("/srv")
    assert resolve_typed_path("~/a.csv", base) == home / "a.csv"
    assert resolve_typed_path("a.csv", base) == Path("/srv/a.csv")
    assert resolve_typed_path("/b.csv", base) == Path("/b.csv")
    assert resolve_typed_path("~nouser/a", base) == Path("/srv/~nouser/a")
