"""Saved options: private, and never an error."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from qm_tui.config.preferences import (
    Preferences,
    load_preferences,
    preferences_path,
    save_preferences,
)
from qm_tui.transfer.options.export_options import Delimiter, ExportOptions
from qm_tui.transfer.options.import_options import (
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    SpreadsheetValues,
    UnknownIdAction,
)

_IMPORT = ImportOptions(
    ImportMode.UPDATE, UnknownIdAction.ADD, empty=EmptyCellAction.KEEP, allow_unlicensed=True
)
_EXPORT = ExportOptions(passwords=False, for_excel=True, delimiter=Delimiter.SEMICOLON)


def _write(text: str | bytes) -> Path:
    path = preferences_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_missing_file_means_defaults_and_is_not_created(home):
    assert load_preferences() == Preferences(ImportOptions(), ExportOptions())
    save_preferences()
    save_preferences(ImportOptions(), ExportOptions())
    assert list(home.iterdir()) == []


def test_saved_options_are_loaded():
    save_preferences(_IMPORT, _EXPORT)
    assert load_preferences() == Preferences(_IMPORT, _EXPORT)
    save_preferences(ImportOptions(), ExportOptions())
    assert load_preferences() == Preferences()


def test_import_and_export_options_are_independent():
    save_preferences(import_options=_IMPORT)
    save_preferences(export_options=_EXPORT)
    assert load_preferences() == Preferences(_IMPORT, _EXPORT)
    save_preferences(export_options=ExportOptions())
    assert load_preferences() == Preferences(_IMPORT, ExportOptions())


def test_folder_of_the_last_export_is_saved(tmp_path):
    save_preferences(export_folder=tmp_path)
    save_preferences(_IMPORT, _EXPORT)
    assert load_preferences() == Preferences(_IMPORT, _EXPORT, export_folder=tmp_path)


def test_folder_that_is_not_utf8_is_not_saved(tmp_path):
    save_preferences(export_folder=tmp_path)
    save_preferences(_IMPORT, export_folder=Path(os.fsdecode(b"/srv/\xff")))
    assert load_preferences() == Preferences(_IMPORT, export_folder=tmp_path)


@pytest.mark.parametrize("value", ["7", "''", "['/srv']"])
def test_invalid_folder_is_ignored(value):
    _write(f"export_folder = {value}")
    assert load_preferences() == Preferences()


def test_file_is_private_toml(home):
    save_preferences(_IMPORT, _EXPORT)
    path = home / ".config" / "qm-tui" / "preferences.toml"
    assert preferences_path() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = tomllib.loads(path.read_text())
    assert said["import"]["mode"] == "update"
    assert said["export"]["delimiter"] == "semicolon"
    assert [one.name for one in path.parent.iterdir()] == ["preferences.toml"]


def test_unchanged_options_are_not_written():
    save_preferences(_IMPORT)
    before = preferences_path().stat()
    save_preferences(_IMPORT)
    after = preferences_path().stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    "text",
    [
        *("", "import = 3", "[import", "export = []", "[[import]]\nmode = 1", "a" * 100_000),
        *(b"\xff\xfe", b"\0", "x = " + "[" * 100_000),
    ],
)
def test_invalid_file_is_ignored_and_replaced(text):
    _write(text)
    assert load_preferences() == Preferences()
    save_preferences(export_options=_EXPORT)
    assert load_preferences().export_options == _EXPORT


def test_invalid_options_are_ignored():
    _write(
        """
        [import]
        mode = "sideways"
        empty = "keep"
        take_numbers = "yes"
        allow_renamed = true
        unknown_id = ["add"]
        color = "red"
        [export]
        header = 0
        passwords = false
        delimiter = true
        [view]
        columns = 3
        """
    )
    assert load_preferences() == Preferences(
        ImportOptions(empty=EmptyCellAction.KEEP, allow_renamed=True),
        ExportOptions(passwords=False),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("take_numbers = true", SpreadsheetValues.FILE),
        ("take_numbers = false", SpreadsheetValues.STORED),
        ('take_numbers = true\nspreadsheet_values = "stored"', SpreadsheetValues.STORED),
    ],
)
def test_former_option_for_values_of_a_spreadsheet_is_read(text, value):
    _write(f"[import]\n{text}")
    assert load_preferences().import_options.spreadsheet_values is value
    save_preferences(export_options=_EXPORT)
    assert "take_numbers" not in preferences_path().read_text()


def test_folder_that_cannot_be_created_is_no_error(home):
    (home / ".config").write_text("a file")
    assert load_preferences() == Preferences()
    save_preferences(_IMPORT)
    assert load_preferences() == Preferences()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_write_permission_is_no_error():
    path = _write("[export]\nids = false\n")
    path.parent.chmod(0o500)
    try:
        save_preferences(_IMPORT)
        assert load_preferences() == Preferences(ImportOptions(), ExportOptions(ids=False))
    finally:
        path.parent.chmod(0o700)


def test_folder_instead_of_the_file_is_no_error():
    preferences_path().mkdir(parents=True)
    save_preferences(_IMPORT)
    assert load_preferences() == Preferences()
