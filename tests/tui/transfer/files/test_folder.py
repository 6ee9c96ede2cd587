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
)
from tests.tui.dialogs import write_users_files


def _rest() -> None:
    """Let no other threads run."""


def _names(folder: Path, hidden: bool = False, by_name: bool = False) -> list[str]:
    return [entry.name for entry in list_directory(folder, hidden, by_name, _rest)]


def test_listing_has_parent_then_folders_then_newest_files(tmp_path):
    folder = write_users_files(
        tmp_path / "x", "b.csv", "A.CSV", "c.Csv", "zoo/", "Ark/", "notes.txt", ".old/", ".a.csv"
    )
    assert _names(folder) == ["..", "Ark", "zoo", "b.csv", "A.CSV", "c.Csv"]
    assert _names(folder, by_name=True) == ["..", "Ark", "zoo", "A.CSV", "b.csv", "c.Csv"]
    assert {".old", ".a.csv"} < set(_names(folder, hidden=True))
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
    (entry,) = list_directory(folder, False, False, _rest)[1:]
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
        list_directory(tmp_path / name, False, False, _rest)
    assert str(refused.value).endswith(".")
    assert "\0" not in str(refused.value)


def test_size_text():
    sizes = (0, 1, 214 * 1024, 1_258_291, 3 * 1024**3)
    assert [size_text(size) for size in sizes] == ["empty", "1 KB", "214 KB", "1.2 MB", "3.0 GB"]


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 11, 23, 9, 12).timestamp(), "today 09:12"),
        (datetime(2026, 11, 22, 17, 40).timestamp(), "yesterday 17:40"),
        (datetime(2026, 11, 16, 8, 0).timestamp(), "16 Nov"),
        (datetime(2027, 1, 2, 8, 0).timestamp(), "2 Jan 2027"),
        (1e300, ""),  # as on a damaged disk
        (float("nan"), ""),
    ],
)
def test_date_is_relative_to_today(when, text):
    assert date_text(when, datetime(2026, 11, 23, 12, 0)) == text


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
        ("~/incoming/.h", "~/incoming/.hidden.csv"),
        ("~/sa", "~/sales-"),
        ("~/sales-", None),
        ("~/sales-e", "~/sales-emea.csv"),
        ("~/notes", None),
        ("incoming/d", "incoming/deep/"),
        ("./inc", "./incoming/"),
        ("..", "../"),
        ("incoming/../sales-a", "incoming/../sales-apac.csv"),
        ("/et", "/etc/"),
        ("", None),
        ("es", None),  # the rest of the name has a control character
        ("ca", None),
    ],
)
def test_paths_are_completed(home, text, longer):
    (home / "esc\x1b[2J.csv").write_text("x")
    Path(os.fsdecode(os.fsencode(home) + b"/caf\xe9.csv")).write_text("x")
    assert complete_path(text, home) == longer


@pytest.mark.parametrize(
    "text",
    ["*", "~nouser/x", "a\0b", "x" * 300, "y" * 300 + "/z", "\udcff"],
)
def test_invalid_paths_are_not_completed_and_do_not_raise(home, text):
    assert complete_path(text, home) is None
